"""What a replica counts, in Prometheus' text form, with what the speech sessions of its process count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

CONTENT_TYPE = CONTENT_TYPE_LATEST
_LATENCY_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Counters of one gateway replica. A scrape reaches one replica: its name is a label of every series."""

    def __init__(self, replica: str) -> None:
        self._registry = registry = CollectorRegistry()
        self._replica = replica
        names = ["replica"]
        self._sessions = Gauge("vori_audio_sessions", "Audio sessions now", names, registry=registry)
        self._bytes = Counter("vori_audio_bytes", "Sound that came, as sent", names, registry=registry)
        self._refusals = Counter(
            "vori_audio_refused", "Sessions ended by an error", [*names, "code"], registry=registry
        )
        self._listeners = Gauge("vori_event_sockets", "Event sockets now", names, registry=registry)
        self._events = Counter("vori_events_sent", "Events handed to sockets", names, registry=registry)
        self._cut = Counter("vori_event_sockets_cut", "Event sockets cut for being slow", names, registry=registry)
        self._requests = Histogram(
            "vori_http_request_s",
            "Seconds of HTTP requests",
            [*names, "method", "route", "status"],
            buckets=_LATENCY_BUCKETS_S,
            registry=registry,
        )

    @contextmanager
    def session(self) -> Iterator[None]:
        """Count an audio session while it lasts."""
        with self._sessions.labels(self._replica).track_inprogress():
            yield

    @contextmanager
    def listener(self) -> Iterator[None]:
        """Count an event socket while it lasts."""
        with self._listeners.labels(self._replica).track_inprogress():
            yield

    def heard(self, size_bytes: int) -> None:
        """Sound came."""
        self._bytes.labels(self._replica).inc(size_bytes)

    def refused(self, code: str) -> None:
        """A session ended by an error."""
        self._refusals.labels(self._replica, code).inc()

    def told(self, sockets: int) -> None:
        """An event was handed to so many sockets."""
        self._events.labels(self._replica).inc(sockets)

    def cut(self) -> None:
        """A socket was too slow."""
        self._cut.labels(self._replica).inc()

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(self._replica, method, route, str(status)).observe(seconds)

    def render(self) -> bytes:
        """All series in the text form."""
        return generate_latest(self._registry) + generate_latest(REGISTRY)
