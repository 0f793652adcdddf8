"""The Idempotency-Key: one request, carried out once, answered as often as it is asked."""

import asyncio
from typing import Any

import pytest

from notify.errors import Conflict, Invalid
from notify.services import keys
from notify.services.once import Answer, KeyReused, once
from notify.store.database import Connection, Database


class Work:
    """Something to be done once; it counts, and may be held or fail."""

    def __init__(self) -> None:
        self.done = 0
        self.go = asyncio.Event()
        self.go.set()
        self.begun = asyncio.Event()

    async def __call__(self, connection: Connection) -> Answer:
        self.done += 1
        self.begun.set()
        await self.go.wait()
        await connection.run(
            "INSERT INTO groups (slug, names) VALUES (%(slug)s, '{}')", slug=f"g{self.done}"
        )
        return Answer(202, {"n": self.done})


@pytest.fixture
async def key_id(db: Database) -> int:
    token = await keys.create(db, name="x", scopes=[], group=None)
    key = await keys.recognise(db, token)
    assert key is not None
    return key.id


async def _once(
    db: Database, key_id: int, work: Any, *, name: str | None = "k", request: Any = "r"
) -> Answer:
    return await once(db, key_id=key_id, idempotency_key=name, request=request, work=work)


async def test_the_second_time_only_the_answer_is_given(db: Database, key_id: int) -> None:
    work = Work()

    first, again = [await _once(db, key_id, work) for _ in range(2)]

    assert (first.status, first.body, first.replayed) == (202, {"n": 1}, False)
    assert (again.status, again.body, again.replayed) == (202, {"n": 1}, True)
    assert work.done == 1


async def test_without_a_key_each_request_is_carried_out(db: Database, key_id: int) -> None:
    work = Work()

    for _ in range(2):
        await _once(db, key_id, work, name=None)

    assert work.done == 2


async def test_another_request_under_the_same_key_is_refused(db: Database, key_id: int) -> None:
    work = Work()
    await _once(db, key_id, work)

    with pytest.raises(KeyReused, match="Take a new one"):
        await _once(db, key_id, work, request="another")

    assert work.done == 1


async def test_while_the_first_is_under_way_the_second_is_sent_away(
    db: Database, key_id: int
) -> None:
    work = Work()
    work.go.clear()
    first = asyncio.create_task(_once(db, key_id, work))
    await work.begun.wait()

    with pytest.raises(Conflict):
        await _once(db, key_id, work)

    work.go.set()
    assert (await first).body == (await _once(db, key_id, work)).body
    assert work.done == 1


async def test_what_fails_leaves_nothing_behind(db: Database, key_id: int) -> None:
    async def fail(connection: Connection) -> Answer:
        await connection.run("INSERT INTO groups (slug, names) VALUES ('g1', '{}')")
        raise Invalid("no")

    with pytest.raises(Invalid):
        await _once(db, key_id, fail)
    work = Work()
    answer = await _once(db, key_id, work)

    assert answer.body == {"n": 1}
    assert not answer.replayed


@pytest.mark.parametrize("name", ["", "k" * 256])
async def test_a_key_of_no_use_is_refused(db: Database, key_id: int, name: str) -> None:
    with pytest.raises(Invalid, match="1 to 255"):
        await _once(db, key_id, Work(), name=name)


async def test_answers_are_forgotten_after_a_month(db: Database, key_id: int) -> None:
    work = Work()
    await _once(db, key_id, work)
    async with db.transaction() as connection:
        await connection.run("UPDATE replays SET created_at = now() - interval '31 days'")

    await _once(db, key_id, work, name="another")

    async with db.transaction() as connection:
        rows = await connection.rows("SELECT idempotency_key FROM replays")
    assert [row["idempotency_key"] for row in rows] == ["another"]


async def test_a_key_made_after_a_restore_whose_id_is_a_large_number(
    db: Database, key_id: int
) -> None:
    large = 1_795_659_080_888_379  # ids go on behind everything there was before the restore
    async with db.transaction() as connection:
        await connection.run("SELECT setval(pg_get_serial_sequence('keys', 'id'), %(n)s)", n=large)
    token = await keys.create(db, name="y", scopes=[], group=None)
    key = await keys.recognise(db, token)
    assert key is not None
    work = Work()

    first, again = [await _once(db, key.id, work) for _ in range(2)]

    assert (key.id > large, work.done) == (True, 1)
    assert again.body == first.body
