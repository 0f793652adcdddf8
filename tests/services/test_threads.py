"""A thread goes to every group that it ever went to: whoever writes in it, reads it over and lets it
go reaches all of them, and what is let go last is said last."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from notify import clock
from notify.domain.draft import Words
from notify.domain.draft_check import Problem, Wrong
from notify.domain.grants import OutOfReach, Role
from notify.domain.submission import Submission
from notify.domain.words import Kind, Lane, Relation
from notify.errors import Conflict, Forbidden
from notify.services import drafting, following, groups, overseeing, submitting, submitting_drafts
from notify.services.drafting import Draft
from notify.services.letting_go import Grown, Overtaken
from notify.services.staff_sessions import Officer
from notify.services.threads import Ended
from tests.services.test_overseeing import officer, seen, status
from tests.services.test_submitting_drafts import alert, approve, problems, submit
from tests.town import TEXTS, Town


@pytest.fixture
async def ids(town: Town) -> dict[str, int]:
    """A district, two villages in it, and somebody in each of these."""
    district = await town.group("district")
    villages = {slug: await town.group(slug, parent=district) for slug in ("elbtal", "bergdorf")}
    for slug, group in villages.items():
        await town.resident(group, email=f"{slug}@example.org", alerts=["email"], news=["email"])
    return villages | {"district": district}


async def begin(town: Town, who: Officer, broadcast: UUID, relation: Relation) -> Draft:
    return await following.begin(
        town.db, who, broadcast, relation, settings=town.settings, now=clock.now()
    )


async def sent(town: Town, *slugs: str, **more: Any) -> UUID:
    broadcast = await town.broadcast(*slugs, **more)
    await town.plan(Lane.BULK if more.get("kind") is Kind.ANNOUNCEMENT else Lane.ALERT)
    await town.change("UPDATE deliveries SET status = 'sent' WHERE status = 'pending'")
    return broadcast


async def reached(town: Town, broadcast: UUID) -> list[str]:
    rows = await town.rows(
        "SELECT a.value FROM deliveries d JOIN addresses a ON a.id = d.address_id"
        " WHERE d.broadcast_id = %(id)s ORDER BY 1",
        id=broadcast,
    )
    return [row["value"] for row in rows]


async def slugs(town: Town, broadcast: UUID) -> list[str]:
    rows = await town.rows(
        "SELECT g.slug FROM broadcasts b, unnest(b.group_ids) WITH ORDINALITY AS u (id, place)"
        " JOIN groups g ON g.id = u.id WHERE b.id = %(id)s ORDER BY u.place",
        id=broadcast,
    )
    return [row["slug"] for row in rows]


# Reach


@pytest.mark.parametrize("relation", [Relation.UPDATE, Relation.ALL_CLEAR, Relation.CORRECTION])
async def test_a_village_does_not_speak_to_the_district_through_a_thread(
    town: Town, ids: dict[str, int], relation: Relation
) -> None:
    first = await sent(town, "elbtal", severity="severe")
    wide = await sent(town, "elbtal", "district", severity="severe", follows=first, relation=Relation.UPDATE)  # fmt: skip
    vera = await officer(town, Role.AUTHOR, "elbtal")

    with pytest.raises(Conflict):  # something came after it
        await begin(town, vera, first, relation)
    with pytest.raises(OutOfReach):
        await drafting.begin(town.db, vera, alert(follows=str(first), relation=str(relation)))

    rows = await town.rows("SELECT superseded_at FROM broadcasts WHERE id = %(id)s", id=wide)
    assert rows == [{"superseded_at": None}]
    assert await town.rows("SELECT 1 FROM drafts") == []


async def test_nor_where_the_draft_is_older_than_what_widened_the_thread(
    town: Town, ids: dict[str, int]
) -> None:
    first = await sent(town, "elbtal", severity="severe")
    vera = await officer(town, Role.AUTHOR, "elbtal")
    draft = await begin(town, vera, first, Relation.ALL_CLEAR)
    await sent(town, "district", severity="severe", follows=first, relation=Relation.UPDATE)

    with pytest.raises(OutOfReach):
        await submitting_drafts.look(
            town.db, vera, draft.id, settings=town.settings, now=clock.now()
        )
    with pytest.raises(OutOfReach):
        await submit(town, vera, draft)
    assert len(await town.rows("SELECT 1 FROM broadcasts")) == 2


async def test_nor_does_a_key_of_the_village(town: Town, ids: dict[str, int]) -> None:
    first = await sent(town, "elbtal", severity="severe")
    await sent(town, "district", severity="severe", follows=first, relation=Relation.UPDATE)
    now = clock.now()

    async with town.db.transaction() as connection:
        with pytest.raises(Forbidden):
            await submitting.submit(
                connection,
                Submission(
                    kind=Kind.ALERT, groups=["elbtal"], texts=TEXTS, in_reply_to=first,
                    relation=Relation.ALL_CLEAR,
                ),
                settings=town.settings, now=now, may_alert=True, within=ids["elbtal"], key_id=None,
            )  # fmt: skip


async def test_what_waits_is_not_let_go_once_its_thread_went_further(
    town: Town, ids: dict[str, int]
) -> None:
    """It is returned, and names all groups when it comes again."""
    first = await sent(town, "elbtal", severity="severe")
    vera, bert = await officer(town, Role.AUTHOR), await officer(town, Role.APPROVER, "elbtal")
    clear = await begin(town, vera, first, Relation.ALL_CLEAR)
    await submit(town, vera, clear)
    await sent(town, "bergdorf", severity="severe", follows=first, relation=Relation.UPDATE)

    with pytest.raises(Grown):
        await approve(town, bert, clear.id)
    with pytest.raises(Grown):
        await submitting.approve(town.db, clear.id)

    assert await status(town, clear.id) == "submitted"
    await overseeing.take_back(town.db, vera, clear.id)
    back = await drafting.find(town.db, vera, clear.id)
    await submit(
        town, vera, await drafting.save(town.db, vera, back.id, back.content, version=back.version)
    )
    assert await slugs(town, clear.id) == ["elbtal", "bergdorf"]
    await approve(town, await officer(town, Role.APPROVER), clear.id)
    await town.plan()
    assert await reached(town, clear.id) == ["bergdorf@example.org", "elbtal@example.org"]


async def test_what_was_never_let_go_takes_a_thread_nowhere(
    town: Town, ids: dict[str, int]
) -> None:
    first = await sent(town, "elbtal", severity="severe")
    vera, bert = await officer(town, Role.AUTHOR), await officer(town, Role.APPROVER, "elbtal")
    wide = await begin(town, vera, first, Relation.UPDATE)
    wide = await drafting.save(
        town.db, vera, wide.id, replace(wide.content, groups=("elbtal", "bergdorf")), version=1
    )
    await submit(town, vera, wide)

    clear = await begin(town, await officer(town, Role.AUTHOR, "elbtal"), first, Relation.ALL_CLEAR)
    await submit(town, vera, clear)
    await approve(town, bert, clear.id)
    await town.plan()

    assert clear.content.groups == ("elbtal",)
    assert await reached(town, clear.id) == ["elbtal@example.org"]


# What is looked over


async def test_what_was_looked_over_before_its_thread_went_further_is_looked_over_again(
    town: Town, ids: dict[str, int]
) -> None:
    first = await sent(town, "elbtal", kind=Kind.ANNOUNCEMENT, valid_until=None)
    vera = await officer(town, Role.AUTHOR)
    draft = await begin(town, vera, first, Relation.UPDATE)
    await submitting_drafts.look(town.db, vera, draft.id, settings=town.settings, now=clock.now())
    await sent(
        town, "bergdorf", kind=Kind.ANNOUNCEMENT, valid_until=None, follows=first,
        relation=Relation.UPDATE,
    )  # fmt: skip

    found = await problems(submit(town, vera, draft))

    assert found == [Problem("groups", Wrong.THREAD_GREW)]
    assert await town.rows("SELECT 1 FROM broadcasts WHERE id = %(id)s", id=draft.id) == []
    saved = await drafting.save(town.db, vera, draft.id, draft.content, version=1)
    assert await submit(town, vera, saved) == "approved"
    assert await slugs(town, draft.id) == ["elbtal", "bergdorf"]


async def test_a_follow_up_goes_to_the_groups_of_its_thread_whatever_is_ticked_and_says_so(
    town: Town, ids: dict[str, int]
) -> None:
    first = await sent(town, "elbtal", "bergdorf", kind=Kind.ANNOUNCEMENT, valid_until=None)
    vera = await officer(town, Role.AUTHOR, "district")
    draft = await begin(town, vera, first, Relation.UPDATE)
    await groups.need_approval(town.db, "bergdorf", True)

    saved = await drafting.save(
        town.db, vera, draft.id, replace(draft.content, groups=("elbtal",)), version=1
    )
    ready = await submitting_drafts.look(
        town.db, vera, draft.id, settings=town.settings, now=clock.now()
    )
    stands = await submit(town, vera, saved)

    assert set(saved.content.groups) == {"elbtal", "bergdorf"}
    assert await drafting.bound(town.db, saved.content) == ["elbtal", "bergdorf"]
    assert list(ready.group_ids) == [ids["elbtal"], ids["bergdorf"]]
    assert (ready.waits, stands) == (True, "submitted")
    assert await slugs(town, draft.id) == ["elbtal", "bergdorf"]


# Order


async def test_an_all_clear_that_waited_is_submitted_again_after_what_was_let_go_meanwhile(
    town: Town, ids: dict[str, int]
) -> None:
    first = await sent(town, "elbtal", severity="severe")
    vera, bert = await officer(town, Role.AUTHOR, "elbtal"), await officer(town, Role.APPROVER)
    clear = await begin(town, vera, first, Relation.ALL_CLEAR)
    await submit(town, vera, clear)
    update = await begin(town, vera, first, Relation.UPDATE)
    await submit(town, vera, update)

    await approve(town, bert, update.id)
    await town.plan()
    assert await status(town, clear.id) == "submitted"
    with pytest.raises(Overtaken):
        await approve(town, bert, clear.id)
    await overseeing.take_back(town.db, vera, clear.id)
    await submit(town, vera, await drafting.find(town.db, vera, clear.id))
    await approve(town, bert, clear.id)
    await town.plan()

    rows = await town.rows(
        "SELECT id, superseded_at IS NULL AS latest FROM broadcasts ORDER BY sequence"
    )
    assert [(row["id"], row["latest"]) for row in rows] == [
        (first, False), (update.id, False), (clear.id, True),
    ]  # fmt: skip
    assert await status(town, clear.id) == "dispatching"


async def test_no_update_goes_out_after_the_all_clear_whenever_it_was_written(
    town: Town, ids: dict[str, int]
) -> None:
    first = await sent(town, "elbtal", severity="severe")
    vera, bert = await officer(town, Role.AUTHOR, "elbtal"), await officer(town, Role.APPROVER)
    waits = await begin(town, vera, first, Relation.UPDATE)
    written = await begin(town, vera, first, Relation.UPDATE)
    await submit(town, vera, waits)
    clear = await begin(town, vera, first, Relation.ALL_CLEAR)
    await submit(town, vera, clear)
    await approve(town, bert, clear.id)

    with pytest.raises(Overtaken):
        await approve(town, bert, waits.id)
    with pytest.raises(Overtaken):
        await submitting.approve(town.db, waits.id)
    assert await problems(submit(town, vera, written)) == [Problem("kind", Wrong.ENDED)]
    with pytest.raises(Ended):
        await town.broadcast("elbtal", follows=first, relation=Relation.UPDATE)

    await town.plan()
    rows = await town.rows("SELECT id FROM broadcasts WHERE superseded_at IS NULL")
    assert {row["id"] for row in rows} == {clear.id, waits.id}
    wrong = await begin(town, vera, clear.id, Relation.CORRECTION)
    await submit(town, vera, wrong)
    await approve(town, bert, wrong.id)


async def test_an_update_may_come_before_an_all_clear_that_is_scheduled_and_not_after(
    town: Town, ids: dict[str, int]
) -> None:
    first = await sent(town, "elbtal", severity="severe")
    evening = clock.now() + timedelta(hours=2)
    clear = await town.broadcast("elbtal", follows=first, relation=Relation.ALL_CLEAR, send_at=evening)  # fmt: skip

    update = await town.broadcast("elbtal", follows=first, relation=Relation.UPDATE)
    with pytest.raises(Ended):
        await town.broadcast(
            "elbtal",
            follows=first,
            relation=Relation.UPDATE,
            send_at=evening + timedelta(minutes=9),
        )
    await town.plan()
    assert await status(town, clear) == "scheduled"
    await town.change("UPDATE deliveries SET status = 'sent' WHERE status = 'pending'")
    await town.change("UPDATE broadcasts SET send_at = now() WHERE id = %(id)s", id=clear)
    await town.plan()

    assert await reached(town, clear) == await reached(town, update) == ["elbtal@example.org"]
    rows = await town.rows("SELECT id, superseded_at FROM broadcasts ORDER BY sequence")
    assert [row["id"] for row in rows] == [first, update, clear]
    assert [row["superseded_at"] is None for row in rows] == [False, False, True]


async def test_so_goes_one_that_came_back_and_is_submitted_again(
    town: Town, ids: dict[str, int]
) -> None:
    first = await sent(town, "elbtal", severity="severe")
    vera, bert = await officer(town, Role.AUTHOR, "elbtal"), await officer(town, Role.APPROVER)
    clear = await begin(town, vera, first, Relation.ALL_CLEAR)
    await submit(town, vera, clear)
    await overseeing.send_back(
        town.db, bert, clear.id, seen=await seen(town, clear.id), reason="Wort"
    )
    update = await begin(town, vera, first, Relation.UPDATE)
    await submit(town, vera, update)
    await approve(town, bert, update.id)
    await town.plan()

    back = await drafting.find(town.db, vera, clear.id)
    again = replace(back.content, texts={"de": Words("Entwarnung", "Vorbei.")})
    await submit(
        town, vera, await drafting.save(town.db, vera, clear.id, again, version=back.version)
    )
    await approve(town, bert, clear.id)
    await town.plan()

    assert await status(town, clear.id) == "dispatching"
    rows = await town.rows("SELECT id FROM broadcasts WHERE superseded_at IS NULL")
    assert rows == [{"id": clear.id}]


async def test_news_that_came_back_and_go_at_once_are_the_last_of_their_thread(
    town: Town, ids: dict[str, int]
) -> None:
    await groups.need_approval(town.db, "elbtal", True)
    first = await sent(town, "elbtal", kind=Kind.ANNOUNCEMENT, valid_until=None)
    vera = await officer(town, Role.AUTHOR, "elbtal")
    one, two = [await begin(town, vera, first, Relation.UPDATE) for _ in range(2)]
    await submit(town, vera, one)
    await overseeing.take_back(town.db, vera, one.id)
    await groups.need_approval(town.db, "elbtal", False)
    await submit(town, vera, two)
    await town.plan(Lane.BULK)

    await submit(town, vera, await drafting.find(town.db, vera, one.id))
    await town.plan(Lane.BULK)

    rows = await town.rows("SELECT id FROM broadcasts ORDER BY sequence")
    assert [row["id"] for row in rows] == [first, two.id, one.id]
    assert await status(town, one.id) == "dispatching"


async def test_of_those_that_are_let_go_at_the_same_moment_one_goes(
    town: Town, ids: dict[str, int]
) -> None:
    """Whoever approves another saw it before the first had gone."""
    first = await sent(town, "elbtal", severity="severe")
    vera, bert = await officer(town, Role.AUTHOR, "elbtal"), await officer(town, Role.APPROVER)
    drafts = [await begin(town, vera, first, Relation.UPDATE) for _ in range(3)]
    for draft in drafts:
        await submit(town, vera, draft)

    done = await asyncio.gather(
        *(approve(town, bert, draft.id) for draft in drafts), return_exceptions=True
    )

    assert [type(one) for one in done if one is not None] == [Overtaken, Overtaken]
    assert len(await town.rows("SELECT 1 FROM broadcasts WHERE status = 'approved'")) == 1
