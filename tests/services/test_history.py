"""Why did she not get it? Answered for whoever may know, and noted."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from channels.base import Rejected
from channels.memory import MemoryChannel
from channels.messages import Email
from notify import clock
from notify.domain.grants import OutOfReach, Reach, Role
from notify.domain.missed import Missed, Subscribed, missed
from notify.domain.words import Kind, Lane, Relation
from notify.errors import Invalid, NotFound
from notify.services import history
from notify.services.history import Told
from tests.services.test_overseeing import officer, waiting
from tests.town import Town

EVERYWHERE = Reach(everywhere=True)
NEWS: dict[str, Any] = {"kind": Kind.ANNOUNCEMENT, "valid_until": None}


async def _told(town: Town, resident: UUID, within: Reach = EVERYWHERE) -> list[Told]:
    async with town.db.transaction() as connection:
        return await history.history(connection, resident, within=within)


async def test_what_was_tried_and_why_it_failed_is_told(town: Town) -> None:
    group = await town.group()
    anna = await town.resident(group, email="anna@example.org", alerts=["email", "sms"])
    alert = await town.broadcast("town")
    await town.plan()
    carrier = MemoryChannel[Email](script=lambda _: Rejected("no_such_address", code="550 5.1.1"))
    await (await town.pump(carrier)).round()

    (told,) = await _told(town, anna)

    assert (told.broadcast.id, told.missed) == (alert, None)
    (mail,) = told.deliveries
    assert (mail["channel"], mail["status"], mail["reason"]) == (
        "email",
        "failed",
        "no_such_address",
    )
    assert [(one["sender"], one["code"]) for one in mail["attempts"]] == [("memory", "550 5.1.1")]
    assert [(one["channel"], one["reason"]) for one in told.skips] == [("sms", "no_address")]


async def _forget(town: Town, broadcast: UUID | None = None) -> None:
    for table in ("deliveries", "skips"):
        await town.change(
            f"DELETE FROM {table} WHERE %(id)s::uuid IS NULL OR broadcast_id = %(id)s", id=broadcast
        )


async def _only(town: Town, resident: UUID) -> Missed | None:
    (told,) = await _told(town, resident)
    assert (told.deliveries, told.skips) == ([], [])
    return told.missed


async def test_what_waits_was_sent_to_nobody(town: Town) -> None:
    anna = await town.resident(await town.group(), email="a@example.org")
    await waiting(town, "town")

    assert await _only(town, anna) is Missed.NOT_SENT


async def test_who_came_later_got_nothing(town: Town) -> None:
    group = await town.group()
    anna = await town.resident(group, email="a@example.org")
    await town.broadcast("town", **NEWS)
    await town.plan(Lane.BULK)
    await _forget(town)
    await town.change("UPDATE subscriptions SET created_at = now() + interval '1 min'")

    assert await _only(town, anna) is Missed.LATER


async def test_what_left_no_trace_is_said_to(town: Town) -> None:
    anna = await town.resident(await town.group(), email="a@example.org")
    await town.broadcast("town")
    await town.plan()
    await _forget(town)

    assert await _only(town, anna) is Missed.NO_TRACE


async def test_news_from_above_concern_only_those_who_carry_them_and_alerts_all(
    town: Town,
) -> None:
    top = await town.group("top")
    anna = await town.resident(await town.group("kita", parent=top), email="a@example.org")
    berta = await town.resident(
        await town.group("chor", parent=top, carries=True), email="b@example.org"
    )
    alert, news = await town.broadcast("top"), await town.broadcast("top", **NEWS)

    assert {told.broadcast.id for told in await _told(town, anna)} == {alert}
    assert {told.broadcast.id for told in await _told(town, berta)} == {alert, news}


async def test_nothing_of_groups_beyond_reach_is_told(town: Town) -> None:
    here, there = await town.group("here"), await town.group("there")
    anna = await town.resident(here, there, email="a@example.org")
    alert = await town.broadcast("here")
    await town.broadcast("there")
    both = await town.broadcast("here", "there")
    await town.plan()

    told = await _told(town, anna, Reach(groups=frozenset({here})))

    assert {one.broadcast.id for one in told} == {alert, both}
    assert await _told(town, anna, Reach(groups=frozenset({await town.group("else")}))) == []


async def test_what_was_before_their_time_is_not_told_unless_it_came(town: Town) -> None:
    group = await town.group()
    anna = await town.resident(group, email="a@example.org")
    old, came = await town.broadcast("town"), await town.broadcast("town")
    await town.plan()
    await _forget(town, old)
    await town.change("UPDATE residents SET created_at = now() + interval '1 min'")

    assert [told.broadcast.id for told in await _told(town, anna)] == [came]


async def test_it_is_told_for_a_reason_that_stays_in_the_log(town: Town) -> None:
    anna = await town.resident(await town.group(), email="a@example.org")
    await town.broadcast("town")
    oper = await officer(town, Role.OPERATOR, "town")
    for reason in ("", "  ", "zwei\nZeilen", "x" * 301):
        with pytest.raises(Invalid):
            await history.ask(town.db, oper, anna, reason=reason)
    assert await _log(town) == []

    told = await history.ask(town.db, oper, anna, reason="Fragt nach der Warnung")

    assert len(told) == 1
    assert await _log(town) == [{"resident": str(anna), "reason": "Fragt nach der Warnung"}]


async def _log(town: Town) -> list[Any]:
    rows = await town.rows("SELECT about FROM audit WHERE deed = 'resident.viewed' ORDER BY id")
    return [row["about"] for row in rows]


async def test_who_may_not_is_told_nothing(town: Town) -> None:
    anna = await town.resident(await town.group(), email="a@example.org")
    await town.group("beside")
    looker, beside = await officer(town, Role.VIEWER), await officer(town, Role.OPERATOR, "beside")

    for who, resident, refusal in (
        (looker, anna, OutOfReach), (beside, anna, NotFound), (beside, uuid4(), NotFound),
    ):  # fmt: skip
        with pytest.raises(refusal):
            await history.check(town.db, who, resident)
        with pytest.raises(refusal):
            await history.ask(town.db, who, resident, reason="Neugier")
    assert await _log(town) == []


NOW = clock.now()
FOLLOWS = Subscribed("active", NOW - timedelta(days=1))
SENT = {"status": "dispatched", "relation": None, "began": NOW, "planned": True, "forgotten": False,
        "subscribed": [FOLLOWS]}  # fmt: skip


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"began": None, "status": "submitted"}, Missed.NOT_SENT),
        ({"began": None, "status": "cancelled"}, Missed.NOT_SENT),
        ({"forgotten": True}, Missed.DELETED),
        ({"status": "dispatching", "planned": False}, Missed.NOT_YET),
        ({"status": "cancelled", "planned": False}, Missed.STOPPED),
        ({"status": "expired", "planned": False}, Missed.STOPPED),
        ({"status": "cancelled"}, Missed.NO_TRACE),
        ({"subscribed": [Subscribed("requested", NOW)]}, Missed.NOT_LET_IN),
        ({"relation": Relation.ALL_CLEAR}, Missed.FOLLOW_UP),
        ({"relation": Relation.UPDATE}, Missed.NO_TRACE),
        ({"subscribed": [Subscribed("active", NOW + timedelta(1))]}, Missed.LATER),
        ({"subscribed": [Subscribed("active", NOW + timedelta(1)), FOLLOWS]}, Missed.NO_TRACE),
        ({}, Missed.NO_TRACE),
    ],
)
def test_why_there_is_no_trace(values: dict[str, Any], why: Missed) -> None:
    assert missed(**(SENT | values)) is why


async def test_what_others_have_not_let_go_stays_theirs(town: Town) -> None:
    top = await town.group("district")
    village = await town.group("elbtal", parent=top)
    anna = await town.resident(village, email="a@example.org")
    await waiting(town, "district")
    own = await waiting(town, "elbtal")
    await town.broadcast("district", send_at=clock.now() + timedelta(hours=1))
    sent = await town.broadcast("district")
    await town.plan()

    seen = await _told(town, anna, Reach(groups=frozenset({village})))
    assert {one.broadcast.id for one in seen} == {own, sent}
    assert len(await _told(town, anna)) == 4
