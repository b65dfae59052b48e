"""Scores what a system read out of meetings against hand-written gold.

Counts new tickets, status changes, blockers and decisions; pairs texts one to one, best pair first. Knows nothing about
extractors: it compares two dictionaries in the format of the evaluation sets.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vori_ray.tickets.scoring_text import content, similarity

TITLE_THRESHOLD = 0.5
TEXT_THRESHOLD = 0.35

Json = Mapping[str, Any]

_NOBODY = set("null none unassigned tbd n/a na nobody unknown - 미정 없음".split()) | {"", "담당자 미정"}
_HONORIFICS = frozenset("mr mrs ms miss dr prof professor superintendent president sir".split())
_KOREAN_TITLES = re.compile(
    r"\s*(팀장|대리|과장|차장|부장|실장|센터장|반장|교수|교장|위원장|위원|선생|쌤|매니저|님|씨)+$"
)
_HANGUL = re.compile(r"[\uac00-\ud7a3]")


@dataclass(frozen=True, slots=True)
class Rate:
    """Precision, recall and F1 (0..1) and the counts behind them. All 1 where there was nothing to find or predict."""

    hit: int
    predicted: int
    gold: int

    @property
    def precision(self) -> float:
        return self.hit / self.predicted if self.predicted else float(not self.gold)

    @property
    def recall(self) -> float:
        return self.hit / self.gold if self.gold else float(not self.predicted)

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of some meetings: shares are 0..1."""

    meetings: int
    tickets: Rate
    status_changes: Rate
    blockers: Rate
    decisions: Rate
    status_accuracy: float
    assignee_accuracy: float
    wrong_assignee_rate: float
    due_accuracy: float
    due_accuracy_when_set: float
    repeating_existing: int
    false_transitions: int
    false_transitions_on_unchanged: int
    unchanged_tickets: int

    @property
    def false_transitions_per_100_unchanged(self) -> float:
        return 100 * self.false_transitions_on_unchanged / self.unchanged_tickets if self.unchanged_tickets else 0.0


def pair_best_first(
    gold_count: int, predicted_count: int, alike: Callable[[int, int], float], *, threshold: float
) -> list[tuple[int, int]]:
    """One-to-one pairs (gold, predicted) of at least `threshold`, the most alike first."""
    scored = ((alike(g, p), g, p) for g in range(gold_count) for p in range(predicted_count))
    ranked = sorted((-score, g, p) for score, g, p in scored if score >= threshold)
    taken_gold: set[int] = set()
    taken_predicted: set[int] = set()
    out = []
    for _, g, p in ranked:
        if g not in taken_gold and p not in taken_predicted:
            taken_gold.add(g)
            taken_predicted.add(p)
            out.append((g, p))
    return out


def _name_parts(name: str) -> list[str]:
    name = unicodedata.normalize("NFKC", name).casefold().strip()
    while (shorter := _KOREAN_TITLES.sub("", name).strip()) not in ("", name):
        name = shorter
    return [part for part in re.split(r"[\s.,]+", name) if part and part not in _HONORIFICS] or [name]


def _named(name: object) -> str | None:
    text = "" if name is None else str(name).strip()
    return None if text.casefold() in _NOBODY else text


def is_same_person(a: object, b: object) -> bool:
    """Names agree if one is part of the other; nobody agrees with nobody."""
    first, second = _named(a), _named(b)
    if first is None or second is None:
        return first is second
    mine, other = _name_parts(first), _name_parts(second)
    if set(mine) <= set(other) or set(other) <= set(mine):
        return True
    short, long = sorted(("".join(mine), "".join(other)), key=len)
    return bool(_HANGUL.search(short) and _HANGUL.search(long)) and len(short) >= 2 and long.endswith(short)


def _is_same_due(a: object, b: object) -> bool:
    return (_named(a) or "")[:10] == (_named(b) or "")[:10]


def _status(value: object) -> str:
    return re.sub(r"[\s-]+", "_", str(value or "").strip().upper())


