"""Malformed input for every socket of a running VORI: no crash, no hang, no 5xx but 503.

    python -m tests.benchmarks.fuzz_sockets --url URL --token TOKEN [--inputs 10000] [--seed 1]

Speaks WebSocket by hand, so that frames can be wrong too: reserved bits, lengths that lie, text that is no UTF-8. A
connection must answer its last ping, close, or be refused, each within a deadline; the server must be the same process
afterwards. Writes bench-results/fuzz_sockets.json and docs/benchmarks/fuzz_sockets.md.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import random
import struct
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

REPOSITORY = Path(__file__).parents[2]
ANSWER_DEADLINE_S = 60.0
AT_ONCE = 8
INPUTS_EACH = 12

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


@dataclass
class Report:
    """What was sent and what came of it."""

    inputs: int = 0
    connections: Counter[str] = field(default_factory=Counter)
    handshakes: Counter[int] = field(default_factory=Counter)
    closes: Counter[int] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    wall_s: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "inputs": self.inputs,
            "connections": dict(self.connections),
            "handshakes": {str(status): count for status, count in sorted(self.handshakes.items())},
            "closes": {str(code): count for code, count in sorted(self.closes.items())},
            "messages": dict(self.messages.most_common()),
            "failures": self.failures[:50],
            "wall_s": round(self.wall_s, 1),
        }


class Wire:
    """A WebSocket whose client may lie."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, host: str, port: int, path: str, headers: dict[str, str]) -> tuple[int, Wire]:
        """Shake hands; returns the HTTP status and the wire."""
        reader, writer = await asyncio.open_connection(host, port)
        key = base64.b64encode(os.urandom(16)).decode()
        upgrade = {"Host": f"{host}:{port}", "Connection": "Upgrade", "Upgrade": "websocket"}
        upgrade |= {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key} | headers
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in upgrade.items()), "", ""]
        writer.write("\r\n".join(lines).encode("latin-1", "replace"))
        head = await reader.readuntil(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]), cls(reader, writer)

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def receive(self) -> tuple[int, bytes]:
        """One frame of the server's: (opcode, payload)."""
        first, second = await self._reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", await self._reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", await self._reader.readexactly(8))
        return first & 0x0F, await self._reader.readexactly(length)

    async def close(self) -> None:
        self._writer.transport.abort()


def frame(
    opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0, mask: bool = True, length: int | None = None
) -> bytes:
    """A frame, right or wrong. `length` lies about the payload."""
    claimed = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | (rsv << 4) | opcode])
    bit = 0x80 if mask else 0
    if claimed < 126:
        head += bytes([bit | claimed])
    elif claimed < 65_536:
        head += bytes([bit | 126]) + struct.pack("!H", claimed)
    else:
        head += bytes([bit | 127]) + struct.pack("!Q", claimed)
    if not mask:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))


