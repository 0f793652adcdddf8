"""What PostgreSQL makes of statements whose cost must not grow with what was done before."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, LiteralString
from uuid import uuid4

import pytest

import notify.store
from notify import clock
from notify.domain.delivery import OVER
from notify.domain.words import Kind
from notify.services.planning import BEFORE_ALL
from notify.store import claiming, forgetting, latecomers, planning, sweep
from notify.store.database import Database
from tests.town import Town

MIGRATIONS = Path(notify.store.__file__).parent / "migrations"
DELIVERIES = """
-- A broadcast that the statistics of the table know nothing of yet.
INSERT INTO deliveries (broadcast_id, resident_id, address_id, address_version, channel, lane,
  language)
SELECT %(id)s, gen_random_uuid(), n, 1, 'email', 'alert', 'de' FROM generate_series(1, 2000) AS n
"""


async def test_whoever_is_left_out_is_looked_up_by_resident_not_among_all_that_is_planned(
    db: Database,
) -> None:
    values = {
        "id": uuid4(), "after": BEFORE_ALL, "span": 5000, "audience": [1], "alert": True,
        "channels": ["email"], "lane": "alert", "languages": ["de"], "default_language": "de",
        "restored_at": None, "zone": "Europe/Berlin",
    }  # fmt: skip
    async with db.transaction() as connection:
        await connection.run("ANALYZE deliveries")
        await connection.run(DELIVERIES, id=values["id"])
        await connection.run("SET LOCAL enable_seqscan = off")
        rows = await connection.rows("EXPLAIN " + planning.FOLLOWERS, **values)

    plan = "\n".join(row["QUERY PLAN"] for row in rows)
    assert "deliveries_resident" in plan
    assert "deliveries_broadcast" not in plan
    assert "deliveries_once on" not in plan


async def test_whoever_is_reached_again_is_not_looked_for_among_all_of_an_alert_s_deliveries(
    db: Database,
) -> None:
    values = {"id": uuid4(), "since": clock.now(), "audience": [1], "channels": ["email"]}
    async with db.transaction() as connection:
        await connection.run("ANALYZE deliveries")
        await connection.run(DELIVERIES, id=values["id"])
        await connection.run("SET LOCAL enable_seqscan = off")
        rows = await connection.rows("EXPLAIN " + latecomers.BEGIN_ANEW, **values)

    plan = "\n".join(row["QUERY PLAN"] for row in rows)
    assert "deliveries_once" in plan
    assert "deliveries_broadcast" not in plan


NOTES: LiteralString = """
INSERT INTO deliveries (note_id, resident_id, address_id, address_version, channel, lane, language,
  status, due_at)
SELECT n, gen_random_uuid(), n, 1, 'email', 'note', 'de', %(status)s, now() - n * interval '1 s'
FROM generate_series(1, 20000) AS n
"""


async def _plan(db: Database, query: Any, *, status: str = "pending", **values: Any) -> str:
    """How a query is carried out where 20,000 notes are at hand."""
    async with db.transaction() as connection:
        await connection.run(NOTES, status=status)
        await connection.run("ANALYZE deliveries")
        rows = await connection.rows("EXPLAIN " + query, **values)
        await connection.run("DELETE FROM deliveries")
    return "\n".join(row["QUERY PLAN"] for row in rows)


@pytest.mark.parametrize("asks", [None, True, False], ids=["of all", "answers", "others"])
async def test_notes_are_claimed_in_the_order_of_an_index(
    db: Database, *, asks: bool | None
) -> None:
    plan = await _plan(
        db, claiming.CLAIM_NOTES, lane="note", channel="email", size=250, sender="relay",
        worker=uuid4(), lease=60, allowed=["pending"], month=None, zone="UTC", asks=asks,
    )  # fmt: skip

    assert "deliveries_notes" in plan
    assert "Sort Key: d.due_at" not in plan


async def test_the_next_note_is_found_at_the_head_of_an_index(db: Database) -> None:
    async with db.transaction() as connection:
        source = await connection.row("SELECT prosrc FROM pg_proc WHERE proname = 'next_due'")
    assert source is not None
    query = source["prosrc"].replace("of_lane", "%(lane)s").replace("of_channel", "%(channel)s")

    plan = await _plan(db, query, lane="note", channel="email")

    assert "deliveries_notes" in plan


async def test_doubts_are_taken_by_lane_from_an_index(db: Database) -> None:
    plan = await _plan(
        db, sweep.DOUBTFUL, status="unknown", lanes=["bulk"], channels=["email"], size=50, hold=60.0
    )

    assert "deliveries_doubtful" in plan


WAITING: LiteralString = """
-- A broadcast that the statistics of the table know nothing of yet.
INSERT INTO deliveries (broadcast_id, resident_id, address_id, address_version, channel, lane,
  language)
SELECT %(id)s, gen_random_uuid(), a.id, 1, 'email', 'bulk', 'de' FROM addresses a
"""

PEOPLE: LiteralString = """
WITH who AS (INSERT INTO residents (language) SELECT 'de' FROM generate_series(1, 3000)
  RETURNING id)