def _items(prediction: Json, key: str) -> list[Json]:
    value = prediction.get(key)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def score_meeting(gold: Json, prediction: Json) -> tuple[Counter[str], list[str]]:
    """Counts of one meeting, and notes on what was missed or wrong."""
    counts: Counter[str] = Counter(meetings=1)
    notes: list[str] = []
    _score_tickets(gold, prediction, counts, notes)
    _score_changes(gold, prediction, counts, notes)
    _score_texts("blocker", gold, prediction, counts, notes)
    _score_texts("decision", gold, prediction, counts, notes)
    return counts, notes


def _score_tickets(gold: Json, prediction: Json, counts: Counter[str], notes: list[str]) -> None:
    wanted = gold["gold"]["new_tickets"]
    found = [item for item in _items(prediction, "new_tickets") if str(item.get("title") or "").strip()]
    existing = [
        max((similarity(old["title"], item["title"]) for old in gold["existing_tickets"]), default=0.0)
        for item in found
    ]

    def alike(g: int, p: int) -> float:
        titles = [wanted[g]["title"], *wanted[g].get("alt_titles", ())]
        best = max(similarity(title, found[p]["title"]) for title in titles)
        return best if best >= existing[p] else 0.0  # it rather repeats a ticket of the board

    pairs = pair_best_first(len(wanted), len(found), alike, threshold=TITLE_THRESHOLD)
    counts.update(ticket_gold=len(wanted), ticket_predicted=len(found), ticket_hit=len(pairs))
    for g, p in pairs:
        _score_fields(wanted[g], found[p], counts, notes)
    hit_gold, hit_found = {g for g, _ in pairs}, {p for _, p in pairs}
    notes += [f"missed ticket: {item['title']!r}" for g, item in enumerate(wanted) if g not in hit_gold]
    for p, item in enumerate(found):
        if p not in hit_found:
            repeats = existing[p] >= TITLE_THRESHOLD
            counts["repeating_existing"] += repeats
            notes.append(f"extra ticket{' (repeats one of the board)' if repeats else ''}: {item['title']!r}")


def _score_fields(wanted: Json, found: Json, counts: Counter[str], notes: list[str]) -> None:
    is_right = {
        "status": _status(found.get("status")) == wanted["status"],
        "assignee": is_same_person(found.get("assignee"), wanted["assignee"]),
        "due": _is_same_due(found.get("due"), wanted["due"]),
    }
    counts.update(f"{name}_ok" for name, right in is_right.items() if right)
    counts["assignee_wrong"] += not is_right["assignee"] and _named(found.get("assignee")) is not None
    counts["due_set"] += bool(wanted["due"])
    counts["due_set_ok"] += bool(wanted["due"]) and is_right["due"]
    for name, right in is_right.items():
        if not right:
            notes.append(f"wrong {name}: {wanted['title']!r} gold {wanted[name]!r} found {found.get(name)!r}")


def _score_changes(gold: Json, prediction: Json, counts: Counter[str], notes: list[str]) -> None:
    wanted = {(change["ticket_id"], change["to"]) for change in gold["gold"]["status_changes"]}
    found = {(item.get("ticket_id"), _status(item.get("to"))) for item in _items(prediction, "status_changes")}
    changed = {ticket_id for ticket_id, _ in wanted}
    counts.update(change_gold=len(wanted), change_predicted=len(found), change_hit=len(wanted & found))
    counts["unchanged"] += len(gold["existing_tickets"]) - len(wanted)
    counts["false_transitions"] += len(found - wanted)
    counts["false_on_unchanged"] += sum(ticket_id not in changed for ticket_id, _ in found - wanted)
    notes += [f"missed change: {ticket_id} -> {to}" for ticket_id, to in sorted(wanted - found)]
    notes += [f"false change: {ticket_id} -> {to}" for ticket_id, to in sorted(found - wanted, key=str)]


