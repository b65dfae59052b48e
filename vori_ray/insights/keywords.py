"""What meetings are about, by Spark: counted words, words on the rise, the words of a meeting, subjects of a group.

    texts  meeting_id, group_id, source, text              -> counted_words
    words  group_id, meeting_id, day, terms (word -> count) -> keyword_trends; fit_group: keywords and topics

Trends are smoothed log-odds of a word in seven days against the 28 days before, with the standard score of their
difference (Monroe, Colaresi and Quinn 2008); both sides are smoothed by pseudo-words distributed as the 35 days are.
Keywords are term frequency times inverse document frequency, topics latent Dirichlet allocation: one group's meetings
only, never across groups. Knows nothing of tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from vori_ray.insights.trends import WINDOW_DAYS
from vori_ray.insights.words import count_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from pyspark.sql import SparkSession

BEFORE_DAYS = 28
MIN_MENTIONS = 5
MIN_MEETINGS = 3
PSEUDO_WORDS = 100.0
TRENDS_A_DAY = 40
KEYWORDS_A_MEETING = 8
TERMS_A_TOPIC = 8
MEETINGS_A_TOPIC = 12
MAX_TOPICS = 6
MIN_MEETINGS_FOR_TOPICS = 8
VOCABULARY = 2000
LDA_ITERATIONS = 15
SEED = 20_260
TEXTS_A_TASK = 20
TEXT_SCHEMA = "meeting_id int, group_id int, source string, text string"
COUNTED_SCHEMA = "meeting_id int, group_id int, source string, terms string"
WORD_SCHEMA = "group_id int, meeting_id int, day date, terms map<string, int>"
_BY_TERM = ("group_id", "term")


def counted_words(texts: DataFrame) -> DataFrame:
    """`terms`: the words of each text and their counts as JSON. Small tasks, so that others get their turn between."""
    return texts.mapInPandas(_count_texts, schema=COUNTED_SCHEMA)


def _count_texts(batches: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    for batch in batches:
        terms = [json.dumps(count_words(text), ensure_ascii=False) for text in batch["text"]]
        yield batch.assign(terms=terms)[["meeting_id", "group_id", "source", "terms"]]


def keyword_trends(words: DataFrame, windows: DataFrame) -> DataFrame:
    """The rows of `keyword_trends` for these windows: words said at least 5 times in 3 meetings of their seven days."""
    said = words.select("group_id", "day", F.explode("terms").alias("term", "mentions"))
    daily = said.groupBy(*_BY_TERM, "day").agg(F.sum("mentions").alias("mentions"), F.count("*").alias("meetings"))
    is_frequent = (F.sum("mentions") >= MIN_MENTIONS) & (F.sum("meetings") >= MIN_MEETINGS)
    frequent = daily.groupBy(*_BY_TERM).agg(is_frequent.alias("is_frequent")).where("is_frequent").drop("is_frequent")
    totals = daily.groupBy("group_id", "day").agg(F.sum("mentions").alias("words"))
    days = _days(windows)
    counted = (
        frequent.join(F.broadcast(days), on="group_id", how="inner")
        .join(daily, on=[*_BY_TERM, "day"], how="left")
        .select(
            *_BY_TERM,
            "day",
            _in_days("mentions", _BY_TERM, -(WINDOW_DAYS - 1), 0).alias("mentions"),
            _in_days("meetings", _BY_TERM, -(WINDOW_DAYS - 1), 0).alias("meetings"),
            _in_days("mentions", _BY_TERM, -(WINDOW_DAYS + BEFORE_DAYS - 1), -WINDOW_DAYS).alias("mentions_before"),
        )
        .where((F.col("mentions") >= MIN_MENTIONS) & (F.col("meetings") >= MIN_MEETINGS))
    )
    all_words = days.join(totals, on=["group_id", "day"], how="left").select(
        "group_id",
        "day",
        _in_days("words", ("group_id",), -(WINDOW_DAYS - 1), 0).alias("words"),
        _in_days("words", ("group_id",), -(WINDOW_DAYS + BEFORE_DAYS - 1), -WINDOW_DAYS).alias("words_before"),
    )
    compared = counted.join(F.broadcast(all_words.where("words_before > 0")), on=["group_id", "day"], how="inner")
    wanted = windows.select("group_id", F.col("last_day").alias("day"))
    return _strongest(_with_log_odds(compared.join(F.broadcast(wanted), on=["group_id", "day"], how="inner")))


def _days(windows: DataFrame) -> DataFrame:
    """Every day that a window, or the days before it, touches."""
    first = F.date_sub(F.min("last_day"), WINDOW_DAYS + BEFORE_DAYS - 1)
    spans = windows.groupBy("group_id").agg(first.alias("first"), F.max("last_day").alias("last"))
    return spans.select("group_id", F.explode(F.sequence("first", "last")).alias("day"))


def _in_days(name: str, keys: Sequence[str], first: int, last: int) -> Column:
    """Sum of a column over a span of days; there is a row for each day."""
    span = Window.partitionBy(*keys).orderBy("day").rowsBetween(first, last)
    return F.coalesce(F.sum(name).over(span), F.lit(0))


def _with_log_odds(compared: DataFrame) -> DataFrame:
    now, before = F.col("mentions"), F.col("mentions_before")
    prior = F.lit(PSEUDO_WORDS) * (now + before) / (F.col("words") + F.col("words_before"))
    return (
        compared.withColumn(
            "log_odds", _log_odds(now, F.col("words"), prior) - _log_odds(before, F.col("words_before"), prior)
        )
        .withColumn("z_score", F.col("log_odds") / F.sqrt(1 / (now + prior) + 1 / (before + prior)))
        .select(
            "group_id",
            F.col("day").alias("last_day"),
            F.col("term").alias("keyword"),
            "mentions",
            "meetings",
            "mentions_before",
            "log_odds",
            "z_score",
        )
    )


def _log_odds(count: Column, total: Column, prior: Column) -> Column:
    return F.log((count + prior) / (total + PSEUDO_WORDS - count - prior))


def _strongest(trends: DataFrame) -> DataFrame:
    """The words of a day whose use changed most surely, up or down."""
    order = Window.partitionBy("group_id", "last_day").orderBy(F.abs("z_score").desc(), "keyword")
    return trends.withColumn("place", F.row_number().over(order)).where(F.col("place") <= TRENDS_A_DAY).drop("place")


@dataclass(frozen=True, slots=True)
class GroupSubjects:
    """`keywords`: meeting -> its weightiest words; `topics`: topic -> (terms, meetings); `topic_of`: meeting -> one."""

    keywords: Mapping[int, list[dict[str, Any]]]
    topics: Mapping[int, tuple[list[dict[str, Any]], int]]
    topic_of: Mapping[int, int]


def fit_group(spark: SparkSession, words: Mapping[int, Mapping[str, int]]) -> GroupSubjects:
    """Keywords and topics of one group's meetings (meeting -> word -> count).

    Spark ML is worth its seconds from 3 meetings with words on for keywords (fewer have nothing to be set apart from:
    there the most frequent words are taken), and from 8 for topics. Meetings without words have no keywords.
    """
    spoken = {meeting: counts for meeting, counts in words.items() if counts}
    silent: dict[int, list[dict[str, Any]]] = {meeting: [] for meeting in words.keys() - spoken.keys()}
    if len(spoken) < MIN_MEETINGS:
        return GroupSubjects(silent | {meeting: _most_frequent(counts) for meeting, counts in spoken.items()}, {}, {})
    from pyspark.ml.feature import IDF, CountVectorizer

    documents = spark.createDataFrame(
        [
            (meeting, [word for word, count in counts.items() for _ in range(count)])
            for meeting, counts in spoken.items()
        ],
        "meeting_id int, terms array<string>",
    ).coalesce(1)
    vectorizer = CountVectorizer(inputCol="terms", outputCol="counts", vocabSize=VOCABULARY, minDF=1.0)
    model = vectorizer.fit(documents)
    counted = model.transform(documents).select("meeting_id", "counts").cache()
    try:
        weighted = IDF(inputCol="counts", outputCol="weights").fit(counted).transform(counted)
        rows = weighted.select("meeting_id", "counts", "weights").collect()
        keywords = silent | {row["meeting_id"]: _weightiest(row, model.vocabulary) for row in rows}
        if len(spoken) < MIN_MEETINGS_FOR_TOPICS:
            return GroupSubjects(keywords, {}, {})
        return GroupSubjects(keywords, *_topics(counted, model.vocabulary, meetings=len(spoken)))
    finally:
        counted.unpersist()


def _most_frequent(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    order = sorted(counts, key=lambda word: (-counts[word], word))[:KEYWORDS_A_MEETING]
    return [{"term": word, "weight": float(counts[word]), "mentions": counts[word]} for word in order]


def _weightiest(row: Any, vocabulary: Sequence[str]) -> list[dict[str, Any]]:
    """A meeting's words by weight. A word said once may be misheard: it comes only after those said more often."""
    counts = dict(zip(row["counts"].indices.tolist(), row["counts"].values.tolist(), strict=True))
    weights = dict(zip(row["weights"].indices.tolist(), row["weights"].values.tolist(), strict=True))
    order = sorted(counts, key=lambda n: (counts[n] < 2, -weights.get(n, 0.0), vocabulary[n]))[:KEYWORDS_A_MEETING]
    return [{"term": vocabulary[n], "weight": round(weights.get(n, 0.0), 4), "mentions": int(counts[n])} for n in order]


