"""Broadcasts on the command line: send, watch, approve, recall."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from notify import clock
from notify.bootstrap import App
from notify.cli.backups import about, show_hold
from notify.cli.context import run_with_app, stamp
from notify.cli.duty import show_alarms
from notify.cli.groups import LANGUAGE_TAG
from notify.cli.health import show_health
from notify.domain.broadcast import BroadcastStatus, Text
from notify.domain.delivery import DeliveryStatus
from notify.domain.poll import Ask
from notify.domain.submission import Submission
from notify.domain.words import Kind, Relation, Severity, lane_of
from notify.rendering import reasons
from notify.rendering.languages import Words, speaks, spoken, words
from notify.services import auditing, holding, noticing, submitting, watching
from notify.services.watching import Watched
from notify.settings import Settings
from notify.web.api.questions import AskIn, to_ask

_MOST_BYTES: Final = 1_000_000


def send(
    group: Annotated[list[str], typer.Option(help="Slug of a group; repeat for several.")],
    title: Annotated[list[str], typer.Option(help="Title, or one a language: en=Storm.")],
    body: Annotated[list[str], typer.Option(help="Text in Markdown, or one a language: en=…")],
    sms: Annotated[
        list[str] | None, typer.Option(help="Shorter text for SMS, or one a language.")
    ] = None,
    kind: Annotated[Kind, typer.Option(help="alert, announcement or poll.")] = Kind.ANNOUNCEMENT,
    severity: Annotated[Severity | None, typer.Option(help="How bad it is.")] = None,
    valid_until: Annotated[
        datetime | None,
        typer.Option(
            help="Until when it holds, town's time: 2030-12-31T22:00. Alerts and polls need it."
        ),
    ] = None,
    send_at: Annotated[
        datetime | None,
        typer.Option(help="When to send, town's time: 2030-12-31T18:00. Without: at once."),
    ] = None,
    follows: Annotated[UUID | None, typer.Option(help="Id of the broadcast it follows.")] = None,
    relation: Annotated[Relation | None, typer.Option(help="How it follows.")] = None,
    ask: Annotated[
        Path | None,
        typer.Option(
            help="File with what it asks, as `ask` in the API (JSON).", exists=True, dir_okay=False
        ),
    ] = None,
    drill: Annotated[
        bool, typer.Option("--drill", help="An exercise, to groups for drills alone.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Also if the same was sent within ten minutes.")
    ] = False,
) -> None:
    """Send a broadcast and print its id. Whoever may run this may send alerts."""
    if (follows is None) is not (relation is None):
        raise typer.BadParameter("--follows and --relation go together")
    asked = None if ask is None else _asked(ask, alert=kind is Kind.ALERT)

    async def work(app: App) -> None:
        first = app.settings.default_language
        async with app.db.transaction() as connection:
            done = await submitting.submit(
                connection,
                Submission(
                    kind=kind, groups=group, severity=severity, valid_until=valid_until,
                    send_at=send_at, in_reply_to=follows, relation=relation, drill=drill,
                    texts=_texts(title, body, sms or [], first=first), ask=asked,
                ),
                settings=app.settings, now=clock.now(), may_alert=True, within=None, key_id=None,
            )  # fmt: skip
            if not again:
                await submitting.refuse_twin(connection, done, settings=app.settings)
            await auditing.record(connection, None, "broadcast.submitted", broadcast=done.id)
        app.bell.ring(lane_of(kind))
        for language, pairs in done.replaced.items():
            changed = " ".join(f"{old}→{new or '∅'}" for old, new in pairs)
            typer.echo(f"SMS in {language}: {changed}", err=True)
        typer.echo(str(done.id))

    run_with_app(work)


def _asked(file: Path, *, alert: bool) -> Ask:
    """What a file asks. Raises BadParameter, with the place where it is wrong."""
    with file.open("rb") as opened:
        held = opened.read(_MOST_BYTES + 1)
    if len(held) > _MOST_BYTES:
        raise typer.BadParameter("--ask: the file is too large. It holds JSON, as in docs/api.md.")
    try:
        return to_ask(AskIn.model_validate_json(held), alert=alert)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        place = ".".join(["ask", *map(str, first["loc"])])
        raise typer.BadParameter(f"--ask: {place}: {first['msg']}") from None


def _texts(titles: list[str], bodies: list[str], sms: list[str], *, first: str) -> dict[str, Text]:
    title, body, short = (by_language(said, first) for said in (titles, bodies, sms))
    return {
        language: Text(title.get(language, ""), body.get(language, ""), short.get(language))
        for language in {**title, **body, **short}
    }


def by_language(said: list[str], first: str) -> dict[str, str]:
    """`en=Storm` is for English; a text without a short language in front is for the first."""
    found = {}
    for text in said:
        tag = LANGUAGE_TAG.match(text)
        found[tag[1] if tag else first] = text[tag.end() :] if tag else text
    return found


def status(
    broadcast: Annotated[UUID | None, typer.Argument(help="Its id. Without: the service.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
    language: Annotated[str, typer.Option(help="Of the reasons: en or de.")] = "en",
) -> None:
    """Show where a broadcast stands, or how the service is."""
    if not speaks(language):
        typer.echo(
            f"The reasons are not there in {language!r}, only in: {', '.join(spoken())}.", err=True
        )
        raise typer.Exit(1)

    async def work(app: App) -> None:
        if broadcast is None:
            held = await holding.held(app.db)
            raised = await noticing.in_force(app.db)
            health = await watching.health(app.db)
            show_health(health, held, raised, as_json=as_json, settings=app.settings)
            show_alarms(app, [] if as_json else raised)
            return
        watched = await watching.broadcast(app.db, broadcast, within=None)
        gone = watched.row["forgotten_at"] is not None  # what is left of it would mislead
        why = [] if gone else await watching.reasons(app.db, broadcast)
        chosen = words(language, default="en", zone=app.settings.zone)
        _show_broadcast(watched, why, as_json=as_json, words=chosen, settings=app.settings)

    run_with_app(work)


def approve(
    broadcast: Annotated[UUID, typer.Argument(help="Its id.")],
    now: Annotated[
        bool, typer.Option("--now", help="At once, where the time it was to be sent at is over.")
    ] = False,
) -> None:
    """Let a submitted broadcast go."""

    async def work(app: App) -> None:
        row = await submitting.approve(app.db, broadcast, at_once=now)
        app.bell.ring(lane_of(row["kind"]))
        typer.echo("Approved.")

    run_with_app(work)


def cancel(broadcast: Annotated[UUID, typer.Argument(help="Its id.")]) -> None:
    """Recall a broadcast; what was handed over stays told."""

    async def work(app: App) -> None:
        row = await submitting.cancel(app.db, broadcast, within=None)
        app.bell.ring(lane_of(row["kind"]))
        await auditing.record_after(app.db, "broadcast.recalled", broadcast=broadcast)
        typer.echo("Recalled.")

    run_with_app(work)


def _show_broadcast(
    watched: Watched,
    why: list[dict[str, Any]],
    *,
    as_json: bool,
    words: Words,
    settings: Settings,
) -> None:
    row, progress = watched.row, watched.progress
    why = [{**line, "said": reasons.said(words, line["reason"], line["status"])} for line in why]
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "id": row["id"], "kind": row["kind"], "drill": row["drill"], "status": row["status"],
                    "held_at": row["held_at"], "held_why": row["held_why"],
                    "forgotten_at": row["forgotten_at"],
                    "groups": watched.groups, "late_seconds": watched.late,
                    "progress": progress.counts,
                    "skips": progress.skips, "reasons": why,
                    "first_handover_at": progress.first_handover_at,
                    "last_handover_at": progress.last_handover_at,
                },
                default=str,
            )
        )  # fmt: skip
        return
    _say_where(watched, settings)
    table = Table("", *progress.counts)
    for name in DeliveryStatus:
        counts = [str(of[name]) for of in progress.counts.values()]
        if any(count != "0" for count in counts):
            table.add_row(str(name), *counts)
    console = Console()
    if table.row_count:
        console.print(table)
    for channel, skipped in progress.skips.items():
        for reason, n in skipped.items():
            _say(console, f"skipped on {channel}: {reason} {n}", reasons.said(words, reason))
    for line in why:
        counted = f"{line['status']} on {line['channel']}: {line['reason']} {line['n']}"
        _say(console, counted, line["said"])


def _say(console: Console, counted: str, said: str | None) -> None:
    console.print(counted)
    if said:
        console.print(f"  {said}", style="dim", highlight=False)


def _say_where(watched: Watched, settings: Settings) -> None:
    row = watched.row
    drill = "drill, " if row["drill"] else ""
    typer.echo(f"{drill}{row['kind']} {row['id']}: {row['status']}")
    titles = {language: text["title"] for language, text in row["texts"].items()}
    typer.echo(about(titles, watched.groups, row["valid_until"], settings))
    show_hold(row, settings)
    if row["forgotten_at"] is not None:
        typer.echo(
            f"Who got it was deleted from {stamp(row['forgotten_at'], settings)} on, as "
            "NOTIFY_DELIVERY_DAYS says. The figures stay."
        )
    if watched.late is not None:
        typer.echo(f"It began {timedelta(seconds=watched.late)} late: nobody was at work then.")
    if row["status"] == BroadcastStatus.EXPIRED:
        typer.echo("It was not sent: its time had passed before anybody was at work.")
