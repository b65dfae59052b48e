"""Durable sound of a session: 16 kHz mono int16, in files under any fsspec URL or on a local disk.

    ROOT/SESSION/owner.json                 who may write: the last one that opened it, and the how manieth it is
    ROOT/SESSION/audio-000000480000-2.pcm   samples from number 480000 on, written by the second owner
    ROOT/SESSION/checkpoint.json            where a new owner goes on

Each owner writes files of its own and never into another's, so that one that lost its session cannot spoil the next
one's sound: from where a later owner begins, an earlier one's sound does not count. On a local disk a file grows and
is synced at every flush; an object store gets one object a flush. This module knows nothing of speech.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import fsspec
import numpy as np

from vori_ray.errors import BadInputError, UnavailableError
from vori_ray.speech.ports import JournalState
from vori_ray.speech.windows import Samples

ROLL_BYTES = 4 * 1024 * 1024
SAMPLE_BYTES = 2
T = TypeVar("T")


class Folder(Protocol):
    """A folder of one session. Every write is durable when it returns."""

    def append(self, name: str, data: bytes) -> bool:
        """Add to a file; returns whether the file can grow further."""

    def replace(self, name: str, data: bytes) -> None:
        """Write a whole file at once, or not at all."""

    def read(self, name: str) -> bytes | None:
        """A file's content; None where there is none."""

    def sizes(self) -> dict[str, int]:
        """Names and sizes in bytes of the files."""

    def remove(self) -> None:
        """Delete the folder."""


class LocalFolder:
    """A folder on a disk of this machine (or one mounted here)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, name: str, data: bytes) -> bool:
        """Append and sync."""
        self._path.mkdir(parents=True, exist_ok=True)
        with (self._path / name).open("ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            return file.tell() < ROLL_BYTES

    def replace(self, name: str, data: bytes) -> None:
        """Write beside, sync, rename."""
        self._path.mkdir(parents=True, exist_ok=True)
        beside = self._path / f".{name}.{uuid.uuid4().hex}"
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path / name)

    def read(self, name: str) -> bytes | None:
        """The file's bytes."""
        path = self._path / name
        return path.read_bytes() if path.exists() else None

    def sizes(self) -> dict[str, int]:
        """Files and their sizes."""
        if not self._path.is_dir():
            return {}
        return {path.name: path.stat().st_size for path in self._path.iterdir() if not path.name.startswith(".")}

    def remove(self) -> None:
        """Delete the folder and what is in it."""
        shutil.rmtree(self._path, ignore_errors=True)


class RemoteFolder:
    """A folder of an fsspec file system, such as an object store: files are written whole."""

    def __init__(self, url: str) -> None:
        self._files, self._path = fsspec.core.url_to_fs(url)

    def append(self, name: str, data: bytes) -> bool:
        """Write a new object; it cannot grow."""
        self.replace(name, data)
        return False

    def replace(self, name: str, data: bytes) -> None:
        """Write an object."""
        self._files.makedirs(self._path, exist_ok=True)
        self._files.pipe_file(f"{self._path}/{name}", data)

    def read(self, name: str) -> bytes | None:
        """An object's bytes."""
        try:
            return bytes(self._files.cat_file(f"{self._path}/{name}"))
        except FileNotFoundError:
            return None

    def sizes(self) -> dict[str, int]:
        """Objects and their sizes."""
        self._files.invalidate_cache()
        if not self._files.exists(self._path):
            return {}
        found = self._files.ls(self._path, detail=True)
        return {entry["name"].rsplit("/", 1)[-1]: int(entry["size"]) for entry in found if entry["type"] == "file"}

    def remove(self) -> None:
        """Delete the objects."""
        if self._files.exists(self._path):
            self._files.rm(self._path, recursive=True)


def session_folder(url: str, session_id: str) -> Folder:
    """The folder of a session under a journal's URL or path. Raises BadInputError for an id that is no plain name."""
    if not session_id or not all(letter.isalnum() or letter in "-_" for letter in session_id):
        raise BadInputError(f"a session id holds letters, digits, '-' and '_', came {session_id!r}")
    if "://" in url and not url.startswith("file://"):
        return RemoteFolder(f"{url.rstrip('/')}/{session_id}")
    return LocalFolder(Path(url.removeprefix("file://")) / session_id)


