"""A town whose one reader was sent one message, so that something can come back."""

from dataclasses import dataclass
from uuid import UUID

from channels.base import Sent
from channels.memory import MemoryChannel
from channels.messages import Email, Push, Sms
from notify.domain.words import Channel
from tests.town import Town

SID = "SM" + "c" * 32


@dataclass
class Hooked:
    """One message handed over, and what can be asked of it since."""

    town: Town
    broadcast: UUID
    message: Email | Sms | Push
    attempt: int

    async def status(self) -> str:
        return (await self.town.statuses(self.broadcast))[0]

    async def receipts(self) -> list[str]:
        rows = await self.town.rows("SELECT report FROM receipts ORDER BY id")
        return [row["report"] for row in rows]

    async def suppressed(self) -> list[str]:
        rows = await self.town.rows("SELECT reason FROM suppressions")
        return [row["reason"] for row in rows]


async def hand_over(town: Town, channel: Channel) -> Hooked:
    """Send an alert over one channel; the provider calls the message SID."""
    await town.resident(
        await town.group(), email="erika@example.org", phone="+4915123456789",
        push=["https://fcm.googleapis.com/x"], alerts=[str(channel)],
    )  # fmt: skip
    broadcast = await town.broadcast("town")
    await town.plan()
    carrier = MemoryChannel[Email | Sms | Push](script=lambda _: Sent(SID, parts=1))
    await (await town.pump(carrier, channel=channel)).round()
    (row,) = await town.rows("SELECT id FROM attempts")
    return Hooked(town, broadcast, carrier.taken[0], row["id"])
