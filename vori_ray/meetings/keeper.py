"""The MeetingKeeper actor: one loop that looks after all meetings, and one that sends to webhooks.

Named "MeetingKeeper"; detached, restarted for ever by Ray. All it knows is in the database, so that a restart loses
nothing. What it does is keeping.py's and messaging/delivery.py's; this file only joins them to Ray.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import ray
from ray import serve

from vori_ray.meetings.keeping import Keeping, KeepingRules
from vori_ray.meetings.service import MeetingService
from vori_ray.messaging.actors import start_actor
from vori_ray.messaging.delivery import WebhookSender
from vori_ray.storage.database import Database

log = logging.getLogger(__name__)

NAME = "MeetingKeeper"
_MOST_FAILURES_LOGGED = 5


@ray.remote
class MeetingKeeper:
    """Ends meetings, has them read, sends webhooks. Kicks (`segments_settled`, `meeting_ended`) only make it faster."""

    def __init__(
        self,
        database_url: str,
        rules: KeepingRules,
        interval_s: float = 1.0,
        allows_private_webhooks: bool = False,
        application: str = "vori",
    ) -> None:
        """Begin to look after meetings at once, every `interval_s`."""
        database = Database(database_url, pool_size=3)
        self._application = application
        self._interval_s = interval_s
        self._keeping = Keeping(
            MeetingService(database),
            read_live=self._read_live,
            read_whole=self._read_whole,
            now=_now,
            rules=rules,
        )
        self._sender = WebhookSender(database, now=_now, allows_private=allows_private_webhooks)
        steps = {"look": self._keeping.look, "webhooks": self._send_webhooks}
        self._loops = [asyncio.ensure_future(self._forever(name, step)) for name, step in steps.items()]

    async def segments_settled(self, meeting_ids: list[int]) -> None:
        """New sentences of these meetings were saved."""
        self._keeping.settled(meeting_ids)

    async def meeting_ended(self, meeting_id: int) -> None:
        """This meeting was ended just now."""
        self._keeping.ended(meeting_id)

    async def status(self) -> dict[str, Any]:
        """`reading`: meetings that are being read now; `pid`: of this process."""
        return {"reading": self._keeping.reading(), "pid": os.getpid()}

    async def _read_live(self, meeting_id: int) -> Any:
        return await self._extractor().extract_live.remote(meeting_id)

    async def _read_whole(self, meeting_id: int) -> Any:
        return await self._extractor().extract_meeting.remote(meeting_id)

    def _extractor(self) -> Any:
        return serve.get_deployment_handle("TicketExtractor", self._application)

    async def _send_webhooks(self) -> None:
        while await asyncio.to_thread(self._sender.send_due):
            pass

    async def _forever(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        """Do a step again and again; a failure is logged and waited out."""
        failures = 0
        while True:
            try:
                await step()
                failures = 0
            except Exception:
                failures += 1
                if failures <= _MOST_FAILURES_LOGGED:
                    log.exception("%s failed; it goes on", name)
            await asyncio.sleep(self._interval_s * min(2.0**failures, 30.0))


def _now() -> datetime:
    return datetime.now(UTC)


def start_meeting_keeper(
    database_url: str,
    *,
    disconnect_end_s: float,
    silence_end_s: float,
    live_sentences: int = 1,
    interval_s: float = 1.0,
    allows_private_webhooks: bool = False,
    application: str = "vori",
) -> Any:
    """The MeetingKeeper, started if need be. `live_sentences`: settled sentences between two live passes."""
    rules = KeepingRules(disconnect_end_s, silence_end_s, live_sentences)
    return start_actor(
        MeetingKeeper, NAME, database_url, rules, interval_s, allows_private_webhooks, application, max_concurrency=1000
    )
