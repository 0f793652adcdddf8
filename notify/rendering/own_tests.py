"""A draft that one of the staff sends to themselves: kept in a note for each language, put into words
when it is sent."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from notify.domain.broadcast import Broadcast, BroadcastStatus, Identity, Text
from notify.domain.words import Kind, Relation, Severity


def kept(broadcast: Broadcast, identity: Identity, *, language: str) -> dict[str, Any]:
    """What a note holds of it, to be read in `language`."""
    return {
        "id": str(broadcast.id),
        "language": language,
        "kind": broadcast.kind,
        "severity": broadcast.severity,
        "drill": broadcast.drill,
        "texts": {language: asdict(text) for language, text in broadcast.texts.items()},
        "valid_until": broadcast.valid_until and broadcast.valid_until.isoformat(),
        "relation": broadcast.relation,
        "identity": asdict(identity),
    }


def read(data: Mapping[str, Any], *, number: int, now: datetime) -> Broadcast:
    """The broadcast as it would arrive. `number` is the note's: on a screen a test replaces nothing,
    neither what the draft follows nor, later, what comes of it."""
    until, draft = data["valid_until"], UUID(data["id"])
    return Broadcast(
        id=draft,
        kind=Kind(data["kind"]),
        status=BroadcastStatus.DRAFT,
        texts={language: Text(**text) for language, text in data["texts"].items()},
        severity=Severity(data["severity"]) if data["severity"] else None,
        group_ids=(),
        valid_until=datetime.fromisoformat(until) if until else None,
        send_at=None,
        thread_id=uuid5(draft, str(number)),
        sequence=0,
        in_reply_to=None,
        relation=Relation(data["relation"]) if data["relation"] else None,
        created_at=now,
        drill=data["drill"],
    )


def language(data: Mapping[str, Any]) -> str:
    """In which it is read."""
    return str(data["language"])


def speaker(data: Mapping[str, Any]) -> Identity:
    """Who speaks in it."""
    return Identity(**data["identity"])
