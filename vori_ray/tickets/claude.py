"""The extractor that asks Claude, or any server that speaks the Messages API.

One call reads a meeting; a meeting longer than `chunk_tokens` is read in parts whose operations are joined by one more
call. A reply that was cut, or a prompt that was too long, is asked for again in halves; what could not be read is
counted, never hidden. Knows nothing of the database: what the operations may do is decided elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import anthropic
from anthropic.types import Message

from vori_ray.errors import ExtractionError, ExtractionPendingError
from vori_ray.tickets import prompt
from vori_ray.tickets.extraction import Extraction, ExtractionInput, Operation, SpokenSegment, Usage
from vori_ray.tickets.pricing import cost_usd
from vori_ray.tickets.reply import ParsedReply, UnusableReplyError, parse_reply

Effort = Literal["low", "medium", "high"]
_MAXIMUM_SPLITS = 6
_OVERLAP_SEGMENTS = 8
_EPHEMERAL: dict[str, str] = {"type": "ephemeral"}
_TOO_LONG = frozenset({"max_tokens", "model_context_window_exceeded"})
_WHOLE = frozenset({"end_turn", "stop_sequence"})
_EFFORT_PREFIXES = (  # the models that can be told how much to think
    *("claude-fable-", "claude-mythos-", "claude-opus-5", "claude-sonnet-5", "claude-haiku-5"),
    *("claude-opus-4-5", "claude-opus-4-6", "claude-opus-4-7", "claude-opus-4-8", "claude-sonnet-4-6"),
)


@dataclass(slots=True)
class _Reading:
    """What the calls for one meeting have brought so far."""

    operations: list[Operation] = field(default_factory=list)
    summary: tuple[str, ...] = ()
    dropped: Counter[str] = field(default_factory=Counter)
    covered: set[int] = field(default_factory=set)
    usage: Usage = field(default_factory=Usage)

    def take(self, parsed: ParsedReply, segments: Sequence[SpokenSegment]) -> None:
        """Keep a whole reply about these segments."""
        self.take_elements(parsed)
        self.summary = parsed.summary
        self.covered.update(segment.id for segment in segments)

    def take_elements(self, parsed: ParsedReply) -> None:
        """Keep what could be read of a reply without counting its segments as read."""
        self.operations += parsed.operations
        self.dropped.update({"malformed": parsed.malformed} if parsed.malformed else {})

    def give_up(self, reason: str) -> None:
        """Count a passage that nobody could read."""
        self.dropped[reason] += 1


class ClaudeExtractor:
    """Reads transcripts with Claude. Thread-safe; blocking.

    `timeout_s` bounds one call, `max_retries` is the SDK's own (it honours retry-after); `chunk_tokens` is the longest
    transcript that one call reads.
    """

    def __init__(
        self,
        *,
        api_key: str,
        model: str,
        base_url: str | None = None,
        timeout_s: float = 60.0,
        max_retries: int = 3,
        chunk_tokens: int = 24_000,
        max_output_tokens: int = 16_000,
    ) -> None:
        self.name = "claude"
        self.model = model
        self._chunk_tokens = chunk_tokens
        self._max_output_tokens = max_output_tokens
        self._client = anthropic.Anthropic(
            api_key=api_key, base_url=base_url, timeout=timeout_s, max_retries=max_retries
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def extract(self, given: ExtractionInput) -> Extraction:
        """Read a window or a whole meeting.

        Raises `ExtractionPendingError` while the server is away, busy or too slow, `ExtractionError` when it refuses
        the request for good (a wrong key, an unknown model).
        """
        if not any(segment.text.strip() for segment in given.segments):
            return Extraction(
                covered_segments=len(given.segments), total_segments=len(given.segments), extractor=self.name
            )
        reading = _Reading()
        parts = self._parts(given)
        note = self._note(given, is_part=len(parts) > 1)
        for part in parts:
            self._read(given, part, note=note, reading=reading)
        if len(parts) > 1:
            self._merge(given, reading)
        return self._extraction(given, reading)

    def request(self, given: ExtractionInput, *, content: str) -> dict[str, Any]:
        """The body of one call: rules and context as a cached prefix, then what is to be read."""
        output: dict[str, Any] = {"format": {"type": "json_schema", "schema": prompt.SCHEMA}}
        if self.model.startswith(_EFFORT_PREFIXES):
            output["effort"] = "medium" if given.is_whole_meeting else "low"
        return {
            "model": self.model,
            "max_tokens": self._max_output_tokens,
            "system": [
                {"type": "text", "text": prompt.RULES, "cache_control": _EPHEMERAL},
                {"type": "text", "text": prompt.context_text(given), "cache_control": _EPHEMERAL},
            ],
            "messages": [{"role": "user", "content": content}],
            "output_config": output,
        }

    def _note(self, given: ExtractionInput, *, is_part: bool) -> str:
        if not given.is_whole_meeting:
            return prompt.LIVE_NOTE
        return prompt.PART_NOTE if is_part else prompt.MEETING_NOTE

    def _parts(self, given: ExtractionInput) -> list[list[SpokenSegment]]:
        """The segments, in parts that overlap, so that no task is torn at an edge."""
        segments = list(given.segments)
        tokens = self._count_tokens(given)
        if tokens <= self._chunk_tokens or len(segments) < 2:
            return [segments]
        count = min(len(segments), -(-tokens // self._chunk_tokens))
        size = -(-len(segments) // count)
        return [segments[max(0, at - _OVERLAP_SEGMENTS) : at + size] for at in range(0, len(segments), size)]

    def _count_tokens(self, given: ExtractionInput) -> int:
        """Tokens of the transcript: asked for only when it might be too long, since no text has more tokens than bytes.

        A server that cannot count (many local ones) is answered for by an estimate on the safe side.
        """
        content = prompt.transcript_text(given, segments=given.segments, note="")
        upper_bound = len(content.encode())
        if upper_bound <= self._chunk_tokens:
            return upper_bound
        try:
            messages: Any = [{"role": "user", "content": content}]
            return int(self._client.messages.count_tokens(model=self.model, messages=messages).input_tokens)
        except anthropic.NotFoundError:
            return upper_bound // 2
        except anthropic.APIError as exc:
            raise _translated(exc) from exc

    def _read(
        self, given: ExtractionInput, segments: list[SpokenSegment], *, note: str, reading: _Reading, depth: int = 0
    ) -> None:
        """Read these segments; in halves if the reply was cut or the prompt too long."""
        content = prompt.transcript_text(given, segments=segments, note=note)
        message = self._ask(given, content, reading)
        reason = getattr(message, "stop_reason", None)
        parsed = parse_reply(_text(message))
        if reason in _WHOLE and parsed.is_whole:
            reading.take(parsed, segments)
        elif reason == "refusal":
            reading.give_up("refused")
        elif len(segments) > 1 and depth < _MAXIMUM_SPLITS:
            middle = len(segments) // 2
            part_note = prompt.PART_NOTE if given.is_whole_meeting else note
            for half in (segments[:middle], segments[middle:]):
                self._read(given, half, note=part_note, reading=reading, depth=depth + 1)
        else:
            reading.take_elements(parsed)
            reading.give_up("truncated" if reason in _TOO_LONG else "unreadable")

    def _merge(self, given: ExtractionInput, reading: _Reading) -> None:
        """Join the parts' operations. If that reply is unusable the parts stand: code matches repeats as well."""
        if not reading.operations:
            return
        message = self._ask(given, prompt.merge_text(given, operations=reading.operations), reading)
        parsed = parse_reply(_text(message))
        if getattr(message, "stop_reason", None) in _WHOLE and parsed.is_whole:
            reading.operations, reading.summary = [], parsed.summary
            reading.take_elements(parsed)
        else:
            reading.give_up("not_merged")

    def _ask(self, given: ExtractionInput, content: str, reading: _Reading) -> object:
        try:
            message = self._client.messages.create(**self.request(given, content=content))
        except anthropic.APIError as exc:
            raise _translated(exc) from exc
        reading.usage = _sum(reading.usage, usage_of(message, model=self.model))
        return message

    def _extraction(self, given: ExtractionInput, reading: _Reading) -> Extraction:
        if not reading.covered and not reading.operations:
            reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(reading.dropped.items()))
            raise UnusableReplyError(
                f"expected operations as JSON from {self.model}, got nothing that could be used ({reasons})",
                usage=reading.usage,
            )
        return Extraction(
            operations=tuple(reading.operations),
            dropped=dict(reading.dropped),
            covered_segments=len(reading.covered),
            total_segments=len(given.segments),
            extractor=self.name,
            usage=reading.usage,
            summary=reading.summary,
        )

    # bulk work: half the price, done within a day

    def submit_batch(self, meetings: Mapping[str, ExtractionInput]) -> str:
        """Send many meetings at once; keys are at most 50 characters of `[A-Za-z0-9_-]`. Returns the batch's id."""
        requests: list[Any] = []
        for key, given in meetings.items():
            parts = self._parts(given)
            note = self._note(given, is_part=len(parts) > 1)
            for number, part in enumerate(parts):
                content = prompt.transcript_text(given, segments=part, note=note)
                requests.append({"custom_id": f"{key}-{number}", "params": self.request(given, content=content)})
        try:
            return self._client.messages.batches.create(requests=requests).id
        except anthropic.APIError as exc:
            raise _translated(exc) from exc

    def collect_batch(self, batch_id: str, meetings: Mapping[str, ExtractionInput]) -> dict[str, Extraction] | None:
        """The meetings' extractions, or None while the batch runs. Repeats across parts are left to matching in code.

        A meeting of which nothing could be read is left out: ask for it alone.
        """
        try:
            batch = self._client.messages.batches.retrieve(batch_id)
            if batch.processing_status != "ended":
                return None
            results = {line.custom_id: line.result for line in self._client.messages.batches.results(batch_id)}
        except anthropic.APIError as exc:
            raise _translated(exc) from exc
        found = {key: self._collect(key, given, results) for key, given in meetings.items()}
        return {key: extraction for key, extraction in found.items() if extraction is not None}

    def _collect(self, key: str, given: ExtractionInput, results: Mapping[str, Any]) -> Extraction | None:
        reading = _Reading()
        for number, part in enumerate(self._parts(given)):
            result = results.get(f"{key}-{number}")
            message = getattr(result, "message", None)
            if message is None:
                reading.give_up(getattr(result, "type", "missing"))
                continue
            reading.usage = _sum(reading.usage, usage_of(message, model=self.model, is_batch=True))
            parsed = parse_reply(_text(message))
            if message.stop_reason in _WHOLE and parsed.is_whole:
                reading.take(parsed, part)
            else:
                reading.take_elements(parsed)
                reading.give_up(str(message.stop_reason))
        return self._extraction(given, reading) if reading.covered or reading.operations else None


