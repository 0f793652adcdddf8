"""The clock of the database goes back: nothing waits for the old time."""

import asyncio
from typing import Any, LiteralString

import pytest
from psycopg import OperationalError

from channels.base import OutcomeUnknown, TryAgain
from channels.memory import MemoryChannel
from channels.messages import Email
from notify.domain.words import Lane
from notify.services import timekeeping
from notify.services.composing import Composer
from notify.services.sweeping import Sweeper
from notify.services.timekeeping import keep_time
from notify.store import clock_mark
from notify.store.database import Connection
from tests.services.watched import Watched
from tests.town import Town

EVERY_TIME: tuple[LiteralString, ...] = (
    "UPDATE clock_mark SET seen_at = now() + interval '1 h'",
    "UPDATE deliveries SET due_at = due_at + interval '1 h'",
    """UPDATE attempts SET lease_until = lease_until + interval '1 h',
      started_at = started_at + interval '1 h', claimed_at = claimed_at + interval '1 h'""",
    """UPDATE senders SET free_at = free_at + interval '1 h', seen_at = seen_at + interval '1 h',
      down_since = down_since + interval '1 h', down_until = down_until + interval '1 h',
      probing_until = probing_until + interval '1 h'""",
    "UPDATE workers SET seen_at = seen_at + interval '1 h'",
    "UPDATE inbound_pulls SET due_at = due_at + interval '1 h'",
    "UPDATE broadcasts SET latecomers_through = latecomers_through + interval '1 h'",
    """UPDATE alarms SET noticed_at = noticed_at + interval '1 h', seen_at = seen_at + interval '1 h',
      raised_at = raised_at + interval '1 h', remind_at = remind_at + interval '1 h'""",
    "UPDATE tellings SET due_at = due_at + interval '1 h', told_at = told_at + interval '1 h'",
    "UPDATE rings SET check_at = check_at + interval '1 h'",
    "UPDATE watch SET looked_at = looked_at + interval '1 h', beaten_at = beaten_at + interval '1 h'",
)
"""What the database would hold, had its clock been an hour ahead until now."""


async def _clock_goes_back(town: Town) -> None:
    for query in EVERY_TIME:
        await town.change(query)


async def test_an_alert_planned_by_the_old_clock_leaves_at_once(town: Town) -> None:
    await town.readers(3)
    await town.broadcast("town")
    await town.plan()
    await _clock_goes_back(town)
    carrier = MemoryChannel[Email]()
    pump = await town.pump(carrier)
    assert not await pump.round()

    assert await keep_time(town.db)
    await pump.round()

    assert len(carrier.taken) == 3
    assert not await keep_time(town.db)


async def test_a_retry_keeps_its_delay_and_no_more(town: Town) -> None:
    await town.readers(1)
    await town.broadcast("town")
    await town.plan()
    later = MemoryChannel[Email](script=lambda _: TryAgain("greylisted", after=50))
    await (await town.pump(later)).round()
    await _clock_goes_back(town)

    await keep_time(town.db)

    wait = await town.rows("SELECT extract(epoch FROM due_at - now())::float AS s FROM deliveries")
    assert 30 < wait[0]["s"] < 90  # the clock was looked at some seconds before


async def test_leases_end_when_they_would_have(town: Town) -> None:
    await town.readers(2)
    await town.broadcast("town")
    await town.plan()
    await (await town.pump(MemoryChannel[Email]())).round()
    await town.change("UPDATE attempts SET settled_at = NULL, outcome = NULL WHERE id = 1")
    await town.change("UPDATE deliveries SET status = 'sending' WHERE id = 1")
    await _clock_goes_back(town)

    await keep_time(town.db)

    row = (await town.rows("SELECT lease_until - now() < interval '90 s' AS soon,"
        " started_at <= now() AS started, due_at <= now() AS due FROM attempts t"
        " JOIN deliveries d ON d.id = t.delivery_id WHERE t.id = 1"))[0]  # fmt: skip
    assert row == {"soon": True, "started": True, "due": True}


async def test_the_provider_is_asked_for_what_it_got_by_the_clock_that_is_right(
    town: Town,
) -> None:
    await town.readers(1)
    await town.broadcast("town")
    await town.plan()
    silent = MemoryChannel[Email](script=lambda _: OutcomeUnknown("timed_out"))
    await (await town.pump(silent)).round()
    await _clock_goes_back(town)

    await keep_time(town.db)

    row = (await town.rows("SELECT started_at <= now() AS past,"
        " d.due_at < now() + interval '40 s' AS soon FROM attempts t"
        " JOIN deliveries d ON d.id = t.delivery_id"))[0]  # fmt: skip
    assert row == {"past": True, "soon": True}


