"""A group's cap on SMS stops announcements, never alerts, and counts what both cost."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from channels import segments
from channels.base import OutcomeUnknown, Sent
from channels.memory import MemoryChannel
from channels.messages import Sms
from notify import clock
from notify.domain.broadcast import Text
from notify.domain.words import Channel, Kind, Lane
from notify.errors import Invalid, NotFound
from notify.services import groups, watching
from notify.services.composing import Composer
from notify.services.sweeping import Sweeper
from tests.services.test_answering import PARK, WHEN, poll
from tests.services.texter import PHONE, Texter
from tests.town import Town


async def _phones(town: Town, group: int, count: int) -> None:
    for number in range(count):
        await town.resident(
            group, phone=f"+4915112{group:03}{number:03}", alerts=["sms"], news=["sms"]
        )


async def _send(town: Town, slug: str, kind: Kind, *, parts: int = 1) -> tuple[UUID, int]:
    """Send to everybody; gives the broadcast and how many texts left."""
    made = await town.broadcast(slug, kind=kind)
    lane = Lane.ALERT if kind is Kind.ALERT else Lane.BULK
    await town.plan(lane)
    carrier = MemoryChannel[Sms](script=lambda _: Sent(parts=parts))
    pump = await town.pump(carrier, channel=Channel.SMS, lane=lane)
    while await pump.round():
        await town.change("UPDATE deliveries SET due_at = now() WHERE status = 'pending'")
    return made, len(carrier.taken)


async def _spent(town: Town) -> dict[str, int]:
    rows = await groups.sms_spent(town.db, month=clock.month(town.settings.zone))
    return {slug: row["segments"] for slug, row in rows.items()}


async def test_an_announcement_stops_at_the_cap_and_says_why(town: Town) -> None:
    await _phones(town, await town.group(), 8)
    await groups.cap_sms(town.db, "town", 5)

    made, left = await _send(town, "town", Kind.ANNOUNCEMENT)

    assert left == 5
    assert sorted(await town.statuses(made)) == ["cancelled"] * 3 + ["sent"] * 5
    why = await watching.reasons(town.db, made)
    assert [(row["status"], row["reason"], row["n"]) for row in why] == [
        ("cancelled", "sms_cap", 3)
    ]


async def test_an_alert_is_never_stopped_but_counts(town: Town) -> None:
    await _phones(town, await town.group(), 6)
    await groups.cap_sms(town.db, "town", 2)

    assert (await _send(town, "town", Kind.ALERT))[1] == 6
    assert await _spent(town) == {"town": 6}
    assert (await _send(town, "town", Kind.ANNOUNCEMENT))[1] == 0


async def test_what_is_said_to_the_answers_of_a_poll_counts_for_who_asked_and_is_never_stopped(
    town: Town,
) -> None:
    district = await town.group("district")
    await town.resident(await town.group("town", parent=district), phone=PHONE)
    await poll(town, PARK, WHEN)
    await groups.cap_sms(town.db, "town", 0)
    texter = Texter(town)

    said = [text for body in ("1", "weiß nicht", "2") for text in await texter.text(body)]
    said += await texter.text("LISTE")

    parts = sum(segments.measure(text).segments for text in said[:-1])
    assert ("Frage 2 von 2" in said[0], len(said)) == (True, 4)
    assert await _spent(town) == {"town": parts, "district": parts}


async def test_a_cap_above_holds_for_the_groups_below_together(town: Town) -> None:
    district = await town.group("district")
    north = await town.group("north", parent=district)
    south = await town.group("south", parent=district)
    await _phones(town, north, 4)
    await _phones(town, south, 4)
    await groups.cap_sms(town.db, "district", 6)

    assert (await _send(town, "north", Kind.ANNOUNCEMENT))[1] == 4
    assert (await _send(town, "south", Kind.ANNOUNCEMENT))[1] == 2
    assert await _spent(town) == {"district": 6, "north": 4, "south": 2}


async def test_what_is_billed_are_segments(town: Town) -> None:
    await _phones(town, await town.group(), 3)
    await groups.cap_sms(town.db, "town", 100)

    await _send(town, "town", Kind.ANNOUNCEMENT, parts=4)

    assert await _spent(town) == {"town": 12}


async def test_what_may_have_been_taken_counts(town: Town) -> None:
    await _phones(town, await town.group(), 2)
    await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    await town.plan(Lane.BULK)
    silent = MemoryChannel[Sms](script=lambda _: OutcomeUnknown("timed_out"))

    await (await town.pump(silent, channel=Channel.SMS, lane=Lane.BULK)).round()

    assert await _spent(town) == {"town": 2}


async def test_what_a_crash_leaves_in_doubt_counts_once(town: Town) -> None:
    await _phones(town, await town.group(), 3)
    await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    await town.plan(Lane.BULK)
    slow = MemoryChannel[Sms]()
    slow.hold.clear()
    pump = await town.pump(slow, channel=Channel.SMS, lane=Lane.BULK)
    working = asyncio.create_task(pump.round())
    await slow.has_taken(3)
    await town.change("UPDATE attempts SET lease_until = now() - interval '1 s'")
    await town.change("UPDATE attempts SET started_at = NULL WHERE id = 1")  # never handed over
    composer = Composer(settings=town.settings, keyring=town.keyring)

    await Sweeper(town.db, senders=[], composer=composer).sweep()
    counted = await _spent(town)
    slow.hold.set()
    await working

    assert counted == {"town": 2}
    assert await _spent(town) == {"town": 2}


async def test_last_months_costs_are_no_longer_counted(town: Town) -> None:
    await _phones(town, await town.group(), 3)
    await groups.cap_sms(town.db, "town", 3)
    await _send(town, "town", Kind.ANNOUNCEMENT)
    await town.change("UPDATE sms_spent SET month = month - interval '1 month'")

    assert (await _send(town, "town", Kind.ANNOUNCEMENT))[1] == 3


async def test_a_cap_can_be_raised_and_lifted(town: Town) -> None:
    await _phones(town, await town.group(), 2)
    await groups.cap_sms(town.db, "town", 0)
    assert (await _send(town, "town", Kind.ANNOUNCEMENT))[1] == 0

    await groups.cap_sms(town.db, "town", None)

    assert (await _send(town, "town", Kind.ANNOUNCEMENT))[1] == 2


async def test_mail_knows_no_cap(town: Town) -> None:
    group = await town.group()
    await town.resident(group, email="a@example.org", news=["email"])
    await groups.cap_sms(town.db, "town", 0)
    made = await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    await town.plan(Lane.BULK)

    await (await town.pump(MemoryChannel[Any](), lane=Lane.BULK)).round()

    assert await town.statuses(made) == ["sent"]


async def test_a_cap_that_is_none_is_refused(town: Town) -> None:
    await town.group()

    with pytest.raises(Invalid):
        await groups.cap_sms(town.db, "town", -1)
    with pytest.raises(NotFound):
        await groups.cap_sms(town.db, "atlantis", 5)


async def test_a_cap_is_kept_by_the_segments_a_text_takes(town: Town) -> None:
    await _phones(town, await town.group(), 8)
    await groups.cap_sms(town.db, "town", 14)
    long = {"de": Text("Sturm", "Bleiben Sie im Haus. " * 18)}  # three parts, the author was told

    made = await town.broadcast("town", kind=Kind.ANNOUNCEMENT, texts=long)
    await town.plan(Lane.BULK)
    carrier = MemoryChannel[Sms](script=lambda _: Sent(parts=3))
    pump = await town.pump(carrier, channel=Channel.SMS, lane=Lane.BULK)
    while await pump.round():
        await town.change("UPDATE deliveries SET due_at = now() WHERE status = 'pending'")

    rows = await town.rows("SELECT sms_segments FROM broadcasts WHERE id = %(id)s", id=made)
    assert rows[0]["sms_segments"] == {"de": 3}
    assert len(carrier.taken) == 4  # a fifth would make fifteen
    assert await _spent(town) == {"town": 12}


async def test_several_announcements_at_once_keep_to_the_cap_together(town: Town) -> None:
    await _phones(town, await town.group(), 6)
    await groups.cap_sms(town.db, "town", 10)
    for _ in range(3):
        await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    await town.plan(Lane.BULK)
    carrier = MemoryChannel[Sms](script=lambda _: Sent(parts=1))
    pump = await town.pump(carrier, channel=Channel.SMS, lane=Lane.BULK)

    while await pump.round():
        await town.change("UPDATE deliveries SET due_at = now() WHERE status = 'pending'")

    assert len(carrier.taken) == 10
