"""What replies cost, and replies read element by element. Pure."""

from __future__ import annotations

import json

import pytest

from vori_ray.tickets.pricing import cost_usd, price_of
from vori_ray.tickets.reply import parse_reply

ELEMENT = {"op": "create", "title": "Order the filters", "segment_ids": [1, 1], "quote": "order", "certainty": 1}


def test_the_longest_fitting_name_has_the_price() -> None:
    assert price_of("claude-sonnet-5-5-20261001") == price_of("claude-sonnet-5-5")
    assert price_of("claude-sonnet-5") != price_of("claude-sonnet-5-5")
    assert price_of("llama") is None


def test_cached_tokens_and_batches_cost_less() -> None:
    million = 1_000_000
    assert cost_usd("claude-sonnet-5", input_tokens=million, output_tokens=0) == 2.0
    assert cost_usd("claude-sonnet-5", input_tokens=0, output_tokens=0, cache_read_tokens=million) == pytest.approx(0.2)
    assert cost_usd("claude-sonnet-5", input_tokens=0, output_tokens=0, cache_write_tokens=million) == 2.5
    assert cost_usd("claude-sonnet-5", input_tokens=0, output_tokens=million, is_batch=True) == 5.0
    assert cost_usd("llama", input_tokens=million, output_tokens=million) == 0.0


def test_long_prompts_of_some_models_cost_more() -> None:
    short = cost_usd("claude-haiku-5-5", input_tokens=100_000, output_tokens=0)
    assert cost_usd("claude-haiku-5-5", input_tokens=100_000, output_tokens=0, cache_read_tokens=1) > 4 * short


def test_elements_before_a_cut_are_kept() -> None:
    text = json.dumps({"operations": [ELEMENT, ELEMENT, ELEMENT]})
    parsed = parse_reply(text[: text.rindex("{") + 20])
    assert (len(parsed.operations), parsed.is_whole) == (2, False)
    assert parsed.operations[0].segment_ids == (1,)


def test_none_is_no_operation_and_no_flaw() -> None:
    parsed = parse_reply(json.dumps({"operations": [{"op": "none"}, ELEMENT], "summary": [" a  b ", 3, ""]}))
    assert (len(parsed.operations), parsed.malformed, parsed.summary) == (1, 0, ("a b",))


def test_a_title_that_is_too_long_stays_whole_in_the_content() -> None:
    (operation,) = parse_reply(json.dumps({"operations": [{**ELEMENT, "title": "word " * 40}]})).operations
    assert len(operation.title) <= 100
    assert operation.content == ("word " * 40).strip()


@pytest.mark.parametrize(
    ("said", "kept"), [("high", "high"), ("Urgent", "high"), ("low", "low"), ("P0", None), ("", None), (None, None)]
)
def test_only_known_priorities_are_kept(said: str | None, kept: str | None) -> None:
    (operation,) = parse_reply(json.dumps({"operations": [{**ELEMENT, "priority": said, "content": None}]})).operations
    assert (operation.priority, operation.content) == (kept, "")
