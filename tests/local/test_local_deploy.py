"""Deploying through Ray's REST interface, against a small server that answers as Serve does."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from vori_ray.errors import BadInputError, UnavailableError
from vori_ray.local.deploy import deploy_serve, describe_failure, describe_progress
from vori_ray.local.ray_cluster import RayInfo, external_ray

Deploy = Callable[..., str]


class FakeServe:
    """Ray's REST interface and Serve's ingress in one: each GET gives the next of `states`, each PUT of `replies`."""

    def __init__(self) -> None:
        self.states: list[dict[str, Any]] = []
        self.replies: list[tuple[int, str]] = []
        self.http_options: dict[str, Any] = {}
        self.configs: list[dict[str, Any]] = []
        self.tokens: set[str | None] = set()
        self.refusal: tuple[int, str] | None = None
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = self.server.server_address[1]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/-/healthz":
                    return self.answer(200, "success")
                fake.tokens.add(self.headers["Authorization"])
                if fake.refusal:
                    return self.answer(*fake.refusal)
                if not fake.configs:
                    return self.answer(200, {"http_options": fake.http_options, "applications": {}})
                state = fake.states.pop(0) if len(fake.states) > 1 else fake.states[0]
                return self.answer(200, {"applications": {"vori": state}})

            def do_PUT(self) -> None:
                fake.configs.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.answer(*(fake.replies.pop(0) if fake.replies else (200, "")))

            def answer(self, code: int, body: Any) -> None:
                content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(code)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


@pytest.fixture
def fake() -> Iterator[FakeServe]:
    serve = FakeServe()
    serve.http_options = {"host": "127.0.0.1", "port": serve.port}
    serve.states = [{"status": "RUNNING"}]
    thread = threading.Thread(target=serve.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield serve
    serve.server.shutdown()
    thread.join()
    serve.server.server_close()


@pytest.fixture
def deploy(fake: FakeServe, tmp_path: Path) -> Deploy:
    """Deploy a one-application config to the fake."""
    path = tmp_path / "serve.yaml"
    path.write_text(yaml.safe_dump({"applications": [{"name": "vori", "import_path": "a:b"}]}))
    token_path = tmp_path / "token"
    token_path.write_text("secret\n")
    ray = RayInfo("127.0.0.1:1", f"http://127.0.0.1:{fake.port}", token_path)

    def run(say: Callable[[str], None] = print, **options: Any) -> str:
        return deploy_serve(path, ray, **{"host": "0.0.0.0", "port": 0, "env": {"A": "1"}} | options, say=say)

    return run


def deployment(running: int, target: int) -> dict[str, Any]:
    return {
        "status": "UPDATING",
        "message": "",
        "target_num_replicas": target,
        "replicas": [{"state": "RUNNING"}] * running + [{"state": "STARTING"}] * (target - running),
    }


def test_it_deploys_with_the_token_and_waits_until_all_runs(fake: FakeServe, deploy: Deploy) -> None:
    fake.states = [
        {"status": "DEPLOYING", "deployments": {}},
        {"status": "DEPLOYING", "deployments": {"Gateway": deployment(1, 2)}},
        {"status": "RUNNING"},
    ]
    said: list[str] = []
    url = deploy(said.append)
    assert url == f"http://127.0.0.1:{fake.port}"
    assert said == ["deploying vori: building", "deploying vori: Gateway 1/2"]
    assert fake.tokens == {"Bearer secret"}
    (config,) = fake.configs
    assert config["applications"][0]["runtime_env"] == {"env_vars": {"A": "1"}}


def test_a_serve_that_runs_keeps_its_address(fake: FakeServe, deploy: Deploy) -> None:
    deploy(port=1)
    assert fake.configs[0]["http_options"] == fake.http_options


def test_a_port_that_is_taken_is_an_error_before_anything_is_sent(fake: FakeServe, deploy: Deploy) -> None:
    fake.http_options = {}
    with pytest.raises(UnavailableError, match=f"expected port {fake.port} of 127.0.0.1 to be free: set VORI_PORT"):
        deploy(host="127.0.0.1", port=fake.port)
    assert fake.configs == []


def test_a_failure_says_what_serve_says(fake: FakeServe, deploy: Deploy) -> None:
    broken = {"status": "UNHEALTHY", "message": "no module named whisper", "replicas": []}
    fake.states = [{"status": "DEPLOY_FAILED", "message": "failed", "deployments": {"Transcriber": broken}}]
    with pytest.raises(
        UnavailableError, match=r"(?s)vori is DEPLOY_FAILED: failed.*Transcriber.*no module named whisper"
    ):
        deploy()


def test_a_config_that_serve_refuses_is_bad_input(fake: FakeServe, deploy: Deploy) -> None:
    fake.replies = [(400, "num_replicas must be positive")]
    with pytest.raises(BadInputError, match="num_replicas must be positive"):
        deploy()


def test_a_serve_that_is_not_ready_is_asked_again(fake: FakeServe, deploy: Deploy) -> None:
    fake.replies = [(500, "Traceback\nproxies not available")]
    said: list[str] = []
    deploy(said.append)
    assert said == ["Serve is not ready yet (proxies not available); trying again"]
    assert len(fake.configs) == 2


def test_the_deadline_names_what_is_missing(fake: FakeServe, deploy: Deploy) -> None:
    fake.states = [{"status": "DEPLOYING", "deployments": {"Gateway": deployment(0, 1)}}]
    with pytest.raises(UnavailableError, match="not running after 0 s: deploying vori: Gateway 0/1"):
        deploy(timeout_s=0)


def test_a_rest_interface_that_refuses_is_an_error(fake: FakeServe, deploy: Deploy) -> None:
    fake.refusal = (401, "invalid token")
    with pytest.raises(UnavailableError, match="answered 401: invalid token"):
        deploy()


def test_progress_and_failures_read_well() -> None:
    assert (
        describe_progress({"b": {}, "a": {"deployments": {"X": {"replicas": []}}}}) == "deploying a: X 0/0; b: building"
    )
    told = {"status": "UNHEALTHY", "message": "", "deployments": {"X": {"status": "HEALTHY", "message": "fine"}}}
    assert describe_failure("a", told) == "application a is UNHEALTHY: "


def test_a_ray_of_somebody_else_has_its_usual_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_API_SERVER_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_AUTH_TOKEN", "given")
    ray = external_ray("head:6379")
    assert (ray.address, ray.job_address) == ("head:6379", "http://head:8265")
    assert ray.headers() == {"Authorization": "Bearer given"}
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", "https://ray.example/")
    assert external_ray("head:6379").job_address == "https://ray.example"
    with pytest.raises(UnavailableError, match="expected RAY_ADDRESS to be host:port, got 'auto'"):
        external_ray("auto")
