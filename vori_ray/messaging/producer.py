"""Sends records to Kafka and waits until they are safe there. Knows nothing of the outbox.

The order of a key is kept whatever happens: the client is idempotent and holds one batch a partition in flight, a
failed batch is sent again before the next, and the batches never expire while it tries. When the caller's patience
ends the client is thrown away with all that it holds; sending again from the first record that was not acknowledged
may repeat records, but never passes one over.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from kafka import KafkaProducer
from kafka.errors import InvalidTopicError, KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from vori_ray.errors import UnavailableError
from vori_ray.messaging.admin import TOPICS, create_topics
from vori_ray.messaging.outbox import KafkaRecord

log = logging.getLogger(__name__)

# Errors that trying again cannot cure: the record itself is refused.
_REFUSALS = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidTopicError)
_NEVER_MS = 2**31 - 1
_CLOSE_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one record: acknowledged, refused for good (`refusal` says why), or neither."""

    is_acked: bool
    refusal: str | None = None


class Producer(Protocol):
    """Sends records; one thread at a time."""

    def send_all(self, records: Sequence[KafkaRecord]) -> list[Receipt]:
        """Send in order and wait; one receipt a record. Raises UnavailableError when nothing could be sent."""

    def close(self) -> None:
        """Let go of the connection and of what was not sent."""


def quiet_kafka_client() -> None:
    """Kafka's client logs an error a second while Kafka is away; VORI says so once, in its own words."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)


class EventProducer:
    """A connection to Kafka that is made when needed, and made again after a failure."""

    def __init__(self, bootstrap: str, *, partitions: int, retention_h: int, ack_timeout_s: float = 60.0) -> None:
        self._bootstrap = bootstrap
        self._partitions = partitions
        self._retention_h = retention_h
        self._ack_timeout_s = ack_timeout_s
        self._client: KafkaProducer | None = None
        self._topics: set[str] = set()

    def ensure_topics(self, names: set[str]) -> None:
        """Make topics that were not seen since the connection was made. Raises UnavailableError."""
        missing = names - self._topics
        if missing:
            create_topics(self._bootstrap, partitions=self._partitions, retention_h=self._retention_h, names=missing)
            self._topics |= missing

    def send_all(self, records: Sequence[KafkaRecord]) -> list[Receipt]:
        """See `Producer`. Waits at most `ack_timeout_s` for the acknowledgements."""
        self.ensure_topics({*TOPICS, *(record.topic for record in records)})
        client = self._connected()
        futures: list[Any] = []
        try:
            for record in records:
                futures.append(_send(client, record))
        except KafkaError as exc:
            log.warning("Kafka takes no more records for now: %s", exc)
        receipts = self._wait(futures)
        if len(receipts) < len(records) or any(_is_open(receipt) for receipt in receipts):
            self.close()
        rest = [Receipt(is_acked=False)] * (len(records) - len(receipts))
        return in_order(records, receipts + rest)

    def close(self) -> None:
        """See `Producer`. Waits for nothing that is unsent."""
        client, self._client, self._topics = self._client, None, set()
        if client is not None:
            # With unsent records `close` raises before it ends the client's thread (kafka-python 3.0.12), which would
            # go on sending them. So the thread goes first; it drops what it holds.
            client._sender.force_close()
            client._sender.join(_CLOSE_TIMEOUT_S)
            with suppress(KafkaError):
                client.close(timeout=_CLOSE_TIMEOUT_S)

    def _connected(self) -> KafkaProducer:
        if self._client is None:
            try:
                self._client = KafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    acks="all",
                    enable_idempotence=True,
                    delivery_timeout_ms=_NEVER_MS,
                    max_block_ms=10_000,
                    bootstrap_timeout_ms=5_000,
                    reconnect_backoff_max_ms=1_000,
                    linger_ms=5,
                    allow_auto_create_topics=False,
                )
            except KafkaError as exc:
                raise UnavailableError(f"Kafka at {self._bootstrap} did not answer: {exc}") from exc
        return self._client

    def _wait(self, futures: Sequence[Any]) -> list[Receipt]:
        deadline = time.monotonic() + self._ack_timeout_s
        receipts = [_receipt(future, deadline - time.monotonic()) for future in futures]
        open_count = sum(map(_is_open, receipts))
        if open_count:
            log.warning("Kafka has not acknowledged %d of %d records.", open_count, len(receipts))
        return receipts


def in_order(records: Sequence[KafkaRecord], receipts: Sequence[Receipt]) -> list[Receipt]:
    """Receipts in which nothing counts as acknowledged that comes after an open record of its topic and key.

    Such a record is sent again, behind the open one: to whoever reads once an event, the order is the right one.
    """
    blocked: set[tuple[str, bytes]] = set()
    result = []
    for record, receipt in zip(records, receipts, strict=True):
        key = (record.topic, record.key)
        if _is_open(receipt):
            blocked.add(key)
        result.append(Receipt(is_acked=False) if key in blocked else receipt)
    return result


def _is_open(receipt: Receipt) -> bool:
    return not receipt.is_acked and receipt.refusal is None


def _send(client: KafkaProducer, record: KafkaRecord) -> Any:
    """A future, or the Receipt of a record that the client refuses at once."""
    try:
        return client.send(
            record.topic, key=record.key, value=record.value, headers=[("event_id", record.event_id.encode())]
        )
    except _REFUSALS as exc:
        return Receipt(is_acked=False, refusal=str(exc))


def _receipt(future: Any, timeout_s: float) -> Receipt:
    if isinstance(future, Receipt):
        return future
    try:
        future.get(timeout=max(0.0, timeout_s))
    except _REFUSALS as exc:
        return Receipt(is_acked=False, refusal=f"{type(exc).__name__}: {exc}")
    except KafkaError as exc:
        log.debug("Kafka has not acknowledged a record: %s", exc)
        return Receipt(is_acked=False)
    return Receipt(is_acked=True)
