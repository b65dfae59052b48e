"""The live board's WebSocket: the events of one group, in order, each once, also across gaps.

A client says the last number it has (`after_seq`); what it missed comes from the outbox, then events as they happen.
Knows nothing of what events mean.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from fastapi import APIRouter
from starlette.websockets import WebSocket

from vori_ray.errors import BadInputError, VoriError
from vori_ray.gateway.auth import Principal
from vori_ray.gateway.dependencies import SUBPROTOCOL, admit, get_ports
from vori_ray.gateway.feed import GAP, EventFeed, Subscription
from vori_ray.gateway.metrics import Metrics
from vori_ray.gateway.numbers import whole_number
from vori_ray.gateway.ports import Event, GatewayPorts
from vori_ray.gateway.protocol import MAX_TEXT_BYTES, OUT_OF_ORDER, TOO_BIG, TRY_LATER
from vori_ray.gateway.sockets import deny, end_tasks
from vori_ray.messaging.outbox import envelope
from vori_ray.storage.database import Database
from vori_ray.storage.models import Outbox

PAGE = 500
_CUT_TIMEOUT_S = 1.0

logger = logging.getLogger("vori.gateway")
router = APIRouter()


@router.websocket("/ws/groups/{group_id}/events")
async def group_events(websocket: WebSocket, group_id: str) -> None:
    """Listen to a group: `hello`, then `event` messages, and a `heartbeat` now and then."""
    try:
        principal = await admit(websocket)
        group = whole_number(group_id, "group")
        principal.require_member(group)
        after_seq = _after_seq(websocket)
    except VoriError as exc:
        await deny(websocket, exc)
        return
    await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in websocket.scope["subprotocols"] else None)
    listener = Listener(websocket, get_ports(websocket), principal, group_id=group, after_seq=after_seq)
    await listener.run(websocket.app.state.feed, websocket.app.state.metrics)


def _after_seq(websocket: WebSocket) -> int | None:
    text = websocket.query_params.get("after_seq")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise BadInputError(f"expected after_seq to be a whole number, came {text[:40]!r}")
    return int(text)


def read_events(
    database: Database, group_id: int, after_seq: int, *, limit: int = PAGE
) -> tuple[Sequence[Outbox], int, int | None]:
    """A page of a group's events after `after_seq`, the group's last number, and the oldest that is still kept."""
    with database.unit_of_work([group_id]) as uow:
        rows = uow.outbox.list_after(group_id, after_seq, limit=limit)
        return rows, uow.outbox.last_seq(group_id), uow.outbox.first_seq(group_id)


class Listener:
    """One client of a group's events."""

    def __init__(
        self, websocket: WebSocket, ports: GatewayPorts, principal: Principal, *, group_id: int, after_seq: int | None
    ) -> None:
        self._websocket = websocket
        self._ports = ports
        self._principal = principal
        self._group_id = group_id
        self._after_seq = after_seq
        self._last = 0

    async def run(self, feed: EventFeed, metrics: Metrics) -> None:
        """Send events until the client goes, is too slow, or may no longer listen."""
        with metrics.listener(), feed.subscribe(self._group_id) as subscription:
            code = await self._first_end(
                self._send_all(subscription), self._read(), self._wait_until_cut(subscription, metrics)
            )
        if code is not None:
            # A client that takes nothing does not take a close either: do not wait for it for long.
            with suppress(Exception):
                await asyncio.wait_for(self._websocket.close(code), _CUT_TIMEOUT_S)

    async def _first_end(self, *works: Any) -> int | None:
        """Run until one of these ends; returns the close code that it asks for, None when the client has gone."""
        tasks = [asyncio.create_task(work) for work in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result()  # type: ignore[no-any-return]
        except VoriError as exc:
            await self._say({"type": "error", "code": exc.error_code, "message": exc.message})
            return TRY_LATER if exc.retryable else OUT_OF_ORDER
        except Exception as exc:  # the client has gone; each server says so with an exception of its own
            logger.debug("event socket lost: %r", exc)
            return None
        finally:
            await end_tasks(tasks)

    async def _send_all(self, subscription: Subscription) -> int:
        _, last, _ = await self._page(0, limit=0)
        await self._say({"type": "hello", "group_id": self._group_id, "seq": last})
        self._last = last if self._after_seq is None else min(self._after_seq, last)
        await self._catch_up()
        while True:
            told = await subscription.next(self._ports.limits.heartbeat_s)
            if told is None:
                await self._beat()
            elif told is GAP:
                await self._catch_up()
            elif told.seq is None:
                await self._websocket.send_text(told.text)
            elif told.seq == self._last + 1:
                self._last = told.seq
                await self._websocket.send_text(told.text)
            elif told.seq > self._last:
                await self._catch_up()

    async def _catch_up(self) -> None:
        """Send what the outbox holds after the last event that this client has; say it when some of that is gone."""
        while True:
            rows, last, first = await self._page(self._last)
            if first is not None and first > self._last + 1:
                said = f"events {self._last + 1} to {first - 1} are no longer kept: read the board anew"
                await self._say({"type": "warning", "code": "events_expired", "message": said})
            for row in rows:
                await self._say(envelope(row))
                self._last = row.seq
            if not rows or self._last >= last:
                return

    async def _page(self, after_seq: int, *, limit: int = PAGE) -> tuple[Sequence[Outbox], int, int | None]:
        return await asyncio.to_thread(read_events, self._ports.database, self._group_id, after_seq, limit=limit)

    async def _beat(self) -> None:
        """Show that the line stands, and that its token still opens the group, and that nothing was missed."""
        principal = await admit(self._websocket)
        principal.require_member(self._group_id)
        await self._catch_up()
        await self._say({"type": "heartbeat", "seq": self._last})

    async def _read(self) -> int | None:
        """Answer pings until the client goes."""
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return None
            text = message.get("text") or ""
            if len(text) > MAX_TEXT_BYTES or len(message.get("bytes") or b"") > MAX_TEXT_BYTES:
                return TOO_BIG
            await self._answer(text)

    async def _answer(self, text: str) -> None:
        kind = None
        with suppress(ValueError, AttributeError, RecursionError):
            kind = json.loads(text).get("type")
        if kind == "ping":
            await self._say({"type": "pong"})
        else:
            said = f"expected a ping, came {text[:40]!r}"
            await self._say({"type": "error", "code": "unknown_type", "message": said})

    async def _wait_until_cut(self, subscription: Subscription, metrics: Metrics) -> int:
        await subscription.is_cut.wait()
        metrics.cut()
        return TRY_LATER

    async def _say(self, message: Event) -> None:
        await self._websocket.send_text(json.dumps(message, separators=(",", ":"), ensure_ascii=False))
