"""A drill goes to nobody but groups for drills, and nothing makes a real alert of one."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from notify import clock
from notify.domain.broadcast import fingerprint
from notify.domain.words import Channel, Kind, Lane, Relation
from notify.errors import Invalid
from notify.services import browsing, publishing, reckoning, submitting
from notify.services.browsing import AtGroup, GroupSheet, InArchive
from notify.services.planning import Planner
from notify.services.reckoning import Wish
from notify.store import broadcasts
from notify.store.rows import to_broadcast
from tests.town import Town


@pytest.fixture
async def crew(town: Town) -> int:
    """A town, its fire crew for drills, and who follows each."""
    top = await town.group("town")
    crew = await town.group("crew", parent=top)
    await town.change("UPDATE groups SET drill = true WHERE id = %(id)s", id=crew)
    for group, name in ((top, "anna"), (crew, "ben")):
        await town.resident(group, email=f"{name}@example.org", alerts=["email"], news=["email"])
    return crew


async def _ordinary_below(town: Town, crew: int) -> None:
    """A group below the crew that is not for drills, and somebody in it."""
    below = await town.group("below", parent=crew, carries=True)
    await town.resident(below, email="cem@example.org", alerts=["email"], news=["email"])


async def _reached(town: Town, broadcast: UUID) -> list[str]:
    rows = await town.rows(
        "SELECT a.value FROM deliveries d JOIN addresses a ON a.id = d.address_id"
        " WHERE d.broadcast_id = %(id)s ORDER BY 1", id=broadcast,
    )  # fmt: skip
    return [row["value"] for row in rows]


@pytest.mark.parametrize("slugs", [("town",), ("below",), ("crew", "town"), ("crew",)])
@pytest.mark.parametrize("kind", [Kind.ALERT, Kind.ANNOUNCEMENT])
async def test_it_is_refused_where_any_group_is_not_for_drills(
    town: Town, crew: int, slugs: tuple[str, ...], kind: Kind
) -> None:
    await _ordinary_below(town, crew)

    with pytest.raises(Invalid, match="drill groups only") as refused:
        await town.broadcast(*slugs, kind=kind, drill=True)

    assert refused.value.field == "groups"
    assert await town.rows("SELECT 1 FROM broadcasts") == []


@pytest.mark.parametrize("kind", [Kind.ALERT, Kind.ANNOUNCEMENT])
async def test_it_reaches_the_group_for_drills_and_nobody_above_or_below(
    town: Town, crew: int, kind: Kind
) -> None:
    drill = await town.broadcast("crew", kind=kind, drill=True)
    await _ordinary_below(town, crew)  # while it waits
    await town.plan(Lane.ALERT if kind is Kind.ALERT else Lane.BULK)

    reckoned = await reckoning.audience(
        town.db, Wish(kind, [crew], ["de"], drill=True), settings=town.settings,
        channels=[Channel.EMAIL],
    )  # fmt: skip

    assert await _reached(town, drill) == ["ben@example.org"]
    assert reckoned is not None
    assert reckoned.people == 1


async def test_a_group_that_is_for_drills_no_more_gets_none_that_was_under_way(
    town: Town, crew: int
) -> None:
    drill = await town.broadcast("crew", drill=True)
    await town.change("UPDATE groups SET drill = false")

    await town.plan()

    assert await _reached(town, drill) == []


async def test_nor_does_whoever_joins_such_a_group_while_the_drill_is_in_force(
    town: Town, crew: int
) -> None:
    drill = await town.broadcast("crew", drill=True)
    await town.plan()
    planner = Planner(
        town.db, lane=Lane.ALERT, settings=town.settings, channels=(str(Channel.EMAIL),)
    )
    await town.resident(crew, email="dora@example.org", alerts=["email"])
    await planner.plan_latecomers()
    await town.change("UPDATE groups SET drill = false")
    await town.resident(crew, email="late@example.org", alerts=["email"])

    await planner.plan_latecomers()

    assert await _reached(town, drill) == ["ben@example.org", "dora@example.org"]


@pytest.mark.parametrize("relation", [Relation.ALL_CLEAR, Relation.CORRECTION])
@pytest.mark.parametrize("forgotten", [False, True])
async def test_who_has_a_drill_is_told_its_end_though_their_group_is_for_drills_no_more(
    town: Town, crew: int, relation: Relation, forgotten: bool
) -> None:
    """And nobody else is, also where more may have it than is known."""
    drill = await town.broadcast("crew", drill=True)
    await town.plan()
    await town.change("UPDATE deliveries SET status = 'sent'")
    await town.change("UPDATE groups SET drill = false")
    await town.resident(crew, email="late@example.org", alerts=["email"])
    if forgotten:
        await town.change("UPDATE broadcasts SET forgotten_at = now()")

    with pytest.raises(Invalid, match="drill groups only"):
        await town.broadcast("crew", follows=drill, relation=Relation.UPDATE)
    end = await town.broadcast("crew", follows=drill, relation=relation)
    await town.plan()

    assert await _reached(town, end) == ["ben@example.org"]


async def test_what_follows_a_drill_is_one_whatever_it_says(town: Town, crew: int) -> None:
    drill = await town.broadcast("crew", drill=True)
    await town.plan()
    await town.change("UPDATE deliveries SET status = 'sent'")

    with pytest.raises(Invalid, match="drill groups only"):
        await town.broadcast("town", follows=drill, relation=Relation.UPDATE)
    clear = await town.broadcast("crew", follows=drill, relation=Relation.ALL_CLEAR)
    await town.plan()

    rows = await town.rows("SELECT drill FROM broadcasts")
    assert [row["drill"] for row in rows] == [True, True]
    assert await _reached(town, clear) == ["ben@example.org"]


async def test_no_drill_follows_a_real_alert(town: Town, crew: int) -> None:
    alert = await town.broadcast("crew")
    await town.plan()

    with pytest.raises(Invalid, match="cannot be a drill") as refused:
        await town.broadcast("crew", follows=alert, relation=Relation.ALL_CLEAR, drill=True)

    assert refused.value.field == "drill"


async def test_an_approval_of_a_drill_is_none_of_the_real_thing(town: Town, crew: int) -> None:
    drill = await town.broadcast("crew", drill=True)
    async with town.db.transaction() as connection:
        row = await broadcasts.get(connection, drill)
    assert row is not None

    assert fingerprint(to_broadcast(row)) != fingerprint(to_broadcast({**row, "drill": False}))


async def test_the_same_words_in_earnest_are_no_twin_of_the_drill(town: Town, crew: int) -> None:
    until = clock.now() + timedelta(hours=6)
    await town.broadcast("crew", drill=True, valid_until=until)
    real = await town.broadcast("crew", valid_until=until)
    again = await town.broadcast("crew", valid_until=until)

    async with town.db.transaction() as connection:
        assert await broadcasts.twin(connection, real, seconds=submitting.TWIN_WITHIN) is not None
        twin = await broadcasts.twin(connection, again, seconds=submitting.TWIN_WITHIN)
    assert twin is not None
    assert twin["id"] == real


@pytest.mark.parametrize("relation", [None, Relation.UPDATE, Relation.ALL_CLEAR])
async def test_the_public_sees_it_with_its_group_and_nowhere_else(
    town: Town, crew: int, relation: Relation | None
) -> None:
    real = await town.broadcast("town", valid_until=clock.now() + timedelta(hours=1))
    drill = await town.broadcast("crew", drill=True)
    await town.plan()
    if relation is not None:
        drill = await town.broadcast("crew", follows=drill, relation=relation)
        await town.plan()
    await _ordinary_below(town, crew)
    now = clock.now()

    async def read(wanted: Any) -> Any:
        return await browsing.read(town.db, wanted, now, settings=town.settings)

    front = await publishing.front(town.db, now)
    sheets = {slug: await read(AtGroup(slug)) for slug in ("town", "crew", "below")}
    archives = [await read(InArchive(slug=slug)) for slug in (None, "town", "below")]

    def ids(entries: Any) -> set[UUID]:
        return {one.broadcast.id for one in entries}

    assert ids(front.alerts) == {real}
    assert drill not in ids(front.latest)
    for slug, sheet in sheets.items():
        assert isinstance(sheet, GroupSheet)
        assert ids(sheet.alerts) == {real}
        assert (drill in ids(sheet.entries)) is (slug == "crew")
        under_way = slug == "crew" and relation is not Relation.ALL_CLEAR
        assert ids(sheet.drills) == ({drill} if under_way else set())
    for archive in archives:
        assert ids(archive.entries) == {real}
    of_crew = await read(InArchive(slug="crew"))
    assert drill in ids(of_crew.entries)
    thread = await publishing.page(town.db, drill, now, settings=town.settings)
    assert thread is not None
    assert thread.current.broadcast.drill
    assert sheets["crew"].at(now + timedelta(days=1)).drills == ()
