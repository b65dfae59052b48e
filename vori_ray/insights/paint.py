"""The process that turns reports into SVG: `python -m vori_ray.insights.paint`, started and ended by painter.py.

One JSON document a line comes in (`report`, `language`, `theme`, `size`), one goes out (`svg`, or `error`). It ends
when its input does, so nothing is left of it however its owner ended. Knows nothing of databases or HTTP.
"""

from __future__ import annotations

import json
import os
import sys
from typing import IO, Any

from vori_ray.insights.report import report_of

NICENESS = 10
"""Pictures wait for speech, not the other way round."""


def paint(request: dict[str, Any]) -> str:
    """The picture of a report, as SVG."""
    import vl_convert

    from vori_ray.insights.charts import draw

    chart = draw(
        report_of(request["report"]), language=request["language"], theme=request["theme"], size=request["size"]
    )
    svg: str = vl_convert.vegalite_to_svg(chart.to_dict())
    return svg


def serve(requests: IO[str], answers: IO[str]) -> None:
    """Answer every line until there are no more."""
    for line in requests:
        try:
            answer = {"svg": paint(json.loads(line))}
        except Exception as exc:
            answer = {"error": f"{type(exc).__name__}: {exc}"}
        answers.write(json.dumps(answer, ensure_ascii=True) + "\n")
        answers.flush()


if __name__ == "__main__":
    os.nice(NICENESS)
    serve(sys.stdin, sys.stdout)
