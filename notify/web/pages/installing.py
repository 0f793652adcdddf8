"""What browsers ask for to show messages of the town: its manifest and its service worker."""

import json
from dataclasses import asdict
from typing import Final

from fastapi import APIRouter, Request, Response

from channels.vapid import public_key
from notify.bootstrap import App
from notify.rendering import push_answers
from notify.rendering.languages import direction
from notify.rendering.lines import cut, one_line
from notify.rendering.templates import templates
from notify.web.deps import the_app
from notify.web.finished import Finished
from notify.web.pages.paper import reader_language
from notify.web.static import static_url

router = APIRouter(include_in_schema=False)

ACCENT: Final = "#0b4a8f"
PAPER: Final = "#ffffff"
"""The colours of the same names in notify.css."""

_SHORT_NAME = 12  # characters that a home screen shows
_ASKED_ANEW: Final = "no-cache"


async def manifest(request: Request) -> Response:
    """Makes the site one that can be put on a home screen, where iPhones want it for push."""
    app = await the_app(request)
    language = reader_language(request, app)
    words = templates(app.settings).words(language)
    town = one_line(app.settings.town)
    told = {
        "id": "/",
        "name": town,
        "short_name": cut(town, size=_SHORT_NAME),
        "description": words.gettext("Warnings and news"),
        "lang": language,
        "dir": direction(language),
        "start_url": f"/?lang={language}",
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": app.settings.colour or ACCENT,
        "icons": [
            _icon("icon.svg", "any", kind="image/svg+xml"),
            _icon("icon-192.png", "192x192"),
            _icon("icon-512.png", "512x512"),
            _icon("icon-maskable-512.png", "512x512", purpose="maskable"),
        ],
    }
    return Finished(
        json.dumps(told, ensure_ascii=False).encode(),
        about={"content-type": "application/manifest+json", "content-language": language},
        cache=_ASKED_ANEW,
        vary="accept-language, accept-encoding",
    ).answer(request)


async def worker(request: Request) -> Response:
    """The service worker. Browsers hold what they have against it at each visit."""
    app = await the_app(request)
    script = templates(app.settings).render(
        "web/worker.js",
        language=app.settings.default_language,
        settings={
            "key": push_key(app),
            "icon": static_url("icon-192.png"),
            "badge": static_url("badge-96.png"),
            "unreadable": {tag: _unreadable(app, tag) for tag in app.settings.languages},
            "uncounted": {tag: _uncounted(app, tag) for tag in app.settings.languages},
        },
    )
    return Finished(
        script.encode(),
        about={"content-type": "text/javascript; charset=utf-8"},
        cache=_ASKED_ANEW,
        vary="accept-encoding",
    ).answer(request)


READ = ["GET", "HEAD"]
router.add_route("/manifest.webmanifest", manifest, methods=READ, include_in_schema=False)
router.add_route("/sw.js", worker, methods=READ, include_in_schema=False)


def push_key(app: App) -> str | None:
    """What a browser subscribes with; None where this installation sends no push."""
    private = app.settings.vapid_private_key
    return public_key(private.get_secret_value()) if private else None


def _icon(name: str, sizes: str, *, kind: str = "image/png", purpose: str = "any") -> object:
    return {"src": static_url(name), "sizes": sizes, "type": kind, "purpose": purpose}


def _uncounted(app: App, language: str) -> dict[str, str]:
    """What is shown where an answer reached nobody."""
    return asdict(push_answers.not_counted(templates(app.settings).words(language)))


def _unreadable(app: App, language: str) -> dict[str, str]:
    """What is shown for a message that cannot be read."""
    words = templates(app.settings).words(language)
    town = one_line(app.settings.town)
    return {
        "title": words.gettext("New message from %(town)s") % {"town": town},
        "body": words.gettext("Tap to read it on the town's page."),
    }
