"""An uploaded recording becomes a stream of its meeting: decoded into the journal first, heard afterwards.

Once the upload is answered its sound is durable, and the recording is like a stream whose client has gone: this
replica hears it to its end, and if the replica dies, another one does (orphans.py).
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import IO

from vori_ray.errors import BadAudioError, VoriError
from vori_ray.gateway.orphans import Settling
from vori_ray.gateway.ports import GatewayPorts
from vori_ray.gateway.sessions import LiveSessions
from vori_ray.gateway.sockets import end_tasks
from vori_ray.speech.audio import decode_stream
from vori_ray.speech.journal import FileJournal, session_folder
from vori_ray.speech.supervision import in_thread
from vori_ray.speech.windows import SAMPLE_RATE
from vori_ray.storage.models import AudioSession

HEARTBEAT_S = 5.0
FLUSH_SAMPLES = 60 * SAMPLE_RATE

logger = logging.getLogger("vori.gateway")


async def keep_recording(ports: GatewayPorts, session: AudioSession, file: IO[bytes]) -> float:
    """Decode a file into the session's journal and open the session; returns its length in seconds.

    Raises BadAudioError for what is no recording, ConflictError where the meeting has ended; nothing is kept then.
    """
    folder = session_folder(ports.journal_url, session.id)
    journal = FileJournal(folder)
    try:
        samples = await _write(journal, file)
        if not samples:
            raise BadAudioError("expected a recording with sound in it, came one without", code="empty_audio")
        names = ("group_id", "meeting_id", "speaker", "user_id", "language", "diarize", "offset_s")
        opening = {"session_id": session.id} | {name: getattr(session, name) for name in names}
        await ports.store.open_session(opening)
    except BaseException:
        folder.remove()
        raise
    return samples / SAMPLE_RATE


async def _write(journal: FileJournal, file: IO[bytes]) -> int:
    """Write all of the sound; returns how many samples."""
    await journal.open()
    waiting = samples = 0
    async with aclosing(in_thread(decode_stream(file))) as pieces:
        async for piece in pieces:
            await journal.append(piece)
            waiting, samples = waiting + len(piece), samples + len(piece)
            if waiting >= FLUSH_SAMPLES:
                await journal.flush()
                waiting = 0
    await journal.close()
    return samples


async def hear_recording(ports: GatewayPorts, sessions: LiveSessions, session: AudioSession) -> None:
    """Hear a kept recording to its end. Where there is no place for it now, it waits until it counts as abandoned."""
    settling = Settling(ports, session)
    beat = asyncio.create_task(_beat(ports, session.meeting_id), name="vori-recording-beat")
    try:
        with sessions.place(settling):
            await settling.run()
    except VoriError as exc:
        logger.warning("the recording %s is not heard yet: %s", session.id, exc)
    finally:
        await end_tasks([beat])


async def _beat(ports: GatewayPorts, meeting_id: int) -> None:
    """A meeting whose recording is being heard is not one that everybody has left."""
    while True:
        try:
            await ports.store.touch(meeting_id, audio=True, speech=False)
        except Exception as exc:
            logger.warning("meeting %s could not be touched: %r", meeting_id, exc)
        await asyncio.sleep(HEARTBEAT_S)
