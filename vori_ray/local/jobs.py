"""Run a script as a job on a Ray cluster and follow it. Speaks to Ray's REST interface; knows nothing of the script."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from vori_ray.errors import UnavailableError
from vori_ray.local.ray_cluster import RayInfo

LOOK_EVERY_S = 0.5
OVER = ("SUCCEEDED", "FAILED", "STOPPED")
PATIENCE_S = 60.0
"""How long the interface may be away before following is given up; the job goes on all the same."""


class RayJobs:
    """The jobs of one cluster."""

    def __init__(self, ray: RayInfo) -> None:
        self._url = f"{ray.job_address}/api/jobs/"
        self._headers = ray.headers()

    def submit(self, command: Sequence[str], *, env: Mapping[str, str]) -> str:
        """Start a command on the head node with `env` in its environment and its workers'; returns the job's id."""
        body = {"entrypoint": shlex.join(command), "runtime_env": {"env_vars": dict(env)}}
        answer: dict[str, str] = self._ask("POST", "", json=body)
        return answer["submission_id"]

    def follow(self, job_id: str, show: Callable[[str], None]) -> bool:
        """Show the job's output line by line until it is over; returns whether it succeeded."""
        shown = 0
        while True:
            details = self._patiently(job_id)
            lines = str(self._patiently(f"{job_id}/logs").get("logs") or "").splitlines(keepends=True)
            is_over = details["status"] in OVER
            whole = lines if is_over else [line for line in lines if line.endswith("\n")]
            for line in whole[shown:]:
                show(line.rstrip("\n"))
            shown = len(whole)
            if is_over:
                return bool(details["status"] == "SUCCEEDED")
            time.sleep(LOOK_EVERY_S)

    def stop(self, job_id: str) -> None:
        """Ask the job to end."""
        self._ask("POST", f"{job_id}/stop")

    def _patiently(self, path: str) -> Any:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self._ask("GET", path)
            except UnavailableError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(LOOK_EVERY_S)

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        try:
            answer = httpx.request(method, self._url + path, headers=self._headers, timeout=60, **options)
            answer.raise_for_status()
        except httpx.HTTPError as exc:
            raise UnavailableError(f"Ray's jobs could not be reached at {self._url}: {exc}") from exc
        return answer.json()