class Fuzzer:
    """Makes inputs from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def value(self, depth: int = 0) -> Any:
        """Any JSON value, the awkward ones often."""
        pick = self.random.choice
        simple: list[Callable[[], Any]] = [
            lambda: None,
            lambda: pick([True, False]),
            lambda: pick([0, -1, 1, 2**31, 2**63, 10**400, -(10**30)]),
            lambda: pick([0.0, -0.5, 1e308, 5e-324]),
            lambda: pick(["", "en", "ko", "pcm_s16le", "container", "start", "\x00", "\ud800", "🙂" * 50, "x" * 5000]),
            lambda: "".join(chr(self.random.randrange(1, 0x3000)) for _ in range(self.random.randrange(20))),
        ]
        if depth < 3 and self.random.random() < 0.3:
            if self.random.random() < 0.5:
                return [self.value(depth + 1) for _ in range(self.random.randrange(4))]
            return {str(self.value(3)): self.value(depth + 1) for _ in range(self.random.randrange(4))}
        return pick(simple)()

    def message(self, kinds: list[str], names: list[str]) -> str:
        """A message of a protocol with some of its fields spoilt."""
        body = {name: self.value() for name in self.random.sample(names, self.random.randrange(len(names) + 1))}
        kind = self.random.choice([*kinds, self.value()])
        text = json.dumps({"type": kind, **body}, ensure_ascii=self.random.random() < 0.5)
        return text if self.random.random() < 0.8 else text[: self.random.randrange(len(text))]

    def sound(self) -> bytes:
        """Samples, noise, the head of some container, or nothing."""
        size = self.random.choice([0, 1, 2, 3, 320, 639, 3200, 6400, 20_001])
        head = self.random.choice([b"", b"RIFF", b"fLaC", b"OggS", b"\x1aE\xdf\xa3", b"ID3", b"\xff\xfb"])
        return (head + self.random.randbytes(size))[:size] if size else b""

    def wrong_frame(self) -> bytes:
        """A frame that breaks RFC 6455."""
        payload = self.random.randbytes(self.random.randrange(64))
        return self.random.choice(
            [
                lambda: frame(TEXT, b"\xff\xfe\xfd"),
                lambda: frame(TEXT, payload, rsv=self.random.randrange(1, 8)),
                lambda: frame(self.random.choice([3, 4, 5, 6, 7, 11, 15]), payload),
                lambda: frame(TEXT, payload, mask=False),
                lambda: frame(0, payload),
                lambda: frame(PING, bytes(126)),
                lambda: frame(PING, payload, fin=False),
                lambda: frame(CLOSE, b"\x00"),
                lambda: frame(CLOSE, struct.pack("!H", self.random.choice([0, 999, 1005, 1006, 5000])) + b"\xff"),
                lambda: frame(BINARY, payload, length=2**62),
                lambda: frame(TEXT, payload, fin=False) + frame(TEXT, payload),
                lambda: self.random.randbytes(self.random.randrange(1, 200)),
            ]
        )()

    def input(self, socket: SocketKind) -> bytes:
        """One input for a socket."""
        kind = self.random.random()
        if kind < 0.55:
            text = self.message(socket.kinds, socket.names)
            return frame(TEXT, text.encode("utf-8", "surrogatepass"))
        if kind < 0.8:
            return frame(BINARY, self.sound())
        if kind < 0.9:
            return frame(
                TEXT, self.random.choice([b"", b"[]", b"null", b"{", b"[" * 3000, b'"' + b"x" * 70_000 + b'"'])
            )
        if kind < 0.905:
            return frame(BINARY, bytes(1024 * 1024 + self.random.randrange(4)))
        return self.wrong_frame()


@dataclass(frozen=True)
class SocketKind:
    """A socket: where it is, how a session begins, and the words of its protocol."""

    name: str
    path: str
    begins: tuple[str, ...]
    kinds: list[str]
    names: list[str]


def socket_kinds(meeting_id: int, group_id: int) -> list[SocketKind]:
    """Every socket of VORI."""
    start = json.dumps({"type": "start"})
    container = json.dumps({"type": "start", "encoding": "container"})
    fields = ["encoding", "sample_rate", "channels", "language", "session_id", "speaker", "last_segment_id"]
    realtime = ["session", "audio", "event_id", "item_id", "content_index", "input_audio_format"]
    return [
        SocketKind(
            "audio",
            f"/ws/meetings/{meeting_id}/audio",
            (start, container, ""),
            ["start", "finalize", "stop", "ping"],
            fields,
        ),
        SocketKind("events", f"/ws/groups/{group_id}/events", ("",), ["ping", "event", "hello"], ["seq", "topic"]),
        SocketKind(
            "openai",
            "/v1/realtime?intent=transcription",
            ("",),
            [
                "session.update",
                "transcription_session.update",
                "input_audio_buffer.append",
                "input_audio_buffer.commit",
                "input_audio_buffer.clear",
                "response.create",
            ],
            realtime,
        ),
        SocketKind(
            "deepgram",
            "/v1/listen?encoding=linear16&sample_rate=16000",
            ("",),
            ["KeepAlive", "Finalize", "CloseStream", "Configure"],
            ["data", "features"],
        ),
    ]


UNANSWERED = "keepalive ping timeout"  # this client answers no pings, so a server may give it up


class Run:
    """One run against one server."""

    def __init__(self, url: str, token: str, *, seed: int) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._host, self._port = parts.hostname, parts.port or 80
        self._token = token
        self._fuzzer = Fuzzer(seed)
        self.report = Report()

    async def connection(self, socket: SocketKind) -> None:
        """One connection with its inputs; whatever happens must happen within the deadline."""
        self.report.connections[socket.name] += 1
        path, headers = self._handshake(socket)
        try:
            async with asyncio.timeout(ANSWER_DEADLINE_S):
                status, wire = await Wire.open(self._host, self._port, path, headers)
                self._note_status(socket, status, path)
                if status == 101:
                    await self._talk(socket, wire)
                await wire.close()
        except TimeoutError:
            self.report.failures.append(f"{socket.name}: no answer within {ANSWER_DEADLINE_S:g} s")
        except (ConnectionError, asyncio.IncompleteReadError):
            self.report.closes[1006] += 1

    def _handshake(self, socket: SocketKind) -> tuple[str, dict[str, str]]:
        """Mostly right; else a spoilt path, query or token."""
        pick = self._fuzzer.random
        headers = {"Authorization": f"Bearer {self._token}"}
        if pick.random() > 0.1:
            return socket.path, headers
        self.report.inputs += 1
        nonsense = quote(str(self._fuzzer.value(3)).encode("utf-8", "replace"))[:500]
        return pick.choice(
            [
                (
                    socket.path + ("&" if "?" in socket.path else "?") + f"after_seq={nonsense}&encoding={nonsense}",
                    headers,
                ),
                (f"/ws/meetings/{nonsense}/audio", headers),
                (f"/ws/groups/{nonsense}/events", headers),
                (f"/v1/listen?encoding=linear16&sample_rate={nonsense}&channels={nonsense}", headers),
                (socket.path, {"Authorization": f"Bearer {nonsense}"}),
                (socket.path, {"Sec-WebSocket-Protocol": f"bearer, {nonsense or 'x'}"}),
                (socket.path, {"Cookie": f"vori_session={nonsense}", "Origin": "https://evil.example"}),
            ]
        )

    def _note_status(self, socket: SocketKind, status: int, path: str) -> None:
        self.report.handshakes[status] += 1
        if status >= 500 and status != 503:
            self.report.failures.append(f"{socket.name}: handshake answered {status} for {path[:200]}")

    async def _talk(self, socket: SocketKind, wire: Wire) -> None:
        listening = asyncio.create_task(self._listen(wire))
        try:
            begin = self._fuzzer.random.choice(socket.begins)
            if begin:
                await wire.send(frame(TEXT, begin.encode()))
            for _ in range(self._fuzzer.random.randrange(1, INPUTS_EACH)):
                self.report.inputs += 1
                await wire.send(self._fuzzer.input(socket))
            await wire.send(frame(PING, b"last") + frame(CLOSE, struct.pack("!H", 1000)))
            await listening
        finally:
            listening.cancel()

    async def _listen(self, wire: Wire) -> None:
        """Read until the server closes."""
        while True:
            opcode, payload = await wire.receive()
            if opcode == CLOSE:
                code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005
                self.report.closes[code] += 1
                reason = payload[2:].decode(errors="replace")
                if code == 1011 and reason != UNANSWERED:
                    self.report.failures.append(f"closed with 1011, which says that the server is at fault: {reason!r}")
                return
            if opcode == TEXT:
                message = json.loads(payload)
                kind = str(message.get("type"))
                self.report.messages[
                    f"{kind} {message['code']}" if kind == "error" and "code" in message else kind
                ] += 1


async def fuzz(url: str, token: str, *, inputs: int, seed: int) -> Report:
    """Send at least so many inputs, and see to it that the server is still the one that it was."""
    started_at = time.monotonic()
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        group_id = client.get("/api/groups").json()[0]["groupId"]
        meeting = client.post("/api/meetings", json={"groupId": group_id, "title": "Fuzzing"}).json()
        replica = client.get("/status").json()["replica"]
        run = Run(url, token, seed=seed)
        sockets = socket_kinds(meeting["meetingId"], group_id)
        while run.report.inputs < inputs:
            async with asyncio.TaskGroup() as tasks:
                for number in range(AT_ONCE):
                    tasks.create_task(run.connection(sockets[number % len(sockets)]))
        if client.get("/status").json()["replica"] != replica:
            run.report.failures.append("the Gateway's replica is another one than before")
        if not client.get("/readyz").is_success:
            run.report.failures.append("the server is not ready any more")
    run.report.wall_s = time.monotonic() - started_at
    return run.report


def write(report: Report) -> None:
    """Keep the figures, as JSON and as a table."""
    results = REPOSITORY / "bench-results" / "fuzz_sockets.json"
    results.parent.mkdir(exist_ok=True)
    results.write_text(json.dumps(report.as_dict(), indent=2) + "\n")
    table = REPOSITORY / "docs" / "benchmarks" / "fuzz_sockets.md"
    table.parent.mkdir(parents=True, exist_ok=True)
    lines = ["# Malformed input on every socket", "", "| what | figure |", "|---|---|"]
    for name, value in report.as_dict().items():
        shown = ", ".join(f"{key}: {count}" for key, count in value.items()) if isinstance(value, dict) else value
        lines.append(f"| {name} | {shown or 'none'} |")
    table.write_text("\n".join(lines) + "\n")


def main() -> int:
    """Command line; the exit status is 1 when something failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    report = asyncio.run(fuzz(given.url, given.token, inputs=given.inputs, seed=given.seed))
    write(report)
    print(json.dumps(report.as_dict(), indent=2))
    return 1 if report.failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
