"""Jars count only while they are the locked ones, and only once all of them are there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from vori_ray.errors import UnavailableError
from vori_ray.local import jars
from vori_ray.local.jars import Jars, fetch_jars, find_faults, find_jars, jars_folder, read_lock


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Java's way out leads to a port on which nothing listens."""
    for name in ("HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")


def small_lock(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """A lock of two small files; returns their contents."""
    files = {"kafka/broker.jar": b"broker", "spark/connector.jar": b"connector"}
    lock = folder / "small.lock"
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in files.items()]
    lock.write_text("# made by a test\n" + "\n".join(lines) + "\n")
    monkeypatch.setattr(jars, "read_lock", lambda: read_lock(lock))
    return files


def put(home: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = jars_folder(home) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def test_the_lock_has_the_brokers_and_sparks_jars_and_no_mixed_scala() -> None:
    names = list(read_lock())
    assert "kafka/kafka_2.13-4.1.0.jar" in names
    assert [name for name in names if name.startswith("spark/")] == [
        "spark/commons-pool2-2.11.1.jar",
        "spark/kafka-clients-3.4.1.jar",
        "spark/spark-sql-kafka-0-10_2.12-3.5.7.jar",
        "spark/spark-token-provider-kafka-0-10_2.12-3.5.7.jar",
    ]
    assert not [name for name in names if name.startswith("kafka/") and "_2.12" in name]
    assert all(len(digest) == 64 for digest in read_lock().values())


def test_complete_jars_are_found_and_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, small_lock(tmp_path, monkeypatch))
    monkeypatch.setattr(jars, "find_java", lambda: pytest.fail("nothing is to be fetched"))
    folder = jars_folder(tmp_path)
    assert fetch_jars(tmp_path, print) == Jars((folder / "kafka/broker.jar",), (folder / "spark/connector.jar",))


@pytest.mark.parametrize(
    ("damage", "fault"), [(b"bro", "expected SHA-256"), (None, "is missing")], ids=["half fetched", "missing"]
)
def test_a_half_fetched_jar_never_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes | None, fault: str
) -> None:
    put(tmp_path, small_lock(tmp_path, monkeypatch))
    broken = jars_folder(tmp_path) / "kafka" / "broker.jar"
    broken.unlink() if damage is None else broken.write_bytes(damage)
    assert find_jars(tmp_path) is None
    (line,) = find_faults(jars_folder(tmp_path), jars.read_lock())
    assert fault in line


def test_without_a_network_the_error_says_why_and_nothing_counts(tmp_path: Path, no_network: None) -> None:
    said: list[str] = []
    with pytest.raises(UnavailableError, match=r"could not fetch them: .+"):
        fetch_jars(tmp_path, said.append, attempts=1)
    assert said[0].startswith("fetching")
    assert find_jars(tmp_path) is None
    assert not jars_folder(tmp_path).exists()


def test_files_that_are_not_the_locked_ones_are_refused_after_retries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = small_lock(tmp_path, monkeypatch)
    runs = []

    def run_ivy(java: object, scratch: Path, **_: object) -> Path:
        runs.append(scratch)
        for name, content in files.items():
            path = scratch / "jars" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if len(runs) == 3 else b"not it")
        return scratch / "jars"

    monkeypatch.setattr(jars, "_run_ivy", run_ivy)
    with pytest.raises(UnavailableError, match="expected SHA-256"):
        fetch_jars(tmp_path, print, attempts=2)
    assert find_jars(tmp_path) is None
    assert fetch_jars(tmp_path, print, attempts=1).kafka[0].read_bytes() == b"broker"
    assert len(runs) == 3
