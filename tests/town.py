"""Builds a small town in a database: groups, residents, broadcasts. Plain SQL, few words."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from channels.base import Channel as Carrier
from notify import clock
from notify.domain.broadcast import Text
from notify.domain.keyring import Keyring
from notify.domain.poll import Ask
from notify.domain.submission import Submission
from notify.domain.words import Channel, Kind, Lane, Relation
from notify.services import submitting
from notify.services.composing import Composer
from notify.services.planning import Planner
from notify.services.senders import Sender, enrol
from notify.services.sending import Pump
from notify.settings import Settings
from notify.store.database import Database, Row

ALL = ("email", "sms", "push")
TEXTS = {"de": Text("Sturm", "Bleiben Sie im Haus."), "en": Text("Storm", "Stay inside.")}


@dataclass
class Town:
    """Shorthands around one database."""

    db: Database
    keyring: Keyring
    settings: Settings
    channels: tuple[str, ...] = ALL

    async def group(self, slug: str = "town", *, parent: int | None = None, **more: Any) -> int:
        async with self.db.transaction() as c:
            row = await c.row(
                "INSERT INTO groups (slug, parent_id, names, carries_parent_news)"
                " VALUES (%(slug)s, %(parent)s, %(names)s, %(carries)s) RETURNING id",
                slug=slug, parent=parent, names=Jsonb({"de": slug}),
                carries=more.get("carries", False),
            )  # fmt: skip
        assert row is not None
        return int(row["id"])

    async def resident(
        self,
        *groups: int,
        email: str | None = None,
        phone: str | None = None,
        push: Sequence[str] = (),
        language: str = "de",
        alerts: Sequence[str] = ALL,
        news: Sequence[str] = ALL,
        state: str = "proven",
    ) -> UUID:
        given = [("email", email), ("sms", phone), *(("push", url) for url in push)]
        async with self.db.transaction() as c:
            row = await c.row(
                "INSERT INTO residents (language) VALUES (%(language)s) RETURNING id",
                language=language,
            )
            assert row is not None
            for channel, value in given:
                if value is None:
                    continue
                await c.run(
                    "INSERT INTO addresses (resident_id, channel, value, keys, hash, state, proven_at)"
                    " VALUES (%(r)s, %(channel)s, %(value)s, %(keys)s, %(hash)s, %(state)s,"
                    " CASE WHEN %(state)s = 'proven' THEN now() END)",
                    r=row["id"], channel=channel, value=value, state=state,
                    keys=Jsonb({"p256dh": "p", "auth": "a"}) if channel == "push" else None,
                    hash=self.keyring.address_hash(channel, value),
                )  # fmt: skip
            for group in groups:
                await c.run(
                    "INSERT INTO subscriptions (resident_id, group_id, alerts, news)"
                    " VALUES (%(r)s, %(g)s, %(alerts)s, %(news)s)",
                    r=row["id"], g=group, alerts=list(alerts), news=list(news),
                )  # fmt: skip
        return UUID(str(row["id"]))

    async def readers(self, count: int) -> None:
        """The group `town` with so many who read its alerts by mail."""
        group = await self.group()
        for number in range(count):
            await self.resident(group, email=f"r{number}@example.org", alerts=["email"])

    async def broadcast(
        self,
        *slugs: str,
        kind: Kind = Kind.ALERT,
        follows: UUID | None = None,
        relation: Relation | None = None,
        **more: Any,
    ) -> UUID:
        now = clock.now()
        texts = _in_languages_of(more.get("ask"))
        values: dict[str, Any] = {"texts": texts, "valid_until": now + timedelta(hours=6)} | more
        async with self.db.transaction() as c:
            done = await submitting.submit(
                c,
                Submission(kind=kind, groups=slugs, in_reply_to=follows, relation=relation, **values),
                settings=self.settings, now=now, may_alert=True, within=None, key_id=None,
            )  # fmt: skip
        return done.id

    async def plan(self, lane: Lane = Lane.ALERT) -> None:
        planner = Planner(self.db, lane=lane, settings=self.settings, channels=self.channels)
        while await planner.plan_slice():
            pass

    async def pump(
        self,
        *carriers: Carrier[Any],
        channel: Channel = Channel.EMAIL,
        lane: Lane = Lane.ALERT,
        rate: float | None = None,
        lease: int = 60,
        slots: int = 50,
        deaf: Collection[str] = (),
    ) -> Pump:
        """`deaf` are the senders to which nobody can answer."""
        every = [
            Sender(channel, carrier, rate=rate, hears=carrier.sender not in deaf)
            for carrier in carriers
        ]
        for sender in every:
            sender.slots = asyncio.Semaphore(slots)
        await enrol(self.db, every)
        return Pump(
            db=self.db, lane=lane, channel=channel, every=every,
            composer=Composer(settings=self.settings, keyring=self.keyring),
            worker=uuid4(), lease=lease,
            zone=self.settings.zone,
        )  # fmt: skip

    async def rows(self, query: Any, **values: Any) -> list[Row]:
        async with self.db.transaction() as c:
            return await c.rows(query, **values)

    async def somebody_waits(self) -> None:
        """Until one transaction waits for what another holds."""
        while not await self.rows(
            "SELECT FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ):
            pass

    async def statuses(self, broadcast_id: UUID) -> list[str]:
        rows = await self.rows(
            "SELECT status FROM deliveries WHERE broadcast_id = %(id)s ORDER BY id", id=broadcast_id
        )
        return [row["status"] for row in rows]

    async def change(self, query: Any, **values: Any) -> int:
        async with self.db.transaction() as c:
            return await c.run(query, **values)


def _in_languages_of(ask: Ask | None) -> dict[str, Text]:
    """Texts in the languages that the questions are asked in."""
    asked = [set(question.wordings) for question in ask.questions] if ask else []
    return {
        language: text for language, text in TEXTS.items() if all(language in one for one in asked)
    }
