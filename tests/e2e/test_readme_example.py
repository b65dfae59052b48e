"""The README's Python example, run as it stands against the real service."""

from __future__ import annotations

import re
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.conftest import ROOT, RunningService

pytestmark = pytest.mark.e2e
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)


def write_first_seconds(path: Path, seconds: float) -> None:
    """Cut the beginning of the demo meeting into a WAV file."""
    from vori_ray.speech.audio import decode_file

    samples = decode_file(ROOT / "vori_ray" / "data" / "meetings" / "meeting-en.flac")[: int(seconds * 16_000)]
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(np.asarray(samples, dtype="<i2").tobytes())


def test_the_example_transcribes_and_prints_minutes(
    service: RunningService, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_first_seconds(tmp_path / "meeting.flac", 12)
    code = "\n".join(BLOCKS).replace('"http://127.0.0.1:8321", "vori_..."', f"{service.url!r}, {service.token!r}")
    code = code.replace('"meeting.flac"', repr(str(tmp_path / "meeting.flac")))
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "morning" in printed.lower()
    assert "Weekly" in printed
