"""A phone that texts a town's number, and what comes back to it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from channels.inbound import Heeded, Inbound
from channels.memory import MemoryChannel
from channels.messages import Sms
from notify import clock
from notify.domain.words import Channel, Lane
from notify.services import inbound
from notify.services.texts import Means
from tests.town import Town

PHONE = "+4915112345678"
OURS = "+4915100000000"
_IDS = count()


@dataclass
class Texter:
    """Texts come by hook, unless `ago` says how long before the puller found them."""

    town: Town
    phone: str = PHONE
    to: str = OURS
    carrier: MemoryChannel[Sms] = field(default_factory=MemoryChannel[Sms])

    def message(
        self, body: str, *, sid: str = "", at: datetime | None = None, heeded: Heeded | None = None
    ) -> Inbound:
        return Inbound(
            "twilio", sid or f"SM{next(_IDS)}", self.phone, self.to, body, at, heeded
        )  # fmt: skip

    async def take(self, *messages: Inbound, how: str = inbound.HOOK) -> inbound.Taken:
        means = Means(self.town.settings, self.town.keyring)
        async with self.town.db.transaction() as connection:
            return await inbound.take(connection, means, messages, how=how)

    async def text(
        self,
        body: str,
        *,
        sid: str = "",
        ago: timedelta | None = None,
        heeded: Heeded | None = None,
    ) -> list[str]:
        """Text the town; what it answers to this number."""
        at = None if ago is None else clock.now() - ago
        message = self.message(body, sid=sid, at=at, heeded=heeded)
        await self.take(message, how=inbound.HOOK if ago is None else inbound.PULL)
        return await self.answers()

    async def answers(self) -> list[str]:
        """What the town has sent to this number since the last look."""
        before = len(self.carrier.taken)
        pump = await self.town.pump(self.carrier, channel=Channel.SMS, lane=Lane.NOTE)
        while await pump.round():
            pass
        return [sms.body for sms in self.carrier.taken[before:] if sms.to == self.phone]

    async def suppressed(self) -> str | None:
        rows = await self.town.rows(
            "SELECT reason FROM suppressions WHERE channel = 'sms' AND hash = %(hash)s",
            hash=self.town.keyring.address_hash("sms", self.phone),
        )
        return rows[0]["reason"] if rows else None

    async def follows(self) -> dict[str, tuple[str, str, str]]:
        """By slug: the channels for alerts, those for news, and the state."""
        rows = await self.town.rows(
            "SELECT g.slug, s.alerts, s.news, s.state FROM subscriptions s"
            " JOIN groups g ON g.id = s.group_id JOIN addresses a USING (resident_id)"
            " WHERE a.channel = 'sms' AND a.value = %(phone)s AND a.live ORDER BY g.slug",
            phone=self.phone,
        )
        return {
            row["slug"]: (" ".join(row["alerts"]), " ".join(row["news"]), row["state"])
            for row in rows
        }
