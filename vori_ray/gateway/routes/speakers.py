"""The speakers that were told apart in a meeting, and what they are called."""

from __future__ import annotations

from fastapi import APIRouter

from vori_ray.gateway.dependencies import Ports, SignedIn
from vori_ray.gateway.shapes import Shape, SpeakerShape, speaker_shape
from vori_ray.meetings.speakers import SpeakerService
from vori_ray.tickets.renaming import rename_owner

router = APIRouter(tags=["meetings"])


class SpeakerChanges(Shape):
    """What a speaker is really called."""

    name: str


@router.get("/api/meetings/{meeting_id}/speakers")
def list_speakers(meeting_id: int, ports: Ports, principal: SignedIn) -> list[SpeakerShape]:
    """The voices of streams that were begun with `diarize`, in the order in which they were first heard."""
    found = SpeakerService(ports.database, rename_owner).list(principal.group_ids, meeting_id)
    return [speaker_shape(speaker) for speaker in found]


@router.patch("/api/meetings/{meeting_id}/speakers/{speaker_id}")
def rename_speaker(
    meeting_id: int, speaker_id: int, body: SpeakerChanges, ports: Ports, principal: SignedIn
) -> SpeakerShape:
    """Say who a voice is: the name goes into the transcripts, the tickets it owns, their quotes and VORI's minutes.

    Two voices may get one name. What is in a ticket's history keeps the name of that time.
    """
    service = SpeakerService(ports.database, rename_owner)
    return speaker_shape(service.rename(principal.group_ids, meeting_id, speaker_id, name=body.name, by=principal))