class FileJournal:
    """The journal of one session in a folder. Its blocking work runs in threads, one call at a time."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._owner = uuid.uuid4().hex
        self._epoch = 0
        self._waiting: list[Samples] = []
        self._durable = 0
        self._file: str | None = None
        self._lock = asyncio.Lock()

    async def open(self) -> JournalState:
        """Take the session over and say what is there."""
        return await self._blocking(self._open)

    async def append(self, audio: Samples) -> None:
        """Keep sound for the next flush."""
        self._waiting.append(audio)

    async def flush(self) -> int:
        """Write what waits; returns the durable length in samples. Raises UnavailableError and keeps the sound."""
        return await asyncio.shield(self._flush())

    async def read(self, start: int, end: int) -> Samples:
        """Durable samples `start` to `end`."""
        return await self._blocking(lambda: read_samples(self._folder, start, end))

    async def save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Replace the checkpoint."""
        data = json.dumps(checkpoint).encode()
        await self._blocking(lambda: self._folder.replace("checkpoint.json", data))

    async def is_owner(self) -> bool:
        """Whether nobody has opened the session since."""
        return bool((await self._blocking(lambda: _read_owner(self._folder)))["id"] == self._owner)

    async def close(self) -> None:
        """Write what waits."""
        await self.flush()

    def _open(self) -> JournalState:
        self._epoch = _read_owner(self._folder)["epoch"] + 1
        self._folder.replace("owner.json", json.dumps({"id": self._owner, "epoch": self._epoch}).encode())
        self._durable = durable_samples(self._folder)
        checkpoint = self._folder.read("checkpoint.json")
        return JournalState(self._durable, json.loads(checkpoint) if checkpoint else None)

    def _write(self, audio: Samples) -> None:
        name = self._file or f"audio-{self._durable:012d}-{self._epoch}.pcm"
        can_grow = self._folder.append(name, audio.astype("<i2").tobytes())
        self._file = name if can_grow else None
        self._durable += len(audio)

    async def _flush(self) -> int:
        """Shielded by the caller: a write that has begun is finished, or else its sound would count as written."""
        async with self._lock:
            waiting, self._waiting = self._waiting, []
            if not waiting:
                return self._durable
            audio = np.concatenate(waiting)
            try:
                await self._in_thread(lambda: self._write(audio))
            except UnavailableError:
                self._waiting.insert(0, audio)
                raise
            return self._durable

    async def _blocking(self, work: Callable[[], T]) -> T:
        return await asyncio.shield(self._one_at_a_time(work))

    async def _one_at_a_time(self, work: Callable[[], T]) -> T:
        async with self._lock:
            return await self._in_thread(work)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(work)
        except OSError as exc:
            raise UnavailableError(f"the audio journal could not be reached: {exc}") from exc


@dataclass(frozen=True, slots=True, order=True)
class _Piece:
    """Samples `start` to `end` lie in the file `name`, which begins with sample `start`."""

    start: int
    end: int
    name: str


def durable_samples(folder: Folder) -> int:
    """Length of the sound in a folder, in samples."""
    return max((piece.end for piece in _pieces(folder)), default=0)


def read_samples(folder: Folder, start: int, end: int) -> Samples:
    """Samples `start` to `end` of the sound in a folder, or what is there of them."""
    found: list[Samples] = []
    for piece in _pieces(folder):
        low, high = max(start, piece.start), min(end, piece.end)
        if low < high:
            data = folder.read(piece.name) or b""
            samples = np.frombuffer(data, "<i2", count=piece.end - piece.start)
            found.append(samples[low - piece.start : high - piece.start].astype(np.int16))
    return np.concatenate(found) if found else np.empty(0, np.int16)


def _pieces(folder: Folder) -> list[_Piece]:
    """What counts of each audio file. A torn last byte does not, nor what a later owner wrote again."""
    files: list[tuple[int, int, int, str]] = []
    for name, size in folder.sizes().items():
        if name.startswith("audio-"):
            start, epoch = (int(number) for number in name[6:-4].split("-"))
            files.append((start, epoch, size // SAMPLE_BYTES, name))
    pieces: list[_Piece] = []
    for start, epoch, length, name in files:
        limit = min((other for other, later, *_ in files if later > epoch), default=start + length)
        if start < limit:
            pieces.append(_Piece(start, min(start + length, limit), name))
    return sorted(pieces)


def _read_owner(folder: Folder) -> dict[str, Any]:
    data = folder.read("owner.json")
    return dict(json.loads(data)) if data else {"id": "", "epoch": 0}
