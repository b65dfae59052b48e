"""Fetch the jars of the Kafka broker and of Spark's Kafka connector, once, and check each against `jars.lock`.

pyspark's wheel carries Apache Ivy, which fetches from Maven Central; so neither Maven nor an installer is needed.
A file counts as there only while its SHA-256 is the locked one. Knows nothing of what the jars do.
`python -m vori_ray.local.jars --lock` writes the lock again after a change of versions.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vori_ray.errors import UnavailableError
from vori_ray.local.java import Java, find_java, proxy_options, trust_options
from vori_ray.local.processes import Say, hold_lock, instance_of, spawn

LOCK_FILE = Path(__file__).with_name("jars.lock")
_FETCH_TIMEOUT_S = 900.0
_IVY = """<ivy-module version="2.0">
  <info organisation="vori" module="jars"/>
  <configurations><conf name="kafka"/><conf name="spark"/></configurations>
  <dependencies>
    <dependency org="org.apache.kafka" name="kafka_2.13" rev="4.1.0" conf="kafka->default"/>
    <dependency org="org.apache.logging.log4j" name="log4j-slf4j-impl" rev="2.24.3" conf="kafka->default"
      transitive="false"/>
    <dependency org="org.apache.spark" name="spark-sql-kafka-0-10_2.12" rev="3.5.7" conf="spark->default"
      transitive="false"/>
    <dependency org="org.apache.spark" name="spark-token-provider-kafka-0-10_2.12" rev="3.5.7" conf="spark->default"
      transitive="false"/>
    <dependency org="org.apache.kafka" name="kafka-clients" rev="3.4.1" conf="spark->default" transitive="false"/>
    <dependency org="org.apache.commons" name="commons-pool2" rev="2.11.1" conf="spark->default" transitive="false"/>
  </dependencies>
