"""Words that carry a subject, in Korean and English, without the names of people."""

from __future__ import annotations

from vori_ray.insights.words import base_forms, count_words, name_words, subject_words


def test_english_words_are_lower_case_and_say_something() -> None:
    text = "The deploy's blocked. We're gonna fix the API gateway, and the API tests too!"
    assert count_words(text) == {"deploy": 1, "blocked": 1, "fix": 1, "api": 2, "gateway": 1, "tests": 1}


def test_korean_text_gives_its_nouns_and_foreign_words() -> None:
    counts = count_words("로그인 페이지 배포를 오늘 끝냈습니다. API gateway 배포는 다음 주에 합시다.")
    assert counts == {"로그인": 1, "페이지": 1, "배포": 2, "api": 1, "gateway": 1}


def test_nouns_written_as_one_word_stay_one() -> None:
    assert count_words("파이프라인이 느려요")["파이프라인"] == 1


def test_odd_text_gives_no_words() -> None:
    assert count_words("") == count_words("\x00 !!! 12 345 \ud800".encode("utf-16", "surrogatepass").hex(" ")) == {}


def test_inflections_fold_onto_a_word_that_was_said() -> None:
    said = {"deploy", "deploys", "deployed", "deploying", "releasing", "release", "planning", "plan", "queries", "bus"}
    assert base_forms(said) == {
        "deploys": "deploy",
        "deployed": "deploy",
        "deploying": "deploy",
        "releasing": "release",
        "planning": "plan",
    }
    assert base_forms({"queries", "query", "process", "news", "caching"}) == {"queries": "query"}


def test_names_are_no_keywords() -> None:
    names = name_words(["Ada Park", "김지수"])
    counts = subject_words({"ada": 3, "지수": 2, "deploys": 2, "deploy": 1}, bases={"deploys": "deploy"}, names=names)
    assert counts == {"deploy": 3}
