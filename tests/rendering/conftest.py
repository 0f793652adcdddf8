"""A broadcast of any kind, and who speaks."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID

import pytest

from notify.domain.broadcast import Broadcast, BroadcastStatus, Identity, Text
from notify.domain.words import Kind, Relation, Severity
from notify.settings import Settings

BroadcastMaker = Callable[..., Broadcast]


@pytest.fixture
def settings() -> Settings:
    return Settings(public_url="https://notify.example", town="Musterstadt")


@pytest.fixture
def identity() -> Identity:
    return Identity(
        sender_name="Stadt Musterstadt",
        mail_from="stadt@musterstadt.example",
        imprint="Rathausplatz 1\n[Impressum](https://musterstadt.example/impressum)",
        privacy="Wir löschen Ihre Daten, wenn Sie gehen.",
    )


@pytest.fixture
def make() -> BroadcastMaker:
    def broadcast(
        texts: Mapping[str, Text] | None = None,
        *,
        kind: Kind = Kind.ALERT,
        relation: Relation | None = None,
        severity: Severity | None = Severity.SEVERE,
        valid: bool = True,
        drill: bool = False,
    ) -> Broadcast:
        first, this = UUID(int=1 << 100), UUID(int=(1 << 100) + 5)
        return Broadcast(
            id=this if relation else first,
            kind=kind,
            status=BroadcastStatus.DISPATCHED,
            texts=texts or {"de": Text("Sturm ab 18 Uhr", "Bleiben Sie im **Haus**.")},
            severity=severity,
            group_ids=(1,),
            valid_until=datetime(2026, 11, 22, 17, 0, tzinfo=UTC) if valid else None,
            send_at=None,
            thread_id=first,
            sequence=1 if relation else 0,
            in_reply_to=first if relation else None,
            relation=relation,
            created_at=datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
            drill=drill,
        )

    return broadcast
