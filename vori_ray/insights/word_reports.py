"""What can be said of words: which come and go in a group, its subjects, the words of one meeting. PURE.

Rows are those of `storage.repositories.insight_reads`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vori_ray.insights.estimates import Z_95
from vori_ray.insights.report import Language, Report
from vori_ray.insights.report_words import columns, pick, terms_of

Row = Mapping[str, Any]
Rows = Sequence[Row]

SHOWN_WORDS = 12
SHOWN_TERMS = 4


def report_keywords(trends: Rows, language: Language) -> Report:
    """Words that are used more or less than in the 28 days before."""
    rows = sorted((_keyword_row(row) for row in trends[:SHOWN_WORDS]), key=lambda row: -row["log_odds"])
    return Report(
        name="keywords",
        title=pick(language, en="Words that come and go", ko="늘거나 줄어든 단어"),
        sentence=_keywords_sentence(rows, language),
        note=pick(
            language,
            en=f"n = {len(trends)} words with at least 5 mentions in 3 meetings"
            + (f", the {len(rows)} surest are shown" if len(rows) < len(trends) else "")
            + "; log-odds against the 28 days before, with 95 % intervals. "
            "Figures: mentions in these seven days : before.",
            ko=f"3개 이상의 회의에서 5회 이상 언급된 단어 n = {len(trends)}개"
            + (f" 중 {len(rows)}개 표시" if len(rows) < len(trends) else "")
            + ", 이전 28일 대비 로그 오즈와 95% 구간. 숫자: 최근 7일 언급 : 이전 언급.",
        ),
        n=len(trends),
        is_enough=bool(rows),
        columns=columns(language, "keyword", "log_odds", "low", "high", "mentions", "meetings", "mentions_before"),
        rows=tuple(rows),
    )


def _keyword_row(row: Row) -> dict[str, Any]:
    """The interval follows from the z-score, which is the log-odds over its standard error."""
    log_odds, z_score = row["log_odds"], row["z_score"]
    half = Z_95 * log_odds / z_score if z_score else None
    kept = {name: row[name] for name in ("keyword", "log_odds", "mentions", "meetings", "mentions_before")}
    if half is None:
        return kept | {"low": None, "high": None}
    return kept | {"low": log_odds - half, "high": log_odds + half}


def _keywords_sentence(rows: Rows, language: Language) -> str:
    if not rows:
        return pick(
            language,
            en="Not enough data yet: no word has 5 mentions in at least 3 meetings of the last seven days.",
            ko="아직 데이터가 부족합니다: 최근 7일간 3개 이상의 회의에서 5회 이상 언급된 단어가 없습니다.",
        )
    top = rows[0]
    if top["low"] is None or top["low"] <= 0:
        return pick(
            language,
            en="No word is said clearly more often than in the four weeks before.",
            ko="이전 4주보다 뚜렷하게 늘어난 단어가 없습니다.",
        )
    return pick(
        language,
        en=f"“{top['keyword']}” is said more often than before: {top['mentions']} times in {top['meetings']} meetings "
        f"of these seven days, {top['mentions_before']} times in the 28 days before.",
        ko=f"“{top['keyword']}” 언급이 늘었습니다: 최근 7일 회의 {top['meetings']}건에서 {top['mentions']}회, "
        f"이전 28일에는 {top['mentions_before']}회.",
    )


def report_topics(topics: Rows, language: Language) -> Report:
    """The subjects that meetings keep coming back to."""
    rows = [
        {"topic": ", ".join(word for word, _ in terms_of(topic["terms"])[:SHOWN_TERMS]), "meetings": topic["meetings"]}
        for topic in topics
    ]
    n = sum(row["meetings"] for row in rows)
    return Report(
        name="topics",
        title=pick(language, en="Subjects", ko="주제"),
        sentence=_topics_sentence(rows, n, language),
        note=pick(
            language,
            en=f"n = {n} meetings, each counted with its main subject. Subjects are groups of words that occur "
            "together (LDA); their names are their weightiest words.",
            ko=f"회의 n = {n}건, 회의마다 주된 주제 하나로 집계. "
            "주제는 함께 나오는 단어 묶음(LDA)이며 비중이 큰 단어로 표시합니다.",
        )
        if rows
        else "",
        n=n,
        is_enough=bool(rows),
        columns=columns(language, "topic", "meetings"),
        rows=tuple(rows),
    )


def _topics_sentence(rows: Rows, n: int, language: Language) -> str:
    if not rows:
        return pick(
            language,
            en="Not enough data yet: subjects are found once there are enough meetings with words.",
            ko="아직 데이터가 부족합니다: 발언이 있는 회의가 충분히 모이면 주제를 찾습니다.",
        )
    top = rows[0]
    return pick(
        language,
        en=f"{len(rows)} subjects in {n} meetings; the most frequent is {top['topic']} ({top['meetings']} meetings).",
        ko=f"회의 {n}건에서 주제 {len(rows)}개가 나왔습니다. "
        f"가장 잦은 주제는 {top['topic']} ({top['meetings']}건)입니다.",
    )


def report_meeting_keywords(keywords: Row | None, language: Language) -> Report:
    """The words that set a meeting apart from the others of its group."""
    terms = terms_of(keywords["keywords"]) if keywords else []
    rows = [{"keyword": word, "strength": weight} for word, weight in terms]
    listed = ", ".join(word for word, _ in terms[:3])
    return Report(
        name="keywords",
        title=pick(language, en="Words of this meeting", ko="이 회의의 단어"),
        sentence=pick(
            language,
            en=f"What sets this meeting apart: {listed}." if terms else "Not enough data yet: no words were found.",
            ko=f"이 회의를 구별하는 단어: {listed}." if terms else "아직 데이터가 부족합니다: 찾은 단어가 없습니다.",
        ),
        note=pick(
            language,
            en=f"n = {len(terms)} words by TF-IDF against the group's other meetings; a weight, not an estimate.",
            ko=f"그룹의 다른 회의와 비교한 TF-IDF 단어 n = {len(terms)}개. 추정이 아닌 가중치입니다.",
        ),
        n=len(terms),
        is_enough=bool(terms),
        columns=columns(language, "keyword", "strength"),
        rows=tuple(rows),
    )
