"""The audit log only grows, and whatever is changed in it is found."""

import asyncio
from uuid import uuid4

import psycopg
import pytest

from notify.domain.grants import Reach, Role
from notify.errors import Conflict
from notify.services import auditing, erasing, holding, senders, staffing, submitting
from tests.town import Town

LOOSE = "ALTER TABLE audit DISABLE TRIGGER ALL"


async def _write(town: Town, n: int = 5) -> None:
    for number in range(n):
        async with town.db.transaction() as connection:
            await auditing.record(
                connection, uuid4(), "resident.viewed", resident=uuid4(), number=number, group=None
            )


async def test_a_log_that_was_left_alone_is_whole(town: Town) -> None:
    assert await auditing.verify(town.db) == auditing.Whole(0, bytes(32))
    await _write(town)
    whole = await auditing.verify(town.db)
    assert whole.lines == 5
    await _write(town, 2)
    assert (await auditing.verify(town.db, head=whole.head)).lines == 7
    lines = [line async for line, _ in auditing.lines(town.db)]
    assert [line.id for line in lines] == [1, 2, 3, 4, 5, 6, 7]
    assert set(lines[0].about) == {"resident", "number"}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("UPDATE audit SET deed = 'nothing' WHERE id = 3", "Line 3 "),
        ("UPDATE audit SET about = '{}' WHERE id = 1", "Line 1 "),
        ("UPDATE audit SET staff_id = NULL WHERE id = 5", "Line 5 "),
        ("UPDATE audit SET at = at + interval '1 second' WHERE id = 2", "Line 2 "),
        ("DELETE FROM audit WHERE id = 2", "Line 2 is missing"),
        ("DELETE FROM audit WHERE id = 1", "Line 1 is missing"),
        ("UPDATE audit SET id = 9 WHERE id = 5", "Line 5 is missing"),
    ],
)  # fmt: skip
async def test_what_was_changed_behind_our_back_is_named(
    town: Town, change: str, line: str
) -> None:
    await _write(town)
    async with town.db.transaction() as connection:
        await connection.run(LOOSE)
        await connection.raw.execute(change.encode())
    with pytest.raises(Conflict, match=line):
        await auditing.verify(town.db)


async def test_an_end_that_was_cut_off_is_found_by_its_hash(town: Town) -> None:
    await _write(town)
    whole = await auditing.verify(town.db)
    async with town.db.transaction() as connection:
        await connection.run(LOOSE)
        await connection.run("DELETE FROM audit WHERE id > 3")
    assert (await auditing.verify(town.db)).lines == 3
    with pytest.raises(Conflict, match="none of them has this hash"):
        await auditing.verify(town.db, head=whole.head)


@pytest.mark.parametrize(
    "change", ["UPDATE audit SET deed = 'x'", "DELETE FROM audit", "TRUNCATE audit"]
)
async def test_the_database_lets_nobody_change_a_line(town: Town, change: str) -> None:
    await _write(town, 1)
    with pytest.raises(psycopg.errors.RaiseException, match="only grows"):
        async with town.db.transaction() as connection:
            await connection.raw.execute(change.encode())


async def test_many_at_once_make_one_chain(town: Town) -> None:
    await asyncio.gather(*(_write(town, 3) for _ in range(6)))
    assert (await auditing.verify(town.db)).lines == 18


async def test_what_was_not_done_leaves_no_line(town: Town) -> None:
    async def change_their_mind() -> None:
        async with town.db.transaction() as connection:
            await auditing.record(connection, None, "key.made")
            raise LookupError

    with pytest.raises(LookupError):
        await change_their_mind()
    assert (await auditing.verify(town.db)).lines == 0


async def test_the_log_names_nobody(town: Town) -> None:
    await staffing.add(
        town.db, settings=town.settings, within=Reach(everywhere=True), email="vera@example.org",
        name="Vera Amt", role=Role.AUTHOR, group=None,
    )  # fmt: skip
    (line,) = [line async for line, _ in auditing.lines(town.db)]
    assert line.deed == "staff.granted"
    assert "vera" not in repr(line).lower()


async def test_what_is_done_on_the_command_line_is_kept(town: Town) -> None:
    group = await town.group()
    anna = await town.resident(group, email="anna@example.org")
    alert = await town.broadcast("town")
    await town.change(
        "UPDATE broadcasts SET status = 'submitted', held_at = now(), held_why = 'waiting'"
    )
    await town.change(
        "INSERT INTO senders (name, channel, stopped_at, reason) VALUES ('relay', 'email', now(), 'x')"
    )

    await holding.release(town.db, alert)
    await submitting.approve(town.db, alert)
    await senders.release(town.db, "relay")
    await senders.release(town.db, "relay")
    await erasing.erase(town.db, anna)

    lines = [line async for line, _ in auditing.lines(town.db)]
    assert [line.deed for line in lines] == [
        "broadcast.released", "broadcast.approved", "sender.resumed", "resident.erased",
    ]  # fmt: skip
    assert {line.staff_id for line in lines} == {None}
    assert [line.about.get("broadcast") for line in lines[:2]] == [str(alert)] * 2
    assert lines[3].about == {"resident": str(anna)}


async def test_who_erases_themselves_is_no_matter_of_staff(town: Town) -> None:
    anna = await town.resident(await town.group(), email="anna@example.org")

    await erasing.erase(town.db, anna, by_resident=True)

    assert (await auditing.verify(town.db)).lines == 0
