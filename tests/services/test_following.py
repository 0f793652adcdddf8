"""Update, all-clear and correction: one tap from what they follow, with all that is known."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from notify import clock
from notify.domain.broadcast import Text
from notify.domain.draft import Content, Words, to_json
from notify.domain.draft_check import NotReady
from notify.domain.following import Bar
from notify.domain.grants import OutOfReach, Role
from notify.domain.words import Kind, Relation
from notify.errors import Conflict, NotFound
from notify.services import following, overseeing, submitting_drafts, threads
from notify.services.drafting import Draft
from notify.services.staff_sessions import Officer
from notify.store import drafts
from tests.services.test_overseeing import officer, status
from tests.town import Town
from tests.web.officer import EVERYWHERE

LANGUAGES = {
    "de": Text("Sturm", "Bleiben Sie im Haus.", "Im Haus bleiben!"),
    "en": Text("Storm", "Stay inside."),
    "de-x-simple": Text("Es gibt Sturm", "Bitte im Haus bleiben."),
}


@pytest.fixture
async def author(town: Town) -> Officer:
    await town.group("elbtal")
    await town.group("bergdorf")
    return await officer(town, Role.AUTHOR, "elbtal")


async def sent(town: Town, **more: Any) -> UUID:
    values: dict[str, Any] = {"texts": LANGUAGES} | more
    broadcast = await town.broadcast(*values.pop("groups", ["elbtal"]), **values)
    await town.change("UPDATE broadcasts SET status = 'dispatching', dispatching_at = now()")
    return broadcast


async def begin(town: Town, who: Officer, broadcast: UUID, relation: Relation) -> Draft:
    return await following.begin(
        town.db, who, broadcast, relation, settings=town.settings, now=clock.now()
    )


async def test_an_all_clear_is_ready_in_every_language(town: Town, author: Officer) -> None:
    alert = await sent(town)

    draft = await begin(town, author, alert, Relation.ALL_CLEAR)

    assert {language: words.title for language, words in draft.content.texts.items()} == {
        "de": "Entwarnung: Sturm", "en": "All clear: Storm", "de-x-simple": "Entwarnung: Es gibt Sturm",
    }  # fmt: skip
    assert draft.content.texts["de"].body == "Die Gefahr ist vorbei. Sie müssen nichts mehr tun."
    assert draft.content.texts["en"].body.startswith("The danger is over.")
    assert (draft.content.groups, draft.content.kind) == (("elbtal",), "alert")
    done = await submitting_drafts.submit(
        town.db, author, draft.id, version=1, settings=town.settings, now=clock.now()
    )
    assert done == "submitted"  # as its alert: somebody else lets it go
    (row,) = await town.rows("SELECT * FROM broadcasts WHERE id = %(id)s", id=draft.id)
    assert (row["in_reply_to"], row["relation"], row["sequence"]) == (alert, "all_clear", 1)


async def test_a_correction_says_that_the_earlier_was_wrong(town: Town, author: Officer) -> None:
    draft = await begin(town, author, await sent(town), Relation.CORRECTION)

    german, plain = draft.content.texts["de"], draft.content.texts["de-x-simple"]
    assert german.title == "Korrektur: Sturm"
    assert german.body == (
        "Unsere frühere Nachricht war falsch. Richtig ist:\n\nBleiben Sie im Haus."
    )
    assert german.sms == "Unsere frühere Nachricht war falsch. Richtig ist: Im Haus bleiben!"
    assert draft.content.texts["en"].sms == ""
    assert plain.title == "Korrektur: Es gibt Sturm"


async def test_an_update_holds_what_was_said_and_the_mark_is_not_said_twice(
    town: Town, author: Officer
) -> None:
    alert = await sent(town)
    draft = await begin(town, author, alert, Relation.UPDATE)
    assert draft.content.texts["de"].title == "Sturm"
    wrong = await sent(town, follows=alert, relation=Relation.CORRECTION, texts={"de": Text("Korrektur: Sturm", "Drin.")})  # fmt: skip

    again = await begin(town, author, wrong, Relation.CORRECTION)

    assert again.content.texts["de"].title == "Korrektur: Sturm"


async def test_it_holds_as_long_as_what_it_follows_and_some_hours_at_least(
    town: Town, author: Officer
) -> None:
    ends = clock.now() + timedelta(minutes=30)
    draft = await begin(town, author, await sent(town, valid_until=ends), Relation.ALL_CLEAR)

    later = (clock.now() + following.AT_LEAST).astimezone(town.settings.zone)
    assert draft.content.valid_until in {
        (later - timedelta(minutes=late)).strftime("%Y-%m-%dT%H:%M") for late in (0, 1)
    }


@pytest.mark.parametrize(
    ("more", "possible"),
    [
        ({}, {"update", "all_clear", "correction"}),
        ({"kind": Kind.ANNOUNCEMENT}, {"update", "correction"}),
    ],
)
async def test_what_reached_somebody_can_be_followed_as_long_as_that_makes_sense(
    town: Town, author: Officer, more: dict[str, Any], possible: set[str]
) -> None:
    broadcast = await sent(town, **more)
    for relation in Relation:
        if str(relation) in possible:
            await begin(town, author, broadcast, relation)
        else:
            with pytest.raises(Conflict):
                await begin(town, author, broadcast, relation)
    await town.change("UPDATE broadcasts SET status = 'approved', dispatching_at = NULL")
    with pytest.raises(Conflict):
        await begin(town, author, broadcast, Relation.CORRECTION)


async def test_what_is_over_can_only_be_corrected(town: Town, author: Officer) -> None:
    alert = await sent(town)
    await town.change("UPDATE broadcasts SET valid_until = now() - interval '1 minute'")

    with pytest.raises(Conflict):
        await begin(town, author, alert, Relation.ALL_CLEAR)
    await begin(town, author, alert, Relation.CORRECTION)


async def test_nobody_follows_what_they_cannot_write_to(town: Town, author: Officer) -> None:
    there, both = (
        await sent(town, groups=["bergdorf"]),
        await sent(town, groups=["elbtal", "bergdorf"]),
    )
    viewer = await officer(town, Role.VIEWER)

    for alert in (there, both):
        with pytest.raises(NotFound):
            await begin(town, author, alert, Relation.ALL_CLEAR)
    with pytest.raises(OutOfReach):
        await begin(town, viewer, there, Relation.ALL_CLEAR)
    assert await town.rows("SELECT 1 FROM drafts") == []
    assert await status(town, there) == "dispatching"


async def test_what_was_replaced_is_not_followed_what_replaced_it_is(
    town: Town, author: Officer
) -> None:
    alert = await town.broadcast("elbtal")
    await town.plan()
    clear = await town.broadcast("elbtal", follows=alert, relation=Relation.ALL_CLEAR)
    await begin(town, author, alert, Relation.ALL_CLEAR)  # until that went out
    await town.plan()

    for relation in Relation:
        with pytest.raises(Conflict):
            await begin(town, author, alert, relation)
    await begin(town, author, clear, Relation.CORRECTION)


async def ways(town: Town, who: Officer, broadcast: UUID) -> following.Ways:
    found = await overseeing.look(town.db, broadcast, settings=town.settings, within=EVERYWHERE)
    said = await threads.said(town.db, found.row["thread_id"], within=EVERYWHERE)
    return await following.ways(
        town.db, who, found.row, found.broadcast, now=clock.now(),
        replaced=threads.successor(said, broadcast) is not None,
    )  # fmt: skip


async def refused(town: Town, who: Officer, broadcast: UUID) -> set[Relation]:
    """How a follow-up that was begun before would be refused once it is submitted, or looked over."""
    made = set()
    tomorrow = (clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    for relation in Relation:
        content = Content(
            kind="alert", severity="severe", groups=("elbtal",), follows=str(broadcast), relation=relation,
            valid_until=tomorrow, texts={"de": Words("Sturm", "Drin.")},
        )  # fmt: skip
        async with town.db.transaction() as connection:
            draft = await drafts.add(connection, to_json(content), staff=who.id)
        for done in (submitting_drafts.look, submitting_drafts.submit):
            more = {"version": 1} if done is submitting_drafts.submit else {}
            try:
                await done(town.db, who, draft, settings=town.settings, now=clock.now(), **more)
            except (NotReady, OutOfReach) as why:
                problems = getattr(why, "problems", ())
                assert {one.field for one in problems} <= {"kind", "groups"}, problems
                made.add((relation, done))
    assert {one for one, _ in made} == {one for one, done in made if done is submitting_drafts.look}
    return {relation for relation, _ in made}


UPDATES = {Relation.UPDATE}
_CLEARED = "the all-clear was recalled while it was sent"


@pytest.mark.parametrize("case", ["nothing", "approved", _CLEARED, "scheduled", "due", "further", "forgotten"])  # fmt: skip
async def test_what_is_offered_is_what_is_taken_in_and_the_bar_says_why(
    town: Town, author: Officer, case: str
) -> None:
    """The page and submitting go by one rule."""
    alert, soon = await town.broadcast("elbtal"), clock.now() + timedelta(hours=2)
    await town.plan()
    clear: dict[str, Any] = {"follows": alert, "relation": Relation.ALL_CLEAR}
    match case:
        case "approved":
            await town.broadcast("elbtal", **clear)
        case "scheduled" | "due":
            late = await town.broadcast("elbtal", **clear, send_at=soon)
            if case == "due":
                await town.change(
                    "UPDATE broadcasts SET send_at = now() WHERE id = %(id)s", id=late
                )
        case "further":
            await town.broadcast("bergdorf", follows=alert, relation=Relation.UPDATE)
        case "forgotten":
            await town.change(
                "UPDATE broadcasts SET forgotten_at = now(), valid_until = now() - interval '1 day'"
            )
        case one if one == _CLEARED:
            await town.broadcast("elbtal", **clear)
            await town.plan()
            await town.change(
                "UPDATE broadcasts SET status = 'cancelled', cancelled_at = now()"
                " WHERE relation = 'all_clear'"
            )
    bars = {"approved": Bar.ENDED, _CLEARED: Bar.ENDED, "due": Bar.ENDED, "further": Bar.BEYOND,
            "forgotten": Bar.FORGOTTEN}  # fmt: skip

    found = await ways(town, author, alert)

    assert list(found.bars) == ([bars[case]] if case in bars else [])
    barred = {"further": set(Relation), "forgotten": set(Relation), "nothing": set(), "scheduled": set()}.get(case, UPDATES)  # fmt: skip
    assert await refused(town, author, alert) == barred
    assert not barred & set(found.relations)
    possible = {Relation.CORRECTION} if case == "forgotten" else set(Relation)
    assert set(found.relations) == possible - barred
    for relation in barred:
        with pytest.raises((Conflict, OutOfReach)):
            await begin(town, author, alert, relation)
    ends = await following.endable(town.db, author, [alert])
    assert (alert in ends) == (case != "further")


async def test_who_can_instead_is_named(town: Town, author: Officer) -> None:
    alert = await town.broadcast("elbtal")
    await town.plan()
    wide = await town.broadcast("bergdorf", follows=alert, relation=Relation.UPDATE)
    assert (await ways(town, author, alert)).able == []
    await officer(town, Role.AUTHOR, "bergdorf")  # of half of it
    await officer(town, Role.APPROVER)
    chief = await officer(town, Role.AUTHOR)
    await town.change("UPDATE staff SET name = 'Carla Chef' WHERE id = %(id)s", id=chief.id)

    assert (await ways(town, author, alert)).able == ["Carla Chef"]
    assert (await ways(town, chief, alert)).bars == []
    await town.plan()
    replaced = await ways(town, author, alert)

    assert (list(replaced.relations), replaced.bars, replaced.able) == (
        [],
        [Bar.BEYOND],
        ["Carla Chef"],
    )
    assert (await ways(town, chief, alert)) == following.Ways((), [], [])
    assert set((await ways(town, chief, wide)).relations) == set(Relation)


async def test_a_drill_whose_group_is_for_drills_no_more_is_ended_and_not_updated(
    town: Town, author: Officer
) -> None:
    await town.change("UPDATE groups SET drill = true WHERE slug = 'elbtal'")
    drill = await sent(town, drill=True)
    assert (await ways(town, author, drill)).bars == []
    await town.change("UPDATE groups SET drill = false")

    found = await ways(town, author, drill)

    assert list(found.bars) == [Bar.NOT_FOR_DRILLS]
    assert await refused(town, author, drill) >= UPDATES
    assert set(found.relations) == set(Relation) - UPDATES