def _text(message: object) -> str:
    """The words of a reply; thinking and other blocks are passed over, and so is a body that is no message."""
    blocks: Any = getattr(message, "content", None) if isinstance(message, Message) else None
    return "".join(str(block.text) for block in blocks or [] if getattr(block, "type", None) == "text")


def usage_of(message: object, *, model: str, is_batch: bool = False) -> Usage:
    """What a reply cost. Some servers leave counts out: those are 0."""
    counted = getattr(message, "usage", None)
    tokens = {
        "input_tokens": getattr(counted, "input_tokens", None) or 0,
        "output_tokens": getattr(counted, "output_tokens", None) or 0,
        "cache_read_tokens": getattr(counted, "cache_read_input_tokens", None) or 0,
        "cache_write_tokens": getattr(counted, "cache_creation_input_tokens", None) or 0,
    }
    name = getattr(message, "model", None) or model
    return Usage(model=name, cost_usd=cost_usd(name, **tokens, is_batch=is_batch), **tokens)


def _sum(first: Usage, second: Usage) -> Usage:
    return replace(
        second,
        input_tokens=first.input_tokens + second.input_tokens,
        output_tokens=first.output_tokens + second.output_tokens,
        cache_read_tokens=first.cache_read_tokens + second.cache_read_tokens,
        cache_write_tokens=first.cache_write_tokens + second.cache_write_tokens,
        cost_usd=first.cost_usd + second.cost_usd,
    )


def _translated(exc: anthropic.APIError) -> ExtractionError:
    """What a failed call means for the meeting: wait and ask again, or give up on this server."""
    status = getattr(exc, "status_code", None)
    is_passing = isinstance(exc, anthropic.APIConnectionError) or status in (408, 409, 429) or (status or 0) >= 500
    if is_passing:
        return ExtractionPendingError(f"expected a reply of the language model, got {_named(exc)}; it is asked again")
    return ExtractionError(f"expected a reply of the language model, got {_named(exc)}")


def _named(exc: anthropic.APIError) -> str:
    status = getattr(exc, "status_code", None)
    kind = getattr(exc, "type", None) or type(exc).__name__
    return f"{status} {kind}" if status else str(kind)
