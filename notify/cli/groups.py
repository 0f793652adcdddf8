"""Groups on the command line."""

import re
from typing import Annotated

import typer
from rich import print as show

from notify.bootstrap import App
from notify.cli.context import run_with_app
from notify.services import groups

LANGUAGE_TAG = re.compile(r"([a-z]{2,3}(?:-[A-Za-z0-9]{1,8})*)=")
"""`en=` in front of a text says which language it is in."""

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
        typer.Option(help="sender_name=…, mail_from=…, imprint=…, privacy=…, colour=…; repeat."),
    ] = None,
) -> None:
    """Create a group."""
    said = dict(pair(text, option="--identity") for text in identity or [])

    async def work(context: App) -> None:
        first = context.settings.default_language
        made = await groups.create(
            context.db, slug=slug, names=dict(_named(text, first) for text in name),
            parent=parent, closed=closed, carries_parent_news=carries_parent_news, identity=said,
        )  # fmt: skip
        show(f"Group [bold]{made.slug}[/bold] created.")

    run_with_app(work)


@app.command("list")
def tree() -> None:
    """Show the tree of groups."""

    async def work(context: App) -> None:
        depth: dict[str, int] = {}
        for group in await groups.tree(context.db):
            depth[group.slug] = depth.get(group.parent or "", -1) + 1
            name = group.names.get(context.settings.default_language) or group.slug
            closed = " (closed)" if group.closed else ""
            typer.echo(f"{'  ' * depth[group.slug]}{group.slug}  {name}{closed}")

    run_with_app(work)


def pair(text: str, *, option: str) -> tuple[str, str]:
    """`name=value` as a pair; a command error otherwise."""
    name, sign, value = text.partition("=")
    if not sign:
        raise typer.BadParameter(f"write {option} name=value, not {text!r}")
    return name.strip(), value


def _named(text: str, first: str) -> tuple[str, str]:
    tag = LANGUAGE_TAG.match(text)
    return (tag[1], text[tag.end() :]) if tag else (first, text)
