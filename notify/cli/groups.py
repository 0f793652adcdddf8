"""Groups on the command line."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich import print as show

from notify import clock
from notify.bootstrap import App
from notify.cli import requests
from notify.cli.context import run_with_app
from notify.services import groups

LANGUAGE_TAG = re.compile(r"([a-z]{2,3}(?:-[A-Za-z0-9]{1,8})*)=")
"""`en=` in front of a text says which language it is in."""


class Switch(StrEnum):
    """Whether something is to be so."""

    ON = "on"
    OFF = "off"


app = typer.Typer(no_args_is_help=True, help="Groups that residents follow.")


@app.command()
def create(
    slug: Annotated[str, typer.Argument(help="Short name: small letters, digits, hyphens.")],
    name: Annotated[list[str], typer.Option(help="Name, or one for each language: de=Feuerwehr.")],
    parent: Annotated[str | None, typer.Option(help="Slug of the group above.")] = None,
    closed: Annotated[bool, typer.Option("--closed", help="Joining is approved.")] = False,
    carries_parent_news: Annotated[
        bool, typer.Option("--carries-parent-news", help="Followers also get the parent's news.")
    ] = False,
    identity: Annotated[
        list[str] | None,
        typer.Option(
            help="sender_name=…, mail_from=…, imprint=…, privacy=…, contact=…, "
            "accessibility=…, enforcement=…, colour=…; repeat."
        ),
    ] = None,
    sms_cap: Annotated[
        int | None,
        typer.Option(min=0, help="SMS segments a month for announcements; alerts always go."),
    ] = None,
) -> None:
    """Create a group."""
    said = dict(pair(text, option="--identity") for text in identity or [])

    async def work(context: App) -> None:
        first = context.settings.default_language
        made = await groups.create(
            context.db, slug=slug, names=dict(_named(text, first) for text in name),
            parent=parent, closed=closed, carries_parent_news=carries_parent_news, identity=said,
            sms_cap=sms_cap,
        )  # fmt: skip
        show(f"Group [bold]{made.slug}[/bold] created.")

    run_with_app(work)


@app.command()
def describe(
    slug: Annotated[str, typer.Argument(help="Its slug.")],
    sends: Annotated[
        list[str] | None, typer.Option(help="What it sends, or one for each language: de=….")
    ] = None,
    often: Annotated[list[str] | None, typer.Option(help="How often, likewise.")] = None,
    example: Annotated[list[str] | None, typer.Option(help="One message, likewise.")] = None,
) -> None:
    """Say what a group tells whoever signs up; what was said before goes."""

    async def work(context: App) -> None:
        first, about = context.settings.default_language, dict[str, dict[str, str]]()
        for key, texts in (("sends", sends), ("often", often), ("example", example)):
            for language, said in (_named(text, first) for text in texts or []):
                about.setdefault(language, {})[key] = said
        await groups.describe(context.db, slug, about)
        typer.echo(f"Group {slug} is described in: {', '.join(about) or 'no language'}.")

    run_with_app(work)


app.command("requests")(requests.waiting)
app.command("approve")(requests.approve)
app.command("refuse")(requests.refuse)


@app.command("list")
def tree() -> None:
    """Show the tree of groups."""

    async def work(context: App) -> None:
        depth: dict[str, int] = {}
        spent = await groups.sms_spent(context.db, month=clock.month(context.settings.zone))
        for group in await groups.tree(context.db):
            depth[group.slug] = depth.get(group.parent or "", -1) + 1
            name = group.names.get(context.settings.default_language) or group.slug
            marks = {
                "closed": group.closed, "drill": group.drill,
                "announcements need approval": group.news_need_approval,
            }  # fmt: skip
            said = "".join(f" ({mark})" for mark, on in marks.items() if on)
            cost = f"  {_cost(spent[group.slug])}" if group.slug in spent else ""
            typer.echo(f"{'  ' * depth[group.slug]}{group.slug}  {name}{said}{cost}")

    run_with_app(work)


@app.command()
def cap(
    slug: Annotated[str, typer.Argument(help="Its slug.")],
    segments: Annotated[str, typer.Argument(help="SMS segments a month, or `none` to lift it.")],
) -> None:
    """Cap what announcements to a group and those below it may cost in SMS; alerts always go."""
    if segments != "none" and not segments.isdecimal():
        raise typer.BadParameter("write a number of segments, or none")

    async def work(context: App) -> None:
        await groups.cap_sms(context.db, slug, None if segments == "none" else int(segments))
        typer.echo("No cap any more." if segments == "none" else f"Capped at {segments} a month.")

    run_with_app(work)


@app.command()
def approval(
    slug: Annotated[str, typer.Argument(help="Its slug.")],
    switch: Annotated[Switch, typer.Argument(help="Whether they need it.")],
) -> None:
    """Have what staff announce to a group and those below it wait for a second person."""

    async def work(context: App) -> None:
        await groups.need_approval(context.db, slug, switch is Switch.ON)
        typer.echo(
            f"Announcements to {slug} and below wait for approval."
            if switch is Switch.ON
            else f"{slug} itself does not ask for approval any more."
        )

    run_with_app(work)


@app.command()
def drill(
    slug: Annotated[str, typer.Argument(help="Its slug.")],
    switch: Annotated[Switch, typer.Argument(help="Whether drills may go to it.")],
) -> None:
    """Say whether drills may be sent to a group: to any other they are refused."""

    async def work(context: App) -> None:
        await groups.mark_drill(context.db, slug, switch is Switch.ON)
        typer.echo(
            f"Drills may go to {slug}."
            if switch is Switch.ON
            else f"No drill goes to {slug} any more."
        )

    run_with_app(work)


def _cost(row: Mapping[str, Any]) -> str:
    cap = f" of {row['cap']}" if row["cap"] is not None else ""
    return f"[{row['segments']}{cap} SMS segments this month]"


def pair(text: str, *, option: str) -> tuple[str, str]:
    """`name=value` as a pair; a command error otherwise."""
    name, sign, value = text.partition("=")
    if not sign:
        raise typer.BadParameter(f"write {option} name=value, not {text!r}")
    return name.strip(), value


def _named(text: str, first: str) -> tuple[str, str]:
    tag = LANGUAGE_TAG.match(text)
    return (tag[1], text[tag.end() :]) if tag else (first, text)
