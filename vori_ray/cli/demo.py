"""`vori demo`: plays the bundled meetings through the real WebSocket, shows what comes of them, and measures it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from vori_ray.cli.bring_up import bring_up, is_ready, take_down
from vori_ray.cli.connection import Service, find_service
from vori_ray.cli.history import play_history
from vori_ray.cli.meetings import Transcript
from vori_ray.cli.output import Progress, console, print_rows, write_json
from vori_ray.cli.recording import Recording
from vori_ray.cli.service import announce, serve_until_interrupted
from vori_ray.client import VoriClient
from vori_ray.settings import Settings

TITLES = {"en": "Sprint planning (demo)", "ko": "주간 회의 (데모)"}
BOARD_BEFORE = {
    "en": ["Upgrade the search index", "Integrate the payment gateway"],
    "ko": ["검색 기능 테스트", "데이터베이스 교체"],
}
"""Tickets that stood on the board before the meetings, so that spoken status changes have something to reach."""

MINUTES_DEADLINE_S = 120.0


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("demo")(demo)


def demo(
    language: Annotated[Literal["en", "ko", "all"], typer.Option(help="Which demo meeting.")] = "en",
    serve: Annotated[bool, typer.Option(help="Go on serving afterwards, until Ctrl-C.")] = False,
    speed: Annotated[float, typer.Option(min=0.1, help="1 is real time; latencies are true only there.")] = 1.0,
    insights: Annotated[bool, typer.Option(help="Run the Spark analytics.")] = True,
    history: Annotated[bool, typer.Option("--history", help="Write weeks of made-up groups instead.")] = False,
    weeks: Annotated[int, typer.Option(min=1, max=52, help="How long the history is.")] = 8,
    seed: Annotated[int, typer.Option(help="Which history.")] = 1,
    json: Annotated[Path | None, typer.Option("--json", help="Write the results to this file.")] = None,
) -> None:
    """Play the demo meeting: transcript, tickets and minutes as they come; exit 0 when they are complete.

    With --history: write eight weeks of synthetic groups, so that trends and findings have something to show.
    """
    settings = Settings() if insights else Settings(insights=False)
    running = find_service(settings.home)
    was_running = running is not None and is_ready(running.url)
    started_at = time.monotonic()
    try:
        say = Progress()
        service = bring_up(settings, say)
        if history:
            report = play_history(service, settings, seed=seed, weeks=weeks, say=say)
            show_history(report)
        else:
            report = play_meetings(service, language, speed)
        report["wall_s"] = round(time.monotonic() - started_at, 1)
        if json:
            write_json(json, report)
        if serve:
            announce(service, as_json=False)
            serve_until_interrupted(settings)
    finally:
        if not was_running:
            take_down(settings.home, lambda _: None)


def play_meetings(service: Service, language: str, speed: float) -> dict[str, Any]:
    """Play one or both demo meetings and return the report that `--json` writes."""
    with VoriClient(service.url, service.token) as client:
        before = client.last_seq(service.group_id)
        languages = ["en", "ko"] if language == "all" else [language]
        played = [play_meeting(client, service.group_id, one, speed) for one in languages]
        events = Counter(event["topic"] for event in client.events_after(service.group_id, before))
    return {"meetings": played, "events": dict(events)}


def play_meeting(client: VoriClient, group_id: int, language: str, speed: float) -> dict[str, Any]:
    """Play one meeting from its first word to its minutes."""
    prepare_board(client, group_id, BOARD_BEFORE[language])
    meeting_id = client.create_meeting(group_id, TITLES[language], language=language)["meetingId"]
    console.rule(TITLES[language])
    recording = Recording(language)
    heard = asyncio.run(recording.play(client, meeting_id, speed=speed, show=Transcript().show))
    client.end_meeting(meeting_id)
    client.wait_until_extracted(meeting_id, timeout_s=MINUTES_DEADLINE_S)
    report = recording.measure(heard) | results(client, meeting_id)
    show_results(report)
    return {"meeting_id": meeting_id, "language": language} | report


def prepare_board(client: VoriClient, group_id: int, titles: list[str]) -> None:
    """Put tickets on the board, unless an earlier run did."""
    known = {ticket["title"] for ticket in client.tickets(group_id=group_id) if ticket["status"] != "DONE"}
    for title in titles:
        if title not in known:
            client.create_ticket(group_id, title)


def results(client: VoriClient, meeting_id: int) -> dict[str, Any]:
    """What came of the meeting."""
    return {
        "transcript": client.transcript(meeting_id)["segments"],
        "tickets": client.tickets(meeting_id=meeting_id),
        "status_changes": client.status_changes(meeting_id),
        "minutes": client.minutes(meeting_id)["markdown"],
    }


def show_results(report: dict[str, Any]) -> None:
    """Print tickets, changes, minutes and measures."""
    console.rule("tickets")
    for ticket in report["tickets"]:
        facts = ", ".join(str(ticket[name]) for name in ("assignee", "dueDate") if ticket.get(name))
        console.print(f"{ticket['status']:<12} {ticket['title']}" + (f"  ({facts})" if facts else ""), markup=False)
    for change in report["status_changes"]:
        console.print(f"{change['title']}: {change['oldStatus']} -> {change['newStatus']}", markup=False)
    console.rule("minutes")
    console.print(report["minutes"], markup=False)
    console.rule("measured")
    words, finals = report["word_latency_s"], report["final_latency_s"]
    console.print(
        f"{report['error_kind'].upper()} {report['error_rate']:.1%}; words settled after {words['p50']} s (p50),"
        f" {words['p95']} s (p95); sentences after {finals['p50']} s, {finals['p95']} s"
    )


def show_history(report: dict[str, Any]) -> None:
    """Print the groups of a history and what they hold."""
    print_rows(report["groups"], ["group_id", "name", "language", "meetings", "tickets"], as_json=False)
    console.print(
        f"{report['meetings']} meetings, {report['tickets']} tickets, {sum(report['events'].values())} events"
    )
