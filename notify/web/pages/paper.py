"""Puts values on a page for residents: the language of the reader, the template, the headers."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse

from notify.bootstrap import App
from notify.rendering.languages import accepted, negotiate
from notify.rendering.templates import templates
from notify.web.finished import Finished
from notify.web.pages.colouring import colour_url
from notify.web.pages.entries import entry
from notify.web.pages.place import LONGEST_TAG, here
from notify.web.static import static_url

SHARED: Final = "public, max-age=1, stale-while-revalidate=1, stale-if-error=60"
"""A proxy in front asks once a second for all its readers, so that with our own second a correction
is three late at the worst. A minute bridges a restart of ours and would not hide one for long."""

VARY: Final = "accept-language, accept-encoding"

_LONGEST_HEADER = 500
_WISH: Final = "wish"
"""In the state of a request: which language its reader is known to read."""


def knows_reader(request: Request, wish: str) -> None:
    """Note which language the reader wishes, for whatever page answers."""
    setattr(request.state, _WISH, wish)


def reader_language(
    request: Request, app: App, *, offered: Iterable[str] = (), wish: str | None = None
) -> str:
    """What to speak: `?lang=`, else `wish` where one is known here or was before, else
    Accept-Language."""
    wish = wish or getattr(request.state, _WISH, None)
    asked = request.query_params.get("lang", "")[:LONGEST_TAG]
    header = request.headers.get("accept-language", "")[:_LONGEST_HEADER]
    languages = (*app.settings.languages, *offered)
    return _negotiated(asked, wish, header, languages, app.settings.default_language)


@lru_cache(maxsize=1_000)
def _negotiated(
    asked: str, wish: str | None, header: str, languages: tuple[str, ...], default: str
) -> str:
    wishes = [*filter(None, [asked, wish]), *accepted(header)]
    return negotiate(wishes, offered=languages, default=default)


def paper(
    app: App,
    name: str,
    *,
    language: str,
    private: bool = False,
    as_of: datetime | None = None,
    colour: str | None = None,
    on_top: Sequence[Mapping[str, object]] | None = None,
    **values: Any,
) -> str:
    """The HTML of `templates/web/<name>.html`. A private page is indexed by nobody; one with
    `as_of` says that it may be outdated, and when it was right.

    `colour` is that of the group, where it is not the town's. `on_top` are the alerts to stand
    above all else, those known of the request where it is None.
    """
    place = here()
    if on_top is None:
        on_top = [entry(app, alert, language) for alert in place.alerts]
    around: dict[str, Any] = {
        "page_language": language,
        "languages": app.settings.languages if place.opens_again else (),
        "here": place.kept,
        "switched": place.switched,
        "town": app.settings.town,
        "stylesheet": static_url("notify.css"),
        "colours": colour_url(colour or app.settings.colour),
        "private": private,
        "as_of": as_of,
        "on_top": on_top,
    }
    return templates(app.settings).render(f"web/{name}.html", language=language, **around | values)


def finished(html: str, *, language: str, status: int = 200) -> Finished:
    """A page for everybody, to be sent many times."""
    about = {"content-type": "text/html; charset=utf-8", "content-language": language}
    return Finished(html.encode(), about=about, cache=SHARED, vary=VARY, status=status)


def page(app: App, name: str, *, language: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page for one reader, that nobody keeps or indexes."""
    html = paper(app, name, language=language, private=True, **values)
    return for_one(html, language=language, status=status)


def for_one(html: str, *, language: str, status: int) -> HTMLResponse:
    """The same of HTML that is there."""
    headers = {
        "content-language": language,
        "vary": "accept-language",
        "cache-control": "no-store",
    }
    return HTMLResponse(html, status_code=status, headers=headers)


def not_found(request: Request, app: App) -> HTMLResponse:
    return page(app, "not_found", language=reader_language(request, app), status=404)
