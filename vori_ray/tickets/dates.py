"""The words of a date -> the date.

Pure. Which language the words are in is told by their script; what "next Tuesday" means is said by the language's
own file. Knows nothing about time zones: `today` is the meeting's date where the meeting was held.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from vori_ray.tickets import dates_en, dates_ko

Resolver = Callable[[str, date], date | None]

_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_RESOLVERS: dict[str, Resolver] = {"en": dates_en.resolve, "ko": dates_ko.resolve}


def resolve(words: str, today: date) -> date | None:
    """The date that `words` name, seen from `today`, or None where they name none or one that is past."""
    resolver = _RESOLVERS.get("ko" if _HANGUL.search(words) else "en")
    day = resolver(words, today) if resolver else None
    return day if day is not None and day >= today else None
