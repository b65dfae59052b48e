"""Recordings: a file of any common format becomes a stream of a meeting."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile

from vori_ray.errors import BadInputError
from vori_ray.gateway.admission import admit_session, find_meeting
from vori_ray.gateway.dependencies import Ports, SignedIn
from vori_ray.gateway.protocol import Start
from vori_ray.gateway.recordings import hear_recording, keep_recording
from vori_ray.gateway.sessions import LiveSessions
from vori_ray.gateway.shapes import AudioSessionShape, audio_session_shape

router = APIRouter(tags=["sound"])


@router.post("/api/meetings/{meeting_id}/recordings", status_code=202)
async def upload_recording(
    request: Request,
    meeting_id: int,
    ports: Ports,
    principal: SignedIn,
    file: Annotated[UploadFile, File(description="Any container that FFmpeg reads: WAV, MP3, FLAC, Ogg, WebM, MP4.")],
    speaker: Annotated[str | None, Form(max_length=200)] = None,
    language: Annotated[str, Form()] = "auto",
    diarize: Annotated[bool, Form(description="Tell the speakers of the recording apart.")] = False,
) -> AudioSessionShape:
    """Add a recording to a running meeting. It is kept when this answers, and its words come as they are heard."""
    if not file.size:
        raise BadInputError("expected a recording, came an empty file", code="empty_file")
    known = ("auto", *ports.session_template.languages)
    if language not in known:
        raise BadInputError(f"expected language to be one of {', '.join(known)}, came {language[:40]!r}")
    meeting = await asyncio.to_thread(find_meeting, ports.database, principal, meeting_id)
    start = Start(encoding="container", language=language, speaker=speaker, diarize=diarize)
    admission = await asyncio.to_thread(admit_session, ports.database, principal, meeting, start)
    session = admission.session
    session.duration_s = await keep_recording(ports, session, file.file)
    sessions: LiveSessions = request.app.state.sessions
    sessions.begin(hear_recording(ports, sessions, session))
    return audio_session_shape(session)
