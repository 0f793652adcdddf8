"""The first of the resident's pages: which group may reach them over what, and with what."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Request
from fastapi.responses import Response

from notify.bootstrap import App
from notify.domain.words import Channel
from notify.services import my
from notify.services.my import Choice
from notify.web.deps import TheApp
from notify.web.pages.forms import Fields, large_form
from notify.web.pages.my.door import Guest, back, group_name, guest, inside, outside

router = APIRouter(include_in_schema=False)


def show(request: Request, app: App, here: Guest) -> Response:
    """The page as it stands. `?done=` names what was just done."""
    return _page(app, here, _chosen(here), done=request.query_params.get("done", ""))


@router.post("/my/groups")
async def save(request: Request, app: TheApp) -> Response:
    """Take the choices for all groups; with `leave`, leave that one as well.

    Where somebody would get a group's warnings no more, it is asked once more.
    """
    here = await guest(request, app)
    if here is None:
        return outside()
    form = await large_form(request)
    chosen = _typed(here, form)
    unwarned = [
        slug for slug, choice in chosen.items()
        if not choice.alerts and slug != form.one("leave") and _had_alerts(here, slug)
    ]  # fmt: skip
    if unwarned and not form.has("sure"):
        return _page(app, here, chosen, unwarned=unwarned, status=422)
    changed = await my.choose(app.db, here.session.resident, chosen)
    if form.has("leave"):
        await my.leave(app.db, here.session.resident, form.one("leave"))
        return back("/my?done=left")
    return back("/my?done=saved" if changed else "/my?done=same")


def _chosen(here: Guest) -> dict[str, Choice]:
    return {wish["slug"]: Choice(wish["alerts"], wish["news"]) for wish in here.page.wishes}


def _typed(here: Guest, form: Fields) -> dict[str, Choice]:
    """What is ticked for each group on the page; a group that was not on it is left as it is."""
    shown = {*form.all("shown")}
    return {
        wish["slug"]: Choice(
            _ticked(form, f"alerts.{wish['slug']}"), _ticked(form, f"news.{wish['slug']}")
        )
        for wish in here.page.wishes if wish["slug"] in shown
    }  # fmt: skip


def _ticked(form: Fields, name: str) -> list[Channel]:
    ticked = {*form.all(name)}
    return [channel for channel in Channel if channel in ticked]


def _had_alerts(here: Guest, slug: str) -> bool:
    return any(wish["alerts"] for wish in here.page.wishes if wish["slug"] == slug)


def _page(
    app: App, here: Guest, chosen: Mapping[str, Choice], *, unwarned: Sequence[str] = (),
    done: str = "", status: int = 200,
) -> Response:  # fmt: skip
    names = {wish["slug"]: group_name(app, here, wish) for wish in here.page.wishes}
    groups = [
        {
            "slug": wish["slug"],
            "name": names[wish["slug"]],
            "waits": wish["state"] != "active",
            "choice": chosen.get(wish["slug"], Choice(wish["alerts"], wish["news"])),
        }
        for wish in here.page.wishes
    ]
    return inside(
        app, here, "overview", status=status, groups=groups, channels=here.page.channels,
        unwarned=[names[slug] for slug in unwarned],
        unreached=[names[wish["slug"]] for wish in here.page.unwarned],
        stopped=[a for a in here.page.addresses if a["stopped"]], done=done,
    )  # fmt: skip