INSERT INTO addresses (resident_id, channel, value, hash, state)
SELECT id, 'email', id || '@example.org', uuid_send(id), 'proven' FROM who
"""


@pytest.mark.parametrize("asks", [None, False], ids=["of all", "apart"])
async def test_a_claim_touches_what_it_takes_not_what_waits_nor_the_square_of_it(
    town: Town, *, asks: bool | None
) -> None:
    await town.group()
    broadcast = await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    async with town.db.transaction() as connection:
        await connection.run("ANALYZE deliveries")
        await connection.run(PEOPLE)
        await connection.run(WAITING, id=broadcast)
        rows = await connection.rows(
            "EXPLAIN (ANALYZE, FORMAT JSON) " + claiming.CLAIM_BROADCASTS, lane="bulk",
            channel="email", size=200, sender="relay", worker=uuid4(), lease=60,
            allowed=["pending"], month=None, onward=None, since=[], after=[], zone="UTC", asks=asks,
        )  # fmt: skip

    touched = list(_touched(rows[0]["QUERY PLAN"][0]["Plan"]))
    assert 200 in touched
    assert max(touched) <= 400


async def test_whose_quiet_hours_it_is_costs_a_look_into_an_index_of_those_who_have_any(
    town: Town,
) -> None:
    await town.group()
    broadcast = await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    async with town.db.transaction() as connection:
        await connection.run(PEOPLE)
        await connection.run(
            "UPDATE residents SET quiet_from = '22:00', quiet_until = '06:00' WHERE id IN"
            " (SELECT id FROM residents LIMIT 30)"
        )
        await connection.run("ANALYZE residents, addresses, deliveries")
        await connection.run(WAITING, id=broadcast)
        plans = {
            lane: (await connection.rows(
                "EXPLAIN (ANALYZE, FORMAT JSON) " + claiming.CLAIM_BROADCASTS, lane=lane,
                channel="email", size=200, sender="relay", worker=uuid4(), lease=60,
                allowed=["pending"], month=None, onward=None, since=[], after=[], zone="UTC", asks=None,
            ))[0]["QUERY PLAN"][0]["Plan"]
            for lane in ("alert", "bulk")
        }  # fmt: skip

    looks = {
        lane: [node for node in _nodes(plan) if node.get("Relation Name") == "residents"]
        for lane, plan in plans.items()
    }
    assert not looks["alert"]
    (look,) = looks["bulk"]
    assert look["Index Name"] == "residents_quiet"
    assert max(_touched({**look, "Plans": ()})) <= 30


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from _nodes(inner)


def _touched(node: dict[str, Any]) -> Iterator[float]:
    """Rows that each node of a plan has seen, those it threw away included."""
    removed = sum(value for name, value in node.items() if name.startswith("Rows Removed"))
    yield (node["Actual Rows"] + removed) * node["Actual Loops"]
    for inner in node.get("Plans", ()):
        yield from _touched(inner)


async def test_old_deliveries_of_a_broadcast_are_found_behind_where_the_last_batch_ended(
    db: Database,
) -> None:
    plan = await _plan(
        db, forgetting.OF_BROADCAST, id=uuid4(), after=17, size=2000, over=list(map(str, OVER))
    )

    assert "deliveries_broadcast" in plan
    assert "Sort" not in plan


async def test_old_deliveries_of_notes_are_found_by_their_notes(db: Database) -> None:
    plan = await _plan(
        db, forgetting.OF_NOTES, status="failed", notes=[1, 2, 3], size=20,
        over=list(map(str, OVER)),
    )  # fmt: skip

    assert "deliveries_note " in plan


DONE: LiteralString = """
INSERT INTO attempts (delivery_id, number, worker, sender, lease_until, settled_at, outcome)
SELECT n, 1, gen_random_uuid(), 'relay', now(), now(), 'sent' FROM generate_series(1, 20000) AS n
"""


async def test_whose_turn_it_is_to_forget_is_known_without_a_look_through_what_is_done(
    db: Database,
) -> None:
    async with db.transaction() as connection:
        await connection.run(DONE)
        await connection.run("ANALYZE attempts")

    plan = await _plan(db, forgetting.TURN, status="delivered")

    assert "deliveries_waiting" in plan
    assert "Seq Scan on deliveries" not in plan
    assert "attempts_open" in plan
    assert "Seq Scan on attempts" not in plan


async def test_no_sample_is_taken_of_what_is_otherwise_a_moment_later(db: Database) -> None:
    async with db.transaction() as connection:
        await connection.run(DELIVERIES, id=uuid4())
        await connection.run("ANALYZE deliveries")
        rows = await connection.rows(
            "SELECT attname FROM pg_stats WHERE tablename = 'deliveries' AND schemaname = 'public'"
        )

    known = {row["attname"] for row in rows}
    assert "resident_id" in known
    assert not known & {"status", "lane", "channel"}


async def test_the_upgrade_forgets_samples_that_were_taken(db: Database) -> None:
    statements = (MIGRATIONS / "0014-cheaper.sql").read_text()
    async with db.transaction() as connection:
        await connection.run("ALTER TABLE deliveries ALTER COLUMN status SET STATISTICS 100")
        await connection.run(DELIVERIES, id=uuid4())
        await connection.run("ANALYZE deliveries")
        await connection.raw.execute(statements.encode())
        rows = await connection.rows(
            "SELECT FROM pg_stats WHERE tablename = 'deliveries' AND attname = 'status'"
        )

    assert rows == []


BIG = re.compile(
    r"ALTER TABLE (?:receipts|notes|consents|subscriptions)\b[^;]*ADD CONSTRAINT[^;]*;"
)


async def test_big_tables_are_looked_through_in_a_step_that_keeps_nobody_out(db: Database) -> None:
    later = [path for path in sorted(MIGRATIONS.glob("*.sql")) if path.stem > "0016"]

    for path in later:
        for statement in BIG.findall(path.read_text()):
            assert "NOT VALID" in statement, path.stem
    async with db.transaction() as connection:
        left = await connection.rows("SELECT conname FROM pg_constraint WHERE NOT convalidated")
    assert left == []
