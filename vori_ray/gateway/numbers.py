"""Ids out of paths of sockets, where no framework reads them."""

from __future__ import annotations

from vori_ray.errors import NotFoundError

_LONGEST = 9


def whole_number(text: str, subject: str) -> int:
    """An id. Raises NotFoundError for anything else: no such thing is there."""
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST:
        raise NotFoundError(f"There is no {subject} {text[:20]!r}.")
    return int(text)
