"""Sends events to webhooks: signed, tried again, and never to an address inside the house.

A webhook's address is chosen by people of a group, so it is resolved here, every address of it must be a public one,
and the connection goes to the very address that was checked (a second look-up could answer otherwise). Redirects are
not followed. Knows nothing of what the events mean.

Each request is a POST of the event's JSON with

    X-Vori-Event       the topic                     X-Vori-Delivery   the event's id: the same on every attempt
    X-Vori-Signature   t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>" with the webhook's secret>
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import json
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from vori_ray.errors import BadInputError

if TYPE_CHECKING:
    from vori_ray.storage.database import Database

log = logging.getLogger(__name__)

WAITS_S = (10, 30, 120, 600, 3600, 6 * 3600, 24 * 3600)  # after the first failure, the second ...; then given up
_LEASE_S = 120.0
_MAXIMUM_ERROR = 300
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook's address that may be called: the URL's parts and the IP address that was checked."""

    scheme: str
    host: str
    port: int
    path: str
    address: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one webhook."""

    id: int
    group_id: int
    event_id: str
    topic: str
    payload: dict[str, Any]
    attempts: int
    url: str
    secret: str


def sign(body: bytes, *, secret: str, at: int) -> str:
    """The value of X-Vori-Signature."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def is_signed(body: bytes, signature: str, *, secret: str, now: int, tolerance_s: int = 300) -> bool:
    """Whether a receiver may believe a request: signed with the secret, and not an old one sent again."""
    fields = dict(part.split("=", 1) for part in signature.split(",") if "=" in part)
    if not fields.get("t", "").isdigit() or abs(now - int(fields["t"])) > tolerance_s:
        return False
    return hmac.compare_digest(sign(body, secret=secret, at=int(fields["t"])), signature)


def resolve_all(host: str, port: int) -> Sequence[str]:
    """Every address of a name. Raises BadInputError for a name that has none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise BadInputError(f"expected a host name that resolves, got {host!r}: {exc}") from exc
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an IP address is out in the world; wrapped IPv4 addresses are looked at themselves."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return ip.is_global and not ip.is_multicast


def checked_target(url: str, *, allows_private: bool = False, resolve: Resolve = resolve_all) -> Target:
    """The address behind a URL, if it may be called.

    Raises BadInputError for other schemes than https (and http where private addresses are allowed), for names and
    passwords in the URL, and where any address of the host is private, loopback, link-local or otherwise not public.
    """
    parts = _split(url)
    schemes = ("https", "http") if allows_private else ("https",)
    if parts.scheme not in schemes or not parts.hostname:
        raise BadInputError(f"expected a webhook address that begins with {' or '.join(schemes)}://, got {url!r}")
    if parts.username or parts.password:
        raise BadInputError("expected a webhook address without a user name and password")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    addresses = resolve(parts.hostname, port)
    inside = [address for address in addresses if not is_public(address)]
    if inside and not allows_private:
        raise BadInputError(f"expected a public address, got {parts.hostname!r}, which is {', '.join(inside)}")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port, path, addresses[0])


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as exc:
        raise BadInputError(f"expected a webhook address, got {url!r}: {exc}") from exc
    return parts


class _Pinned(http.client.HTTPConnection):
    """A connection to the checked address, whatever the name resolves to by now."""

    def __init__(self, target: Target, *, timeout_s: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout_s)
        self._target = target

    def connect(self) -> None:
        """Connect to the address; TLS checks the certificate against the name."""
        self.sock = socket.create_connection((self._target.address, self._target.port), self.timeout)
        if self._target.scheme == "https":
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self._target.host)


class WebhookSender:
    """Sends what is due. One call of `send_due` works off what waits; several senders may run at once. Blocking."""

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        allows_private: bool = False,
        timeout_s: float = 10.0,
        resolve: Resolve = resolve_all,
    ) -> None:
        """`allows_private` lets webhooks point into your own network: only where you trust all members."""
        self._database = database
        self._now = now
        self._allows_private = allows_private
        self._timeout_s = timeout_s
        self._resolve = resolve

    def send_due(self, *, limit: int = 20) -> int:
        """Try every delivery whose time has come, once; returns how many were tried."""
        deliveries = self._take(limit)
        for delivery in deliveries:
            self._record(delivery, self._try(delivery))
        return len(deliveries)

    def _take(self, limit: int) -> list[Delivery]:
        """Take deliveries for as long as an attempt lasts: a sender that dies gives them back by and by."""
        with self._database.unit_of_work(None) as uow:
            taken = uow.webhooks.take_due(self._now(), limit=limit)
            for row, _ in taken:
                row.attempts += 1
                row.next_attempt_at = self._now() + timedelta(seconds=_LEASE_S + self._timeout_s * limit)
            return [
                Delivery(
                    row.id or 0, row.group_id, row.event_id, row.topic, row.payload, row.attempts, hook.url, hook.secret
                )
                for row, hook in taken
            ]

    def _try(self, delivery: Delivery) -> str | None:
        """Send one delivery; what went wrong, or None."""
        try:
            target = checked_target(delivery.url, allows_private=self._allows_private, resolve=self._resolve)
            status = self._post(target, delivery)
        except BadInputError as exc:
            return exc.message
        except (OSError, http.client.HTTPException) as exc:
            return f"{type(exc).__name__}: {exc}"
        return None if 200 <= status < 300 else f"expected a status of 200 to 299, got {status}"

    def _post(self, target: Target, delivery: Delivery) -> int:
        body = json.dumps(delivery.payload, ensure_ascii=False).encode()
        at = int(self._now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "vori-webhook",
            "X-Vori-Event": delivery.topic,
            "X-Vori-Delivery": delivery.event_id,
            "X-Vori-Signature": sign(body, secret=delivery.secret, at=at),
        }
        connection = _Pinned(target, timeout_s=self._timeout_s)
        try:
            connection.request("POST", target.path, body=body, headers=headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def _record(self, delivery: Delivery, error: str | None) -> None:
        with self._database.unit_of_work(None) as uow:
            row = uow.webhooks.get_delivery(delivery.group_id, delivery.id)
            row.last_error = error[:_MAXIMUM_ERROR] if error else None
            if error is None:
                row.delivered_at, row.next_attempt_at = self._now(), None
            elif delivery.attempts > len(WAITS_S):
                row.next_attempt_at = None
                log.warning("webhook delivery %s is given up after %s attempts", delivery.id, delivery.attempts)
            else:
                row.next_attempt_at = self._now() + timedelta(seconds=WAITS_S[delivery.attempts - 1])
