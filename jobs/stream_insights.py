"""`ray job submit -- python jobs/stream_insights.py [--until-running]`: the supervised streaming queries, as a job.

Watches the InsightsDriver that the service runs, or starts one (which needs VORI_DATABASE_URL and
VORI_KAFKA_BOOTSTRAP_SERVERS) and ends it when the job is stopped. Prints the status as a line of JSON when it changes.
With --until-running it ends as soon as the queries run, and leaves them running.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading

import ray

from vori_ray.errors import VoriError
from vori_ray.insights.on_cluster import stream
from vori_ray.messaging.actors import NAMESPACE
from vori_ray.settings import Settings


def main() -> None:
    """Parse, watch, end on SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--until-running", action="store_true", help="end as soon as the queries run")
    given = parser.parse_args()
    ray.init(namespace=NAMESPACE, log_to_driver=False)
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):  # after ray.init, which sets its own
        signal.signal(number, lambda *_: over.set())
    try:
        stream(
            Settings(),
            is_over=over.is_set,
            until_running=given.until_running,
            say=lambda line: print(line, flush=True),
        )
    except (VoriError, ValueError) as exc:
        sys.exit(f"error: {exc}")


if __name__ == "__main__":
    main()
