"""How a resident is spoken to, and when not; and in which browsers the page is open."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import Response

from notify.bootstrap import App
from notify.domain import quiet
from notify.domain.languages import to_choose
from notify.domain.words import Lane
from notify.errors import Invalid
from notify.rendering.templates import templates
from notify.services import my
from notify.web.deps import TheApp
from notify.web.pages.forms import small_form
from notify.web.pages.my.door import Guest, back, guest, inside, outside

router = APIRouter(include_in_schema=False)


@router.api_route("/my/settings", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp) -> Response:
    here = await guest(request, app)
    if here is None:
        return outside()
    hours = here.page.quiet
    form = {
        "language": here.page.language,
        "begin": f"{hours.begin:%H:%M}" if hours else "",
        "until": f"{hours.until:%H:%M}" if hours else "",
    }
    return _page(app, here, form, done="done" in request.query_params)


@router.post("/my/settings")
async def save(request: Request, app: TheApp) -> Response:
    here = await guest(request, app)
    if here is None:
        return outside()
    form = await small_form(request)
    language = form.get("language", "")
    if language not in offered(app, here):
        return _page(app, here, form, wrong="language")
    try:
        hours = quiet.read(form.get("begin", ""), form.get("until", ""))
    except Invalid as refusal:
        return _page(app, here, form, wrong=refusal.field or "begin")
    await my.prefer(app.db, here.session.resident, language=language, quiet=hours)
    app.bell.ring(Lane.BULK)  # what waited for the end of quiet hours may go now
    return back("/my/settings?done=1")


def offered(app: App, here: Guest) -> list[str]:
    """The languages of messages, and the one chosen now."""
    tags = to_choose(app.settings.languages)
    return tags if here.page.language in tags else [*tags, here.page.language]


def _page(
    app: App, here: Guest, form: Mapping[str, str], *, wrong: str | None = None,
    done: bool = False,
) -> Response:  # fmt: skip
    words = templates(app.settings).words(here.language)
    said = {
        "language": words.gettext("Choose a language."),
        "begin": words.gettext("Write when it is to be quiet from, as 22:00."),
        "until": words.gettext("Write until when it is to be quiet, as 06:00, and another time."),
    }
    return inside(
        app, here, "settings", status=422 if wrong else 200,
        form={"language": "", "begin": "", "until": "", **form},
        offered=offered(app, here), problems=[{"field": wrong, "said": said[wrong]}] if wrong else [],
        done=done,
    )  # fmt: skip
