"""From nothing to a ready service, and back: processes, tables, topics, the first token, the Serve application."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from vori_ray.cli.connection import Service, find_service, forget, remember
from vori_ray.errors import UnavailableError
from vori_ray.settings import Settings

if TYPE_CHECKING:
    from vori_ray.local.stack import StackInfo

Say = Callable[[str], None]
DEPLOYMENT = Path("deployments") / "local.yaml"


def bring_up(settings: Settings, say: Say) -> Service:
    """Start what is not running and return where it is; a service that runs already is returned as it is.

    What was started here is ended again if the rest fails.
    """
    running = find_service(settings.home)
    if running and is_ready(running.url):
        say(f"VORI runs already at {running.url}")
        return running
    from vori_ray.local.stack import LocalStack, read_stack

    found = read_stack(settings.home)
    stack = found or LocalStack(settings, say).start()
    try:
        return deploy(settings, stack, say)
    except BaseException:
        if found is None:
            take_down(settings.home, lambda _: None)
        raise


def deploy(settings: Settings, stack: StackInfo, say: Say) -> Service:
    """Put tables, topics and the application on a running stack."""
    from vori_ray.local.deploy import deploy_serve

    group_id, token = prepare_database(settings, stack.database_url, say)
    if stack.kafka_bootstrap:
        prepare_topics(settings, stack.kafka_bootstrap, say)
    say("deploying the service on Ray Serve")
    env = service_environment(settings, stack)
    url = deploy_serve(deployment_file(), stack, host=settings.host, port=settings.port, env=env, say=say)
    service = Service(url, token, group_id)
    remember(settings.home, service)
    return service


def take_down(home: Path, say: Say) -> list[str]:
    """Stop every process that was started from `home`; returns their names."""
    from vori_ray.local.stack import stop_stack

    stopped = stop_stack(home, say)
    forget(home)
    return stopped


def is_ready(url: str) -> bool:
    """Whether the service answers."""
    try:
        return httpx.get(f"{url}/readyz", timeout=5).is_success
    except httpx.HTTPError:
        return False


def deployment_file() -> Path:
    """The Serve config that is deployed: the repository's, wherever the command was called from."""
    path = Path(__file__).parents[2] / DEPLOYMENT
    if not path.exists():
        raise UnavailableError(f"expected the Serve config at {path}: run VORI from its repository")
    return path


def prepare_database(settings: Settings, database_url: str, say: Say) -> tuple[int, str]:
    """Migrate, and make the first group, user and token; returns (group_id, token)."""
    from vori_ray.gateway.auth import ensure_owner
    from vori_ray.storage.database import Database
    from vori_ray.storage.migrate import upgrade

    say("bringing the tables up to date")
    upgrade(database_url)
    token = first_token(settings.home)
    group_id = ensure_owner(Database(database_url), token, time_zone=settings.time_zone)
    return group_id, token


def first_token(home: Path) -> str:
    """The token of the first user: made once, kept in a file that only the owner can read."""
    path = home / "token"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("vori_" + secrets.token_urlsafe(32))
    return path.read_text().strip()


def prepare_topics(settings: Settings, bootstrap: str, say: Say) -> None:
    """Make the topics that are missing."""
    from vori_ray.messaging.admin import create_topics

    created = create_topics(bootstrap, partitions=settings.topic_partitions, retention_h=settings.event_retention_h)
    say(f"topics: {len(created)} created" if created else "topics are there")


def service_environment(settings: Settings, stack: StackInfo) -> dict[str, str]:
    """VORI_* for the processes of the service: every setting, with what the stack found out."""
    found = {
        "database_url": stack.database_url,
        "kafka_bootstrap_servers": stack.kafka_bootstrap,
        "home": str(settings.home.absolute()),
    }
    values = settings.model_dump(exclude={"anthropic_api_key", "ray_address"}) | found
    env = {f"VORI_{name.upper()}": str(value) for name, value in values.items() if value is not None}
    if settings.anthropic_api_key:
        env["ANTHROPIC_API_KEY"] = settings.anthropic_api_key.get_secret_value()
    return env
