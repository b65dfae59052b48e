"""The deployment files say what Ray's own schemas accept, and agree with each other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config
from ray.serve.schema import ServeDeploySchema

from vori_ray.app import gateway_options
from vori_ray.errors import BadInputError
from vori_ray.local.deploy import load_config
from vori_ray.local.ray_cluster import ALLOCATOR
from vori_ray.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOYMENTS = ROOT / "deployments"
NAMES = {"Gateway", "Transcriber", "TicketExtractor"}


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def deployments(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    (application,) = config["applications"]
    return {one["name"]: one for one in application["deployments"]}


@pytest.mark.parametrize("name", ["local.yaml", "gpu.yaml"])
def test_serve_accepts_the_config_and_it_names_the_application(name: str) -> None:
    schema = ServeDeploySchema.model_validate(read(DEPLOYMENTS / name))
    (application,) = schema.applications
    assert (application.name, application.route_prefix) == ("vori", "/")
    assert application.import_path == "vori_ray.app:build_app"
    assert {one.name for one in application.deployments} == NAMES


def test_the_image_and_the_benchmark_allocate_as_the_embedded_ray_does() -> None:
    image = (DEPLOYMENTS / "Dockerfile").read_text(encoding="utf-8")
    assert dict(re.findall(r"\b(RAY_LD_PRELOAD_ON_WORKERS|MALLOC_\w+)=(\S+)", image)) == ALLOCATOR
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.findall(r"\bMALLOC_\w+=(\S+)", makefile) == [ALLOCATOR["MALLOC_CONF"]]
    assert "LD_PRELOAD=$(JEMALLOC)" in makefile


@pytest.mark.parametrize("name", ["local.yaml", "gpu.yaml"])
def test_the_configs_variables_are_settings(name: str) -> None:
    (application,) = read(DEPLOYMENTS / name)["applications"]
    known = {f"VORI_{field}".upper() for field in Settings.model_fields}
    assert set(application.get("runtime_env", {}).get("env_vars", {})) <= known


def test_serve_accepts_what_is_really_deployed() -> None:
    config = load_config(DEPLOYMENTS / "local.yaml", host="0.0.0.0", port=1234, env={"VORI_MODEL": "demo"})
    schema = ServeDeploySchema.model_validate(config)
    assert (schema.http_options.host, schema.http_options.port) == ("0.0.0.0", 1234)
    assert schema.applications[0].runtime_env["env_vars"] == {"VORI_MODEL": "demo"}


def test_what_a_config_says_of_the_environment_holds() -> None:
    config = load_config(DEPLOYMENTS / "gpu.yaml", host="127.0.0.1", port=1, env={"VORI_DEVICE": "auto", "VORI_X": "1"})
    env = config["applications"][0]["runtime_env"]["env_vars"]
    assert (env["VORI_DEVICE"], env["VORI_X"]) == ("cuda", "1")


def test_only_the_gpu_config_pins_transcribers_to_gpus() -> None:
    local, gpu = (deployments(read(DEPLOYMENTS / name))["Transcriber"] for name in ("local.yaml", "gpu.yaml"))
    assert "num_gpus" not in local["ray_actor_options"]
    assert 0 < gpu["ray_actor_options"]["num_gpus"] <= 1


def test_ray_accepts_the_cluster_and_its_nodes_fit_the_gpu_config(caplog: pytest.LogCaptureFixture) -> None:
    config = prepare_config(read(ROOT / "cluster.yaml"))
    validate_config(config)
    nodes = config["available_node_types"]
    assert config["head_node_type"] in nodes
    transcriber = deployments(read(DEPLOYMENTS / "gpu.yaml"))["Transcriber"]["ray_actor_options"]
    needs = {"CPU": transcriber["num_cpus"], "GPU": transcriber["num_gpus"], **transcriber["resources"]}
    assert any(all(node["resources"].get(name, 0) >= need for name, need in needs.items()) for node in nodes.values())


def test_kuberay_serves_the_gpu_config() -> None:
    service = read(DEPLOYMENTS / "kuberay.yaml")
    assert (service["apiVersion"], service["kind"]) == ("ray.io/v1", "RayService")
    serve = yaml.safe_load(service["spec"]["serveConfigV2"])
    ServeDeploySchema.model_validate(serve)
    assert serve == read(DEPLOYMENTS / "gpu.yaml")


def test_kuberay_and_the_launcher_know_the_same_resources() -> None:
    groups = read(DEPLOYMENTS / "kuberay.yaml")["spec"]["rayClusterConfig"]["workerGroupSpecs"]
    custom = {name for group in groups for name in yaml.safe_load(yaml.safe_load(group["rayStartParams"]["resources"]))}
    nodes = read(ROOT / "cluster.yaml")["available_node_types"].values()
    assert custom == {name for node in nodes for name in node["resources"]} - {"CPU", "GPU"}


def test_every_node_runs_the_ingress_in_haproxy_mode() -> None:
    options = read(ROOT / "cluster.yaml")["docker"]["run_options"]
    assert "--env RAY_SERVE_ENABLE_HA_PROXY=1" in options
    cluster = read(DEPLOYMENTS / "kuberay.yaml")["spec"]["rayClusterConfig"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        (container,) = group["template"]["spec"]["containers"]
        assert {"name": "RAY_SERVE_ENABLE_HA_PROXY", "value": "1"} in container["env"]


def test_compose_gives_vori_a_role_that_is_no_superuser() -> None:
    compose = read(DEPLOYMENTS / "compose.yaml")
    assert set(compose["services"]) == {"postgres", "kafka"}
    assert "CREATE ROLE vori LOGIN" in compose["configs"]["role"]["content"]
    assert "SUPERUSER" not in compose["configs"]["role"]["content"]
    assert all(port.startswith("127.0.0.1:") for service in compose["services"].values() for port in service["ports"])


def test_a_diarizer_that_is_not_there_is_said_at_the_start(tmp_path: Path) -> None:
    assert gateway_options(Settings(), "postgresql://db").session_template.diarizer == "acoustic"
    with pytest.raises(BadInputError, match=r"expected a speaker model at .*model.onnx, there is none"):
        gateway_options(Settings(diarizer=f"onnx:{tmp_path}"), "postgresql://db")
