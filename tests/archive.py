"""Meetings that are over, with their sound in the journal: what a reanalysis begins from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vori_ray.meetings.service import MeetingService
from vori_ray.speech.journal import session_folder
from vori_ray.speech.windows import SAMPLE_RATE, Samples
from vori_ray.storage.database import Database
from vori_ray.storage.models import AudioSession

FILE_SAMPLES = 30 * SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Archive:
    """A group's meetings in a database, and the journal at `url`."""

    database: Database
    group_id: int
    url: str

    def meeting(self, *streams: Samples, language: str = "en", is_over: bool = True) -> int:
        """A meeting in which one speaker after the other had the floor; nothing of it was understood."""
        service = MeetingService(self.database)
        meeting_id = service.create(self.group_id, title="Archived", language=language).id or 0
        offset_s = 0.0
        for number, samples in enumerate(streams):
            session_id = f"archived-{meeting_id}-{number}"
            self._keep(session_id, samples)
            row = AudioSession(
                id=session_id,
                group_id=self.group_id,
                meeting_id=meeting_id,
                speaker=f"Speaker {number}",
                state="CLOSED",
                offset_s=offset_s,
                duration_s=len(samples) / SAMPLE_RATE,
            )
            offset_s += row.duration_s
            with self.database.unit_of_work(None) as uow:
                uow.sessions.save(row)
        if is_over:
            service.end(None, meeting_id)
        with self.database.unit_of_work(None) as uow:
            uow.meetings.get_in(None, meeting_id).extraction_state = "DONE"
        return meeting_id

    def _keep(self, session_id: str, samples: Samples) -> None:
        folder = session_folder(self.url, session_id)
        for start in range(0, len(samples), FILE_SAMPLES):
            folder.append(f"audio-{start:012d}-1.pcm", samples[start : start + FILE_SAMPLES].astype("<i2").tobytes())

    def lose(self, meeting_id: int, *, number: int = 1) -> None:
        """Lose one file of a meeting's first stream."""
        files = sorted((Path(self.url) / f"archived-{meeting_id}-0").glob("audio-*.pcm"))
        files[number].unlink()

    def versions(self, meeting_id: int) -> list[tuple[int, str, str | None]]:
        """Version, model and extractor of each transcript that was made again."""
        with self.database.unit_of_work(None) as uow:
            rows = uow.transcripts.list(self.group_id, meeting_id)
        return [(row.version, row.model, row.extractor) for row in rows]

    def text(self, meeting_id: int, version: int) -> str:
        """All words of a transcript."""
        segments = MeetingService(self.database).transcript(None, meeting_id, version=version)
        return " ".join(segment.text for segment in segments)
