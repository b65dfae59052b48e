"""A replica of the Transcriber meets batches of several windows after it has become ready, and not for ever."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from vori_ray.speech import transcriber
from vori_ray.speech.recognizer import PreparedWindow
from vori_ray.speech.transcriber import Transcriber, TranscriberOptions


@pytest.mark.parametrize(("patience_s", "sizes"), [(60.0, {2, 3}), (0.0, set[int]())])
async def test_larger_batches_are_met_at_leisure_and_for_a_while_only(
    monkeypatch: pytest.MonkeyPatch, patience_s: float, sizes: set[int]
) -> None:
    for name, seconds in {"AFTER": 0.0, "EVERY": 0.0, "FOR": patience_s}.items():
        monkeypatch.setattr(transcriber, f"ACQUAINT_{name}_S", seconds)
    replica = Transcriber.func_or_class(TranscriberOptions(device="cpu", max_batch_windows=3))
    met: list[Sequence[PreparedWindow]] = []
    monkeypatch.setattr(replica._recognizer, "encode", met.append)
    await replica._acquaint()
    assert {len(batch) for batch in met} == sizes
