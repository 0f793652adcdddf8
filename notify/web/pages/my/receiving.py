"""What a resident was sent, over what, and what became of it, in plain words."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from notify.bootstrap import App
from notify.rendering import fates, labels, links
from notify.rendering.languages import Words, choose
from notify.rendering.phones import spoken
from notify.rendering.templates import templates
from notify.services import my, texting
from notify.store.database import Row
from notify.web.deps import TheApp
from notify.web.pages.my.door import Guest, guest, inside, outside

router = APIRouter(include_in_schema=False)

EACH: Final = 50
_LONGEST_ID = 18  # digits of a delivery's id


@router.api_route("/my/received", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp) -> Response:
    here = await guest(request, app)
    if here is None:
        return outside()
    asked = request.query_params.get("before", "")
    before = (
        int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= _LONGEST_ID else None
    )
    rows, more = await my.received(app.db, here.session.resident, before=before, limit=EACH)
    return inside(
        app, here, "received", rows=[_shown(app, here, row) for row in rows], more=more,
        first=before is None,
    )  # fmt: skip


def _shown(app: App, here: Guest, row: Row) -> dict[str, Any]:
    words = templates(app.settings).words(here.language)
    told = {
        "channel": row["channel"], "at": row["at"], "status": fates.fate(words, row["status"]), "href": None,
        "why": fates.why(
            words, row["reason"], row["status"], number=spoken(texting.number(app.settings))
        ),
    }  # fmt: skip
    if row["broadcast_id"] is None:
        return told | {"title": _note(words, row["note"]), "language": here.language}
    tag, text = choose(row["texts"], row["language"], default=app.settings.default_language)
    href = f"/b/{links.shorten(row['broadcast_id'])}"
    title = f"{labels.exercise(words)}: {text['title']}" if row["drill"] else text["title"]
    return told | {"title": title, "language": tag, "href": href}


def _note(words: Words, kind: str | None) -> str:
    """What a message was that is no broadcast; what it said is not kept."""
    return {
        "confirm": words.gettext("A request to confirm this address"),
        "code": words.gettext("A code"),
        "request": words.gettext("Whether you may join a group"),
        "reply": words.gettext("An answer to your SMS"),
        "change": words.gettext("That an address of your page was changed"),
        "trial": words.gettext("A test message"),
        "test": words.gettext("A draft, sent by yourself as a test"),
        "result": words.gettext("The result of a poll"),
        "ring": words.gettext("The daily test ring"),
    }.get(kind or "", words.gettext("A message to you"))
