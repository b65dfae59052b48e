"""Hand a Serve config to Ray's REST interface and wait until its applications run.

Speaks plain HTTP, so that the command line need not import Ray. Knows nothing of what the applications do.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import httpx
import yaml

from vori_ray.errors import BadInputError, UnavailableError
from vori_ray.local.ports import find_free_ports, is_free
from vori_ray.local.processes import Say

_PATH = "/api/serve/applications/"
_FAILED = {"DEPLOY_FAILED", "UNHEALTHY"}


class RestInterface(Protocol):
    """Where Ray's REST interface is, and what opens it."""

    @property
    def job_address(self) -> str:
        """URL of Ray's REST interface."""

    def headers(self) -> dict[str, str]:
        """HTTP headers with the token."""


def deploy_serve(
    config_path: Path,
    ray: RestInterface,
    *,
    host: str,
    port: int,
    env: Mapping[str, str],
    say: Say,
    timeout_s: float = 600.0,
) -> str:
    """Deploy a Serve config with `env` in the environment of its replicas; returns the URL of the ingress.

    `port` 0 takes a free one. A Serve that runs already keeps its address. Raises BadInputError if Serve refuses the
    config, UnavailableError, with Serve's own words, if an application fails or is not running at the deadline.
    """
    with httpx.Client(base_url=ray.job_address, headers=ray.headers(), timeout=120) as client:
        address = _running_address(client) or (host, _free_port(host, port))
        config = load_config(config_path, host=address[0], port=address[1], env=env)
        _submit(client, config, deadline=time.monotonic() + timeout_s, say=say)
        _wait_until_running(client, {one["name"] for one in config["applications"]}, say=say, timeout_s=timeout_s)
    url = f"http://{'127.0.0.1' if address[0] in ('0.0.0.0', '::') else address[0]}:{address[1]}"
    _wait_for_ingress(url, timeout_s=60.0)
    return url


def load_config(path: Path, *, host: str, port: int, env: Mapping[str, str]) -> dict[str, Any]:
    """Return the Serve config with the address of the ingress and the environment of every application set."""
    config: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    config["http_options"] = {**config.get("http_options", {}), "host": host, "port": port}
    for application in config["applications"]:
        runtime_env = application.setdefault("runtime_env", {})
        runtime_env["env_vars"] = {**env, **runtime_env.get("env_vars", {})}  # what the file says, it means
    return config


def _free_port(host: str, port: int) -> int:
    if port == 0:
        return find_free_ports(1, host=host)[0]
    if not is_free(port, host):
        raise UnavailableError(f"expected port {port} of {host} to be free: set VORI_PORT to another one, or 0")
    return port


def _running_address(client: httpx.Client) -> tuple[str, int] | None:
    """Return (host, port) of the ingress if Serve runs: it cannot be changed while it does."""
    options = _applications(client).get("http_options") or {}
    return (options["host"], options["port"]) if options.get("port") else None


def _applications(client: httpx.Client) -> dict[str, Any]:
    reply = client.get(_PATH)
    if reply.is_error:
        raise UnavailableError(f"Ray's REST interface answered {reply.status_code}: {reply.text[:500]}")
    answer: dict[str, Any] = reply.json()
    return answer


def _submit(client: httpx.Client, config: Mapping[str, Any], *, deadline: float, say: Say) -> None:
    """Send the config. Serve's own start gives up after a minute on a busy machine, and goes on when asked again."""
    while True:
        reply = client.put(_PATH, json=config)
        if reply.is_success:
            return
        if reply.status_code == 400:
            raise BadInputError(f"Serve does not accept the config: {reply.text[:2000]}")
        if time.monotonic() > deadline:
            raise UnavailableError(f"Serve answered {reply.status_code} to the config: {reply.text[-2000:]}")
        say(f"Serve is not ready yet ({reply.text.strip().splitlines()[-1][:120]}); trying again")
        time.sleep(1.0)


def _wait_until_running(client: httpx.Client, names: set[str], *, say: Say, timeout_s: float) -> None:
    deadline, shown = time.monotonic() + timeout_s, ""
    while True:
        found = _applications(client)["applications"]
        states = {name: found.get(name, {}).get("status", "NOT_STARTED") for name in names}
        if failed := [name for name, state in states.items() if state in _FAILED]:
            raise UnavailableError("\n".join(describe_failure(name, found[name]) for name in failed))
        if set(states.values()) == {"RUNNING"}:
            return
        if (line := describe_progress({name: found.get(name, {}) for name in names})) != shown:
            say(line)
            shown = line
        if time.monotonic() > deadline:
            raise UnavailableError(f"not running after {timeout_s:.0f} s: {line}")
        time.sleep(0.25)


def describe_progress(applications: Mapping[str, Mapping[str, Any]]) -> str:
    """Say how many replicas of each deployment run, e.g. `deploying vori: Gateway 1/1, Transcriber 0/1`."""
    parts = []
    for name, application in sorted(applications.items()):
        deployments = [_replicas(one, state) for one, state in sorted(application.get("deployments", {}).items())]
        parts.append(f"{name}: {', '.join(deployments) or 'building'}")
    return "deploying " + "; ".join(parts)


def _replicas(name: str, deployment: Mapping[str, Any]) -> str:
    replicas = deployment.get("replicas", [])
    running = sum(replica["state"] == "RUNNING" for replica in replicas)
    return f"{name} {running}/{deployment.get('target_num_replicas', len(replicas))}"


def describe_failure(name: str, application: Mapping[str, Any]) -> str:
    """Collect what Serve says about an application that failed, deployment by deployment."""
    lines = [f"application {name} is {application['status']}: {application.get('message', '').strip()}"]
    for deployment, state in application.get("deployments", {}).items():
        message = str(state.get("message", "")).strip()
        if state.get("status") != "HEALTHY" and message and message not in lines[0]:
            lines.append(f"deployment {deployment} is {state['status']}: {message}")
    return "\n".join(lines)


def _wait_for_ingress(url: str, *, timeout_s: float) -> None:
    """Wait until the proxy sends requests to a replica."""
    deadline = time.monotonic() + timeout_s
    reason = ""
    while time.monotonic() < deadline:
        try:
            reply = httpx.get(f"{url}/-/healthz", timeout=5)
        except httpx.HTTPError as exc:
            reason = repr(exc)
        else:
            if reply.is_success:
                return
            reason = f"{reply.status_code} {reply.text[:200]}"
        time.sleep(0.1)
    raise UnavailableError(f"the application runs, but the ingress at {url} does not answer: {reason}")
