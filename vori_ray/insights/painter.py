"""Pictures of reports, drawn in a process of their own and kept for who asks next.

vl-convert holds Python's global lock while it draws, for 40 to 800 ms: inside the Gateway every open audio stream
would wait. The process starts with the first picture, takes about 130 MB, and ends after `idle_s` without work. One
`Painter` may serve many threads; pictures are drawn one after the other. Knows nothing of what is drawn.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from vori_ray.errors import UnavailableError
from vori_ray.insights.report import Language, Report

KEPT_PICTURES = 64
_MODULE = "vori_ray.insights.paint"


class Painter:
    """Draws SVG. Blocking; nothing is started before the first picture."""

    def __init__(self, *, idle_s: float = 120.0, deadline_s: float = 30.0) -> None:
        self._idle_s = idle_s
        self._deadline_s = deadline_s
        self._turn = threading.Lock()
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._process: subprocess.Popen[str] | None = None
        self._rest: threading.Timer | None = None

    def paint(self, report: Report, *, language: Language, theme: str, size: str) -> str:
        """The picture of a report, the same for the same content. Raises UnavailableError when it cannot be drawn."""
        request = json.dumps(
            {"report": document_of(report), "language": language, "theme": theme, "size": size}, sort_keys=True
        )
        key = hashlib.sha256(request.encode()).hexdigest()
        with self._turn:
            if key not in self._kept:
                self._kept[key] = self._draw(request)
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT_PICTURES:
                self._kept.popitem(last=False)
            return self._kept[key]

    def close(self) -> None:
        """End the process; the painter can be used again."""
        with self._turn:
            self._end()

    def _draw(self, request: str) -> str:
        """Ask the process; one that died since the last picture is replaced."""
        is_fresh = self._process is None
        try:
            answer = self._ask(self._process or self._start(), request)
        except (OSError, ValueError) as exc:
            self._end()
            if not is_fresh:
                return self._draw(request)
            raise UnavailableError("The chart could not be drawn: the process that draws has ended.") from exc
        self._rest_later()
        if "error" in answer:
            raise UnavailableError(f"The chart could not be drawn: {answer['error']}")
        return answer["svg"]

    def _ask(self, process: subprocess.Popen[str], request: str) -> dict[str, str]:
        """One line there and one back. Raises OSError or ValueError when the process has ended or takes too long."""
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Timer(self._deadline_s, process.kill)
        late.start()
        try:
            process.stdin.write(request + "\n")
            process.stdin.flush()
            answer: dict[str, str] = json.loads(process.stdout.readline())
            return answer
        finally:
            late.cancel()

    def _start(self) -> subprocess.Popen[str]:
        self._process = subprocess.Popen(
            [sys.executable, "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        return self._process

    def _rest_later(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
        self._rest = threading.Timer(self._idle_s, self.close)
        self._rest.daemon = True
        self._rest.start()

    def _end(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            # closing sends what a process that died did not take, and so fails; the pipe is closed all the same
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()


def document_of(report: Report) -> dict[str, Any]:
    """A report as `report_of` reads it."""
    document = asdict(report)
    return document | {"isEnough": document.pop("is_enough")}
