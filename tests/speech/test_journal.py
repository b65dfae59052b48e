"""Durable sound: on a local disk and on an fsspec file system, the same tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fsspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vori_ray.errors import BadInputError, UnavailableError
from vori_ray.speech.journal import FileJournal, Folder, LocalFolder, RemoteFolder, durable_samples, session_folder
from vori_ray.speech.windows import Samples


@pytest.fixture(params=["local", "remote"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Folder]:
    if request.param == "local":
        yield session_folder(str(tmp_path), "s1")
        return
    yield session_folder(f"memory://{tmp_path.name}", "s1")
    memory = fsspec.filesystem("memory")
    memory.rm(f"/{tmp_path.name}", recursive=True)


def ramp(start: int, length: int) -> Samples:
    return (np.arange(start, start + length) % 30_000).astype(np.int16)


async def test_what_was_flushed_is_there_for_the_next_owner(folder: Folder) -> None:
    first = FileJournal(folder)
    assert (await first.open()).samples == 0
    await first.append(ramp(0, 1000))
    await first.append(ramp(1000, 500))
    assert await first.flush() == 1500
    await first.append(ramp(1500, 700))
    second = FileJournal(folder)
    assert (await second.open()).samples == 1500, "what was not flushed is not promised"
    assert np.array_equal(await second.read(900, 1300), ramp(900, 400))


async def test_the_next_owner_goes_on_where_the_last_one_was_durable(folder: Folder) -> None:
    for number in range(3):
        journal = FileJournal(folder)
        state = await journal.open()
        assert state.samples == number * 800
        await journal.append(ramp(state.samples, 800))
        await journal.flush()
    assert np.array_equal(await journal.read(0, 2400), ramp(0, 2400))


async def test_an_owner_that_lost_its_session_cannot_spoil_it(folder: Folder) -> None:
    old, new = FileJournal(folder), FileJournal(folder)
    await old.open()
    await old.append(ramp(0, 1000))
    await old.flush()
    await new.open()
    assert not await old.is_owner()
    assert await new.is_owner()
    await old.append(np.full(5000, 7, np.int16))
    await old.flush()
    await new.append(ramp(1000, 400))
    await new.flush()
    third = FileJournal(folder)
    assert (await third.open()).samples == 1400
    assert np.array_equal(await third.read(0, 1400), ramp(0, 1400))


async def test_the_newest_checkpoint_is_kept(folder: Folder) -> None:
    journal = FileJournal(folder)
    assert (await journal.open()).checkpoint is None
    await journal.save_checkpoint({"at": 1})
    await journal.save_checkpoint({"at": 2})
    assert (await FileJournal(folder).open()).checkpoint == {"at": 2}


async def test_closing_makes_durable_what_waits(folder: Folder) -> None:
    journal = FileJournal(folder)
    await journal.open()
    await journal.append(ramp(0, 100))
    await journal.close()
    assert durable_samples(folder) == 100


async def test_removing_a_session_leaves_nothing(folder: Folder) -> None:
    journal = FileJournal(folder)
    await journal.open()
    await journal.append(ramp(0, 100))
    await journal.flush()
    folder.remove()
    assert folder.sizes() == {}


async def test_a_torn_last_byte_does_not_count(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path / "s1")
    folder.append("audio-000000000000-1.pcm", ramp(0, 10).tobytes() + b"\x01")
    assert durable_samples(folder) == 10


async def test_a_disk_that_fails_keeps_the_sound_for_the_next_try(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path / "s1")
    journal = FileJournal(folder)
    await journal.open()
    await journal.append(ramp(0, 100))
    moved = tmp_path / "away"
    (tmp_path / "s1").rename(moved)
    (tmp_path / "s1").write_text("a file where the folder should be")
    with pytest.raises(UnavailableError):
        await journal.flush()
    (tmp_path / "s1").unlink()
    moved.rename(tmp_path / "s1")
    assert await journal.flush() == 100
    assert np.array_equal(await journal.read(0, 100), ramp(0, 100))


@pytest.mark.parametrize("session_id", ["", "../up", "a/b", "a b", "."])
def test_an_id_that_is_no_plain_name_is_refused(session_id: str) -> None:
    with pytest.raises(BadInputError):
        session_folder("/tmp/journal", session_id)


def test_urls_choose_the_folder(tmp_path: Path) -> None:
    assert isinstance(session_folder(f"file://{tmp_path}", "s1"), LocalFolder)
    assert isinstance(session_folder("memory://journal", "s1"), RemoteFolder)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 3000), st.booleans()), min_size=1, max_size=12))
async def test_any_flushes_and_owners_give_the_whole_sound(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, bool]]
) -> None:
    folder = LocalFolder(tmp_path_factory.mktemp("journal") / "s1")
    journal, total = FileJournal(folder), 0
    await journal.open()
    for length, is_new_owner in steps:
        await journal.append(ramp(total, length))
        total += length
        assert await journal.flush() == total
        if is_new_owner:
            journal = FileJournal(folder)
            assert (await journal.open()).samples == total
    assert np.array_equal(await journal.read(0, total), ramp(0, total))
