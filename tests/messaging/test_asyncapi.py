"""The AsyncAPI document: all topics, all references lead somewhere, real events fit it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import jsonschema

from vori_ray.messaging.admin import TOPICS
from vori_ray.messaging.asyncapi import asyncapi
from vori_ray.messaging.topics import AUDIO_BRIDGE, MeetingEnded


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(document: dict[str, Any], reference: str) -> Any:
    node: Any = document
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


def test_every_topic_has_a_channel() -> None:
    addresses = {channel["address"] for channel in asyncapi()["channels"].values()}
    # the bridge of former clients is what VORI hears, not what it says
    assert addresses == {*TOPICS, "analytics.trends.group.{groupId}"} - {AUDIO_BRIDGE}


def test_all_references_lead_somewhere() -> None:
    document = asyncapi()
    found = list(references(document))
    assert found
    for reference in found:
        assert resolve(document, reference) is not None


def test_a_real_event_fits_its_schema() -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    event = MeetingEnded(group_id=1, groupId=1, meetingId=2, startedAt=now, endedAt=now, reason="silent")
    document = asyncapi()
    schema = {"$ref": "#/components/schemas/MeetingEnded", "components": document["components"]}
    jsonschema.validate(event.model_dump(mode="json"), schema)
    broken = event.model_dump(mode="json") | {"reason": "bored"}
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(broken))
