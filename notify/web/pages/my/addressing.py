"""The addresses of a resident: added, changed, proven with a code on this page, let go of."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from notify import clock
from notify.bootstrap import App
from notify.domain.codes import LIFE, Purpose, Verdict
from notify.domain.words import AddressState, Channel, Lane, Source
from notify.errors import Invalid
from notify.rendering.phones import spoken
from notify.rendering.templates import templates
from notify.services import opening, reaching, texting
from notify.services.asking import Elsewhere, Spent, TooMany
from notify.services.joining import Evidence
from notify.services.reaching import LastOne, Yours
from notify.store.database import Row
from notify.web.deps import TheApp
from notify.web.pages import bounds, cookies
from notify.web.pages.forms import small_form
from notify.web.pages.my.door import Guest, back, guest, inside, outside
from notify.web.static import static_url

router = APIRouter(include_in_schema=False)

VERSION: Final = "2"
"""Of the sentence below; it rises whenever that says something else."""

_REFUSED: Final[Mapping[type[Exception], tuple[str, int]]] = {
    TooMany: ("too_many", 429), Spent: ("spent", 429), Yours: ("yours", 422),
    Elsewhere: ("elsewhere", 422), Invalid: ("no_address", 422),
}  # fmt: skip
"""What is said, and with which status; the narrower of two kinds comes first."""

_LONGEST_ID = 18  # digits of an address's id


@router.api_route("/my/addresses", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp) -> Response:
    here = await guest(request, app)
    if here is None:
        return outside()
    done = request.query_params.get("done", "")
    if done == "proven" and not any(_just_proven(one) for one in here.page.addresses):
        done = ""  # a script may lead here too early, or a link
    return _page(app, here, done=done)


@router.post("/my/addresses/add")
async def add(request: Request, app: TheApp) -> Response:
    here = await guest(request, app)
    if here is None:
        return outside()
    typed = (await small_form(request)).get("address", "").strip()
    try:
        address = opening.judge(typed, region=app.settings.default_region, hosts=app.push_hosts)
        await bounds.ask(request, app, address.channel, address.value)
        sent = await reaching.ask_for(
            app.db, app.keyring, settings=app.settings, resident=here.session.resident,
            address=address, evidence=_evidence(app, here),
        )  # fmt: skip
    except (TooMany, Spent, Yours, Invalid) as refusal:
        return _refused(app, here, refusal, typed=typed, field="address")
    if not sent:
        return back("/my/addresses?done=shown")
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
        app.db, app.keyring, settings=app.settings, resident=here.session.resident,
        address_id=wanted, typed=form.get(f"code-{wanted}", ""),
        evidence=_evidence(app, here),
    )  # fmt: skip
    if verdict is Verdict.RIGHT:
        app.bell.ring(Lane.NOTE)  # other addresses may be told
        return await _proven(request, app)
    problem = "wrong" if verdict is Verdict.WRONG else "over"
    return _page(app, here, field=f"code-{wanted}", problem=problem, proving=wanted)


@router.post("/my/addresses/texted")
async def texted(request: Request, app: TheApp) -> Response:
    """Whether the code that the page shows was texted; `look` asks it for the page's script."""
    here = await guest(request, app)
    if here is None:
        return outside()
    form = await small_form(request)
    wanted = _id(form.get("id", ""))
    row = next((one for one in here.page.addresses if one["id"] == wanted), None)
    phones = [one for one in here.page.addresses if one["channel"] == Channel.SMS]
    # Proven, the row that has the number's history may have taken its place.
    if _in_use(row) if row else any(map(_just_proven, phones)):
        return await _proven(request, app)
    if "look" in form:
        return Response(status_code=204)
    if row is None:
        return back("/my/addresses")
    if row["purpose"] == Purpose.TEXT:
        return _page(app, here, field=f"texted-{wanted}", problem="not_yet")
    return _page(app, here, field=f"code-{wanted}", problem="over", proving=wanted)


@router.post("/my/addresses/again")
async def again(request: Request, app: TheApp) -> Response:
    """Another code for an address asked for, or for one that is stopped."""
    here = await guest(request, app)
    if here is None:
        return outside()
    wanted = _id((await small_form(request)).get("id", ""))
    known = [one for one in here.page.addresses if one["id"] == wanted]
    if not known:
        return back("/my/addresses")
    field = f"{'texted' if known[0]['purpose'] == Purpose.TEXT else 'code'}-{wanted}"
    try:
        await bounds.ask(request, app, Channel(known[0]["channel"]), known[0]["value"])
        sent = await reaching.send_again(
            app.db, settings=app.settings, resident=here.session.resident, address_id=wanted,
            evidence=_evidence(app, here),
        )  # fmt: skip
    except (TooMany, Spent, Elsewhere) as refusal:
        return _refused(app, here, refusal, field=field, proving=wanted)
    if not sent:
        return back("/my/addresses?done=shown")
    app.bell.ring(Lane.NOTE)
    return _page(app, await guest(request, app) or here, done="asked", proving=wanted)


