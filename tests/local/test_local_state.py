"""The state file: whole or absent, and nobody else's to read."""

from __future__ import annotations

from pathlib import Path

from vori_ray.local.state import State, forget_state, read_state, write_state

STATE = State("abc", "running", {"postgres": 7}, database_url="postgresql://vori:secret@127.0.0.1:1/vori")


def test_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_state(tmp_path, State("abc", "starting"))
    write_state(tmp_path, STATE)
    assert read_state(tmp_path) == STATE


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    write_state(tmp_path, STATE)
    (path,) = (tmp_path / "run").iterdir()
    assert path.stat().st_mode & 0o077 == 0


def test_a_write_that_was_cut_off_changes_nothing(tmp_path: Path) -> None:
    write_state(tmp_path, STATE)
    (tmp_path / "run" / "state.partial").write_text('{"instance": "ab')
    assert read_state(tmp_path) == STATE
    write_state(tmp_path, State("abc", "starting"))
    assert read_state(tmp_path) == State("abc", "starting")


def test_a_forgotten_state_is_none(tmp_path: Path) -> None:
    write_state(tmp_path, STATE)
    forget_state(tmp_path)
    forget_state(tmp_path)
    assert read_state(tmp_path) is None
