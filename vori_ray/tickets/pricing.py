"""What a reply of a Claude model costs in US dollars.

Pure. Prices are dollars per million tokens, from the provider's public price list (platform.claude.com/docs,
"Pricing") as of October 2026. A model that is not listed, such as one on a server of your own, costs nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass

CACHE_WRITE_FACTOR = 1.25  # the five-minute cache
BATCH_FACTOR = 0.5
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens. Prompts longer than `long_over_tokens` cost `long_factor` times as much."""

    input: float
    output: float
    cache_read_factor: float = 0.1
    long_over_tokens: int | None = None
    long_factor: float = 1.0


_PRICES: tuple[tuple[str, Price], ...] = (  # the longest fitting prefix wins
    ("claude-fable-5-2", Price(10.0, 50.0, 0.025)),
    ("claude-fable-5-1", Price(10.0, 50.0, 0.025)),
    ("claude-fable-5", Price(10.0, 50.0)),
    ("claude-opus-5-5", Price(4.0, 20.0, 0.05)),
    ("claude-opus-5", Price(5.0, 25.0)),
    ("claude-opus-4", Price(5.0, 25.0)),
    ("claude-sonnet-5-5", Price(2.0, 10.0, 0.05)),
    ("claude-sonnet-5", Price(2.0, 10.0)),
    ("claude-sonnet-4", Price(3.0, 15.0)),
    ("claude-haiku-5-5", Price(0.10, 0.50, 0.1, long_over_tokens=100_000, long_factor=5.0)),
    ("claude-haiku-4-5", Price(1.0, 5.0)),
)


def price_of(model: str) -> Price | None:
    """The price of a model, or None if it is not listed."""
    fitting = [(len(prefix), price) for prefix, price in _PRICES if model.startswith(prefix)]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def cost_usd(
    model: str,
    *,
    input_tokens: int,
    output_tokens: int,
    cache_read_tokens: int = 0,
    cache_write_tokens: int = 0,
    is_batch: bool = False,
) -> float:
    """Dollars for one reply. `input_tokens` are those neither read from nor written to the cache, as the API counts."""
    price = price_of(model)
    if price is None:
        return 0.0
    read = cache_read_tokens * price.cache_read_factor
    written = cache_write_tokens * CACHE_WRITE_FACTOR
    dollars = ((input_tokens + read + written) * price.input + output_tokens * price.output) / _MILLION
    prompt = input_tokens + cache_read_tokens + cache_write_tokens
    is_long = price.long_over_tokens is not None and prompt > price.long_over_tokens
    return dollars * (price.long_factor if is_long else 1.0) * (BATCH_FACTOR if is_batch else 1.0)
