"""What a person may write into a ticket, and how a change is taken back.

Checks values only; who may do it, and where it is kept, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from vori_ray.errors import BadInputError, ConflictError
from vori_ray.storage.models import Ticket, TicketHistory, utc_now

_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
_Text = Annotated[str, StringConstraints(max_length=20_000)]


class TicketFields(BaseModel):
    """The fields of a ticket that people write."""

    model_config = ConfigDict(extra="forbid")

    title: _Line = "-"
    content: _Text = ""
    status: Literal["TODO", "IN_PROGRESS", "DONE"] = "TODO"
    priority: Literal["low", "medium", "high"] | None = None
    assignee_id: int | None = None
    assignee: _Line | None = None
    due_date: date | None = None
    labels: list[_Line] = []

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The names of the fields."""
        return tuple(cls.model_fields)

    def columns(self) -> dict[str, Any]:
        """Only what was given, as columns."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def checked_changes(changes: Mapping[str, Any], *, is_new: bool = False) -> TicketFields:
    """The fields, checked. Raises BadInputError that names each one that cannot be."""
    if is_new and not str(changes.get("title") or "").strip():
        raise BadInputError("expected a title of 1 to 100 characters, got none")
    try:
        return TicketFields.model_validate(dict(changes))
    except ValidationError as exc:
        flaws = "; ".join(f"{'.'.join(map(str, flaw['loc']))}: {flaw['msg']}" for flaw in exc.errors())
        raise BadInputError(f"expected fields of a ticket, got {flaws}") from exc


def inverse_of(entry: TicketHistory, ticket: Ticket) -> dict[str, Any]:
    """The columns that take a change back. Raises ConflictError where somebody has changed the same field since."""
    if entry.action == "created":
        return {"deleted_at": utc_now()}
    values: dict[str, Any] = {}
    for name, change in entry.changes.items():
        if name == "deleted_at":
            values[name] = None if change["new"] else utc_now()
            continue
        if _plain(getattr(ticket, name)) != change["new"]:
            raise ConflictError(f"Ticket {ticket.id}: {name} was changed again since; set it by hand.")
        values[name] = _column(name, change["old"])
    if not values:
        raise ConflictError(f"Change {entry.id} of ticket {ticket.id} holds nothing that could be undone.")
    return values


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _column(name: str, value: Any) -> Any:
    return date.fromisoformat(value) if name == "due_date" and value else value
