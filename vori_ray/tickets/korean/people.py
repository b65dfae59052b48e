"""Who is named in Korean speech, and how: called, given a task, spoken of.

Pure. A name is known from the roster, the speakers and the assignees of tickets; "이나래" is also "나래",
"도 변호사" is also "도 변호사님". Knows nothing about tasks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

Way = Literal["called", "subject", "topic", "receiver", "other"]

_TITLES = (
    "선생님|선생|쌤|샘|팀장님|팀장|대리님|대리|과장님|과장|차장님|차장|부장님|부장|주임님|주임|사원|실장님|실장|반장님|반장"
    "|매니저님|매니저|교수님|교수|소장님|소장|원장님|원장|변호사님|변호사|사무장님|사무장|간호사님|간호사|기사님|기사|셰프님|셰프"
    "|점장님|점장|위원님|위원|위원장님|위원장|작가님|작가|감독님|감독|님|씨|군|양|언니|오빠|형|누나|이모님|이모|삼촌"
)
_BARE_TITLES = (
    "팀장|대리|과장|차장|부장|주임|실장|반장|매니저|교수|소장|원장|사무장|점장|위원장"
    "|작가|감독|회장|총무|감사|관장|센터장|공장장|사장|이사|교감|교장|대표|국장|본부장|총괄"
)
_JOSA: tuple[tuple[Way, str], ...] = (
    ("subject", "이가|께서|이|가"),
    ("topic", "께서는|이는|은요|는요|은|는|이도|도요|도"),
    ("receiver", "이한테|한테|에게|께|보고|더러"),
    ("called", "아|야|이요|요"),
    ("other", "이랑|랑|하고|이의|의|이를|을|를|이네|네"),
)
_ANY_JOSA = "|".join(sorted((j for _, forms in _JOSA for j in forms.split("|")), key=len, reverse=True))
_WAY = {form: way for way, forms in _JOSA for form in forms.split("|")}


_OWNS = re.compile(r" (?:것|거|건|게|쪽|때|팀|자리|담당|얘기|말씀|말|덕분|의견|생각)")


@dataclass(frozen=True, slots=True)
class Mention:
    """A person named in a text: the name as the transcript spells it, the span, and the way of naming."""

    name: str
    start: int
    end: int
    name_end: int
    way: Way


class People:
    """The people of a meeting, found in text by all the ways their names are said."""

    def __init__(self, names: Iterable[str], *, is_plain_noun: Callable[[str], bool]) -> None:
        self.names = tuple(dict.fromkeys(name.strip() for name in names if name and name.strip()))
        self._full: dict[str, str] = {}
        forms: dict[str, str | None] = {}
        for name in self.names:
            for form in _forms(name):
                forms[form] = None if form in forms and forms[form] != name else name
        self._forms = {form: name for form, name in forms.items() if name is not None}
        self._guarded = {form for form in self._forms if is_plain_noun(form) or len(form) == 1}
        spelled = "|".join(re.escape(form) for form in sorted(self._forms, key=len, reverse=True))
        self._pattern = (
            re.compile(
                rf"(?<![가-힣A-Za-z])(?P<name>{spelled})(?P<title>(?: ?(?:{_TITLES}))*)(?P<josa>{_ANY_JOSA})?"
                r"(?P<rest>만|까지|부터|만은)?(?=$|[^가-힣A-Za-z])"
            )
            if spelled
            else None
        )

    def find(self, text: str) -> list[Mention]:
        """The people named in `text`, in order. A name that is also a noun needs a title or a call behind it."""
        if self._pattern is None:
            return []
        return [self._mention(match) for match in self._pattern.finditer(text) if self._is_person(match)]

    def _is_person(self, match: re.Match[str]) -> bool:
        return match["name"] not in self._guarded or bool(match["title"]) or match["josa"] in {"이가", "아", "야"}

    def _mention(self, match: re.Match[str]) -> Mention:
        josa = match["josa"] or ""
        way = _WAY.get(josa, "called")
        if way == "called" and _OWNS.match(match.string, match.end()):
            way = "other"
        return Mention(self._forms[match["name"]], match.start(), match.end(), match.end("title"), way)


def _forms(name: str) -> list[str]:
    """The ways to say a name: as it is, without its title, the given name of a full name."""
    forms = [name]
    bare = re.sub(rf" ?(?:{_TITLES})$", "", name)
    if bare != name and len(bare) >= 2:
        forms.append(bare)
    if bare != name and " " in name:
        forms.append(name.replace(" ", ""))
    title = re.search(rf"(?:{_BARE_TITLES})$", name)
    if title:
        forms.append(title.group() + "님")
    word = bare.split(" ")[-1] if " " in bare else bare
    if re.fullmatch(r"[가-힣]{3}", word):
        forms.append(word[1:])
    if re.fullmatch(r"[가-힣]{4}", word) and word[:2] in {"남궁", "황보", "제갈", "선우", "독고", "사공", "서문"}:
        forms.append(word[2:])
    return forms
