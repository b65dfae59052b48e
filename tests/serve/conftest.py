"""One Ray of this process, with Serve, for all tests that start actors and deployments themselves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray
from ray import serve

from vori_ray.messaging.actors import NAMESPACE

REPOSITORY = Path(__file__).parents[2]
# A busy machine needs more than Ray's 30 s; no worker waits for work; Serve looks twice a second, not ten times.
LEAN = {
    "RAY_raylet_start_wait_time_s": "180",
    "RAY_prestart_worker_first_driver": "0",
    "RAY_SERVE_CONTROL_LOOP_INTERVAL_S": "0.5",
}


@pytest.fixture(scope="package")
def local_ray() -> Iterator[None]:
    """Ray and Serve, without a proxy. Workers find the tests' code, and log to the driver only what is wrong."""
    for name, value in LEAN.items():
        os.environ.setdefault(name, value)
    ray.init(
        address="local",
        namespace=NAMESPACE,
        num_cpus=4,
        object_store_memory=100 * 2**20,
        include_dashboard=False,
        log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": str(REPOSITORY)}},
    )
    serve.start(proxy_location="Disabled")
    yield
    serve.shutdown()
    ray.shutdown()
