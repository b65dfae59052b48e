"""One pass over a meeting, live or whole: chooses the extractor, reads, applies, has the minutes made.

Claude serves while it is set, within budget and answering; the rules serve otherwise, and it is said. A server that
is away for a while leaves a whole meeting PENDING: it is never lost. Blocking; knows nothing of Ray.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from vori_ray.errors import BadInputError, ExtractionError, ExtractionPendingError, VoriError
from vori_ray.tickets.applying import ApplyReport
from vori_ray.tickets.board import Reading
from vori_ray.tickets.extraction import Extraction, Extractor
from vori_ray.tickets.progress import ExtractionProgress
from vori_ray.tickets.reply import UnusableReplyError
from vori_ray.tickets.rules import RulesExtractor
from vori_ray.tickets.service import TicketService

log = logging.getLogger(__name__)

MakeMinutes = Callable[[int, Sequence[str]], object]


@dataclass(frozen=True, slots=True)
class ExtractorChoice:
    """Who reads: `claude` while it can, else `rules`. `budget_usd` is a group's month; 0 sets no limit."""

    rules: Extractor
    claude: Extractor | None = None
    budget_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class PassReport:
    """How a pass went: `state` DONE, PENDING or NOTHING (none was due); `note` tells people why it went so."""

    state: str
    report: ApplyReport | None = None
    note: str | None = None


def choose_extractors(
    setting: str,
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    model: str = "",
    timeout_s: float = 60.0,
    budget_usd: float = 0.0,
) -> ExtractorChoice:
    """Extractors by the setting auto | claude | rules. Raises BadInputError for claude without key and server."""
    can_ask = bool(api_key or base_url)
    if setting not in ("auto", "claude", "rules"):
        raise BadInputError(f"expected an extractor of auto, claude, rules, got {setting!r}")
    if setting == "claude" and not can_ask:
        raise BadInputError(
            "the extractor claude needs ANTHROPIC_API_KEY, or VORI_LLM_BASE_URL of a server of your own"
        )
    if setting == "rules" or not can_ask:
        return ExtractorChoice(RulesExtractor())
    from vori_ray.tickets.claude import ClaudeExtractor  # its SDK takes a second and 40 MB: only where it is used

    claude = ClaudeExtractor(api_key=api_key or "none", model=model, base_url=base_url, timeout_s=timeout_s)
    return ExtractorChoice(RulesExtractor(), claude, budget_usd)


class Reader:
    """Reads by whoever may: Claude within the group's budget, else the rules."""

    def __init__(self, progress: ExtractionProgress, choice: ExtractorChoice) -> None:
        self._progress = progress
        self._choice = choice

    def extract(self, reading: Reading) -> tuple[Extraction, str | None]:
        """The extraction, and what people should know of who made it. Raises ExtractionPendingError."""
        claude, given = self._choice.claude, reading.given
        if claude is None:
            return self._choice.rules.extract(given), None
        spent = self._progress.turn(reading.meeting_id).spent_usd
        if self._choice.budget_usd and spent >= self._choice.budget_usd:
            note = f"The month's budget of ${self._choice.budget_usd:.2f} is spent (${spent:.2f}): the rules served."
            return self._choice.rules.extract(given), note
        try:
            return claude.extract(given), None
        except ExtractionPendingError:
            raise
        except UnusableReplyError as exc:
            served = replace(self._choice.rules.extract(given), usage=exc.usage)
            return served, f"The rules served: {exc}"
        except ExtractionError as exc:
            return self._choice.rules.extract(given), f"The rules served: {exc}"


class PassRunner:
    """Runs passes. Thread-safe as far as the extractors are; one meeting at a time is the caller's care."""

    def __init__(
        self,
        service: TicketService,
        progress: ExtractionProgress,
        choice: ExtractorChoice,
        *,
        make_minutes: MakeMinutes,
    ) -> None:
        self._service = service
        self._progress = progress
        self._reader = Reader(progress, choice)
        self._make_minutes = make_minutes

    def live(self, meeting_id: int) -> ApplyReport | None:
        """Read what is new in a running meeting. None when nothing is new, or the model is away (it is read later)."""
        reading = self._service.read(meeting_id, is_whole=False)
        if reading is None:
            return None
        try:
            extraction, _ = self._reader.extract(reading)
        except ExtractionPendingError as exc:
            log.warning("meeting %s: %s", meeting_id, exc)
            return None
        return self._service.apply(meeting_id, extraction, reading=reading)

    def whole(self, meeting_id: int) -> PassReport:
        """Read an ended meeting, settle its tickets, make its minutes. The same meeting again does nothing new.

        A failure is kept with the meeting, which is PENDING then.
        """
        if not self._progress.begin(meeting_id):
            return PassReport("NOTHING")
        try:
            report, summary, note = self._read_whole(meeting_id)
            self._make_minutes(meeting_id, summary)
        except VoriError as exc:
            self._progress.fail(meeting_id, error=str(exc))
            return PassReport("PENDING", note=str(exc))
        except Exception as exc:
            self._progress.fail(meeting_id, error=f"{type(exc).__name__}: {exc}")
            raise
        self._progress.finish(meeting_id, note=note)
        return PassReport("DONE", report, note)

    def _read_whole(self, meeting_id: int) -> tuple[ApplyReport, Sequence[str], str | None]:
        reading = self._service.read(meeting_id, is_whole=True)
        if reading is None:
            raise ExtractionError(f"expected the transcript of meeting {meeting_id}, got none")
        extraction, note = self._reader.extract(reading)
        report = self._service.apply(meeting_id, extraction, reading=reading)
        return report, extraction.summary, note
