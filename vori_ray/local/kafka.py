"""The embedded Kafka: one broker that is its own KRaft controller, run from its jars on a Java 17.

The data and, if it is free, the port stay the same over restarts. Knows nothing of VORI's topics.
"""

from __future__ import annotations

import signal
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from vori_ray.errors import UnavailableError
from vori_ray.local.java import Java
from vori_ray.local.ports import answers, find_free_ports, keep_port
from vori_ray.local.processes import end_processes, is_alive, spawn, wait_until

_PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs={data_dir}
num.partitions={partitions}
log.retention.hours={retention_h}
log.segment.bytes=67108864
log.cleaner.dedupe.buffer.size=8388608
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=2
num.replica.fetchers=1
background.threads=2
num.recovery.threads.per.data.dir=1
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=4000
"""
_LOGGING = """status = warn
name = vori
shutdownHook = disable
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = {log_path}
appender.file.filePattern = {log_path}.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{ISO8601}} %p %c{{1}} %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 2
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %p %m%n%throwable{{short.message}}%n
appender.console.filter.threshold.type = ThresholdFilter
appender.console.filter.threshold.level = error
rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
rootLogger.appenderRef.console.ref = console
"""
# Measured on one broker at rest: the first tier compiles enough for our load, and takes a third less memory.
_SMALL_JVM = (
    "-Xms64m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:MaxMetaspaceSize=128m -XX:ReservedCodeCacheSize=48m"
    " -Xss512k -XX:MaxDirectMemorySize=64m -XX:-UsePerfData -Djava.awt.headless=true"
)


class KafkaBroker:
    """One Kafka broker on a folder."""

    def __init__(
        self,
        home: Path,
        jars: Sequence[Path],
        *,
        java: Java,
        instance: str,
        port: int | None = None,
        partitions: int = 4,
        retention_h: int = 168,
    ) -> None:
        """`home` gets the folders `kafka` and `logs`; `jars` is the broker's class path."""
        self.home = home.absolute()
        self.log_path = self.home / "logs" / "kafka.log"
        self.port: int | None = None
        self._jars = jars
        self._java = java
        self._instance = instance
        self._wanted_port = port
        self._partitions = partitions
        self._retention_h = retention_h
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        """Address for clients, `host:port`."""
        if self.port is None:
            raise UnavailableError("expected a Kafka that was started, this one was not")
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """Process id of the broker, if it was started here."""
        return self._process.pid if self._process else None

    def start(self, *, timeout_s: float = 300.0, attempts: int = 3) -> None:
        """Format the data folder at the first start, run the broker, wait until a client can list topics.

        A port may be taken between our look and the broker's bind, seconds later: hence the attempts.
        Raises UnavailableError, with the log's end, if it does not get there.
        """
        deadline = time.monotonic() + timeout_s
        for _ in range(attempts - 1):
            with suppress(UnavailableError):
                return self._start_once(timeout_s)
            timeout_s = max(deadline - time.monotonic(), 0.0)
        return self._start_once(timeout_s)

    def _start_once(self, timeout_s: float) -> None:
        self._end_leftover()
        self._configure()
        if not (self._data_dir / "meta.properties").exists():
            self._format()
        self._process = self._run("kafka.Kafka", str(self._properties))
        self._pid_file.write_text(f"{self._process.pid}\n")
        wait_until(self.is_ready, what="Kafka", timeout_s=timeout_s, process=self._process, log_path=self._output)

    def is_ready(self) -> bool:
        """Whether a client can list topics."""
        if self.port is None or not answers(self.port):  # the client would log each refusal as an error
            return False
        try:
            client = KafkaAdminClient(
                bootstrap_servers=self.bootstrap_servers, request_timeout_ms=5_000, bootstrap_timeout_ms=5_000
            )
        except KafkaError:
            return False
        try:
            client.list_topics()
        except KafkaError:
            return False
        finally:
            client.close()
        return True

    def stop(self) -> None:
        """End the broker; it writes out what it holds first."""
        if self._process is not None:
            with suppress(psutil.NoSuchProcess):
                end_processes([psutil.Process(self._process.pid)], grace_s=20.0)
            self._process.wait()
            self._process = None
        self._pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """End the broker as a crash would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    @property
    def _data_dir(self) -> Path:
        return self.home / "kafka" / "data"

    @property
    def _properties(self) -> Path:
        return self.home / "kafka" / "server.properties"

    @property
    def _pid_file(self) -> Path:
        return self.home / "kafka" / "broker.pid"

    @property
    def _output(self) -> Path:
        return self.log_path.with_name("kafka.out")

    def _configure(self) -> None:
        self._data_dir.mkdir(parents=True, exist_ok=True)
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        self.port = keep_port(self.home / "kafka" / "port", self._wanted_port)
        (controller_port,) = find_free_ports(1)
        properties = _PROPERTIES.format(
            port=self.port,
            controller_port=controller_port,
            data_dir=self._data_dir,
            partitions=self._partitions,
            retention_h=self._retention_h,
        )
        self._properties.write_text(properties)
        self._logging.write_text(_LOGGING.format(log_path=self.log_path))

    @property
    def _logging(self) -> Path:
        return self._properties.with_name("log4j2.properties")

    def _format(self) -> None:
        cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        # `--cluster-id=` because an id may start with a dash
        process = self._run(
            "kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id}", "-c", str(self._properties)
        )
        wait_until(
            lambda: process.poll() == 0, what="formatting Kafka", timeout_s=60, process=process, log_path=self._output
        )

    def _run(self, main_class: str, *arguments: str) -> subprocess.Popen[bytes]:
        class_path = ":".join(str(jar) for jar in self._jars)
        options = [*_SMALL_JVM.split(), f"-Dlog4j2.configurationFile={self._logging}"]
        return spawn(
            [self._java.program, *options, "-cp", class_path, main_class, *arguments],
            instance=self._instance,
            part="kafka",
            log_path=self._output,
            cwd=self.home,
        )

    def _end_leftover(self) -> None:
        """End a broker that a crashed command line left on this folder: it holds the folder's lock."""
        with suppress(FileNotFoundError, ValueError, psutil.NoSuchProcess):
            process = psutil.Process(int(self._pid_file.read_text()))
            if is_alive(process) and str(self._properties) in process.cmdline():
                end_processes([process], grace_s=20.0)
