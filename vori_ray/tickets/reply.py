"""A model's reply, element by element: what fits the contract is kept, what does not is dropped alone and counted.

Knows the answer's shape only; evidence, tickets, owners and dates are checked in validation.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from vori_ray.errors import ExtractionError
from vori_ray.tickets.extraction import Kind, Op, Operation, Status, Usage

_MAXIMUM_TITLE = 100
_PRIORITIES = {"low": "low", "medium": "medium", "high": "high", "urgent": "high", "critical": "high"}
_Text = Annotated[str, StringConstraints(strip_whitespace=True)]


class ReplyOperation(BaseModel):
    """One operation as a model writes it. Unknown keys are ignored; wrong types are not guessed at.

    Servers without structured outputs write null for no words, and priorities of their own.
    """

    model_config = ConfigDict(extra="ignore")

    op: Op
    kind: Kind = "task"
    ticket_ref: int | None = None
    title: _Text = ""
    content: _Text = ""
    owner: _Text | None = None
    due_text: _Text | None = None
    status: Status | None = None
    priority: _Text | None = None
    segment_ids: list[int] = Field(min_length=1)
    quote: _Text = Field(min_length=1)
    certainty: float = Field(1.0, ge=0.0, le=1.0)
    explicit: bool = True

    @field_validator("title", "content", "quote", mode="before")
    @classmethod
    def _no_words(cls, value: Any) -> Any:
        return "" if value is None else value

    @field_validator("priority")
    @classmethod
    def _known_priority(cls, value: str | None) -> str | None:
        return _PRIORITIES.get((value or "").casefold())

    def operation(self) -> Operation:
        """The same as a value of the contract. A title that is too long stays whole in the content."""
        title = " ".join(self.title.split())
        is_long = len(title) > _MAXIMUM_TITLE
        return Operation(
            op=self.op,
            kind=self.kind,
            ticket_ref=self.ticket_ref,
            title=title[: _MAXIMUM_TITLE - 1].rstrip() + "…" if is_long else title,
            content="\n".join(filter(None, (title if is_long else "", self.content))),
            owner=self.owner or None,
            due_text=self.due_text or None,
            status=self.status,
            priority=self.priority,
            segment_ids=tuple(dict.fromkeys(self.segment_ids)),
            quote=self.quote,
            certainty=self.certainty,
            is_explicit=self.explicit,
        )


@dataclass(frozen=True, slots=True)
class ParsedReply:
    """What could be read of a reply. `is_whole` is false when it ends too early or is no such object at all."""

    operations: tuple[Operation, ...] = ()
    summary: tuple[str, ...] = ()
    malformed: int = 0
    is_whole: bool = True


class UnusableReplyError(ExtractionError):
    """The model answered, but with nothing that could be used. `usage` says what that cost."""

    def __init__(self, message: str | None = None, *, code: str | None = None, usage: Usage | None = None) -> None:
        super().__init__(message, code=code)
        self.usage = usage or Usage()


def parse_reply(text: str) -> ParsedReply:
    """Read a reply. Never raises: a cut reply gives the elements that are whole, with `is_whole` false."""
    answer = _find_object(text)
    if answer is None:
        return _read(_whole_elements(text), summary=[], is_whole=False)
    elements, summary = answer.get("operations"), answer.get("summary")
    if not isinstance(elements, list):
        return ParsedReply(is_whole=False)
    return _read(elements, summary=summary if isinstance(summary, list) else [], is_whole=True)


def _read(elements: list[Any], *, summary: list[Any], is_whole: bool) -> ParsedReply:
    collected = _Collected()
    for element in elements:
        collected.add(element)
    sentences = tuple(" ".join(line.split()) for line in summary if isinstance(line, str) and line.strip())
    return ParsedReply(tuple(collected.operations), sentences, collected.malformed, is_whole)


@dataclass(slots=True)
class _Collected:
    operations: list[Operation] = field(default_factory=list)
    malformed: int = 0

    def add(self, element: Any) -> None:
        if isinstance(element, dict) and element.get("op") == "none":
            return
        try:
            self.operations.append(ReplyOperation.model_validate(element).operation())
        except ValidationError:
            self.malformed += 1


def _find_object(text: str) -> dict[str, Any] | None:
    """The first whole JSON object; servers without structured outputs put prose or fences around it."""
    decoder = json.JSONDecoder()
    start = text.find("{")
    if start < 0:
        return None
    try:
        value, _ = decoder.raw_decode(text, start)
    except (json.JSONDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _whole_elements(text: str) -> list[Any]:
    """The elements of `operations` that came before the cut."""
    decoder = json.JSONDecoder()
    at = text.find("[", max(0, text.find('"operations"')))
    elements: list[Any] = []
    while at >= 0:
        at = text.find("{", at)
        if at < 0:
            break
        try:
            value, at = decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError):
            break
        elements.append(value)
    return elements