def _topics(
    counted: DataFrame, vocabulary: Sequence[str], *, meetings: int
) -> tuple[dict[int, tuple[list[dict[str, Any]], int]], dict[int, int]]:
    from pyspark.ml.clustering import LDA

    k = min(MAX_TOPICS, max(2, meetings // MEETINGS_A_TOPIC))
    model = LDA(featuresCol="counts", k=k, maxIter=LDA_ITERATIONS, seed=SEED, subsamplingRate=1.0).fit(counted)
    rows = model.transform(counted).select("meeting_id", "topicDistribution").collect()
    shares = {row["meeting_id"]: row["topicDistribution"].toArray() for row in rows}
    topic_of = {meeting: int(share.argmax()) for meeting, share in shares.items() if share.any()}
    sizes = {topic: list(topic_of.values()).count(topic) for topic in range(k)}
    topics = {
        row["topic"]: (_terms(row, vocabulary), sizes[row["topic"]])
        for row in model.describeTopics(TERMS_A_TOPIC).collect()
        if sizes[row["topic"]]
    }
    return topics, topic_of


def _terms(row: Any, vocabulary: Sequence[str]) -> list[dict[str, Any]]:
    pairs = zip(row["termIndices"], row["termWeights"], strict=True)
    return [{"term": vocabulary[n], "weight": round(weight, 4)} for n, weight in pairs]
