"""Notifications of the caller, and webhooks of a group."""

from __future__ import annotations

import secrets
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints

from vori_ray.gateway.dependencies import Ports, SignedIn
from vori_ray.gateway.routes.meetings import BeforeId, GroupId, Limit
from vori_ray.gateway.shapes import (
    DeliveryShape,
    NewWebhookShape,
    NotificationsShape,
    Shape,
    WebhookShape,
    delivery_shape,
    notification_shape,
    webhook_shape,
)

Url = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=r"^https?://[^\s]+$")]
Topic = Literal["meeting.ended", "ticket.created", "ticket.updated"]

router = APIRouter(tags=["notifications"])


class NewWebhook(Shape):
    """Where events are to be sent; no topics means all of them."""

    url: Url
    topics: list[Topic] = Field(default_factory=list)


@router.get("/api/notifications")
def list_notifications(
    ports: Ports,
    principal: SignedIn,
    group_id: GroupId = None,
    unread: bool = False,
    limit: Limit = 50,
    before_id: BeforeId = None,
) -> NotificationsShape:
    """What the caller should know, newest first, and how much of it is unread."""
    groups = principal.scope(group_id)
    with ports.database.unit_of_work(groups) as uow:
        found = uow.notifications.list(groups, principal.user_id, is_unread=unread, limit=limit, before_id=before_id)
        count = uow.notifications.unread_count(groups, principal.user_id)
    return NotificationsShape(unread=count, notifications=[notification_shape(one) for one in found])


@router.post("/api/notifications/read", status_code=204)
def mark_all_read(ports: Ports, principal: SignedIn, group_id: GroupId = None) -> None:
    """Mark everything as read."""
    groups = principal.scope(group_id)
    with ports.database.unit_of_work(groups) as uow:
        uow.notifications.mark_read(groups, principal.user_id)


@router.post("/api/notifications/{notification_id}/read", status_code=204)
def mark_read(notification_id: int, ports: Ports, principal: SignedIn) -> None:
    """Mark one as read; doing it again changes nothing."""
    with ports.database.unit_of_work(principal.group_ids) as uow:
        uow.notifications.mark_read(principal.group_ids, principal.user_id, [notification_id])


@router.get("/api/groups/{group_id}/webhooks", tags=["webhooks"])
def list_webhooks(group_id: int, ports: Ports, principal: SignedIn) -> list[WebhookShape]:
    """A group's webhooks (ADMIN)."""
    principal.require_admin(group_id)
    with ports.database.unit_of_work([group_id]) as uow:
        return [webhook_shape(webhook) for webhook in uow.webhooks.list(group_id)]


@router.post("/api/groups/{group_id}/webhooks", status_code=201, tags=["webhooks"])
def create_webhook(group_id: int, body: NewWebhook, ports: Ports, principal: SignedIn) -> NewWebhookShape:
    """Send events to an address (ADMIN). The secret, with which they are signed, is shown only now."""
    principal.require_admin(group_id)
    secret = secrets.token_urlsafe(32)
    with ports.database.unit_of_work([group_id]) as uow:
        webhook = uow.webhooks.add(group_id, url=body.url, secret=secret, topics=body.topics)
    return NewWebhookShape(secret=secret, **webhook_shape(webhook).model_dump())


@router.delete("/api/groups/{group_id}/webhooks/{webhook_id}", status_code=204, tags=["webhooks"])
def remove_webhook(group_id: int, webhook_id: int, ports: Ports, principal: SignedIn) -> None:
    """Send no more events to an address (ADMIN)."""
    principal.require_admin(group_id)
    with ports.database.unit_of_work([group_id]) as uow:
        uow.webhooks.remove(group_id, webhook_id)


@router.get("/api/groups/{group_id}/webhooks/{webhook_id}/deliveries", tags=["webhooks"])
def list_deliveries(
    group_id: int, webhook_id: int, ports: Ports, principal: SignedIn, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[DeliveryShape]:
    """What was sent to an address, and what became of it (ADMIN)."""
    principal.require_admin(group_id)
    with ports.database.unit_of_work([group_id]) as uow:
        uow.webhooks.get(group_id, webhook_id)
        return [delivery_shape(one) for one in uow.webhooks.list_deliveries(group_id, webhook_id, limit=limit)]
