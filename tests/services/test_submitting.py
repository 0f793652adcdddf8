"""Broadcasts taken in, approved, recalled: beside what the API's tests say of the same."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from notify import clock
from notify.domain.submission import Submission
from notify.domain.words import Kind, Relation
from notify.errors import Conflict, Forbidden, NotFound
from notify.services import submitting
from tests.town import TEXTS, Town


async def _submit(town: Town, *, may_alert: bool, **more: Any) -> UUID:
    now = clock.now()
    values: dict[str, Any] = {
        "kind": Kind.ALERT, "groups": ["town"], "texts": TEXTS,
        "valid_until": now + timedelta(hours=6),
    } | more  # fmt: skip
    within = values.pop("within", None)
    async with town.db.transaction() as connection:
        done = await submitting.submit(
            connection, Submission(**values), settings=town.settings, now=now,
            may_alert=may_alert, within=within, key_id=None,
        )  # fmt: skip
    return done.id


async def _status(town: Town, broadcast: UUID) -> str:
    rows = await town.rows("SELECT status FROM broadcasts WHERE id = %(id)s", id=broadcast)
    return str(rows[0]["status"])


async def test_approval_lets_go_at_once_or_at_its_time(town: Town) -> None:
    await town.group()
    now = await _submit(town, may_alert=False)
    later = await _submit(town, may_alert=False, send_at=clock.now() + timedelta(hours=1))

    for broadcast in (now, later):
        await submitting.approve(town.db, broadcast)

    assert await _status(town, now) == "approved"
    assert await _status(town, later) == "scheduled"


async def test_what_waits_for_nothing_cannot_be_approved(town: Town) -> None:
    await town.group()
    approved = await _submit(town, may_alert=True)
    late = await _submit(town, may_alert=False)
    await town.change(
        "UPDATE broadcasts SET valid_until = now() - interval '1 s' WHERE id = %(id)s", id=late
    )

    for broadcast in (approved, late):
        with pytest.raises(Conflict):
            await submitting.approve(town.db, broadcast)
    with pytest.raises(NotFound):
        await submitting.approve(town.db, uuid4())


async def test_what_waits_for_approval_can_be_recalled_and_then_not_approved(town: Town) -> None:
    await town.group()
    broadcast = await _submit(town, may_alert=False)

    row = await submitting.cancel(town.db, broadcast, within=None)

    assert row["status"] == "cancelled"
    with pytest.raises(Conflict, match="cancelled"):
        await submitting.approve(town.db, broadcast)


async def test_groups_named_twice_are_asked_once(town: Town) -> None:
    group = await town.group()

    await _submit(town, may_alert=True, groups=["town", "town"])

    (row,) = await town.rows("SELECT group_ids FROM broadcasts")
    assert row["group_ids"] == [group]


async def test_a_follow_up_takes_its_thread_s_groups_so_a_grant_must_reach_them_too(
    town: Town,
) -> None:
    district = await town.group("district")
    village = await town.group("village", parent=district)
    await town.resident(district, email="a@example.org")
    first = await _submit(town, may_alert=True, groups=["district"])
    await town.plan()

    with pytest.raises(Forbidden):
        await _submit(
            town, may_alert=True, groups=["village"], within=village, in_reply_to=first,
            relation=Relation.UPDATE,
        )  # fmt: skip


async def test_follow_ups_take_their_places_in_the_thread(town: Town) -> None:
    group = await town.group()
    await town.resident(group, email="a@example.org")
    first = await _submit(town, may_alert=True)
    await town.plan()

    for relation in (Relation.UPDATE, Relation.ALL_CLEAR):
        await _submit(town, may_alert=True, groups=[], in_reply_to=first, relation=relation)

    rows = await town.rows("SELECT thread_id, sequence FROM broadcasts ORDER BY sequence")
    assert [row["sequence"] for row in rows] == [0, 1, 2]
    assert {row["thread_id"] for row in rows} == {first}
