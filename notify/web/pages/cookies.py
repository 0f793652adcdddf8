"""Two cookies: which browser has a resident's page open, and in which an address was proven."""

from typing import Final

from fastapi import Request, Response

from notify.bootstrap import App
from notify.services import knowing, visiting
from notify.services.visiting import Session

_KNOWN: Final = "-known"
KNOWN_FOR: Final = 180 * 24 * 3_600  # seconds


def _name(app: App) -> str:
    # Browsers hold the prefix against us: only over https, for this host and all of its paths.
    return "__Host-notify" if app.settings.public_url.startswith("https") else "notify"


async def session(request: Request, app: App) -> Session | None:
    """Who is here, None where nobody has proven to be."""
    return await visiting.find(app.db, request.cookies.get(_name(app)))


def knows(request: Request, app: App, *, channel: str, value: str) -> bool:
    """Whether this address was proven in this browser."""
    token = request.cookies.get(_name(app) + _KNOWN)
    return knowing.knows(app.keyring, token, channel=channel, value=value)


async def keep(request: Request, answer: Response, app: App, word: str) -> None:
    """Have the browser keep the word of a session, until it is closed; and longer, by which
    addresses it is known."""
    _set(answer, app, _name(app), word)
    await _know(request, answer, app, word)


async def know(request: Request, answer: Response, app: App) -> None:
    """Something was proven on the page that is open: the browser is known by that too."""
    await _know(request, answer, app, request.cookies.get(_name(app), ""))


async def _know(request: Request, answer: Response, app: App, word: str) -> None:
    name = _name(app) + _KNOWN
    token = await knowing.token(app.db, app.keyring, word, before=request.cookies.get(name))
    if token is not None:
        _set(answer, app, name, token, age=KNOWN_FOR)


def drop(answer: Response, app: App) -> None:
    """The page is closed in this browser."""
    _delete(answer, app, _name(app))


def forget(answer: Response, app: App) -> None:
    """Nothing of the resident is left in this browser."""
    drop(answer, app)
    _delete(answer, app, _name(app) + _KNOWN)


def _set(answer: Response, app: App, name: str, value: str, *, age: int | None = None) -> None:
    answer.set_cookie(
        name, value, max_age=age, path="/", httponly=True, samesite="lax",
        secure=app.settings.public_url.startswith("https"),
    )  # fmt: skip


def _delete(answer: Response, app: App, name: str) -> None:
    answer.delete_cookie(
        name, path="/", httponly=True, samesite="lax",
        secure=app.settings.public_url.startswith("https"),
    )  # fmt: skip
