"""The extractive summary: what was spoken of most, in order, nothing twice."""

from __future__ import annotations

from vori_ray.meetings.summary import summarise

ENGLISH = [
    "Good morning everyone, nice to see you.",
    "The pump in the north garden lost pressure again last night.",
    "Did anybody hear it?",
    "We need new filters before the pump in the north garden can run again.",
    "My cat slept on the keyboard all day yesterday.",
    "The supplier has the filters for the pump and sends them on Friday.",
]
KOREAN = [
    "안녕하세요 다들 오셨네요.",
    "북쪽 정원 펌프 압력이 어젯밤에 또 떨어졌습니다.",
    "펌프 필터를 새로 주문해야 정원 펌프를 다시 돌릴 수 있습니다.",
    "점심은 뭐 드셨어요?",
    "필터는 금요일에 업체에서 펌프와 같이 보내 준답니다.",
]


def test_the_topic_of_the_meeting_is_chosen_in_order() -> None:
    chosen = summarise(ENGLISH, sentences=2)
    assert len(chosen) == 2
    assert all("pump" in sentence for sentence in chosen)
    assert chosen == sorted(chosen, key=ENGLISH.index)


def test_korean_words_are_known_whatever_their_endings() -> None:
    assert all("펌프" in sentence for sentence in summarise(KOREAN, sentences=2))


def test_questions_and_repeats_are_left_out() -> None:
    said = [*ENGLISH, ENGLISH[1]]
    chosen = summarise(said, sentences=4)
    assert not any(sentence.endswith("?") for sentence in chosen)
    assert len(set(chosen)) == len(chosen)


def test_an_empty_or_wordless_meeting_has_no_summary() -> None:
    assert summarise([]) == []
    assert summarise(["Hm.", "Okay.", "네."]) == []
