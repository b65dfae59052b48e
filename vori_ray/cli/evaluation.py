"""`vori eval tickets`: run an extractor over a labelled set through the code of live meetings, and score it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from vori_ray.cli.output import JsonFlag, console, print_json
from vori_ray.settings import Settings
from vori_ray.tickets.extraction import Extractor

evaluations = typer.Typer(help="Measure VORI on labelled sets.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.add_typer(evaluations, name="eval")


@evaluations.callback()
def group() -> None:
    """Measure VORI on labelled sets."""


@evaluations.command("tickets")
def tickets(
    directory: Annotated[
        Path, typer.Option("--set", help="Folder of meetings with gold.", exists=True, file_okay=False)
    ],
    out: Annotated[Path, typer.Option(help="Folder for one prediction file a meeting.")],
    extractor: Annotated[Literal["rules", "claude"], typer.Option(help="Which extractor reads.")] = "rules",
    json: JsonFlag = False,
) -> None:
    """Write predictions for every meeting of a set and print their scores."""
    from vori_ray.tickets.evaluation import evaluate

    report = evaluate(chosen_extractor(extractor), directory, out)
    if json:
        print_json(asdict(report))
    else:
        console.print(report.text(), markup=False)


def chosen_extractor(name: str) -> Extractor:
    """The extractor of that name, as the settings describe it. Raises BadInputError for Claude without a key."""
    from vori_ray.tickets.running import choose_extractors

    settings = Settings()
    choice = choose_extractors(
        name,
        api_key=settings.anthropic_api_key.get_secret_value() if settings.anthropic_api_key else None,
        base_url=settings.llm_base_url,
        model=settings.llm_model,
        timeout_s=settings.llm_timeout_s,
    )
    return choice.claude or choice.rules
