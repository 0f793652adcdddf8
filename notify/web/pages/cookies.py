"""The one cookie: which browser has a resident's page open."""

from fastapi import Request, Response

from notify.bootstrap import App
from notify.services import visiting
from notify.services.visiting import Session


def _name(app: App) -> str:
    # Browsers hold the prefix against us: only over https, for this host and all of its paths.
    return "__Host-notify" if app.settings.public_url.startswith("https") else "notify"


async def session(request: Request, app: App) -> Session | None:
    """Who is here, None where nobody has proven to be."""
    return await visiting.find(app.db, request.cookies.get(_name(app)))


def keep(answer: Response, app: App, word: str) -> None:
    """Have the browser keep the word of a session, until it is closed."""
    answer.set_cookie(
        _name(app), word, path="/", httponly=True, samesite="lax",
        secure=app.settings.public_url.startswith("https"),
    )  # fmt: skip


def drop(answer: Response, app: App) -> None:
    answer.delete_cookie(
        _name(app), path="/", httponly=True, samesite="lax",
        secure=app.settings.public_url.startswith("https"),
    )  # fmt: skip
