"""Sessions: a browser keeps a resident's page open for a while."""

from notify.services import visiting
from notify.store.database import Database
from tests.town import Town


async def test_a_session_is_found_by_its_word_until_it_is_closed(town: Town, db: Database) -> None:
    resident = await town.resident(email="a@example.org")
    async with db.transaction() as connection:
        word = await visiting.open_(connection, resident)

    found = await visiting.find(db, word)
    assert found is not None
    assert found.resident == resident
    assert await visiting.find(db, word + "x") is None
    assert await visiting.find(db, None) is None
    assert await visiting.find(db, "x" * 5000) is None
    await visiting.close(db, found)
    assert await visiting.find(db, word) is None


async def test_a_session_ends_by_itself_and_lasts_no_longer_than_half_a_day(
    town: Town, db: Database
) -> None:
    resident = await town.resident(email="a@example.org")
    async with db.transaction() as connection:
        idle, used = [await visiting.open_(connection, resident) for _ in range(2)]
        await connection.run(
            "UPDATE sessions SET seen_at = now() - interval '2 minutes',"
            " opened_at = now() - interval '11 hours 50 minutes'"
        )

    assert await visiting.find(db, used) is not None
    async with db.transaction() as connection:
        rows = await connection.rows(
            "SELECT valid_until < now() + interval '11 minutes' AS short FROM sessions"
        )
        await connection.run("UPDATE sessions SET valid_until = now()")
    assert {row["short"] for row in rows} == {True, False}
    assert await visiting.find(db, idle) is None


async def test_the_other_pages_of_a_resident_are_closed_and_nobody_elses(
    town: Town, db: Database
) -> None:
    one, two = [await town.resident(email=f"{n}@example.org") for n in "ab"]
    async with db.transaction() as connection:
        here, there = [await visiting.open_(connection, one) for _ in range(2)]
        other = await visiting.open_(connection, two)

    session = await visiting.find(db, here)
    assert session is not None
    assert await visiting.close_others(db, session) == 1

    assert await visiting.find(db, here) is not None
    assert await visiting.find(db, there) is None
    assert await visiting.find(db, other) is not None
