"""Gives a resident everything that is kept about them, as one JSON document.

Its shape is described in docs/residents.md; SHAPE rises when something in it means something else.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any, Final
from uuid import UUID

from notify import clock
from notify.errors import NotFound
from notify.services import feedback
from notify.settings import Settings
from notify.store import exporting as store
from notify.store.database import Database, Row

SHAPE: Final = 1

_STORIES: Final = ("attempts", "receipts")


async def export(db: Database, resident: UUID, *, settings: Settings) -> dict[str, Any]:
    """All about one resident. Raises NotFound."""
    async with db.transaction() as connection:
        person = await store.person(connection, resident)
        if person is None:
            raise NotFound("There is no such resident.")
        parts = await store.parts(connection, resident, default=settings.default_language)
        parts["feedback"] = await feedback.said_by(connection, resident)
    stories = {name: _by_delivery(parts.pop(name)) for name in _STORIES}
    messages = [
        message | {name: stories[name].get(message["id"], []) for name in _STORIES}
        for message in parts["messages"]
    ]
    return {
        "shape": SHAPE, "from": settings.town, "made_at": clock.now(), "resident": person,
        **parts, "messages": messages,
    }  # fmt: skip


def as_json(exported: Mapping[str, Any]) -> str:
    """The document as text, readable by people too; moments in ISO 8601 with their zone."""
    return json.dumps(exported, default=_plain, ensure_ascii=False, indent=2) + "\n"


def _by_delivery(rows: Sequence[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row.pop("delivery_id"), []).append(row)
    return found


def _plain(value: object) -> str:
    if isinstance(value, datetime | time):
        return value.isoformat()
    return str(value)