</ivy-module>
"""


@dataclass(frozen=True, slots=True)
class Jars:
    """Where the fetched jars lie. The broker's are Scala 2.13, Spark's 2.12: never on one class path."""

    kafka: tuple[Path, ...]
    spark: tuple[Path, ...]


def jars_folder(home: Path) -> Path:
    """Where the jars of an installation lie."""
    return home.absolute() / "jars"


def find_jars(home: Path) -> Jars | None:
    """Return the jars if every one is there and is what the lock says, else None."""
    folder, locked = jars_folder(home), read_lock()
    if find_faults(folder, locked):
        return None
    return _jars(folder, locked)


def fetch_jars(home: Path, say: Say, *, attempts: int = 3) -> Jars:
    """Return the jars, fetching them first if one is missing or damaged.

    Raises UnavailableError if they cannot be had (no network, no Java 17, a file that is not the locked one).
    """
    if jars := find_jars(home):
        return jars
    java, locked = find_java(), read_lock()
    folder = jars_folder(home)
    scratch = folder.with_name("jars.partial")  # kept when a fetch is cut off: the next one goes on with its cache
    scratch.mkdir(parents=True, exist_ok=True)
    with hold_lock(folder.with_name("jars.busy")):
        if jars := find_jars(home):  # somebody else fetched them while we waited
            return jars
        instance = instance_of(home)
        fetched = _fetch_with_retries(java, scratch, locked, instance=instance, say=say, attempts=attempts)
        if folder.is_symlink():  # a folder shared with another home
            folder.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        fetched.rename(folder)
        shutil.rmtree(scratch)
    return _jars(folder, locked)


def read_lock(path: Path = LOCK_FILE) -> dict[str, str]:
    """Return {path under the jars folder: SHA-256}."""
    lines = (line.split() for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return {name: digest for digest, name in lines}


def find_faults(folder: Path, locked: Mapping[str, str]) -> list[str]:
    """Return what is wrong in a folder of jars, one line for each missing or different file."""
    faults = []
    for name, digest in locked.items():
        path = folder / name
        if not path.is_file():
            faults.append(f"{name} is missing")
        elif (found := _sha256(path)) != digest:
            faults.append(f"{name}: expected SHA-256 {digest}, got {found}")
    return faults


def _jars(folder: Path, locked: Mapping[str, str]) -> Jars:
    def under(name: str) -> tuple[Path, ...]:
        return tuple(folder / path for path in sorted(locked) if path.startswith(f"{name}/"))

    return Jars(kafka=under("kafka"), spark=under("spark"))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch_with_retries(
    java: Java, scratch: Path, locked: Mapping[str, str], *, instance: str, say: Say, attempts: int
) -> Path:
    """Fetch until the files are the locked ones; what one attempt got, the next one keeps unless it was wrong."""
    reason = ""
    for attempt in range(1, attempts + 1):
        say(f"fetching {len(locked)} jars (49 MB, once){f', attempt {attempt}: {reason}' if reason else ''}")
        try:
            fetched = _run_ivy(java, scratch, instance=instance, say=say, total=len(locked))
        except UnavailableError as exc:
            reason = exc.message
            continue
        faults = find_faults(fetched, locked)
        if not faults:
            return fetched
        reason = "; ".join(faults[:3])
        shutil.rmtree(scratch / "cache", ignore_errors=True)
        shutil.rmtree(fetched, ignore_errors=True)
    raise UnavailableError(f"expected the {len(locked)} jars of jars.lock, could not fetch them: {reason}")


def _run_ivy(java: Java, scratch: Path, *, instance: str, say: Say, total: int) -> Path:
    """Let Ivy resolve and fetch into `scratch/jars`; returns that folder."""
    jars, cache, log_path = scratch / "jars", scratch / "cache", scratch / "ivy.log"
    (scratch / "ivy.xml").write_text(_IVY)
    options = [*trust_options(scratch), *proxy_options()]
    arguments: list[str | Path] = ["-cache", cache, "-ivy", scratch / "ivy.xml", "-confs", "kafka", "spark"]
    command = [
        java.program,
        *options,
        "-jar",
        _ivy_jar(),
        *arguments,
        "-retrieve",
        f"{jars}/[conf]/[artifact]-[revision].[ext]",
    ]
    process = spawn(command, instance=instance, part="jars", log_path=log_path)
    try:
        _watch(process, cache, say=say, total=total)
    finally:
        process.kill()
        code = process.wait()
    if code != 0:
        raise UnavailableError(f"Ivy ended with code {code}: {_complaint(log_path)}")
    return jars


def _watch(process: subprocess.Popen[bytes], cache: Path, *, say: Say, total: int) -> None:
    """Say how many jars have come every few seconds, until Ivy ends. Raises UnavailableError at the deadline."""
    deadline = time.monotonic() + _FETCH_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            process.wait(timeout=5.0)
            return
        except subprocess.TimeoutExpired:
            described, fetched = len(list(cache.glob("*/*/ivy-*.xml"))), len(list(cache.glob("*/*/jars/*.jar")))
            say(f"fetching jars: {min(described, total)} of {total} looked up, {fetched} fetched")
    raise UnavailableError(f"fetching the jars took longer than {_FETCH_TIMEOUT_S:.0f} s")


def _complaint(log_path: Path) -> str:
    """Return the line of Ivy's log that says most."""
    lines = [line.strip() for line in log_path.read_text(errors="replace").splitlines() if line.strip()]
    telling = [
        line for line in lines if any(word in line for word in ("Exception", "unresolved", "not found", "failed"))
    ]
    return (telling or lines or ["it said nothing"])[0]


def _ivy_jar() -> Path:
    spec = importlib.util.find_spec("pyspark")
    found = sorted(Path(spec.origin).parent.glob("jars/ivy-*.jar")) if spec and spec.origin else []
    if not found:
        raise UnavailableError("expected pyspark's wheel with an ivy-*.jar in its jars folder, found none")
    return found[-1]


def write_lock(path: Path = LOCK_FILE) -> None:
    """Fetch the jars afresh and write their SHA-256 sums."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        jars = _run_ivy(find_java(), scratch, instance=instance_of(scratch), say=print, total=len(read_lock(path)))
        sums = {str(jar.relative_to(jars)): _sha256(jar) for jar in jars.rglob("*.jar")}
    head = "# SHA-256 of every jar; written by `python -m vori_ray.local.jars --lock`"
    path.write_text("\n".join([head, *(f"{sums[name]}  {name}" for name in sorted(sums))]) + "\n")


if __name__ == "__main__":
    if sys.argv[1:] != ["--lock"]:
        sys.exit("usage: python -m vori_ray.local.jars --lock")
    write_lock()
