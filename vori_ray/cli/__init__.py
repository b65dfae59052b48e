"""The command line: `vori up | down | status | demo | stream | meetings | tickets | minutes | insights | eval ...`.

Every command takes `--json`. A command parses, calls the package, prints; it decides nothing.
"""

from __future__ import annotations

import sys

import typer

from vori_ray.cli import demo, evaluation, insights, meetings, reanalyze, service
from vori_ray.cli.output import fail
from vori_ray.errors import VoriError

app = typer.Typer(name="vori", help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for module in (service, demo, meetings, insights, evaluation, reanalyze):
    module.register(app)


def main() -> None:
    """Run the command line; errors become one line on standard error and exit code 1, Ctrl-C exit code 130."""
    try:
        app()
    except VoriError as exc:
        fail(exc)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