async def test_senders_are_free_and_dead_workers_are_not_seen(town: Town) -> None:
    await town.pump(MemoryChannel[Email]("relay"), lane=Lane.BULK, rate=1.0)
    await town.change("UPDATE senders SET free_at = now() + interval '4 s'")
    await town.change(
        "INSERT INTO workers (id, lane, host) VALUES (gen_random_uuid(), 'bulk', 'x')"
    )
    await _clock_goes_back(town)

    await keep_time(town.db)

    sender = await town.rows("SELECT free_at - now() < interval '40 s' AS soon FROM senders")
    worker = await town.rows("SELECT seen_at <= now() AS past FROM workers")
    assert (sender[0]["soon"], worker[0]["past"]) == (True, True)


async def test_texts_of_residents_are_pulled_again_in_time(town: Town) -> None:
    await town.change("INSERT INTO inbound_pulls (number, through) VALUES ('+491', now())")
    await _clock_goes_back(town)

    await keep_time(town.db)

    row = await town.rows("SELECT due_at <= now() AS due FROM inbound_pulls")
    assert row[0]["due"]


async def test_an_alarm_that_is_over_ends_and_what_is_to_be_told_is_told(town: Town) -> None:
    watched = Watched(town)
    assert "no_worker:alert" in await watched.raised()
    await town.change(
        "INSERT INTO rings (channel, check_at) VALUES ('sms', now() + interval '10 min')"
    )
    await _clock_goes_back(town)

    await keep_time(town.db)

    due = await town.rows("SELECT bool_and(due_at <= now()) AS due FROM tellings")
    ring = await town.rows("SELECT check_at <= now() + interval '10 min' AS soon FROM rings")
    seen = await town.rows("SELECT looked_at <= now() AS past FROM watch")
    assert (due[0]["due"], ring[0]["soon"], seen[0]["past"]) == (True, True, True)
    await watched.well()
    await watched.later(31)
    await watched.look()
    left = await town.rows("SELECT key FROM alarms WHERE over_at IS NULL AND raised_at IS NOT NULL")
    assert left == []


async def test_a_clock_that_goes_on_changes_nothing(town: Town) -> None:
    await town.readers(1)
    await town.broadcast("town")
    await town.plan()
    await town.change("UPDATE deliveries SET due_at = now() + interval '1 h'")
    await town.change("UPDATE clock_mark SET seen_at = now() - interval '1 day'")

    assert not await keep_time(town.db)

    row = await town.rows("SELECT due_at > now() + interval '59 min' AS kept FROM deliveries")
    assert row[0]["kept"]
    assert not await keep_time(town.db)


async def test_retries_are_moved_in_batches_and_each_of_them_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timekeeping, "_BATCH", 2)
    await town.readers(5)
    await town.broadcast("town")
    await town.plan()
    await town.change("UPDATE deliveries SET claims = 1, due_at = now() + id * interval '20 min'")
    await _clock_goes_back(town)
    sizes: list[int] = []
    real = clock_mark.move

    async def move(connection: Connection, *, back: float, after: int, size: int) -> int | None:
        through = await real(connection, back=back, after=after, size=size)
        rows = await connection.rows(
            "SELECT id FROM deliveries WHERE xmin::text = pg_current_xact_id()::text"
        )
        sizes.append(len(rows))
        return through

    monkeypatch.setattr(clock_mark, "move", move)

    assert await keep_time(town.db)

    rows = await town.rows(
        "SELECT round(extract(epoch FROM due_at - now()) / 1200)::int AS after"
        " FROM deliveries ORDER BY id"
    )
    assert sizes == [2, 2, 1]
    assert [row["after"] for row in rows] == [1, 2, 3, 4, 5]


async def test_whoever_is_ended_in_the_middle_leaves_the_mark_where_it_was(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.readers(1)
    await _clock_goes_back(town)
    monkeypatch.setattr(clock_mark, "move", _too_long)
    with pytest.raises(OperationalError):
        await keep_time(town.db)
    monkeypatch.undo()

    assert await keep_time(town.db)


async def test_leases_lapse_also_while_the_clock_cannot_be_put_right(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.readers(1)
    alert = await town.broadcast("town")
    await town.plan()
    carrier = MemoryChannel[Email]()
    carrier.hold.clear()
    working = asyncio.create_task((await town.pump(carrier)).round())
    await carrier.has_taken(1)
    await town.change("UPDATE attempts SET lease_until = now() - interval '1 s'")
    await town.change("UPDATE clock_mark SET seen_at = now() + interval '1 h'")
    monkeypatch.setattr(clock_mark, "move", _too_long)
    composer = Composer(settings=town.settings, keyring=town.keyring)

    await Sweeper(town.db, senders=[], composer=composer).sweep()

    assert await town.statuses(alert) == ["unknown"]
    carrier.hold.set()
    await working


async def _too_long(*_: Any, **__: Any) -> None:
    raise OperationalError("took too long")
