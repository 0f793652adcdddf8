"""What staff and machines look at, beside what the API's tests say of the same."""

from uuid import uuid4

import pytest

from channels.base import Rejected
from channels.memory import MemoryChannel
from channels.messages import Email
from notify.errors import NotFound
from notify.services import watching
from tests.town import Town


async def _failed(town: Town, count: int = 3) -> None:
    group = await town.group()
    for number in range(count):
        await town.resident(group, email=f"r{number}@example.org", alerts=["email"])
    await town.broadcast("town")
    await town.plan()
    carrier = MemoryChannel[Email](script=lambda _: Rejected("policy", code="550 5.7.1"))
    await (await town.pump(carrier)).round()


async def test_reasons_of_what_ended_badly_are_counted(town: Town) -> None:
    await _failed(town)
    (row,) = await town.rows("SELECT id FROM broadcasts")

    (why,) = await watching.reasons(town.db, row["id"])

    assert (why["channel"], why["status"], why["reason"], why["n"]) == (
        "email", "failed", "policy", 3,
    )  # fmt: skip


async def test_what_keeps_open_deliveries_is_counted_where_something_does(town: Town) -> None:
    await town.readers(3)
    await town.broadcast("town")
    await town.plan()
    await town.change(
        "UPDATE deliveries SET reason = 'try_later' WHERE id = (SELECT min(id) FROM deliveries)"
    )
    (row,) = await town.rows("SELECT id FROM broadcasts")

    (why,) = await watching.reasons(town.db, row["id"])

    assert (why["status"], why["reason"], why["n"]) == ("pending", "try_later", 1)


async def test_outside_the_grant_there_is_nothing(town: Town) -> None:
    await _failed(town, 1)
    elsewhere = await town.group("elsewhere")
    (row,) = await town.rows("SELECT id, broadcast_id FROM deliveries")

    with pytest.raises(NotFound):
        await watching.broadcast(town.db, row["broadcast_id"], within=elsewhere)
    with pytest.raises(NotFound):
        await watching.delivery(town.db, row["id"], within=elsewhere)
    with pytest.raises(NotFound):
        await watching.broadcast(town.db, uuid4(), within=None)


async def test_totals_go_over_all_broadcasts(town: Town) -> None:
    await _failed(town)
    await town.broadcast("town")
    await town.plan()
    await (await town.pump(MemoryChannel[Email]())).round()

    totals = await watching.totals(town.db)

    assert {place: n for place, n in totals.outcomes.items() if n} == {
        ("email", "failed"): 3,
        ("email", "sent"): 3,
    }
    assert totals.handed_over == {"email": 3}


async def test_health_sees_who_was_here_lately_and_what_waits(town: Town) -> None:
    group = await town.group()
    await town.resident(group, email="a@example.org", alerts=["email"])
    await town.broadcast("town")
    await town.plan()
    await town.change("UPDATE deliveries SET due_at = now() - interval '90 s'")
    for lane, ago in (("alert", 0), ("alert", 5), ("bulk", 3600)):
        await town.change(
            "INSERT INTO workers (id, lane, host, seen_at)"
            " VALUES (%(id)s, %(lane)s, 'h', now() - %(ago)s * interval '1 s')",
            id=uuid4(), lane=lane, ago=ago,
        )  # fmt: skip

    health = await watching.health(town.db)

    assert dict(health.lanes) == {"alert": 2}
    (waiting,) = health.queue
    assert (waiting["lane"], waiting["channel"]) == ("alert", "email")
    assert waiting["age"] >= 90
