"""Whose name was said: a spoken or written name to a person of the group.

Pure. A name that could be two people is nobody: a wrong owner is worse than none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_HONORIFIC = re.compile(r"(?<=[가-힣])\s*(님|씨|선배|과장|대리|팀장|부장|차장|사원|이사|대표|실장)+$")
_HANGUL = re.compile(r"[가-힣]")


def folded_name(name: str) -> str:
    """A name as names are compared: NFKC, case folded, blanks folded, without a Korean honorific."""
    plain = " ".join(unicodedata.normalize("NFKC", name).split()).casefold()
    return _HONORIFIC.sub("", plain).strip()


def find_person(name: str | None, people: Mapping[int, str]) -> int | None:
    """The id of the one person whom `name` can only mean, or None. `people` maps ids to full names."""
    wanted = folded_name(name or "")
    if not wanted:
        return None
    exact = [person_id for person_id, full in people.items() if folded_name(full) == wanted]
    fitting = exact or [person_id for person_id, full in people.items() if _fits(wanted, folded_name(full))]
    return fitting[0] if len(fitting) == 1 else None


def _fits(wanted: str, full: str) -> bool:
    """A part of the name: "Dana" of "Dana Reyes"; in Korean the given name, "서연" of "이서연"."""
    if _HANGUL.search(wanted) and " " not in full:
        return len(wanted) >= 2 and (full.endswith(wanted) or wanted.endswith(full))
    return bool(full) and (set(wanted.split()) <= set(full.split()) or set(full.split()) <= set(wanted.split()))
