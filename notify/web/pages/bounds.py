"""Counts that a page asks for a code."""

from fastapi import Request

from notify.bootstrap import App
from notify.domain.words import Channel
from notify.services import asking
from notify.services.asking import By
from notify.web.network import network
from notify.web.pages import cookies


async def ask(request: Request, app: App, channel: Channel, value: str) -> None:
    """Whether a code to this address may be asked for, from this browser. Raises TooMany, and
    Elsewhere for a number that no SMS is sent to."""
    known = cookies.knows(request, app, channel=channel, value=value)
    await asking.ask(
        app.rates, settings=app.settings, keyring=app.keyring, channel=channel, value=value,
        network=network(request, app.settings), by=By.KNOWN if known else By.ANYBODY,
    )  # fmt: skip
