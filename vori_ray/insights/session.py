"""Builds Spark sessions: on the Ray cluster by RayDP, or plain and local for tests and notebooks.

Knows how Spark is kept small (two cores carry a whole installation); knows nothing of queries, Kafka or tables.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CONNECTOR_JARS = ("spark-sql-kafka-0-10_2.12", "spark-token-provider-kafka-0-10_2.12", "kafka-clients", "commons-pool2")
LOGGING = Path(__file__).parents[1] / "data" / "log4j2.properties"
STATE_STORE = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
# Short heaps, one collector thread, and a code cache that suits a few small queries.
SMALL_JVM = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=96m -Xss512k"


@dataclass(frozen=True, slots=True)
class SparkSize:
    """How much Spark may take. `shuffle_partitions` is baked into a checkpoint: do not change it afterwards."""

    executors: int = 1
    executor_cores: int = 2
    executor_memory: str = "700MB"
    driver_memory: str = "512m"  # Spark refuses less than 450
    shuffle_partitions: int = 2


def common_options(
    size: SparkSize, *, scratch: Path, jars: Sequence[Path] = (), java_options: str = ""
) -> dict[str, str]:
    """Spark options that every session of VORI has. `scratch` is for files that may be lost."""
    options = {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(size.shuffle_partitions),
        "spark.default.parallelism": str(size.shuffle_partitions),
        "spark.sql.adaptive.enabled": "false",  # streaming ignores it, and small batches only pay for it
        # Generating code takes longer than running it on the few hundred rows of a micro-batch.
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.scheduler.mode": "FAIR",  # a recompute must not hold up the stream's micro-batches
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.streaming.stateStore.providerClass": STATE_STORE,
        "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled": "true",
        "spark.sql.streaming.minBatchesToRetain": "20",
        "spark.sql.streaming.noDataMicroBatches.enabled": "false",  # update mode owes nothing to an idle minute
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.local.dir": str(scratch),
        "spark.driver.memory": size.driver_memory,
        "spark.driver.extraJavaOptions": f"{SMALL_JVM} {java_options}".strip(),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.ui.retainedExecutions": "5",
        "spark.cleaner.referenceTracking.cleanCheckpoints": "false",
    }
    if jars:
        path = ":".join(str(jar) for jar in jars)
        options |= {"spark.jars": path.replace(":", ","), "spark.driver.extraClassPath": path}
    return options


def connector_jars(folder: Path) -> list[Path]:
    """The Kafka connector's jars in `folder`, one of each. Raises FileNotFoundError naming what is missing."""
    found = {name: sorted(folder.glob(f"{name}-[0-9]*.jar")) for name in CONNECTOR_JARS}
    missing = [name for name, jars in found.items() if not jars]
    if missing:
        raise FileNotFoundError(f"expected the Kafka connector's jars in {folder}, missing: {', '.join(missing)}")
    return [jars[-1] for jars in found.values()]


def use_java(java_home: Path) -> None:
    """Make this process's Spark find Java: pyspark reads JAVA_HOME, RayDP calls `java` from the PATH."""
    os.environ["JAVA_HOME"] = str(java_home)
    os.environ["PATH"] = f"{java_home / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"


def _use_this_python() -> None:
    """Make Spark's Python workers run this Python: the first on their PATH may be another, without our packages.

    pyspark reads the variable when it makes the context; it heeds `spark.pyspark.python` only under spark-submit.
    """
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)


def local_session(
    scratch: Path, *, jars: Sequence[Path] = (), cores: int = 2, more: Mapping[str, str] | None = None
) -> SparkSession:
    """A Spark session inside this process, without Ray."""
    from pyspark.sql import SparkSession

    _use_this_python()
    options = common_options(SparkSize(), scratch=scratch, jars=jars) | {"spark.driver.memory": "768m"}
    builder = SparkSession.builder.master(f"local[{cores}]").appName("vori-local")
    for name, value in (options | dict(more or {})).items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def raydp_session(app_name: str, size: SparkSize, *, scratch: Path, jars: Sequence[Path] = ()) -> SparkSession:
    """A Spark session whose executors are actors of the Ray cluster that this process belongs to."""
    import raydp

    _use_this_python()
    options = common_options(size, scratch=scratch, jars=jars)
    options |= {
        "spark.log4j.config.file.name": str(LOGGING),
        "spark.ray.log4j.config.file.name": str(LOGGING),
        "spark.ray.raydp_app_master.extraJavaOptions": f"{SMALL_JVM} -Xmx128m",
        "spark.executor.extraJavaOptions": SMALL_JVM,
        # The master only keeps books: it must not hold a core's worth of Ray's CPUs.
        "spark.ray.raydp_spark_master.actor.resource.CPU": "0",
        "raydp.executor.extraClassPath": ":".join(str(jar) for jar in jars),
    }
    session = raydp.init_spark(
        app_name,
        size.executors,
        size.executor_cores,
        size.executor_memory,
        fault_tolerant_mode=False,  # only Spark -> Ray Data conversion needs it, at the price of one more JVM in Ray
        configs={name: value for name, value in options.items() if value},
    )
    session.sparkContext.setLogLevel("ERROR")
    return session


def batch_session(spark: SparkSession) -> SparkSession:
    """A second session on the same executors for work over many rows: it generates code, and has a pool of its own.

    The pool holds for the thread that calls.
    """
    session = spark.newSession()
    session.conf.set("spark.sql.codegen.wholeStage", "true")
    session.conf.set("spark.sql.codegen.factoryMode", "FALLBACK")
    session.sparkContext.setLocalProperty("spark.scheduler.pool", "batch")
    return session


def count_executors(spark: SparkSession) -> int:
    """How many executors a RayDP session has now; the driver is not one."""
    return int(spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size()) - 1


def stop_raydp_session() -> None:
    """End the session of `raydp_session`, its executors and its master."""
    import raydp

    raydp.stop_spark()
