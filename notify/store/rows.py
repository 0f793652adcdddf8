"""Turns rows into the values of the domain; enum fields arrive as text and are converted here."""

from collections.abc import Mapping
from typing import Any

from notify.domain.broadcast import Broadcast, BroadcastStatus, Text
from notify.domain.poll import from_json as ask_of
from notify.domain.words import Kind, Relation, Severity
from notify.store.database import Row


def to_broadcast(row: Row) -> Broadcast:
    """The broadcast of a row that has at least the columns a Broadcast has fields."""
    return Broadcast(
        id=row["id"],
        kind=Kind(row["kind"]),
        status=BroadcastStatus(row["status"]),
        texts={language: to_text(text) for language, text in row["texts"].items()},
        severity=Severity(row["severity"]) if row["severity"] else None,
        group_ids=tuple(row["group_ids"]),
        valid_until=row["valid_until"],
        send_at=row["send_at"],
        thread_id=row["thread_id"],
        sequence=row["sequence"],
        in_reply_to=row["in_reply_to"],
        relation=Relation(row["relation"]) if row["relation"] else None,
        created_at=row["created_at"],
        drill=row["drill"],
        ask=ask_of(row["asks"]) if row.get("asks") else None,
    )


def to_text(text: Mapping[str, Any]) -> Text:
    return Text(title=text["title"], body=text["body"], sms=text.get("sms") or None)
