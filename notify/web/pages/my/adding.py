"""Where a resident finds more groups to follow."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import Response

from notify.bootstrap import App
from notify.domain.groups import Group
from notify.domain.words import Channel
from notify.rendering import consents
from notify.rendering.templates import templates
from notify.services import groups, my
from notify.services.signing_up import Agreed
from notify.web.deps import TheApp
from notify.web.pages.forms import Fields, large_form
from notify.web.pages.group_tree import places, privacies
from notify.web.pages.my.door import Guest, back, guest, inside, outside

router = APIRouter(include_in_schema=False)


@router.api_route("/my/join", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp) -> Response:
    here = await guest(request, app)
    if here is None:
        return outside()
    return await _page(app, here, Fields({}))


@router.post("/my/join")
async def join(request: Request, app: TheApp) -> Response:
    here = await guest(request, app)
    if here is None:
        return outside()
    form = await large_form(request)
    ways = {kind: _ticked(form, kind) for kind in ("alerts", "news")}
    missing = "group" if not form.has("group") else None
    if missing is None and not (ways["alerts"] or ways["news"]):
        missing = "alerts"
    if missing is not None:
        return await _page(app, here, form, missing=missing, status=422)
    others = await _others(app, here)
    if not {group.slug for group in others} & {*form.all("group")}:  # posted once more
        followed = {wish["slug"] for wish in here.page.wishes} & {*form.all("group")}
        return back("/my?done=joined" if followed else "/my/join")
    agreed = _agreed(app, here, others)
    if form.one("shown") != agreed.version:
        return await _page(app, here, form, missing="agree", status=422)
    if not ways["alerts"] and not form.has("sure"):
        return await _page(app, here, form, unwarned=True, status=422)
    await my.join(
        app.db, here.session.resident, slugs=form.all("group"), alerts=ways["alerts"],
        news=ways["news"], agreed=agreed,
    )  # fmt: skip
    return back("/my?done=joined")


def _ticked(form: Fields, name: str) -> list[Channel]:
    ticked = {*form.all(name)}
    return [channel for channel in Channel if channel in ticked]


async def _others(app: App, here: Guest) -> list[Group]:
    """The groups that the resident does not follow yet."""
    followed = {wish["slug"] for wish in here.page.wishes}
    return [group for group in await groups.tree(app.db) if group.slug not in followed]


def _agreed(app: App, here: Guest, others: Sequence[Group]) -> Agreed:
    """What is agreed to with them, as the page shows it."""
    words = templates(app.settings).words(here.language)
    wording = consents.wording(words, sender=app.settings.town)
    privacy = (text for _, text in privacies(others, sender=app.settings.town))
    return Agreed(wording, consents.version(wording, privacy), here.language, "/my/join")


async def _page(
    app: App, here: Guest, form: Fields, *, missing: str | None = None, unwarned: bool = False,
    status: int = 200,
) -> Response:  # fmt: skip
    words = templates(app.settings).words(here.language)
    said = {
        "group": words.gettext("Choose at least one group."),
        "alerts": words.gettext("Choose at least one way to get something."),
        "agree": words.gettext("This text has changed meanwhile. Please read it again."),
    }
    others = await _others(app, here)
    ticked = {kind: _ticked(form, kind) for kind in ("alerts", "news")}
    if not form.values:
        ticked = {kind: [c for c in Channel if c in here.page.usable] for kind in ticked}
    return inside(
        app, here, "join", status=status, places=places(
            others, here.language, default=app.settings.default_language, ticked=form.all("group")
        ),
        problems=[{"field": missing, "said": said[missing]}] if missing else [],
        agreed=_agreed(app, here, others), privacies=privacies(others, sender=app.settings.town),
        unwarned=unwarned, channels=[c for c in Channel if c in here.page.usable], ticked=ticked,
    )  # fmt: skip
