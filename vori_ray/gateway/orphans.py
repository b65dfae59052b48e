"""Sessions whose gateway died and whose client never came back: what was acknowledged is settled all the same.

Every replica says now and then which sessions it listens to. One that nobody has spoken of for a while is claimed by
one replica, heard to its end from the journal, and closed. Should its client come back meanwhile, the client has it.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

from vori_ray.errors import VoriError
from vori_ray.gateway.live_sink import SessionSink
from vori_ray.gateway.ports import GatewayPorts
from vori_ray.gateway.sessions import LiveSessions
from vori_ray.meetings.service import MeetingService
from vori_ray.storage.models import AudioSession, utc_now

BEAT_S = 10.0
ABANDONED_AFTER = timedelta(seconds=60)
AT_ONCE = 2

logger = logging.getLogger("vori.gateway")


class OrphanSettler:
    """Settles abandoned sessions. `run` is a background task."""

    def __init__(
        self, ports: GatewayPorts, sessions: LiveSessions, *, abandoned_after: timedelta = ABANDONED_AFTER
    ) -> None:
        self._ports = ports
        self._sessions = sessions
        self._abandoned_after = abandoned_after

    async def run(self) -> None:
        """Look for ever; a failure is logged and waited out."""
        while True:
            await asyncio.sleep(BEAT_S)
            try:
                await self.look()
            except Exception as exc:
                logger.warning("abandoned sessions could not be looked for: %r", exc)

    async def look(self) -> int:
        """Say what is listened to here, and settle what nobody listens to; returns how many were settled."""
        claimed = await asyncio.to_thread(self._claim)
        for session in claimed:
            await self._sessions.run(self._settle(session))
        return len(claimed)

    def _claim(self) -> list[AudioSession]:
        with self._ports.database.unit_of_work(None) as uow:
            uow.sessions.beat(self._sessions.session_ids)
            if self._sessions.is_moving:
                return []
            return list(uow.sessions.claim_abandoned(utc_now() - self._abandoned_after, limit=AT_ONCE))

    async def _settle(self, session: AudioSession) -> None:
        settling = Settling(self._ports, session)
        try:
            with self._sessions.place(settling):
                await settling.run()
        except VoriError as exc:  # it stays open, and is claimed again later
            logger.warning("the abandoned session %s was not settled: %s", session.id, exc)


class Settling:
    """One abandoned session while it is heard to its end. Its words go to the store; there is no client."""

    def __init__(self, ports: GatewayPorts, session: AudioSession) -> None:
        self.meeting_id = session.meeting_id
        self.session_id = session.id
        self._ports = ports
        self._session = session

    async def run(self) -> None:
        """Hear what the journal holds, settle all of it, close the session. Raises VoriError."""
        session = self._session
        config = replace(
            self._ports.session_template,
            session_id=session.id,
            language=session.language,
            vocabulary=await asyncio.to_thread(self._vocabulary),
            diarize=session.diarize,
        )
        sink = SessionSink(session, store=self._ports.store, database=self._ports.database, say=_say_nothing)
        stream = self._ports.open_stream(config, sink)
        await stream.start(resume=True)
        duration_s = await stream.stop()
        await self._ports.store.close_session(session.id, duration_s)
        logger.info("session %s is settled: %s s", session.id, duration_s)
        await self._have_it_read()

    async def _have_it_read(self) -> None:
        """What was heard after the meeting's end belongs to it, too: it is read as a whole once more."""
        meetings = MeetingService(self._ports.database)
        meeting = await asyncio.to_thread(meetings.get, [self._session.group_id], self.meeting_id)
        if meeting.state != "ENDED":
            return
        await asyncio.to_thread(meetings.extract_again, [self._session.group_id], self.meeting_id)
        try:
            await self._ports.keeper.meeting_ended(self.meeting_id)
        except VoriError as exc:  # it looks by itself, later
            logger.warning("the keeper was not told of meeting %s: %s", self.meeting_id, exc)

    def end(self) -> None:
        """The meeting is over: this ends by itself."""

    def move(self) -> None:
        """This replica stops: another one will claim the session."""

    def _vocabulary(self) -> tuple[str, ...]:
        with self._ports.database.unit_of_work([self._session.group_id]) as uow:
            return tuple(uow.groups.get(self._session.group_id).vocabulary)


def _say_nothing(_: dict[str, Any]) -> None:
    """There is nobody to say it to."""
