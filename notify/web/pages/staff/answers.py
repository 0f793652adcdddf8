"""Who answered an alert that asks: a list to work through, who needs help first."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify import clock
from notify.domain.csv_out import Cell
from notify.domain.grants import Deed
from notify.domain.poll import Ask
from notify.errors import NotFound
from notify.rendering.languages import Words, choose
from notify.rendering.templates import templates
from notify.services import helping
from notify.services.helping import Show
from notify.services.staff_sessions import Officer
from notify.store.helping import Place
from notify.web.deps import TheApp
from notify.web.pages.forms import large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff import answerers, turning
from notify.web.pages.staff.door import Doing, back, inside

router = APIRouter(prefix="/staff/messages", include_in_schema=False)

Operator = Annotated[Officer, Doing(Deed.OPERATE)]

_LONGEST_ID: Final = 18  # digits
_PLACE: Final = re.compile(r"([01])\.([0-9]{1,16})\.([0-9]{1,18})")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@router.api_route("/{broadcast_id}/answers", methods=["GET", "HEAD"])
async def show(
    request: Request, app: TheApp, officer: Operator, broadcast_id: UUID
) -> HTMLResponse:
    """`show` says whether only who is still to be seen to, or only who was, or both, or all others."""
    wanted = _show(request.query_params.get("show", ""))
    mark = turning.mark(request.query_params, _place)
    found = await helping.look(app.db, officer, broadcast_id, show=wanted, mark=mark)
    language = reader_language(request, app, wish=officer.language)
    words, default = templates(app.settings).words(language), app.settings.default_language
    tag, text = choose(found.broadcast.texts, language, default=default)
    return inside(
        request, app, officer, "answers", found=found, now=clock.now(), show=wanted,
        title=text.title, title_language=tag,
        question=choose(found.ask.questions[0].wordings, language, default=default)[1].ask,
        people=[_person(words, row, found.ask, default) for row in found.page.rows],
        turns=turning.links(found.page, request.url.path, _written, show=wanted),
        here_begins=[
            (name, _written_place(mark.key))
            for name in turning.NAMES
            if mark is not None and mark.back == (name == "before")
        ],
        done=request.query_params.get("done", ""),
    )  # fmt: skip


@router.post("/{broadcast_id}/answers.csv")
async def take_along(
    app: TheApp, request: Request, officer: Operator, broadcast_id: UUID
) -> Response:
    """Posted, for it leaves a line in the log."""
    words = templates(app.settings).words(reader_language(request, app, wish=officer.language))
    default = app.settings.default_language
    ask, rows = await helping.take_along(app.db, officer, broadcast_id)
    lines = [_head(words), *(_line(words, row, ask, default) for row in rows)]
    return answerers.taken_along(words, broadcast_id, "answers", lines)


@router.post("/{broadcast_id}/answers/{voter}")
async def settle(
    request: Request, app: TheApp, officer: Operator, broadcast_id: UUID, voter: str
) -> Response:
    """Somebody's call for help is dealt with, or (`again`) is not."""
    form = await large_form(request)
    if not (voter.isascii() and voter.isdigit() and len(voter) <= _LONGEST_ID):
        raise NotFound("There is no such answer.")
    done = not form.has("again")
    await helping.settle(app.db, officer, broadcast_id, int(voter), done=done)
    place = {name: form.one(name) for name in turning.NAMES if _place(form.one(name))}
    query = urlencode(
        {"show": _show(form.one("show")), "done": "settled" if done else "again", **place}
    )
    return back(f"/staff/messages/{broadcast_id}/answers?{query}")


def _show(text: str) -> Show:
    return Show(text) if text in set(Show) else Show.OPEN


def _place(text: str) -> Place | None:
    """Where somebody stands, as `_written` has it; None for anything else."""
    parts = _PLACE.fullmatch(text)
    if parts is None:
        return None
    return parts[1] == "1", _EPOCH + timedelta(microseconds=int(parts[2])), int(parts[3])


def _written(row: Mapping[str, Any]) -> str:
    return _written_place((row["helped"], row["at"], row["id"]))


def _written_place(place: Place) -> str:
    helped, at, voter = place
    return f"{int(helped)}.{(at - _EPOCH) // timedelta(microseconds=1)}.{voter}"


def _person(words: Words, row: Mapping[str, Any], ask: Ask, default: str) -> Mapping[str, Any]:
    names = row["group_names"] or {default: row["slug"] or ""}
    return {
        **row,
        "said": answerers.option(words, ask.questions[0], row["choice"], default=default),
        "group": answerers.group(words, names, default=default),
        "way": answerers.way(words, row["how"]),
    }


def _head(words: Words) -> Sequence[str]:
    return [
        words.gettext("Answer"), words.gettext("Name"), words.gettext("Phone"),
        words.gettext("E-mail"), words.gettext("Group"), words.gettext("Answered"),
        words.gettext("How it was proven"), words.gettext("Dealt with"),
        words.gettext("Dealt with by"),
    ]  # fmt: skip


def _line(words: Words, row: Mapping[str, Any], ask: Ask, default: str) -> Sequence[Cell]:
    person = _person(words, row, ask, default)
    helped = row["helped"]
    return [
        person["said"], row["name"], row["phone"], row["email"], person["group"],
        answerers.moment(words, row["at"]), person["way"], answerers.moment(words, row["helped_at"]) if helped else "",
        row["helped_by_name"] if helped else "",
    ]  # fmt: skip
