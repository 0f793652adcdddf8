"""Takes what people say of the pages: the form of the accessibility page."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from notify import clock
from notify.bootstrap import App
from notify.errors import Invalid
from notify.rendering.languages import Words
from notify.rendering.templates import templates
from notify.services import feedback
from notify.services.browsing import Answerable
from notify.web.deps import TheApp
from notify.web.network import network
from notify.web.pages.forms import Fields, large_form
from notify.web.pages.paper import for_one, page, reader_language
from notify.web.pages.shelf import the_shelf
from notify.web.pages.showing import show

router = APIRouter(include_in_schema=False)


@router.post("/accessibility")
async def give(request: Request, app: TheApp) -> HTMLResponse:
    form, language = await large_form(request), reader_language(request, app)
    words = templates(app.settings).words(language)
    try:
        wait = await feedback.give(
            app.db, app.rates, keyring=app.keyring, network=network(request, app.settings),
            message=form.one("message"), place=form.one("place"),
            reply_to=form.one("reply_to"), language=language,
        )  # fmt: skip
    except Invalid as refusal:
        said = _said(words, refusal)
        return await _again(request, app, form, language, refusal.field or "message", said, 422)
    if wait is not None:
        said = words.gettext("Too many messages came in this hour. Please try again later.")
        answer = await _again(request, app, form, language, "message", said, 429)
        answer.headers["retry-after"] = str(wait)
        return answer
    return page(app, "feedback_sent", language=language, reply_to=form.one("reply_to"))


async def _again(
    request: Request, app: App, form: Fields, language: str, field: str, said: str, status: int
) -> HTMLResponse:
    """The page with what was typed, and what is wrong with it."""
    found = await the_shelf(request).find(Answerable())
    if found is None:
        return page(app, "not_found", language=language, status=404)
    html = show(
        app, found.kept.subject, clock.now(), name="accessibility", language=language,
        as_of=found.as_of, private=True, problems=[{"field": field, "said": said}],
        typed={name: form.one(name) for name in ("message", "place", "reply_to")},
    )  # fmt: skip
    return for_one(html, language=language, status=status)


def _said(words: Words, refusal: Invalid) -> str:
    if refusal.message.startswith("Write at most"):
        return words.gettext("This is too long. Please shorten it.")
    if refusal.message == "Write what is wrong.":
        return words.gettext("Please write what is wrong.")
    return words.gettext("This has signs in it that cannot be read. Please type it anew.")
