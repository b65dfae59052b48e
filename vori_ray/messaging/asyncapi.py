"""The AsyncAPI document of everything that VORI says to the world, made from the payloads. PURE.

Knows nothing of brokers: servers are named by whoever publishes the document.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from vori_ray.messaging.topics import DEAD_LETTER, EVENT_TYPES, DeadLetter, GroupTrends

_SCHEMAS = "#/components/schemas/{model}"
TRENDS_ADDRESS = "analytics.trends.group.{groupId}"


def asyncapi() -> dict[str, Any]:
    """The document, AsyncAPI 3.0, as JSON data: a channel and a `send` operation for every topic."""
    payloads: dict[str, type[BaseModel]] = {**EVENT_TYPES, TRENDS_ADDRESS: GroupTrends, DEAD_LETTER: DeadLetter}
    models = list(payloads.values())
    _, definitions = models_json_schema([(model, "serialization") for model in models], ref_template=_SCHEMAS)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "VORI", "version": _version(), "description": __doc__.splitlines()[0]},
        "defaultContentType": "application/json",
        "channels": {_name(topic): _channel(topic, model) for topic, model in payloads.items()},
        "operations": {f"send_{_name(topic)}": _operation(topic, model) for topic, model in payloads.items()},
        "components": {
            "messages": {model.__name__: _message(model) for model in models},
            "schemas": definitions["$defs"],
        },
    }


def _name(topic: str) -> str:
    return topic.replace(".{groupId}", "").replace(".", "_")


def _channel(topic: str, model: type[BaseModel]) -> dict[str, Any]:
    channel: dict[str, Any] = {
        "address": topic,
        "description": (model.__doc__ or "").strip(),
        "messages": {model.__name__: {"$ref": f"#/components/messages/{model.__name__}"}},
    }
    if "{groupId}" in topic:
        channel["parameters"] = {"groupId": {"description": "Id of the group."}}
    return channel


def _operation(topic: str, model: type[BaseModel]) -> dict[str, Any]:
    channel = f"#/channels/{_name(topic)}"
    return {
        "action": "send",
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{model.__name__}"}],
    }


def _message(model: type[BaseModel]) -> dict[str, Any]:
    return {
        "name": model.__name__,
        "payload": {"$ref": _SCHEMAS.format(model=model.__name__)},
        "bindings": {"kafka": {"key": {"type": "string", "description": "Meeting id, else group id."}}},
    }


def _version() -> str:
    try:
        return version("vori-ray")
    except PackageNotFoundError:  # a checkout that is not installed
        return "0"
