"""Who answered what in a poll that is not secret: a list to look through, and to take along."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify.domain.csv_out import Cell
from notify.domain.grants import Deed
from notify.domain.poll import Question
from notify.rendering.languages import Words, choose
from notify.rendering.templates import templates
from notify.services import votes
from notify.services.staff_sessions import Officer
from notify.services.votes import Chosen, Votes
from notify.web.deps import TheApp
from notify.web.pages.forms import large_form
from notify.web.pages.paper import reader_language
from notify.web.pages.staff import answerers, turning
from notify.web.pages.staff.door import Doing, inside

router = APIRouter(prefix="/staff/messages", include_in_schema=False)

Operator = Annotated[Officer, Doing(Deed.OPERATE)]

_LONGEST_ID: Final = 18  # digits
_CHOSEN: Final = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})")


@router.api_route("/{broadcast_id}/votes", methods=["GET", "HEAD"])
async def show(
    request: Request, app: TheApp, officer: Operator, broadcast_id: UUID
) -> HTMLResponse:
    """`answer` has only those shown who gave it: the number of a question, a point, a choice."""
    chosen = _chosen(request.query_params.get("answer", ""))
    mark = turning.mark(request.query_params, _voter)
    found = await votes.look(app.db, officer, broadcast_id, chosen=chosen, mark=mark)
    language = reader_language(request, app, wish=officer.language)
    words, default = templates(app.settings).words(language), app.settings.default_language
    tag, text = choose(found.broadcast.texts, language, default=default)
    return inside(
        request, app, officer, "votes", found=found, title=text.title, title_language=tag,
        answer=_written(found.chosen), asked=_asked(words, found, default),
        people=[_person(words, row, found, default) for row in found.rows],
        turns=turning.links(
            found.page, request.url.path, lambda row: str(row["id"]), answer=_written(found.chosen)
        ),
    )  # fmt: skip


@router.post("/{broadcast_id}/votes.csv")
async def take_along(
    app: TheApp, request: Request, officer: Operator, broadcast_id: UUID
) -> Response:
    """Posted, for it leaves a line in the log."""
    chosen = _chosen((await large_form(request)).one("answer"))
    found = await votes.take_along(app.db, officer, broadcast_id, chosen=chosen)
    words = templates(app.settings).words(reader_language(request, app, wish=officer.language))
    default = app.settings.default_language
    lines = [_head(words, found, default)]
    lines += [_line(words, row, found, default) for row in found.rows]
    return answerers.taken_along(words, broadcast_id, "votes", lines)


def _chosen(text: str) -> Chosen | None:
    """Whatever is no answer asks for everybody."""
    parts = _CHOSEN.fullmatch(text)
    return (int(parts[1]), int(parts[2])) if parts else None


def _voter(text: str) -> int | None:
    """The id of a voter: their name stays out of addresses."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID else None


def _written(chosen: Chosen | None) -> str:
    return f"{chosen[0]}.{chosen[1]}" if chosen else ""


def _ask(words: Words, question: Question, default: str) -> tuple[str, str]:
    """What is asked, with the language that it is in before it."""
    tag, said = choose(question.wordings, words.language, default=default)
    return tag, said.ask


def _asked(words: Words, found: Votes, default: str) -> Sequence[Mapping[str, Any]]:
    """The questions with their choices, to pick one of."""
    return [
        {
            "language": _ask(words, question, default)[0],
            "ask": _ask(words, question, default)[1],
            "choices": [
                (
                    _written((number, choice)),
                    answerers.option(words, question, choice, default=default),
                )
                for choice in question.choices
            ],
        }
        for number, question in enumerate(found.ask.questions, 1)
    ]


def _said(words: Words, row: Mapping[str, Any], found: Votes, default: str) -> Sequence[str]:
    """What somebody answered, question by question; nothing where they left one out."""
    return [
        ", ".join(
            answerers.option(words, question, choice, default=default)
            for choice in row["said"].get(str(number), ())
        )
        for number, question in enumerate(found.ask.questions, 1)
    ]


def _person(words: Words, row: Mapping[str, Any], found: Votes, default: str) -> Mapping[str, Any]:
    return {
        **row,
        "said": _said(words, row, found, default),
        "group": _group(words, row, found, default),
        "way": answerers.way(words, row["how"]),
    }


def _group(words: Words, row: Mapping[str, Any], found: Votes, default: str) -> str:
    names = found.names.get(row["group_id"])
    return answerers.group(words, names, default=default) if names else ""


def _head(words: Words, found: Votes, default: str) -> Sequence[Cell]:
    return [
        words.gettext("Name"), words.gettext("Group"),
        *(_ask(words, question, default)[1] for question in found.ask.questions),
        words.gettext("Answered"), words.gettext("How it was proven"),
    ]  # fmt: skip


def _line(words: Words, row: Mapping[str, Any], found: Votes, default: str) -> Sequence[Cell]:
    return [
        row["name"], _group(words, row, found, default), *_said(words, row, found, default),
        answerers.moment(words, row["at"]), answerers.way(words, row["how"]),
    ]  # fmt: skip
