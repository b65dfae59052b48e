"""Malformed input on every socket of the real service: a few hundred always, ten thousand where there is time."""

from __future__ import annotations

import pytest

from tests.benchmarks.fuzz_sockets import fuzz
from tests.serve.gateway.conftest import Service

pytestmark = pytest.mark.serve


@pytest.mark.parametrize("inputs", [400, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_malformed_input_crashes_and_hangs_nothing(service: Service, inputs: int) -> None:
    before = service.pids("Gateway"), service.pids("Transcriber")
    report = await fuzz(service.url, service.token, inputs=inputs, seed=inputs)
    assert report.failures == []
    assert report.inputs >= inputs
    assert report.handshakes[101] > 0
    assert (service.pids("Gateway"), service.pids("Transcriber")) == before
