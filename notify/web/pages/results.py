"""How a poll came out, for whom it says: question by question, with what it is worth.

A GET looks up a receipt, too: it changes nothing, and can be sent to somebody else.
"""

import json
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from notify.bootstrap import App
from notify.domain.csv_out import MARK, table
from notify.domain.results import Result, in_json, to_json
from notify.rendering import labels, links, results
from notify.rendering.languages import Words, choose
from notify.rendering.templates import templates
from notify.services import counting
from notify.web.deps import TheApp
from notify.web.pages import cookies
from notify.web.pages.paper import not_found, page, reader_language
from notify.web.pages.place import here
from notify.web.pages.results_kept import the_results

router = APIRouter(include_in_schema=False)

READ: Final = ["GET", "HEAD"]
_LONGEST: Final = 60
"""Characters of what a query may hold of ours."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A result that this reader may see. `shown` is the pass in their link, if any."""

    result: Result
    words: Words
    language: str
    shown: str


@router.api_route("/polls/{reference}", methods=READ)
async def show(request: Request, app: TheApp, reference: str) -> Response:
    seen = await _look(request, app, reference)
    if seen is None:
        return not_found(request, app)
    receipt = request.query_params.get("receipt", "").strip()[:_LONGEST]
    found = None
    if receipt:
        found = await counting.is_counted(app.db, seen.result.broadcast_id, receipt)
    return _page(app, seen, reference, receipt=receipt, found=found)


@router.api_route("/polls/{reference}/result.csv", methods=READ)
async def as_csv(request: Request, app: TheApp, reference: str) -> Response:
    seen = await _look(request, app, reference)
    if seen is None:
        return not_found(request, app)
    tongue = {"language": seen.language, "default": app.settings.default_language}
    rows = results.table(seen.words, seen.result, **tongue)
    text = MARK + table(rows, separator=seen.words.list_separator)
    return _file(text, "text/csv", f"{reference}.csv")


@router.api_route("/polls/{reference}/result.json", methods=READ)
async def as_json(request: Request, app: TheApp, reference: str) -> Response:
    seen = await _look(request, app, reference)
    if seen is None:
        return not_found(request, app)
    text = json.dumps(to_json(seen.result), default=in_json, ensure_ascii=False, indent=2)
    return _file(f"{text}\n", "application/json", f"{reference}.json")


def _file(text: str, kind: str, name: str) -> Response:
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
        "x-robots-tag": "noindex",
    }
    return Response(text, media_type=f"{kind}; charset=utf-8", headers=headers)


async def _look(request: Request, app: App, reference: str) -> _Seen | None:
    """What there is to see for whoever asks; None also where there is nothing for them."""
    broadcast_id = links.read(reference)
    if broadcast_id is None:
        return None
    shown = request.query_params.get("by", "")[:_LONGEST]
    result = await the_results(request).find(broadcast_id)
    if result is None:
        result = await _as_asked(request, app, broadcast_id, shown)
    if result is None:
        return None
    language = reader_language(request, app, offered=result.titles)
    return _Seen(result, templates(app.settings).words(language), language, shown)


async def _as_asked(request: Request, app: App, broadcast_id: UUID, shown: str) -> Result | None:
    asked = bool(shown) and await counting.was_asked(app.db, app.keyring, broadcast_id, shown)
    if not asked:
        session = await cookies.session(request, app)
        asked = session is not None and await counting.is_asked(
            app.db, broadcast_id, session.resident
        )
    return await the_results(request).find(broadcast_id, asked=True) if asked else None


def _page(app: App, seen: _Seen, reference: str, *, receipt: str, found: bool | None) -> Response:
    result, words, default = seen.result, seen.words, app.settings.default_language
    tag, title = choose(result.titles, seen.language, default=default)
    query = f"?by={seen.shown}" if seen.shown else ""
    return page(
        app, "result", language=seen.language, result=result,
        title=f"{labels.exercise(words)}: {title}" if result.drill else title,
        title_language=tag, message=f"/b/{reference}",
        sheets=results.sheets(words, result, language=seen.language, default=default),
        turnout=_turnout(words, result, seen.language, default),
        share=_share(result.turnout.answered, result.turnout.asked),
        ways=[(results.how(words, way), n) for way, n in result.how.items() if n],
        downloads=[(name, f"/polls/{reference}/result.{name.lower()}{query}")
                   for name in ("CSV", "JSON")],
        shown=seen.shown, asked_language=here().asked, receipt=receipt, found=found,
    )  # fmt: skip


def _turnout(
    words: Words, result: Result, language: str, default: str
) -> list[tuple[str, int, int, int]]:
    return [
        (
            results.group(words, result, part.group, language=language, default=default),
            part.answered, part.asked, _share(part.answered, part.asked),
        )
        for part in result.by_group
    ]  # fmt: skip


def _share(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0
