"""A FAKE of the Claude Messages API on loopback, for tests: messages, count_tokens, batches, and every way to fail.

`with FakeMessagesApi(answer) as api:` serves at `api.url`. `answer(body)` makes the reply of a request; `api.script()`
puts one-off behaviours (a failure, a refusal, a cut reply) in front of it. It understands no language.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes over the wire. `hangs` keeps the connection open without a word; `drops` closes it."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    hangs: bool = False
    drops: bool = False


def message(
    text: str,
    *,
    stop_reason: str = "end_turn",
    model: str = "fake-model",
    usage: Body | None = None,
    thinking: str = "",
) -> Body:
    """A message of the API with one text block (and a thinking block before it, if given)."""
    blocks: list[Body] = [{"type": "thinking", "thinking": thinking, "signature": "fake"}] if thinking else []
    return {
        "id": "msg_fake",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [*blocks, {"type": "text", "text": text}],
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": usage or {"input_tokens": 100, "output_tokens": 20},
    }


def operations(*elements: Body, summary: Sequence[str] = ()) -> str:
    """The text of a well-formed answer."""
    return json.dumps({"operations": list(elements), "summary": list(summary)}, ensure_ascii=False)


def operation(**fields: Any) -> Body:
    """One element with every key that the schema asks for."""
    return {
        "op": "create",
        "kind": "task",
        "ticket_ref": None,
        "title": "",
        "content": "",
        "owner": None,
        "due_text": None,
        "status": None,
        "priority": None,
        "segment_ids": [],
        "quote": "",
        "certainty": 0.95,
        "explicit": True,
        **fields,
    }


def failure(status: int, *, kind: str = "error", retry_after_s: float | None = 0.01) -> Reply:
    """An error of the API, e.g. 429 rate_limit_error or 529 overloaded_error."""
    headers = {} if retry_after_s is None else {"retry-after": str(retry_after_s)}
    return Reply(status, {"type": "error", "error": {"type": kind, "message": "fake"}}, headers)


def segments_of(body: Body) -> list[Body]:
    """The transcript lines of a request, as an extractor sent them."""
    content = body["messages"][0]["content"]
    if "<transcript>" not in content:
        return []
    lines = content.split("<transcript>\n", 1)[1].rsplit("\n</transcript>", 1)[0]
    return [json.loads(line) for line in lines.splitlines() if line.strip()]


class FakeMessagesApi:
    """The server. `requests` holds (path, headers, body) of every call in order."""

    def __init__(self, answer: Callable[[Body], Body] | None = None) -> None:
        self.answer = answer or (lambda body: message(operations()))
        self.requests: list[tuple[str, dict[str, str], Body]] = []
        self.counts_tokens = True
        self.tokens_per_character = 0.25
        self.batch_polls = 0
        self._script: deque[Reply] = deque()
        self._batches: dict[str, list[Body]] = {}
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """Base URL of the fake."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def script(self, *replies: Reply | Body) -> None:
        """The next calls of /v1/messages get these, in order; a plain message body is sent with status 200."""
        for reply in replies:
            self._script.append(reply if isinstance(reply, Reply) else Reply(body=reply))

    def calls(self, path: str = "/v1/messages") -> list[Body]:
        """Bodies of the calls of one path."""
        return [body for called, _, body in self.requests if called == path]

    def respond(self, method: str, path: str, headers: dict[str, str], body: Body) -> Reply:
        """What a request is answered with."""
        with self._lock:
            self.requests.append((path, headers, body))
            if path == "/v1/messages":
                return self._script.popleft() if self._script else Reply(body=self.answer(body))
        if path == "/v1/messages/count_tokens":
            return self._count(body)
        if path.startswith("/v1/messages/batches"):
            return self._batch(method, path, body)
        return failure(404, kind="not_found_error")

    def hang(self) -> None:
        """Say nothing until the fake is stopped."""
        self._stopped.wait(30)

    def _count(self, body: Body) -> Reply:
        if not self.counts_tokens:
            return failure(404, kind="not_found_error")
        text = "".join(each["content"] for each in body["messages"])
        return Reply(body={"input_tokens": int(len(text) * self.tokens_per_character)})

    def _batch(self, method: str, path: str, body: Body) -> Reply:
        if method == "POST":
            batch_id = f"msgbatch_{len(self._batches)}"
            self._batches[batch_id] = body["requests"]
            return Reply(body=self._batch_body(batch_id, is_ended=False))
        batch_id = path.split("/")[4]
        if path.endswith("/results"):
            lines = [json.dumps(self._result(each)) for each in reversed(self._batches[batch_id])]
            return Reply(body="\n".join(lines) + "\n", content_type="application/x-jsonl")
        self.batch_polls += 1
        return Reply(body=self._batch_body(batch_id, is_ended=self.batch_polls > 1))

    def _result(self, request: Body) -> Body:
        reply = self._script.popleft() if self._script else Reply(body=self.answer(request["params"]))
        result = {"type": "succeeded", "message": reply.body} if reply.status == 200 else {"type": "errored"}
        return {"custom_id": request["custom_id"], "result": {**result, **({} if reply.status == 200 else reply.body)}}

    def _batch_body(self, batch_id: str, *, is_ended: bool) -> Body:
        return {
            "id": batch_id,
            "type": "message_batch",
            "processing_status": "ended" if is_ended else "in_progress",
            "request_counts": {"processing": 0, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0},
            "created_at": "2026-11-01T00:00:00Z",
            "expires_at": "2026-11-02T00:00:00Z",
            "ended_at": "2026-11-01T00:01:00Z" if is_ended else None,
            "results_url": f"{self.url}/v1/messages/batches/{batch_id}/results" if is_ended else None,
        }

    def __enter__(self) -> FakeMessagesApi:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def _handler(api: FakeMessagesApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            return

        def do_GET(self) -> None:
            self._send(api.respond("GET", self.path, dict(self.headers), {}))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self._send(api.respond("POST", self.path, dict(self.headers), body))

        def _send(self, reply: Reply) -> None:
            if reply.hangs:
                api.hang()
            if reply.hangs or reply.drops:
                self.close_connection = True
                return
            data = (reply.body if isinstance(reply.body, str) else json.dumps(reply.body)).encode()
            self.send_response(reply.status)
            self.send_header("content-type", reply.content_type)
            self.send_header("content-length", str(len(data)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

    return Handler
