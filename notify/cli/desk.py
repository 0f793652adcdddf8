"""`notify residents form`, `sign-up`, `code` and `confirm`: at the town hall, with a paper form."""

from typing import Annotated
from uuid import UUID

import typer

from notify.bootstrap import App
from notify.cli.context import read_settings, run_with_app
from notify.domain.residents import NewResident
from notify.domain.words import Channel, Lane, Source
from notify.rendering import consents
from notify.services import desk, residents
from notify.services.desk import Counter

Resident = Annotated[UUID, typer.Argument(help="The resident's id, as `sign-up` says it.")]


def sign_up(
    reference: Annotated[str, typer.Option(help="Number of the paper form, or where it is kept.")],
    group: Annotated[list[str], typer.Option(help="Slug of a group; repeat.")],
    email: Annotated[str | None, typer.Option(help="E-mail address.")] = None,
    phone: Annotated[str | None, typer.Option(help="Phone number for SMS.")] = None,
    name: Annotated[str | None, typer.Option(help="Name, if they want to say it.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of messages, like en.")] = None,
    alerts: Annotated[
        list[Channel] | None, typer.Option(help="Channel for alerts; repeat. Default: all given.")
    ] = None,
    news: Annotated[
        list[Channel] | None, typer.Option(help="Channel for news; repeat. Default: all given.")
    ] = None,
    wording: Annotated[
        str | None,
        typer.Option(help="What the form says above the signature, if not what `form` prints."),
    ] = None,
    version: Annotated[
        str | None, typer.Option(help="Version of the form's text. Default: made from it.")
    ] = None,
) -> None:
    """Sign somebody up who stands at the desk. A code is sent to each address at once; type what
    they read out after `notify residents confirm`."""
    given = [("email", email), ("sms", phone)]
    addresses = [(channel, value) for channel, value in given if value]
    ways = [channel for channel, _ in addresses]

    async def work(context: App) -> None:
        resident = await residents.create(
            context.db, context.keyring, settings=context.settings, hosts=context.push_hosts,
            source=Source.DESK, counter=Counter(context.rates),
            request=NewResident(
                name=name, language=language, consent=reference, addresses=addresses,
                wording=wording, version=version,
                subscriptions=[
                    (slug, ways if alerts is None else alerts, ways if news is None else news)
                    for slug in group
                ],
            ),
        )  # fmt: skip
        context.bell.ring(Lane.NOTE)
        typer.echo(f"Signed up: {resident}")
        typer.echo(f"A code is on its way. Then: notify residents confirm {resident} CODE")

    run_with_app(work)


def form(
    language: Annotated[str | None, typer.Option(help="Language of the form, like en.")] = None,
) -> None:
    """Print the sentence that a paper form has to carry above the signature. It is kept as
    evidence with each sign-up, in the language of the resident."""
    settings = read_settings()
    said = desk.sentence(language or settings.default_language, settings=settings)
    typer.echo(said)
    typer.echo(f"Version {consents.version(said, ())}")


def code(resident: Resident) -> None:
    """Send another code to each address that is not proven yet."""

    async def work(context: App) -> None:
        sent = await desk.send_codes(
            context.db, context.keyring, resident, settings=context.settings,
            counter=Counter(context.rates),
        )  # fmt: skip
        context.bell.ring(Lane.NOTE)
        typer.echo(f"{sent} sent." if sent else "Every address is proven already.")

    run_with_app(work)


def confirm(
    resident: Resident, digits: Annotated[str, typer.Argument(help="The code they read out.")]
) -> None:
    """Take a code that the resident reads out: the address it was sent to is proven."""

    async def work(context: App) -> None:
        channel = await desk.confirm(
            context.db, context.keyring, resident, digits, settings=context.settings
        )
        typer.echo(f"Proven: {channel}.")

    run_with_app(work)
