"""Reads the analytics topics and hands what it read to a function. Knows nothing of Ray or sockets.

Offsets are committed after the hand-over: a crash in between hands some over again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from kafka import KafkaConsumer
from kafka.errors import KafkaError

from vori_ray.errors import UnavailableError
from vori_ray.messaging.outbox import KafkaRecord, event_envelope
from vori_ray.messaging.producer import Producer
from vori_ray.messaging.topics import DEAD_LETTER, DeadLetter, parse_event

GROUP = "vori-bridge"
PATTERN = r"^analytics\..*"
MAX_REASON = 2_000
MAX_VALUE = 20_000


class AnalyticsConsumer:
    """A member of the consumer group; the connection is made when needed, and again after a failure."""

    def __init__(
        self,
        bootstrap: str,
        *,
        publish: Callable[[Sequence[dict[str, Any]]], None],
        dead_letters: Producer,
        group: str = GROUP,
    ) -> None:
        self._bootstrap = bootstrap
        self._publish = publish
        self._dead_letters = dead_letters
        self._group = group
        self._client: KafkaConsumer | None = None

    def step(self, timeout_s: float) -> int:
        """Hand over what has come, waiting up to `timeout_s` for it; returns how many messages were read.

        Raises UnavailableError; nothing is lost then.
        """
        try:
            client = self._connected()
            batches = client.poll(timeout_ms=int(timeout_s * 1000))
            messages = [message for batch in batches.values() for message in batch]
            if messages:
                self._hand_over(messages)
                client.commit()
        except KafkaError as exc:
            self.close()
            raise UnavailableError(f"Kafka at {self._bootstrap} did not answer: {exc}") from exc
        return len(messages)

    def close(self) -> None:
        """Leave the consumer group."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(KafkaError):
                client.close(autocommit=False)

    def _connected(self) -> KafkaConsumer:
        if self._client is None:
            self._client = KafkaConsumer(
                bootstrap_servers=self._bootstrap,
                group_id=self._group,
                enable_auto_commit=False,
                auto_offset_reset="earliest",  # a topic may be younger than our look at the list of topics
                metadata_max_age_ms=5_000,
                session_timeout_ms=6_000,  # so that a killed bridge's successor soon gets the partitions
                heartbeat_interval_ms=2_000,
                bootstrap_timeout_ms=5_000,
                reconnect_backoff_max_ms=1_000,
                allow_auto_create_topics=False,
            )
            self._client.subscribe(pattern=PATTERN)
        return self._client

    def _hand_over(self, messages: Iterable[Any]) -> None:
        envelopes, letters = [], []
        for message in messages:
            try:
                event = parse_event(message.topic, message.value or b"")
            except ValueError as exc:
                letters.append(dead_letter(message, reason=str(exc)))
            else:
                payload = event.model_dump(mode="json")
                envelopes.append(event_envelope(message.topic, payload, group_id=event.group_id))
        if letters and not all(receipt.is_acked for receipt in self._dead_letters.send_all(letters)):
            raise UnavailableError("Kafka did not take the dead letters.")
        if envelopes:
            self._publish(envelopes)


def dead_letter(message: Any, *, reason: str) -> KafkaRecord:
    """A message that cannot be read, as a record for the dead-letter topic."""
    letter = DeadLetter(
        reason=reason[:MAX_REASON],
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        produced_at=datetime.fromtimestamp(message.timestamp / 1000, UTC),
        key=_text(message.key),
        value=_text(message.value),
    )
    return KafkaRecord(DEAD_LETTER, message.key or b"", letter.model_dump_json().encode(), letter.event_id)


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode(errors="replace")[:MAX_VALUE]
