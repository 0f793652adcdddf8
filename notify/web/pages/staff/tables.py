"""A message as a table for a spreadsheet."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from notify.bootstrap import App
from notify.domain.addresses import masked
from notify.domain.csv_out import MARK, Cell, table
from notify.domain.grants import Deed
from notify.rendering import labels, reasons
from notify.rendering.fates import told
from notify.rendering.languages import Words
from notify.rendering.templates import templates
from notify.services import tabulating
from notify.services.staff_sessions import Officer
from notify.web.deps import TheApp
from notify.web.pages.paper import reader_language
from notify.web.pages.staff.door import Doing

router = APIRouter(prefix="/staff/messages", include_in_schema=False)

_MOMENT: Final = "%Y-%m-%d %H:%M:%S"  # spreadsheets of every country know it for a time


@router.post("/{broadcast_id}/deliveries.csv")
async def deliveries(
    request: Request, app: TheApp, officer: Annotated[Officer, Doing(Deed.OPERATE)],
    broadcast_id: UUID,
) -> StreamingResponse:  # fmt: skip
    """Posted, for it leaves a line in the log."""
    await tabulating.begin(app.db, officer, broadcast_id)
    words = templates(app.settings).words(reader_language(request, app, wish=officer.language))
    return StreamingResponse(
        _written(app, words, broadcast_id), media_type="text/csv; charset=utf-8",
        headers={
            "content-disposition": f'attachment; filename="{broadcast_id}.csv"',
            "cache-control": "no-store",
        },
    )  # fmt: skip


async def _written(app: App, words: Words, broadcast_id: UUID) -> AsyncIterator[str]:
    separator = words.list_separator
    yield MARK + table([_head(words)], separator=separator)
    async for rows in tabulating.pages(app.db, broadcast_id):
        yield table([_line(words, row) for row in rows], separator=separator)


def _head(words: Words) -> Sequence[str]:
    return [
        words.gettext("Person"), words.gettext("Channel"), words.gettext("Address"),
        words.gettext("Language"), words.gettext("Status"), words.gettext("Reason"),
        words.gettext("Code"), words.gettext("Sender"), words.gettext("Tries"),
        words.gettext("Planned"), words.gettext("Handed over"), words.gettext("Ended"),
    ]  # fmt: skip


def _line(words: Words, row: Mapping[str, Any]) -> Sequence[Cell]:
    status, address = row["status"], row.get("address")
    return [
        str(row["resident_id"]),
        labels.channel(words, row["channel"]),
        masked(row["channel"], address) if address else "",
        row.get("language"),
        told(words, status),
        reasons.said(words, row["reason"], status) or row["reason"],
        row.get("code"),
        row.get("sender"),
        row.get("attempts"),
        *(_moment(words, row.get(name)) for name in ("created_at", "handed_over_at", "ended_at")),
    ]  # fmt: skip


def _moment(words: Words, at: datetime | None) -> str:
    return at.astimezone(words.zone).strftime(_MOMENT) if at else ""
