"""What the public reads is kept, and never for longer than a second after it changed."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientSession
from psycopg import AsyncConnection

from notify.services import publishing
from notify.store.database import Database
from notify.web.pages.freshness import HOLDS
from tests.town import Town
from tests.web.conftest import MakeGroup, Publish

DE = {"accept-language": "de"}

FOLLOW: LiteralString = """
INSERT INTO broadcasts (kind, status, severity, texts, group_ids, valid_until, thread_id, sequence,
  in_reply_to, relation, dispatching_at)
SELECT kind, 'dispatching', severity, %(texts)s, group_ids, valid_until, thread_id, 1, id,
  %(relation)s, now() FROM broadcasts WHERE id = %(id)s
"""


async def read(site: ClientSession, path: str, **headers: str) -> str:
    async with site.get(path, headers=DE | headers) as answer:
        assert answer.status == 200
        return await answer.text()


@dataclass(frozen=True)
class Change:
    """SQL that changes a page, and what `front` and `thread` must say, or not say, after it."""

    sql: LiteralString
    front: Callable[[str], bool]
    thread: Callable[[str], bool]
    given: Mapping[str, Any] | None = None


def says(*words: str) -> Callable[[str], bool]:
    return lambda html: all(word in html for word in words)


def lacks(word: str) -> Callable[[str], bool]:
    return lambda html: word not in html


def follow(relation: str) -> dict[str, str]:
    return {"relation": relation, "texts": json.dumps({"de": {"title": "Folge", "body": "x"}})}


CALM = "Zurzeit gilt keine Warnung."
CHANGES = {
    "another is published": Change(
        "INSERT INTO broadcasts (kind, status, severity, texts, group_ids, valid_until, thread_id,"
        " dispatching_at) SELECT kind, 'dispatching', 'extreme', %(texts)s, group_ids, valid_until,"
        " gen_random_uuid(), now() FROM broadcasts WHERE id = %(id)s",
        says("Flut"), says("Flut"), {"texts": json.dumps({"de": {"title": "Flut", "body": "x"}})},
    ),
    "one that waited goes out": Change(
        "UPDATE broadcasts SET status = 'dispatching', dispatching_at = now()"
        " WHERE status = 'scheduled'",
        says("Nebel"), says("Nebel"),
    ),
    "withdrawn": Change(
        "UPDATE broadcasts SET status = 'cancelled', cancelled_at = now() WHERE id = %(id)s",
        says(CALM), says("zurückgezogen"),
    ),
    "run out": Change(
        "UPDATE broadcasts SET status = 'expired' WHERE id = %(id)s",
        says(CALM), says("gilt nicht mehr"),
    ),
    "shortened": Change(
        "UPDATE broadcasts SET valid_until = now() WHERE id = %(id)s",
        says(CALM), says("gilt nicht mehr"),
    ),
    "updated": Change(FOLLOW, says("Folge"), says("Folge", "Sturm"), follow("update")),
    "corrected": Change(FOLLOW, says("Folge"), says("Folge", "Sturm"), follow("correction")),
    "all clear": Change(FOLLOW, says(CALM, "Folge"), says("Folge"), follow("all_clear")),
    "group renamed": Change(
        """UPDATE groups SET names = '{"de": "Neustadt"}'""", says("Neustadt"), says("Neustadt")
    ),
    "group closed": Change("UPDATE groups SET closed = true", says(CALM), says("Sturm")),
    "imprint written": Change(
        """UPDATE groups SET identity = '{"imprint": "Rathaus 7"}'""", says("Sturm"),
        says("Rathaus 7"),
    ),
    "group moved below one with an imprint": Change(
        """WITH above AS (INSERT INTO groups (slug, names, identity)
             VALUES ('county', '{"de": "Kreis"}', '{"imprint": "Kreishaus 1"}') RETURNING id)
           UPDATE groups SET parent_id = (SELECT id FROM above)""",
        says("Sturm"), says("Kreishaus 1"),
    ),
    "erased": Change(
        "DELETE FROM broadcasts WHERE status = 'dispatched' AND id <> %(id)s",
        lacks("Markt"), says("Sturm"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_shows_within_a_second_of_its_commit(
    site: ClientSession, database_url: str, group: MakeGroup, publish: Publish, name: str
) -> None:
    change, town = CHANGES[name], await group()
    alert = await publish([town])
    news = {"de": {"title": "Markt", "body": "x"}}
    await publish([town], kind="announcement", severity=None, valid_until=None, texts=news)
    fog = {"de": {"title": "Nebel", "body": "x"}}
    await publish([town], status="scheduled", dispatching_at=None, texts=fog)
    before = [await read(site, path) for path in ("/", f"/b/{alert}")]

    async with await AsyncConnection.connect(database_url) as another:
        await another.execute(change.sql, {"id": alert} | dict(change.given or {}))
    await asyncio.sleep(HOLDS)
    front, thread = [await read(site, path) for path in ("/", f"/b/{alert}")]

    assert [front, thread] != before
    assert change.front(front)
    assert change.thread(thread)


async def test_a_warning_ends_by_itself_at_its_moment(
    site: ClientSession, group: MakeGroup, publish: Publish
) -> None:
    town, end = await group(), datetime.now(UTC) + timedelta(seconds=1.5)
    ending = await publish([town], valid_until=end)
    other = await publish([town], texts={"de": {"title": "Flut", "body": "x"}})

    during = [await read(site, path) for path in ("/", f"/b/{ending}", f"/b/{other}")]
    await asyncio.sleep((end - datetime.now(UTC)).total_seconds())
    after = [await read(site, path) for path in ("/", f"/b/{ending}", f"/b/{other}")]

    assert [html.count("Sturm ab 18 Uhr") for html in (during[2], after[2])] == [1, 0]
    assert "Gültig bis" in during[1]
    assert "Das gilt nicht mehr." in after[1]
    assert "gilt nicht mehr" not in during[0]
    assert "gilt nicht mehr" in after[0]


async def test_while_all_is_calm_the_page_tells_the_minute(
    group: MakeGroup, publish: Publish, db: Database
) -> None:
    now = datetime(2026, 11, 22, 17, 3, 20, tzinfo=UTC)
    calm = await publishing.front(db, now)
    end = now + timedelta(seconds=90)
    await publish([await group()], valid_until=end)
    warned = await publishing.front(db, now)

    assert calm.holds_until(now) == datetime(2026, 11, 22, 17, 4, tzinfo=UTC)
    assert warned.holds_until(now) == end
    assert warned.at(end).alerts == ()
    assert len(warned.at(end).latest) == 1
    assert warned.holds_until(end) == datetime(2026, 11, 22, 17, 5, tzinfo=UTC)


@pytest.fixture
def stamp(db: Database) -> Callable[[], Any]:
    return lambda: publishing.stamp(db)


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("UPDATE broadcasts SET planned_through = id, advanced_at = now()", id="slice"),
        pytest.param("UPDATE broadcasts SET latecomers_through = now()", id="latecomers"),
        pytest.param("UPDATE broadcasts SET dispatched_at = now(), planned_at = now()", id="done"),
        pytest.param("UPDATE groups SET sms_cap = 5", id="cap"),
        pytest.param(
            "INSERT INTO deliveries (broadcast_id, resident_id, address_id, address_version,"
            " channel, lane, language) SELECT id, id, n, 1, 'email', 'alert', 'de'"
            " FROM broadcasts, generate_series(1, 5) AS n",
            id="deliveries",
        ),
    ],
)
async def test_what_workers_write_all_the_time_does_not_disturb_the_pages(
    town: Town, group: MakeGroup, publish: Publish, stamp: Callable[[], Any], sql: LiteralString
) -> None:
    await publish([await group()])
    before = await stamp()

    assert await town.change(sql) > 0

    assert await stamp() == before


async def test_publishers_do_not_wait_for_each_other(
    database_url: str, group: MakeGroup, publish: Publish, stamp: Callable[[], Any]
) -> None:
    town = await group()
    one, two = await publish([town]), await publish([town])
    before = await stamp()
    withdraw: LiteralString = "UPDATE broadcasts SET status = 'cancelled' WHERE id = %s"

    async with (
        await AsyncConnection.connect(database_url) as first,
        await AsyncConnection.connect(database_url) as second,
    ):
        for connection in (first, second):
            await connection.execute("SET lock_timeout = '2s'")
        await first.execute(withdraw, [one])
        await second.execute(withdraw, [two])
        await second.commit()
        between = await stamp()
        await first.execute("UPDATE broadcasts SET severity = 'minor' WHERE id = %s", [two])
        await first.commit()

    assert len({before, between, await stamp()}) == 3


async def test_what_is_rolled_back_changes_nothing(
    db: Database, group: MakeGroup, stamp: Callable[[], Any]
) -> None:
    before = await stamp()
    await group("real")
    made = await stamp()

    with suppress(KeyError):
        async with db.transaction() as connection:
            await connection.run("INSERT INTO groups (slug, names) VALUES ('x', '{}')")
            raise KeyError

    assert isinstance(made, UUID)
    assert before != made == await stamp()


async def test_a_page_that_is_not_out_yet_is_found_once_it_is(
    site: ClientSession, group: MakeGroup, publish: Publish
) -> None:
    coming = uuid4()
    async with site.get(f"/b/{coming}") as answer:
        assert answer.status == 404

    await publish([await group()], id=coming, thread_id=coming)
    await asyncio.sleep(HOLDS)

    assert "Sturm" in await read(site, f"/b/{coming}")
