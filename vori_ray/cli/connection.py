"""Where the service is: given by `--url` / `--token` or VORI_URL / VORI_TOKEN, else the one that runs in VORI_HOME."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from vori_ray.client import VoriClient
from vori_ray.errors import UnavailableError
from vori_ray.settings import Settings

UrlOption = Annotated[str | None, typer.Option("--url", envvar="VORI_URL", help="Address of the service.")]
TokenOption = Annotated[str | None, typer.Option("--token", envvar="VORI_TOKEN", help="Bearer token.")]


@dataclass(frozen=True, slots=True)
class Service:
    """A running VORI: its address, a token, and the group that was made at the first start."""

    url: str
    token: str
    group_id: int


def _path(home: Path) -> Path:
    return home / "run" / "service.json"


def remember(home: Path, service: Service) -> None:
    """Keep the address for later commands; readable by the owner only."""
    path = _path(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(asdict(service), file)


def forget(home: Path) -> None:
    """The service has stopped."""
    _path(home).unlink(missing_ok=True)


def find_service(home: Path) -> Service | None:
    """Return the service that was started from `home`, if there is one."""
    try:
        return Service(**json.loads(_path(home).read_text()))
    except FileNotFoundError:
        return None


def connect(url: str | None, token: str | None) -> VoriClient:
    """Return a client for the given address, else for the local service."""
    if url and token:
        return VoriClient(url, token)
    service = find_service(Settings().home)
    if service is None:
        raise UnavailableError("no VORI runs here: start one with `vori up`, or give --url and --token")
    return VoriClient(url or service.url, token or service.token)