@router.post("/my/addresses/remove")
async def remove(request: Request, app: TheApp) -> Response:
    here = await guest(request, app)
    if here is None:
        return outside()
    wanted = _id((await small_form(request)).get("id", ""))
    try:
        gone = await reaching.let_go(
            app.db, settings=app.settings, resident=here.session.resident, address_id=wanted
        )
    except LastOne:
        return _page(app, here, field=f"remove-{wanted}", problem="last")
    app.bell.ring(Lane.NOTE)  # other addresses may be told
    return back("/my/addresses?done=removed" if gone else "/my/addresses")


def sentence(app: App, language: str) -> str:
    """What somebody agrees to with an address they add: it is kept as evidence."""
    return templates(app.settings).words(language).gettext(
        "I want warnings over this address too, and what I choose on my page. I can take that back "
        "at any time."
    )  # fmt: skip


def _evidence(app: App, here: Guest) -> Evidence:
    return Evidence(
        reference="/my/addresses", source=Source.PAGE, language=here.language,
        wording=sentence(app, here.language), version=VERSION,
    )  # fmt: skip


def _id(typed: str) -> int:
    """An address's id as a form gives it; 0, which none has, for anything else."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= _LONGEST_ID else 0


async def _proven(request: Request, app: App) -> Response:
    answer = back("/my/addresses?done=proven")
    await cookies.know(request, answer, app)
    return answer


def _in_use(row: Row) -> bool:
    return row["state"] == AddressState.PROVEN and not row["stopped"]


def _just_proven(row: Row) -> bool:
    """Whether it was proven about as lately as a code for it can have been asked for."""
    return _in_use(row) and row["proven_at"] is not None and row["proven_at"] > clock.now() - LIFE


def _refused(
    app: App, here: Guest, refusal: Exception, *, field: str, typed: str = "", proving: int = 0
) -> Response:
    problem, status = next(said for kind, said in _REFUSED.items() if isinstance(refusal, kind))
    wait = refusal.retry_after if isinstance(refusal, TooMany) else 0
    answer = _page(
        app, here, typed=typed, field=field, problem=problem, status=status, wait=wait,
        proving=proving,
    )  # fmt: skip
    if wait:
        answer.headers["retry-after"] = str(wait)
    return answer


def _page(
    app: App, here: Guest, *, typed: str = "", field: str = "", problem: str | None = None,
    status: int = 422, wait: int = 0, done: str = "", proving: int = 0,
) -> Response:  # fmt: skip
    return inside(
        app, here, "addresses", status=status if problem else 200, typed=typed,
        problems=[{"field": field, "said": _said(app, here, problem, wait)}] if problem else [],
        done=done, proving=proving, sentence=sentence(app, here.language),
        addresses=[_shown(app, one) for one in here.page.addresses],
        number=spoken(texting.number(app.settings)), script=static_url("texted.js"),
    )  # fmt: skip


def _shown(app: App, row: Row) -> Mapping[str, Any]:
    """An address for the reader: of a browser, where its messages go through; with the digits that
    the phone is to text, if any."""
    value = row["value"].split("/")[2] if row["channel"] == "push" else row["value"]
    shown = row["purpose"] == Purpose.TEXT
    digits = texting.digits(app.keyring, row["code"]) if shown else None
    return {**row, "value": value, "digits": digits}


def _said(app: App, here: Guest, problem: str, wait: int) -> str:
    words = templates(app.settings).words(here.language)
    return {
        "no_address": words.gettext(
            "Write an e-mail address, like erika@example.org, or a phone number, like 0151 23456789."
        ),
        "yours": words.gettext("You use this address already."),
        "elsewhere": words.gettext("We send no SMS to this country. Use an e-mail address."),
        "too_many": words.gettext(
            "Too many codes were asked for. Please try again in %(minutes)s minutes."
        ) % {"minutes": max(1, -(-wait // 60))},
        "spent": words.gettext(
            "No more codes can be sent by SMS today. Use an e-mail address, or try again tomorrow."
        ),
        "not_yet": words.gettext(
            "Your SMS has not come yet. That may take a minute. Then press the button again."
        ),
        "wrong": words.gettext("This code is wrong. Check the digits, or have a new code sent."),
        "over": words.gettext("This code no longer holds. Have a new one sent."),
        "last": words.gettext(
            "This is the last address by which you can open this page. Add another one first, or "
            "delete everything about you."
        ),
    }[problem]  # fmt: skip
