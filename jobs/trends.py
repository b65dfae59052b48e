"""`ray job submit -- python jobs/trends.py [--days N] [--group ID ...]`: trends, keywords and findings, computed anew.

Uses the InsightsDriver's Spark where it runs; else starts its own, and needs VORI_DATABASE_URL (and, to tell of it,
VORI_KAFKA_BOOTSTRAP_SERVERS). The last line printed is the report as JSON.
"""

from __future__ import annotations

import argparse
import json
import sys

import ray

from vori_ray.errors import VoriError
from vori_ray.insights.on_cluster import recompute
from vori_ray.insights.recompute import DEFAULT_DAYS
from vori_ray.messaging.actors import NAMESPACE
from vori_ray.settings import Settings


def main() -> None:
    """Parse, compute, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=DEFAULT_DAYS, help="how many days back the trends go")
    parser.add_argument("--group", type=int, action="append", help="group to compute; all if not given")
    given = parser.parse_args()
    ray.init(namespace=NAMESPACE, log_to_driver=False)
    try:
        report = recompute(Settings(), days=given.days, group_ids=given.group, say=lambda line: print(line, flush=True))
    except VoriError as exc:
        sys.exit(f"error ({exc.error_code}): {exc.message}")
    print(json.dumps(report, ensure_ascii=False))


if __name__ == "__main__":
    main()
