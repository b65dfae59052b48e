"""Notifications to people, webhooks to machines, and what language models cost.

Knows nothing of how a webhook is called or signed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlmodel import col

from vori_ray.storage.models import LlmUsage, Notification, Webhook, WebhookDelivery, utc_now
from vori_ray.storage.repositories.base import Repository, Rows, bounded, in_groups


class Notifications(Repository):
    """What a person should know. A notification belongs to one person in one group."""

    def add(self, group_id: int, user_id: int, *, kind: str, payload: dict[str, Any]) -> Notification:
        """Tell a person something."""
        return self._add(Notification(group_id=group_id, user_id=user_id, kind=kind, payload=payload))

    def list(
        self,
        group_ids: Collection[int] | None,
        user_id: int,
        *,
        is_unread: bool = False,
        limit: int = 50,
        before_id: int | None = None,
    ) -> Rows[Notification]:
        """A person's notifications, newest first."""
        mine = (in_groups(Notification.group_id, group_ids), col(Notification.user_id) == user_id)
        query = select(Notification).where(*mine)
        if is_unread:
            query = query.where(col(Notification.read_at).is_(None))
        if before_id is not None:
            query = query.where(col(Notification.id) < before_id)
        return self._all(query.order_by(col(Notification.id).desc()).limit(bounded(limit)))

    def unread_count(self, group_ids: Collection[int] | None, user_id: int) -> int:
        """How many notifications a person has not read."""
        unread = (
            in_groups(Notification.group_id, group_ids),
            col(Notification.user_id) == user_id,
            col(Notification.read_at).is_(None),
        )
        return self._session.scalar(select(func.count()).select_from(Notification).where(*unread)) or 0

    def mark_read(
        self, group_ids: Collection[int] | None, user_id: int, notification_ids: Collection[int] | None = None
    ) -> int:
        """Mark some (None: all) of a person's notifications as read; returns how many were unread."""
        unread = [
            in_groups(Notification.group_id, group_ids),
            col(Notification.user_id) == user_id,
            col(Notification.read_at).is_(None),
        ]
        if notification_ids is not None:
            unread.append(col(Notification.id).in_(notification_ids))
        statement = update(Notification).where(*unread).values(read_at=utc_now()).returning(col(Notification.id))
        return len(self._session.execute(statement).all())


class Webhooks(Repository):
    """Addresses of a group that get events, and the events on their way there."""

    def add(self, group_id: int, *, url: str, secret: str, topics: Collection[str]) -> Webhook:
        """Keep an address."""
        return self._add(Webhook(group_id=group_id, url=url, secret=secret, topics=sorted(topics)))

    def get(self, group_id: int, webhook_id: int) -> Webhook:
        """The webhook. Raises NotFoundError."""
        return self._get(Webhook, group_id, webhook_id)

    def list(self, group_id: int, *, topic: str | None = None) -> Rows[Webhook]:
        """A group's active webhooks, oldest first; those that want `topic`, when given (no topics: all of them)."""
        query = select(Webhook).where(col(Webhook.group_id) == group_id, col(Webhook.is_active))
        hooks = self._all(query.order_by(col(Webhook.id)))
        return [hook for hook in hooks if topic is None or not hook.topics or topic in hook.topics]

    def remove(self, group_id: int, webhook_id: int) -> None:
        """End a webhook; what was on its way to it is dropped. Raises NotFoundError."""
        hook = self._lock(Webhook, group_id, webhook_id)
        hook.is_active = False
        self._add(hook)
        waiting = (col(WebhookDelivery.webhook_id) == webhook_id, col(WebhookDelivery.delivered_at).is_(None))
        self._session.execute(update(WebhookDelivery).where(*waiting).values(next_attempt_at=None))

    def add_delivery(self, hook: Webhook, *, event_id: str, topic: str, payload: dict[str, Any]) -> WebhookDelivery:
        """Put an event on its way to one webhook."""
        row = WebhookDelivery(group_id=hook.group_id, webhook_id=hook.id or 0, event_id=event_id, topic=topic)
        row.payload = payload
        return self._add(row)

    def take_due(self, now: datetime, *, limit: int = 20) -> Sequence[tuple[WebhookDelivery, Webhook]]:
        """Deliveries whose time has come, locked, so that no two workers take the same."""
        query = (
            select(WebhookDelivery, Webhook)
            .join(Webhook, col(Webhook.id) == col(WebhookDelivery.webhook_id))
            .where(col(WebhookDelivery.delivered_at).is_(None), col(WebhookDelivery.next_attempt_at) <= now)
            .order_by(col(WebhookDelivery.id))
            .limit(bounded(limit))
            .with_for_update(of=WebhookDelivery, skip_locked=True)
        )
        return [(delivery, hook) for delivery, hook in self._session.execute(query)]

    def get_delivery(self, group_id: int, delivery_id: int) -> WebhookDelivery:
        """One delivery. Raises NotFoundError."""
        return self._get(WebhookDelivery, group_id, delivery_id)

    def list_deliveries(self, group_id: int, webhook_id: int, *, limit: int = 50) -> Rows[WebhookDelivery]:
        """What was sent or is to be sent to a webhook, newest first."""
        query = select(WebhookDelivery).where(
            col(WebhookDelivery.group_id) == group_id, col(WebhookDelivery.webhook_id) == webhook_id
        )
        return self._all(query.order_by(col(WebhookDelivery.id).desc()).limit(bounded(limit)))


class UsageLog(Repository):
    """Tokens and US dollars that extractions cost."""

    def add(self, usage: LlmUsage) -> LlmUsage:
        """Keep what one extraction cost."""
        return self._add(usage)

    def cost_usd_since(self, group_id: int, since: datetime) -> float:
        """What a group has spent since a time."""
        spent = (col(LlmUsage.group_id) == group_id, col(LlmUsage.created_at) >= since)
        return float(self._session.scalar(select(func.sum(col(LlmUsage.cost_usd))).where(*spent)) or 0.0)

    def list_for_meeting(self, group_id: int, meeting_id: int) -> Rows[LlmUsage]:
        """What a meeting cost, call by call."""
        query = select(LlmUsage).where(col(LlmUsage.group_id) == group_id, col(LlmUsage.meeting_id) == meeting_id)
        return self._all(query.order_by(col(LlmUsage.id)))

    def by_month(self, group_id: int) -> Sequence[dict[str, Any]]:
        """Sums by month (`YYYY-MM`, UTC) and model: input_tokens, output_tokens, cache_*_tokens, cost_usd, calls."""
        month = func.to_char(func.timezone("UTC", col(LlmUsage.created_at)), "YYYY-MM").label("month")
        summed = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "cost_usd")
        query = (
            select(
                month,
                col(LlmUsage.model),
                func.count().label("calls"),
                *(func.sum(getattr(LlmUsage, name)).label(name) for name in summed),
            )
            .where(col(LlmUsage.group_id) == group_id)
            .group_by(month, col(LlmUsage.model))
            .order_by(month, col(LlmUsage.model))
        )
        return [dict(row) for row in self._session.execute(query).mappings()]
