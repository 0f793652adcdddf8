"""What staff are writing: kept upon the version that it was made upon, seen by whoever may write
there."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from notify.domain.draft import Content, Words
from notify.domain.grants import OutOfReach, Role
from notify.errors import Conflict, Invalid, NotFound
from notify.services import drafting
from notify.services.drafting import Stale
from tests.services.test_overseeing import officer
from tests.town import Town

STORM = Content(
    kind="alert", severity="severe", groups=("elbtal",),
    texts={"de": Words("Sturm", "Bleiben Sie im Haus.")}, valid_until="2030-01-01T18:00",
)  # fmt: skip


@pytest.fixture
async def villages(town: Town) -> None:
    district = await town.group("district")
    elbtal = await town.group("elbtal", parent=district)
    await town.group("kita", parent=elbtal)
    await town.group("bergdorf", parent=district)


async def log(town: Town) -> list[str]:
    return [row["deed"] for row in await town.rows("SELECT deed FROM audit ORDER BY id")]


def titled(title: str) -> Content:
    return replace(STORM, texts={"de": replace(STORM.texts["de"], title=title)})


async def test_a_draft_is_kept_as_it_was_typed_and_found_again(town: Town, villages: None) -> None:
    vera = await officer(town, Role.AUTHOR, "elbtal")

    begun = await drafting.begin(town.db, vera, STORM)
    half = Content(
        kind="?", groups=("elbtal",), texts={"de": Words("", " \n*", "")}, send_at="bald"
    )
    saved = await drafting.save(town.db, vera, begun.id, half, version=begun.version)

    assert (begun.version, saved.version) == (1, 2)
    assert await drafting.find(town.db, vera, begun.id) == saved
    assert saved.content == half
    assert (saved.changed_by, saved.editors) == ("Vera Amt", (vera.id,))


async def test_a_stale_save_is_refused_and_shows_what_is_there(town: Town, villages: None) -> None:
    vera, bert = await officer(town, Role.AUTHOR, "elbtal"), await officer(town, Role.AUTHOR)
    begun = await drafting.begin(town.db, vera, STORM)
    await drafting.save(town.db, bert, begun.id, titled("Orkan"), version=1)

    with pytest.raises(Stale) as stale:
        await drafting.save(town.db, vera, begun.id, titled("Wind"), version=1)

    assert stale.value.saved.content == titled("Orkan")
    assert stale.value.saved.version == 2
    assert (await drafting.find(town.db, vera, begun.id)).content == titled("Orkan")
    merged = await drafting.save(town.db, vera, begun.id, titled("Sturm, Orkan"), version=2)
    assert merged.version == 3
    assert set(merged.editors) == {vera.id, bert.id}


async def test_of_two_saves_at_the_same_moment_one_counts(town: Town, villages: None) -> None:
    vera, bert = await officer(town, Role.AUTHOR, "elbtal"), await officer(town, Role.AUTHOR)
    begun = await drafting.begin(town.db, vera, STORM)

    ends = await asyncio.gather(
        drafting.save(town.db, vera, begun.id, titled("Eins"), version=1),
        drafting.save(town.db, bert, begun.id, titled("Zwei"), version=1),
        return_exceptions=True,
    )

    (stale,) = [end for end in ends if isinstance(end, Stale)]
    (saved,) = [end for end in ends if isinstance(end, drafting.Draft)]
    assert stale.saved == saved
    assert saved.version == 2


async def test_the_same_saved_twice_is_no_conflict(town: Town, villages: None) -> None:
    vera = await officer(town, Role.AUTHOR, "elbtal")
    begun = await drafting.begin(town.db, vera, STORM)

    once = await drafting.save(town.db, vera, begun.id, titled("Orkan"), version=1)
    twice = await drafting.save(town.db, vera, begun.id, titled("Orkan"), version=1)

    assert twice == once


@pytest.mark.parametrize("groups", [("bergdorf",), ("elbtal", "bergdorf"), ("district",)])
async def test_an_author_of_a_village_writes_to_nobody_beyond_it(
    town: Town, villages: None, groups: tuple[str, ...]
) -> None:
    vera, mine = await officer(town, Role.AUTHOR, "elbtal"), replace(STORM, groups=("kita",))
    begun = await drafting.begin(town.db, vera, mine)

    with pytest.raises(OutOfReach):
        await drafting.begin(town.db, vera, replace(STORM, groups=groups))
    with pytest.raises(OutOfReach):
        await drafting.save(town.db, vera, begun.id, replace(STORM, groups=groups), version=1)

    assert (await drafting.find(town.db, vera, begun.id)).content == mine
    assert len(await town.rows("SELECT 1 FROM drafts")) == 1


async def test_a_draft_to_groups_beyond_reach_is_not_there(town: Town, villages: None) -> None:
    vera, bert = await officer(town, Role.AUTHOR, "bergdorf"), await officer(town, Role.AUTHOR)
    theirs = await drafting.begin(town.db, bert, STORM)
    bare = await drafting.begin(town.db, bert, Content(kind="alert"))

    for draft in (theirs, bare):
        for tried in (
            drafting.find(town.db, vera, draft.id),
            drafting.save(town.db, vera, draft.id, titled("Meins"), version=1),
            drafting.drop(town.db, vera, draft.id, version=1),
        ):
            with pytest.raises(NotFound):
                await tried
    with pytest.raises(NotFound):
        await drafting.find(town.db, vera, uuid4())
    assert await drafting.every(town.db, vera) == []
    assert {draft.id for draft in await drafting.every(town.db, bert)} == {theirs.id, bare.id}


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUTHOR])
async def test_no_other_role_writes(town: Town, villages: None, role: Role) -> None:
    other = await officer(town, role)

    with pytest.raises(OutOfReach):
        await drafting.begin(town.db, other, STORM)
    with pytest.raises(OutOfReach):
        await drafting.every(town.db, other)


async def test_what_was_submitted_holds_still(town: Town, villages: None) -> None:
    vera = await officer(town, Role.AUTHOR, "elbtal")
    begun = await drafting.begin(town.db, vera, STORM)
    await town.change("UPDATE drafts SET submitted_at = now()")

    with pytest.raises(Conflict) as refused:
        await drafting.save(town.db, vera, begun.id, titled("Orkan"), version=1)
    assert not isinstance(refused.value, Stale)
    with pytest.raises(Conflict):
        await drafting.drop(town.db, vera, begun.id, version=1)
    assert await drafting.every(town.db, vera) == []


async def test_a_group_that_is_none_is_told_at_its_field(town: Town, villages: None) -> None:
    vera = await officer(town, Role.AUTHOR)
    for groups in (("nowhere",), ("",), ("Ä" * 5000,)):
        with pytest.raises(Invalid) as refused:
            await drafting.begin(town.db, vera, replace(STORM, groups=groups))
        assert refused.value.field == "groups"


async def test_what_a_draft_follows_stays_whatever_is_saved(town: Town, villages: None) -> None:
    vera, first = await officer(town, Role.AUTHOR), str(uuid4())
    begun = await drafting.begin(town.db, vera, replace(STORM, follows=first, relation="update"))

    wanted = replace(titled("Anders"), follows=str(uuid4()), relation="all_clear")
    saved = await drafting.save(town.db, vera, begun.id, wanted, version=1)

    assert (saved.content.follows, saved.content.relation) == (first, "update")


async def test_thrown_away_is_what_was_seen_and_no_newer_version(
    town: Town, villages: None
) -> None:
    vera = await officer(town, Role.AUTHOR)
    begun = await drafting.begin(town.db, vera, STORM)
    await drafting.save(town.db, vera, begun.id, titled("Orkan"), version=1)

    with pytest.raises(Stale):
        await drafting.drop(town.db, vera, begun.id, version=1)
    await drafting.drop(town.db, vera, begun.id, version=2)

    with pytest.raises(NotFound):
        await drafting.find(town.db, vera, begun.id)


async def test_the_log_says_who_wrote_and_not_each_stroke(town: Town, villages: None) -> None:
    vera, bert = await officer(town, Role.AUTHOR, "elbtal"), await officer(town, Role.AUTHOR)
    before = len(await log(town))
    draft: Any = await drafting.begin(town.db, vera, STORM)
    for number, who in enumerate((vera, vera, bert, bert, vera)):
        draft = await drafting.save(
            town.db, who, draft.id, titled(str(number)), version=draft.version
        )
    await drafting.drop(town.db, vera, draft.id, version=draft.version)

    assert (await log(town))[before:] == [
        "draft.begun", "draft.changed", "draft.changed", "draft.dropped",
    ]  # fmt: skip
