"""Hear archived meetings again: `ray job submit -- python jobs/reanalyze.py --group 1 --model small`.

Calls the package and exits: 0 when every meeting is done, 1 when any failed, 2 for arguments that cannot be.
"""

from __future__ import annotations

import sys

from vori_ray.reanalysis.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
