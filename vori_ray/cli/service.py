"""Commands about the service: up, down, status, doctor, migrate, topics, config."""

from __future__ import annotations

import signal
import threading
from dataclasses import asdict
from typing import Annotated, Any

import typer

from vori_ray.cli.bring_up import bring_up, take_down
from vori_ray.cli.connection import Service
from vori_ray.cli.output import JsonFlag, Progress, console, notes, print_json, print_rows
from vori_ray.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("up")(up)
    app.command("down")(down)
    app.command("status")(status)
    app.command("doctor")(doctor)
    app.command("migrate")(migrate)
    app.command("topics")(topics)
    app.command("config")(config)


def up(
    detach: Annotated[bool, typer.Option(help="Return when all is ready instead of serving until Ctrl-C.")] = False,
    insights: Annotated[bool, typer.Option(help="Run the Spark analytics.")] = True,
    json: JsonFlag = False,
) -> None:
    """Start everything: database, broker, Ray, the service, the analytics."""
    settings = Settings() if insights else Settings(insights=False)
    service = bring_up(settings, Progress())
    announce(service, as_json=json)
    if not detach:
        serve_until_interrupted(settings)


def announce(service: Service, *, as_json: bool) -> None:
    """Say where the page is and which token opens it."""
    if as_json:
        print_json(asdict(service))
        return
    console.print(f"\nVORI is ready: [bold]{service.url}[/bold]")
    console.print(f"token:         {service.token}")


def serve_until_interrupted(settings: Settings) -> None:
    """Wait for Ctrl-C or SIGTERM, then stop every process that was started."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    notes.print("serving; Ctrl-C stops everything")
    stopped.wait()
    take_down(settings.home, Progress())


def down(json: JsonFlag = False) -> None:
    """Stop every process that `up` or `demo` started here; the data stays."""
    stopped = take_down(Settings().home, Progress())
    if json:
        print_json({"stopped": stopped})


def status(json: JsonFlag = False) -> None:
    """Show what runs, with pids and memory."""
    from vori_ray.local.stack import status as read_status

    rows = read_status(Settings().home)
    print_rows(rows, ["name", "pid", "rss_mb", "pss_mb", "cpu_s"], as_json=json)


def doctor(json: JsonFlag = False) -> None:
    """Check each part and say what to do."""
    from vori_ray.local.doctor import run_checks

    checks = [asdict(check) for check in run_checks(Settings())]
    if json:
        print_json(checks)
    for check in [] if json else checks:
        mark = "[green]ok[/green] " if check["ok"] else "[red]no[/red] "
        console.print(f"{mark} {check['name']:<12} {check['detail']}")
        if not check["ok"] and check["advice"]:
            console.print(f"     [dim]{check['advice']}[/dim]")
    if not all(check["ok"] or not check["required"] for check in checks):
        raise typer.Exit(1)


def migrate(
    database_url: Annotated[str | None, typer.Option(help="Database; VORI_DATABASE_URL if not given.")] = None,
    json: JsonFlag = False,
) -> None:
    """Bring the database's tables up to date."""
    from vori_ray.storage.migrate import upgrade

    upgrade(_required(database_url or Settings().database_url, "a database: --database-url or VORI_DATABASE_URL"))
    if json:
        print_json({"migrated": True})


def topics(
    bootstrap: Annotated[str | None, typer.Option(help="Kafka; VORI_KAFKA_BOOTSTRAP_SERVERS if not given.")] = None,
    json: JsonFlag = False,
) -> None:
    """Create the topics that are missing."""
    from vori_ray.messaging.admin import create_topics

    settings = Settings()
    servers = _required(
        bootstrap or settings.kafka_bootstrap_servers, "a broker: --bootstrap or VORI_KAFKA_BOOTSTRAP_SERVERS"
    )
    created = create_topics(servers, partitions=settings.topic_partitions, retention_h=settings.event_retention_h)
    print_rows([{"topic": name} for name in created], ["topic"], as_json=json)


def config(
    markdown: Annotated[bool, typer.Option(help="Print the README's table.")] = False, json: JsonFlag = False
) -> None:
    """Show every setting, its default and its meaning."""
    rows = settings_rows()
    if markdown:
        print(settings_markdown(rows))
    else:
        print_rows(rows, ["variable", "default", "meaning"], as_json=json)


def settings_rows() -> list[dict[str, Any]]:
    """Every setting as {variable, default, meaning}."""
    return [
        {
            "variable": str(field.validation_alias or f"VORI_{name}".upper()),
            "default": "" if field.default is None else str(field.default),
            "meaning": field.description,
        }
        for name, field in Settings.model_fields.items()
    ]


def settings_markdown(rows: list[dict[str, Any]]) -> str:
    """The settings as a Markdown table."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for row in rows:
        default = f"`{row['default']}`" if row["default"] else ""
        lines.append(f"| `{row['variable']}` | {default} | {row['meaning']} |")
    return "\n".join(lines)


def _required(value: str | None, what: str) -> str:
    if value is None:
        raise typer.BadParameter(f"expected {what}")
    return value