def _score_texts(kind: str, gold: Json, prediction: Json, counts: Counter[str], notes: list[str]) -> None:
    wanted = gold["gold"][f"{kind}s"]
    found = [item for item in _items(prediction, f"{kind}s") if str(item.get("text") or "").strip()]

    def alike(g: int, p: int) -> float:
        said = [gold["transcript"][i]["text"] for i in wanted[g].get("evidence", ())]
        telling = [text for text in said if sum(weight == 1.0 for _, weight in content(text)) >= 3]
        return max(similarity(text, found[p]["text"]) for text in [wanted[g]["text"], *telling])

    pairs = pair_best_first(len(wanted), len(found), alike, threshold=TEXT_THRESHOLD)
    counts.update({f"{kind}_gold": len(wanted), f"{kind}_predicted": len(found), f"{kind}_hit": len(pairs)})
    hit_gold, hit_found = {g for g, _ in pairs}, {p for _, p in pairs}
    notes += [f"missed {kind}: {item['text']!r}" for g, item in enumerate(wanted) if g not in hit_gold]
    notes += [f"extra {kind}: {item['text']!r}" for p, item in enumerate(found) if p not in hit_found]


def summary(counts: Mapping[str, int]) -> Scores:
    """The scores that summed counts give."""

    def rate(name: str) -> Rate:
        return Rate(counts.get(f"{name}_hit", 0), counts.get(f"{name}_predicted", 0), counts.get(f"{name}_gold", 0))

    def share(name: str, of: str = "ticket_hit") -> float:
        return counts.get(name, 0) / counts[of] if counts.get(of) else 0.0

    return Scores(
        meetings=counts.get("meetings", 0),
        tickets=rate("ticket"),
        status_changes=rate("change"),
        blockers=rate("blocker"),
        decisions=rate("decision"),
        status_accuracy=share("status_ok"),
        assignee_accuracy=share("assignee_ok"),
        wrong_assignee_rate=share("assignee_wrong"),
        due_accuracy=share("due_ok"),
        due_accuracy_when_set=share("due_set_ok", "due_set"),
        repeating_existing=counts.get("repeating_existing", 0),
        false_transitions=counts.get("false_transitions", 0),
        false_transitions_on_unchanged=counts.get("false_on_unchanged", 0),
        unchanged_tickets=counts.get("unchanged", 0),
    )


def score(golds: Mapping[str, Json], predictions: Mapping[str, Json]) -> tuple[dict[str, Scores], dict[str, list[str]]]:
    """Scores by language and in `total`, summed over all items; notes by meeting. A missing prediction is an empty
    one.
    """
    counts: dict[str, Counter[str]] = {}
    notes: dict[str, list[str]] = {}
    for meeting_id, gold in sorted(golds.items()):
        counted, notes[meeting_id] = score_meeting(gold, predictions.get(meeting_id) or {})
        for name in (gold["language"], "total"):
            counts.setdefault(name, Counter()).update(counted)
    order = [*sorted(name for name in counts if name != "total"), *(["total"] if counts else [])]
    return {name: summary(counts[name]) for name in order}, notes


def table(scores: Mapping[str, Scores]) -> str:
    """The scores as text, a column for each language and the total."""
    columns = list(scores.values())
    rows: list[tuple[str, list[str]]] = [("", list(scores)), ("meetings", [str(c.meetings) for c in columns])]
    for label, name in (
        ("tickets", "tickets"),
        ("status changes", "status_changes"),
        ("blockers", "blockers"),
        ("decisions", "decisions"),
    ):
        rates: list[Rate] = [getattr(column, name) for column in columns]
        for measure in ("precision", "recall", "f1"):
            rows.append((f"{label} {measure}", [f"{getattr(rate, measure):.3f}" for rate in rates]))
        rows.append((f"{label} hit/found/gold", [f"{r.hit}/{r.predicted}/{r.gold}" for r in rates]))
    for name in (
        "status_accuracy",
        "assignee_accuracy",
        "wrong_assignee_rate",
        "due_accuracy",
        "due_accuracy_when_set",
        "repeating_existing",
        "false_transitions",
        "false_transitions_per_100_unchanged",
    ):
        values = [getattr(column, name) for column in columns]
        rows.append((name.replace("_", " "), [f"{v:.3f}" if isinstance(v, float) else str(v) for v in values]))
    return "\n".join(f"{label:<38}" + "".join(f"{value:>12}" for value in values) for label, values in rows)
