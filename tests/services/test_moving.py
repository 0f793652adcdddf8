"""A group is moved by whoever administers both places, as it was shown, and never below itself."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from notify.domain.grants import Grant, OutOfReach, Role
from notify.domain.scopes import Scope
from notify.domain.words import Channel, Lane
from notify.errors import Invalid, NotFound
from notify.services import keys, moving, staffing
from notify.services.group_editing import Stale
from notify.services.moving import Move
from notify.services.staff_sessions import Officer
from tests.services.test_overseeing import officer
from tests.town import Town
from tests.web.officer import EVERYWHERE


@pytest.fixture
async def tree(town: Town) -> dict[str, int]:
    """Two districts; Elbtal with its kindergarten stands below the first. Each is followed by one."""
    found = {"nord": await town.group("nord"), "sued": await town.group("sued")}
    found["elbtal"] = await town.group("elbtal", parent=found["nord"])
    found["kita"] = await town.group("kita", parent=found["elbtal"])
    found["berg"] = await town.group("berg", parent=found["sued"])
    for slug, id_ in found.items():
        await town.resident(id_, email=f"{slug}@example.org")
    return found


async def look(town: Town, who: Officer, slug: str, to: str) -> Move:
    return await moving.look(town.db, who, slug, to, settings=town.settings)


async def move(town: Town, who: Officer, slug: str, to: str) -> None:
    seen = (await look(town, who, slug, to)).seen
    await moving.move(town.db, who, slug, to, seen=seen, settings=town.settings)


async def parents(town: Town) -> dict[str, Any]:
    rows = await town.rows(
        "SELECT g.slug, p.slug AS parent FROM groups g LEFT JOIN groups p ON p.id = g.parent_id"
    )
    return {row["slug"]: row["parent"] for row in rows}


def numbers(found: Move) -> dict[str, tuple[int, int]]:
    assert found.reached is not None
    return {one.names["de"]: (one.before, one.after) for one in found.reached}


async def test_what_changes_is_shown_and_then_so(town: Town, tree: dict[str, int]) -> None:
    vera = await officer(town, Role.ADMINISTRATOR)
    await town.resident(tree["kita"], tree["berg"], email="both@example.org")
    await town.resident(tree["kita"], email="no-alerts@example.org", alerts=[])

    found = await look(town, vera, "elbtal", "berg")

    assert numbers(found) == {"nord": (4, 1), "sued": (3, 5), "berg": (2, 4)}
    assert found.followers == 3
    assert found.speaks == ("Musterstadt", "Musterstadt")
    assert (await parents(town))["elbtal"] == "nord"

    await moving.move(town.db, vera, "elbtal", "berg", seen=found.seen, settings=town.settings)

    assert await parents(town) == {
        "nord": None, "sued": None, "elbtal": "berg", "kita": "elbtal", "berg": "sued",
    }  # fmt: skip
    for slug, (_, after) in numbers(found).items():
        alert = await town.broadcast(slug)
        await town.plan(Lane.ALERT)
        planned = await town.rows(
            "SELECT FROM deliveries WHERE broadcast_id = %(id)s AND channel = %(channel)s",
            id=alert, channel=Channel.EMAIL,
        )  # fmt: skip
        assert len(planned) == after, slug
    (line,) = await town.rows("SELECT * FROM audit WHERE deed = 'group.moved'")
    assert line["staff_id"] == vera.id
    assert line["about"] == {"group": "elbtal", "was": "nord", "parent": "berg"}


async def test_whose_grants_come_to_bear_and_whose_end(town: Town, tree: dict[str, int]) -> None:
    vera = await officer(town, Role.ADMINISTRATOR)
    for name, role, group in (("Anna Nord", Role.APPROVER, "nord"), ("Bert Süd", Role.AUTHOR, "sued"),
                              ("Carl Elbtal", Role.VIEWER, "elbtal")):  # fmt: skip
        await staffing.add(
            town.db, settings=town.settings, within=EVERYWHERE, name=name, role=role, group=group,
            email=f"{group}@amt.example",
        )  # fmt: skip
    await keys.create(town.db, name="Wetterdienst", scopes=[Scope.BROADCASTS_WRITE], group="sued")

    found = await look(town, vera, "elbtal", "berg")

    assert [(row["name"], row["role"], row["slug"]) for row in found.comes.rows] == [
        ("Bert Süd", "author", "sued"), ("Wetterdienst", "key", "sued"),
    ]  # fmt: skip
    assert [(row["name"], row["role"]) for row in found.goes.rows] == [("Anna Nord", "approver")]
    assert (found.comes.others, found.goes.others) == (0, 0)


async def test_who_works_beyond_their_reach_is_counted_and_not_named(
    town: Town, tree: dict[str, int]
) -> None:
    vera = await officer(town, Role.ADMINISTRATOR, "nord", email="vera@example.org")
    await staffing.add(
        town.db, settings=town.settings, within=EVERYWHERE, name="Vera Amt", role=Role.ADMINISTRATOR,
        group="berg", email="vera@example.org",
    )  # fmt: skip
    for group in ("sued", "berg"):
        await staffing.add(
            town.db, settings=town.settings, within=EVERYWHERE, name=group, role=Role.VIEWER,
            group=group, email=f"{group}@amt.example",
        )  # fmt: skip
    vera = replace(vera, grants=(*vera.grants, Grant(Role.ADMINISTRATOR, tree["berg"])))

    found = await look(town, vera, "elbtal", "berg")

    assert {row["name"] for row in found.comes.rows} == {"Vera Amt", "berg"}
    assert found.comes.others == 1
    assert (set(numbers(found)), found.beyond) == (
        {"nord", "berg"},
        1,
    )  # nor how many "sued" reaches
    await move(town, vera, "elbtal", "berg")
    assert (await parents(town))["elbtal"] == "berg"


@pytest.mark.parametrize("place", ["nord", "sued", "elbtal"])
async def test_the_deed_is_needed_at_both_places(
    town: Town, tree: dict[str, int], place: str
) -> None:
    whole = await officer(town, Role.ADMINISTRATOR)
    seen = (await look(town, whole, "elbtal", "berg")).seen
    part = await officer(town, Role.ADMINISTRATOR, place)

    for tried in (
        look(town, part, "elbtal", "berg"),
        moving.move(town.db, part, "elbtal", "berg", seen=seen, settings=town.settings),
    ):
        with pytest.raises(NotFound if place == "sued" else OutOfReach):
            await tried

    assert (await parents(town))["elbtal"] == "nord"


async def test_to_the_top_and_from_it_only_who_administers_everything_moves(
    town: Town, tree: dict[str, int]
) -> None:
    vera = await officer(town, Role.ADMINISTRATOR)
    nord = await officer(town, Role.ADMINISTRATOR, "nord")
    with pytest.raises(OutOfReach):
        await look(town, nord, "elbtal", "")
    with pytest.raises(OutOfReach):
        await look(town, nord, "nord", "sued")

    await move(town, vera, "kita", "")
    await move(town, vera, "nord", "sued")

    assert await parents(town) == {
        "nord": "sued", "sued": None, "elbtal": "nord", "kita": None, "berg": "sued",
    }  # fmt: skip


@pytest.mark.parametrize("to", ["elbtal", "kita", "nord", "nowhere", "Ä"])
async def test_it_goes_neither_below_itself_nor_nowhere(
    town: Town, tree: dict[str, int], to: str
) -> None:
    vera, before = await officer(town, Role.ADMINISTRATOR), await parents(town)

    with pytest.raises(Invalid) as refused:
        await moving.move(town.db, vera, "elbtal", to, seen="", settings=town.settings)

    assert refused.value.field == "to"
    assert await parents(town) == before


async def test_what_is_not_what_was_seen_any_more_is_not_done(
    town: Town, tree: dict[str, int]
) -> None:
    vera = await officer(town, Role.ADMINISTRATOR)
    seen = (await look(town, vera, "elbtal", "berg")).seen
    await officer(town, Role.APPROVER, "sued")  # may act there by now

    with pytest.raises(Stale):
        await moving.move(town.db, vera, "elbtal", "berg", seen=seen, settings=town.settings)

    assert (await parents(town))["elbtal"] == "nord"
    assert await town.rows("SELECT FROM audit WHERE deed = 'group.moved'") == []


@pytest.mark.parametrize(
    "change",
    [
        "identity = '{\"sender_name\": \"Landkreis Süd\"}' WHERE slug = 'sued'",
        "identity = '{\"sender_name\": \"Elbtal\"}' WHERE slug = 'elbtal'",
        "news_need_approval = true WHERE slug = 'berg'",
        "news_need_approval = true WHERE slug = 'nord'",
    ],
    ids=["speaks there", "speaks itself", "waits there", "waits here"],
)
async def test_who_speaks_and_whether_news_wait_is_part_of_what_was_seen(
    town: Town, tree: dict[str, int], change: str
) -> None:
    vera = await officer(town, Role.ADMINISTRATOR)
    seen = (await look(town, vera, "elbtal", "berg")).seen
    await town.change(f"UPDATE groups SET {change}")

    with pytest.raises(Stale):
        await moving.move(town.db, vera, "elbtal", "berg", seen=seen, settings=town.settings)

    assert (await parents(town))["elbtal"] == "nord"
    await move(town, vera, "elbtal", "berg")


async def test_two_that_would_go_below_each_other_make_no_ring(
    town: Town, tree: dict[str, int]
) -> None:
    vera = await officer(town, Role.ADMINISTRATOR)
    marks = [(await look(town, vera, *way)).seen for way in (("nord", "berg"), ("sued", "elbtal"))]

    ends = await asyncio.gather(
        moving.move(town.db, vera, "nord", "berg", seen=marks[0], settings=town.settings),
        moving.move(town.db, vera, "sued", "elbtal", seen=marks[1], settings=town.settings),
        return_exceptions=True,
    )

    assert sorted(type(end).__name__ for end in ends) == ["Invalid", "NoneType"]
    tops = [slug for slug, parent in (await parents(town)).items() if parent is None]
    assert len(tops) == 1


@pytest.mark.parametrize("changed", ["elbtal", "berg"])
async def test_a_change_of_it_or_of_its_new_place_meanwhile_is_waited_for(
    town: Town, tree: dict[str, int], changed: str
) -> None:
    vera = await officer(town, Role.ADMINISTRATOR)
    seen = (await look(town, vera, "elbtal", "berg")).seen

    async with town.db.transaction() as other:  # as saving a part of a group does
        await other.run("SELECT FROM groups WHERE slug = %(slug)s FOR UPDATE", slug=changed)
        moved = asyncio.create_task(
            moving.move(town.db, vera, "elbtal", "berg", seen=seen, settings=town.settings)
        )
        await town.somebody_waits()
        await other.run("UPDATE groups SET closed = true WHERE slug = %(slug)s", slug=changed)
    await moved

    assert (await parents(town))["elbtal"] == "berg"
    assert await town.rows("SELECT slug FROM groups WHERE closed") == [{"slug": changed}]


async def test_who_speaks_and_whether_its_news_waits_are_shown(
    town: Town, tree: dict[str, int]
) -> None:
    vera = await officer(town, Role.ADMINISTRATOR)
    await town.change(
        'UPDATE groups SET identity = \'{"sender_name": "Landkreis Süd"}\','
        " news_need_approval = true WHERE slug = 'sued'"
    )

    found = await look(town, vera, "elbtal", "berg")

    assert found.speaks == ("Musterstadt", "Landkreis Süd")
    assert found.approval == (False, True)


async def test_what_takes_too_long_to_count_is_left_out(
    town: Town, tree: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "PATIENCE", 0.2)
    vera = await officer(town, Role.ADMINISTRATOR)

    async with town.db.transaction() as other:
        await other.run("LOCK TABLE subscriptions IN ACCESS EXCLUSIVE MODE")
        found = await look(town, vera, "elbtal", "berg")

    assert (found.followers, found.reached) == (None, None)
