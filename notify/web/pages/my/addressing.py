"""The addresses of a resident: added, changed, proven with a code on this page, let go of."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from notify.bootstrap import App
from notify.domain.codes import Verdict
from notify.domain.words import Lane
from notify.errors import Invalid
from notify.rendering.templates import templates
from notify.services import asking, opening, reaching
from notify.services.asking import Elsewhere, TooMany
from notify.services.joining import Evidence
from notify.services.opening import Spent
from notify.services.reaching import LastOne, Yours
from notify.web.deps import TheApp
from notify.web.network import network
from notify.web.pages.forms import small_form
from notify.web.pages.my.door import Guest, back, guest, inside, outside

router = APIRouter(include_in_schema=False)

VERSION: Final = "1"
"""Of the sentence below; it rises whenever that says something else."""

_REFUSED: Final[Mapping[type[Exception], str]] = {
    TooMany: "too_many", Spent: "spent", Yours: "yours", Elsewhere: "elsewhere",
    Invalid: "no_address",
}  # fmt: skip

_LONGEST_ID = 18  # digits of an address's id


@router.api_route("/my/addresses", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp) -> Response:
    here = await guest(request, app)
    if here is None:
        return outside()
    return _page(app, here, done=request.query_params.get("done", ""))


@router.post("/my/addresses/add")
async def add(request: Request, app: TheApp) -> Response:
    here = await guest(request, app)
    if here is None:
        return outside()
    typed = (await small_form(request)).get("address", "").strip()
    try:
        address = opening.judge(typed, region=app.settings.default_region, hosts=app.push_hosts)
        await asking.ask(
            app.rates, settings=app.settings, keyring=app.keyring, channel=address.channel,
            value=address.value, network=network(request, app.settings),
        )  # fmt: skip
        await reaching.ask_for(
            app.db, app.keyring, settings=app.settings, resident=here.session.resident,
            address=address,
        )  # fmt: skip
    except (TooMany, Spent, Yours, Invalid) as refusal:
        return _page(app, here, typed=typed, field="address", problem=_REFUSED[type(refusal)])
    app.bell.ring(Lane.NOTE)
    return back("/my/addresses?done=asked")


@router.post("/my/addresses/code")
async def prove(request: Request, app: TheApp) -> Response:
    here = await guest(request, app)
    if here is None:
        return outside()
    form = await small_form(request)
    wanted = _id(form.get("id", ""))
    verdict = await reaching.prove(
        app.db, app.keyring, resident=here.session.resident, address_id=wanted,
        typed=form.get(f"code-{wanted}", ""),
        evidence=Evidence(
            reference="/my/addresses", source="page", language=here.language,
            wording=sentence(app, here.language), version=VERSION,
        ),
    )  # fmt: skip
    if verdict is Verdict.RIGHT:
        app.bell.ring(Lane.NOTE)  # other addresses may be told
        return back("/my/addresses?done=proven")
    problem = "wrong" if verdict is Verdict.WRONG else "over"
    return _page(app, here, field=f"code-{wanted}", problem=problem, proving=wanted)


@router.post("/my/addresses/again")
async def again(request: Request, app: TheApp) -> Response:
    """Send another code, to an address asked for, or to one that is stopped."""
    here = await guest(request, app)
    if here is None:
        return outside()
    wanted = _id((await small_form(request)).get("id", ""))
    field = f"code-{wanted}"
    known = [one for one in here.page.addresses if one["id"] == wanted]
    if not known:
        return back("/my/addresses")
    try:
        await asking.ask(
            app.rates, settings=app.settings, keyring=app.keyring, channel=known[0]["channel"],
            value=known[0]["value"], network=network(request, app.settings),
        )  # fmt: skip
        await reaching.send_again(
            app.db, settings=app.settings, resident=here.session.resident, address_id=wanted
        )
    except TooMany:
        return _page(app, here, field=field, problem="too_many", proving=wanted)
    except (Spent, Elsewhere):
        return _page(app, here, field=field, problem="spent", proving=wanted)
    app.bell.ring(Lane.NOTE)
    return _page(app, here, done="asked", proving=wanted)


@router.post("/my/addresses/remove")
async def remove(request: Request, app: TheApp) -> Response:
    here = await guest(request, app)
    if here is None:
        return outside()
    wanted = _id((await small_form(request)).get("id", ""))
    try:
        gone = await reaching.let_go(app.db, resident=here.session.resident, address_id=wanted)
    except LastOne:
        return _page(app, here, field=f"remove-{wanted}", problem="last")
    app.bell.ring(Lane.NOTE)  # other addresses may be told
    return back("/my/addresses?done=removed" if gone else "/my/addresses")


def sentence(app: App, language: str) -> str:
    """What somebody agrees to with an address they add: it is kept as evidence."""
    return templates(app.settings).words(language).gettext(
        "I want to be reached over this address too, for what I chose on my page. I can take that "
        "back at any time."
    )  # fmt: skip


def _id(typed: str) -> int:
    """An address's id as a form gives it; 0, which none has, for anything else."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= _LONGEST_ID else 0


def _page(
    app: App, here: Guest, *, typed: str = "", field: str = "", problem: str | None = None,
    done: str = "", proving: int = 0,
) -> Response:  # fmt: skip
    return inside(
        app, here, "addresses", status=422 if problem else 200, typed=typed,
        problems=[{"field": field, "said": _said(app, here, problem)}] if problem else [],
        done=done, proving=proving, sentence=sentence(app, here.language),
        addresses=[_shown(one) for one in here.page.addresses],
    )  # fmt: skip


def _shown(row: Any) -> dict[str, Any]:
    """An address for the reader: of a browser, where its messages go through."""
    value = row["value"].split("/")[2] if row["channel"] == "push" else row["value"]
    return {**row, "value": value}


def _said(app: App, here: Guest, problem: str) -> str:
    words = templates(app.settings).words(here.language)
    return {
        "no_address": words.gettext(
            "Write an e-mail address like erika@example.org, or a phone number like 0151 12345678."
        ),
        "yours": words.gettext("You use this address already."),
        "elsewhere": words.gettext("We send no SMS to this country. Write an e-mail address."),
        "too_many": words.gettext("Too many codes were asked for. Please try again later."),
        "spent": words.gettext("No more codes can be sent by SMS today. Please try again tomorrow."),
        "wrong": words.gettext("This code is wrong. Check the digits, or have a new code sent."),
        "over": words.gettext("This code no longer holds. Have a new one sent."),
        "last": words.gettext(
            "This is the last address by which you can open this page. Add another one first, or "
            "delete everything about you."
        ),
    }[problem]  # fmt: skip
