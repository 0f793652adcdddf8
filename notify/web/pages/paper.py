"""Puts values on a public page: the language of the reader, the template, the headers."""

from collections.abc import Iterable
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from notify.bootstrap import App
from notify.rendering.languages import accepted, negotiate
from notify.rendering.templates import templates
from notify.web.static import static_url


def reader_language(
    request: Request, app: App, *, offered: Iterable[str] = (), wish: str | None = None
) -> str:
    """What to speak: `?lang=`, else `wish` where one is known, else Accept-Language."""
    asked = request.query_params.get("lang")
    header = request.headers.get("accept-language", "")
    wishes = [*filter(None, [asked, wish]), *accepted(header)]
    settings = app.settings
    languages = (*settings.languages, *offered)
    return negotiate(wishes, offered=languages, default=settings.default_language)


def page(
    app: App,
    name: str,
    *,
    language: str,
    status: int = 200,
    private: bool = False,
    **values: Any,
) -> HTMLResponse:
    """The page `templates/web/<name>.html`. A private one is kept and indexed by nobody."""
    html = templates(app.settings).render(
        f"web/{name}.html",
        language=language,
        page_language=language,
        town=app.settings.town,
        stylesheet=static_url("notify.css"),
        private=private,
        **values,
    )
    headers = {
        "content-language": language,
        "vary": "accept-language",
        "cache-control": "no-store" if private else "no-cache",
    }
    return HTMLResponse(html, status_code=status, headers=headers)


def not_found(request: Request, app: App) -> HTMLResponse:
    return page(app, "not_found", language=reader_language(request, app), status=404)
