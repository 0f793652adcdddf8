"""Tells, before the button, what a broadcast would cost and when the last of it would be out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from channels.sms import receives
from notify import clock
from notify.domain.costing import (
    Cap,
    Duration,
    Price,
    Queue,
    SenderPace,
    duration,
    read_price,
    segments_of,
)
from notify.domain.words import Channel, Kind, Lane, lane_of
from notify.services.reckoning import PATIENCE, Audience
from notify.settings import Settings
from notify.store import groups, paces, queued, senders, sms_spending
from notify.store import reckoning as store
from notify.store.database import TOO_LONG, Connection, Database

ASSUMED: Final[Mapping[Channel, float]] = {
    Channel.EMAIL: 50.0, Channel.SMS: 1.0, Channel.PUSH: 50.0,
}  # fmt: skip
"""Units a second where no rate is set and nothing was measured: a small relay, a single number."""

_ENOUGH: Final = 100  # hand-overs that show how fast a channel is


@dataclass(frozen=True, slots=True)
class Bill:
    """`segments` of SMS, and what they cost where a price is set; `later` are those that follow at
    most, where everybody answers all of it by SMS, and `most` what all of them cost; `caps` are those of the group that
    pays and of the groups above it; `durations` are by channel that has anything to send. `hears`: its
    SMS go only by senders that receive."""

    segments: int
    price: Price | None
    caps: tuple[Cap, ...]
    durations: tuple[Duration, ...]
    begins: datetime
    later: int = 0
    most: Price | None = None
    hears: bool = False

    @property
    def ends(self) -> datetime | None:
        """When the last is out; None where a channel cannot send now."""
        ends = [one.ends(self.begins) for one in self.durations]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None

    @property
    def last(self) -> Duration | None:
        """The channel that is done last, of those that can send now."""
        able = [one for one in self.durations if one.seconds is not None]
        return max(able, key=lambda one: one.seconds or 0.0, default=None)


async def bill(
    db: Database, audience: Audience, *, segments: Mapping[str, int], kind: Kind,
    groups: Sequence[str], begins: datetime, settings: Settings, follows: UUID | None = None,
    later: Mapping[str, int] | None = None, asks: bool = False,
) -> Bill | None:  # fmt: skip
    """`segments` an SMS takes by language, and those `later` to whoever answers; `groups` are slugs, of
    which the first pays; `follows` is what it follows, which it ends; what `asks` goes only by senders
    of SMS that receive. None where it takes too long to find out."""
    sms = audience.channels.get(Channel.SMS)
    total = segments_of(sms.languages, segments) if sms else 0
    units = {channel: one.messages for channel, one in audience.channels.items()}
    units[Channel.SMS] = total
    try:
        async with db.transaction() as connection:
            await store.patience(connection, round(PATIENCE * 1_000))
            durations = await _durations(
                connection, units, kind, follows=follows, asks=asks,
                later=(begins - clock.now()).total_seconds(),
            )  # fmt: skip
            caps = await _caps(connection, groups[:1], total, kind=kind, settings=settings)
    except TOO_LONG:
        return None
    more = segments_of(sms.languages, later) if sms and later else 0
    one = read_price(settings.sms_price) if settings.sms_price else None
    return Bill(
        total, one * total if one else None, tuple(caps), tuple(durations), begins,
        later=more, most=one * (total + more) if one else None,
        hears=asks and kind is not Kind.ALERT,
    )  # fmt: skip


async def _durations(
    connection: Connection, units: Mapping[Channel, int], kind: Kind, *, follows: UUID | None,
    asks: bool, later: float,
) -> list[Duration]:  # fmt: skip
    wanted = [channel for channel, count in units.items() if count]
    known = await senders.every(connection)
    queues = await _queues(connection, wanted, kind, follows=follows)
    measured = await paces.measured(connection, [*map(str, wanted)], enough=_ENOUGH)
    found = []
    for channel in wanted:
        of_channel = [row for row in known if row["channel"] == channel]
        ready = [row for row in of_channel if row["state"] in {"ok", "probing"}]
        hearing = [row for row in ready if receives(row["name"])]
        # A warning waits for nobody: it goes by a sender that cannot receive where no other is ready.
        if asks and channel is Channel.SMS and (hearing or kind is not Kind.ALERT):
            ready = hearing
        able = [SenderPace(row["rate"], row["backlog"] or 0.0) for row in ready]
        if not of_channel:  # no worker has run yet: as one would
            able = [SenderPace(None)]
        found.append(
            duration(
                channel, units[channel], able, measured=measured.get(channel),
                assumed=ASSUMED[channel], together=kind is Kind.ALERT, queue=queues[channel],
                later=max(0.0, later),
            )
        )  # fmt: skip
    return found


async def _queues(
    connection: Connection, channels: Sequence[Channel], kind: Kind, *, follows: UUID | None
) -> Mapping[Channel, Queue]:
    """What is still going out on each channel: alerts overtake news, and wait for none."""
    own = lane_of(kind)
    lanes = [str(lane) for lane in dict.fromkeys([Lane.ALERT, own])]
    rows = await queued.units(connection, lanes, [*map(str, channels)], follows=follows)
    return {
        channel: Queue(
            overtakes=sum(row["units"] for row in of_channel if row["lane"] != own),
            beside=[row["units"] for row in of_channel if row["lane"] == own],
        )
        for channel in channels
        for of_channel in [[row for row in rows if row["channel"] == channel]]
    }


async def _caps(
    connection: Connection, payer: Sequence[str], adds: int, *, kind: Kind, settings: Settings
) -> list[Cap]:
    month = clock.month(settings.zone)
    spent = {row["slug"]: row for row in await sms_spending.spent(connection, month=month)}
    every = {group.slug: group for group in await groups.tree(connection)}
    line: list[str] = []
    slug = next(iter(payer), None)
    while slug is not None and slug in every and slug not in line:
        line.append(slug)
        slug = every[slug].parent
    return [
        Cap(every[slug].names, row["cap"], row["segments"], adds, stops=kind is not Kind.ALERT)
        for slug in line
        if (row := spent.get(slug)) is not None and row["cap"] is not None
    ]
