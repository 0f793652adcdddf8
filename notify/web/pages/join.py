"""Signing up: groups, ways and addresses on one page, for the whole town or from a group's link."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from notify.bootstrap import App, open_channels
from notify.domain.groups import Group
from notify.domain.languages import to_choose
from notify.domain.words import Lane
from notify.rendering import consents
from notify.rendering.languages import Words
from notify.rendering.templates import templates
from notify.services import groups, signing_up
from notify.services.asking import TooMany
from notify.services.signing_up import Agreed, SignUp
from notify.web.deps import TheApp
from notify.web.pages import bounds, cookies, group_tree
from notify.web.pages.forms import large_form
from notify.web.pages.join_reading import TYPED, Form, Judged, Problem, judge, read
from notify.web.pages.paper import not_found, page, reader_language

router = APIRouter(include_in_schema=False)

_LONGEST_REFERENCE = 200


@router.api_route("/join", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp) -> HTMLResponse:
    every = await groups.tree(app.db)
    only = frozenset(group.slug for group in every) if len(every) == 1 else frozenset[str]()
    return _page(request, app, every, Form(groups=only))


@router.post("/join")
async def join(request: Request, app: TheApp) -> Response:
    return await _take(request, app, await groups.tree(app.db))


@router.api_route("/join/{slug}", methods=["GET", "HEAD"])
async def show_group(request: Request, app: TheApp, slug: str) -> HTMLResponse:
    every = await groups.tree(app.db)
    if slug not in {group.slug for group in every}:
        return not_found(request, app)
    shown = group_tree.family(every, slug)
    return _page(request, app, shown, Form(groups=frozenset([slug])), landing=slug)


@router.post("/join/{slug}")
async def join_group(request: Request, app: TheApp, slug: str) -> Response:
    every = await groups.tree(app.db)
    if slug not in {group.slug for group in every}:
        return not_found(request, app)
    return await _take(request, app, group_tree.family(every, slug), landing=slug)


async def _take(
    request: Request, app: App, shown: Sequence[Group], *, landing: str | None = None
) -> Response:
    form = read(await large_form(request))
    words = _words(request, app)
    judged, problems = judge(
        form, words, settings=app.settings, groups=shown, open_=open_channels(app.settings)
    )
    agreed = _agreed(request, app, shown, words, landing=landing)
    if not problems and form.shown != agreed.version:
        changed = words.gettext("This text has changed meanwhile. Please read it again.")
        problems = [Problem("agree", changed)]
    status = 422
    if not problems:
        problems, status = await _ask(request, app, judged, words), 429
    if problems:
        return _page(request, app, shown, form, landing=landing, problems=problems, status=status)
    offered = to_choose(app.settings.languages)
    wanted = SignUp(
        groups=[group.id for group in judged.groups], addresses=judged.addresses,
        alerts=judged.alerts, news=judged.news, agreed=agreed,
        language=form.language if form.language in offered else agreed.language,
    )  # fmt: skip
    word = await signing_up.begin(app.db, app.keyring, settings=app.settings, wanted=wanted)
    app.bell.ring(Lane.NOTE)
    answer = RedirectResponse(f"/join/code?lang={agreed.language}", 303)
    await cookies.keep(request, answer, app, word)
    return answer


async def _ask(request: Request, app: App, judged: Judged, words: Words) -> list[Problem]:
    """What stands against sending codes to these addresses just now."""
    for address in judged.addresses:
        try:
            await bounds.ask(request, app, address.channel, address.value)
        except TooMany as refusal:
            return [Problem(TYPED[address.channel], too_many(words, refusal))]
    return []


def too_many(words: Words, refusal: TooMany) -> str:
    minutes = -(-refusal.retry_after // 60)
    return words.gettext(
        "Too many codes were asked for. Please try again in %(minutes)s minutes."
    ) % {"minutes": minutes}


def _page(
    request: Request,
    app: App,
    shown: Sequence[Group],
    form: Form,
    *,
    landing: str | None = None,
    problems: Sequence[Problem] = (),
    status: int = 200,
) -> HTMLResponse:
    words = _words(request, app)
    language = reader_language(request, app)
    default = app.settings.default_language
    agreed = _agreed(request, app, shown, words, landing=landing)
    offered = to_choose(app.settings.languages)
    places = group_tree.places(shown, language, default=default, ticked=form.groups)
    values: dict[str, Any] = {
        "places": places,
        "landing": landing,
        "landing_name": _name(shown, landing, language, default),
        "channels": [str(channel) for channel in open_channels(app.settings)],
        "form": form,
        "problems": problems,
        "sure": form.sure or any(problem.field == "no_alerts" for problem in problems),
        "agreed": agreed,
        "privacies": group_tree.privacies(shown, sender=app.settings.town),
        "choices": offered,
        "chosen": form.language if form.language in offered else language,
    }
    return page(
        app, "join", language=language, status=status, languages=app.settings.languages, **values
    )


def _agreed(
    request: Request, app: App, shown: Sequence[Group], words: Words, *, landing: str | None
) -> Agreed:
    sender = group_tree.said(shown, landing, "sender_name") if landing else None
    wording = consents.wording(words, sender=sender or app.settings.town)
    privacy = (text for _, text in group_tree.privacies(shown, sender=app.settings.town))
    return Agreed(
        wording=wording,
        version=consents.version(wording, privacy),
        language=reader_language(request, app),
        reference=request.url.path[:_LONGEST_REFERENCE],
    )


def _name(shown: Sequence[Group], slug: str | None, language: str, default: str) -> str | None:
    for group in shown:
        if group.slug == slug:
            return group.name(language, default=default)
    return None


def _words(request: Request, app: App) -> Words:
    return templates(app.settings).words(reader_language(request, app))
