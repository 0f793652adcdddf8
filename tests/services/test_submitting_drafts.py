"""From the draft to the broadcast: once, as it was seen, and approved by nobody who wrote it."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from notify import clock
from notify.domain.broadcast import BroadcastStatus
from notify.domain.draft import Content, Words
from notify.domain.draft_check import NotReady, Problem, Wrong
from notify.domain.draft_questions import Asked, Asking, Typed
from notify.domain.draft_questions_check import Flaw
from notify.domain.grants import OutOfReach, Role
from notify.errors import Conflict, Invalid, NotFound
from notify.services import drafting, groups, overseeing, submitting_drafts
from notify.services.drafting import Draft, Stale
from notify.services.overseeing import OwnWork
from notify.services.staff_sessions import Officer
from tests.services.test_overseeing import officer, seen, status
from tests.town import Town


@pytest.fixture
async def villages(town: Town) -> None:
    district = await town.group("district")
    elbtal = await town.group("elbtal", parent=district)
    await town.group("kita", parent=elbtal)
    await town.group("bergdorf", parent=district)


@pytest.fixture
async def author(town: Town, villages: None) -> Officer:
    return await officer(town, Role.AUTHOR, "elbtal")


@pytest.fixture
async def approver(town: Town, villages: None) -> Officer:
    return await officer(town, Role.APPROVER, "district")


def alert(title: str = "Sturm", **more: Any) -> Content:
    until = (datetime.now(UTC) + timedelta(hours=6)).replace(tzinfo=None)
    return replace(
        Content(
            kind="alert", severity="severe", groups=("elbtal",),
            texts={"de": Words(title, "Bleiben Sie im Haus.")},
            valid_until=until.isoformat(timespec="minutes"),
        ),
        **more,
    )  # fmt: skip


def news(**more: Any) -> Content:
    return alert("Markt", kind="announcement", severity="", valid_until="", **more)


async def submit(
    town: Town, who: Officer, draft: Draft, *, version: int | None = None
) -> BroadcastStatus | None:
    return await submitting_drafts.submit(
        town.db, who, draft.id, version=version or draft.version, settings=town.settings,
        now=clock.now(),
    )  # fmt: skip


async def submitted(town: Town, who: Officer, content: Content) -> Draft:
    draft = await drafting.begin(town.db, who, content)
    await submit(town, who, draft)
    return draft


async def approve(town: Town, who: Officer, broadcast: UUID) -> None:
    await overseeing.approve(town.db, who, broadcast, seen=await seen(town, broadcast))


async def problems(work: Awaitable[object]) -> list[Problem]:
    with pytest.raises(NotReady) as refused:
        await work
    return list(refused.value.problems)


async def test_an_alert_waits_under_the_id_of_its_draft(town: Town, author: Officer) -> None:
    draft = await drafting.begin(town.db, author, alert())

    assert await submit(town, author, draft) is BroadcastStatus.SUBMITTED

    (row,) = await town.rows("SELECT id, status, editors, texts, drill FROM broadcasts")
    assert (row["id"], row["status"], row["editors"]) == (draft.id, "submitted", [author.id])
    assert row["texts"]["de"] == {"title": "Sturm", "body": "Bleiben Sie im Haus."}
    assert (await town.rows("SELECT deed FROM audit ORDER BY id"))[-1][
        "deed"
    ] == "broadcast.submitted"
    await town.plan()
    assert await town.rows("SELECT 1 FROM deliveries") == []


async def test_submitting_twice_submits_once(town: Town, author: Officer) -> None:
    draft = await drafting.begin(town.db, author, alert())

    ends = await asyncio.gather(*(submit(town, author, draft) for _ in range(3)))

    assert sorted(map(str, ends)) == ["None", "None", "submitted"]
    assert await submit(town, author, draft) is None
    assert len(await town.rows("SELECT 1 FROM broadcasts")) == 1


async def test_what_was_changed_since_it_was_looked_over_is_not_submitted(
    town: Town, author: Officer
) -> None:
    draft = await drafting.begin(town.db, author, alert())
    await drafting.save(town.db, author, draft.id, alert("Orkan"), version=1)

    with pytest.raises(Stale) as stale:
        await submit(town, author, draft)

    assert stale.value.saved.content.texts["de"].title == "Orkan"
    assert await town.rows("SELECT 1 FROM broadcasts") == []
    assert (await drafting.find(town.db, author, draft.id)).submitted_at is None


async def test_what_is_not_ready_stays_a_draft_and_says_why(town: Town, author: Officer) -> None:
    draft = await drafting.begin(town.db, author, alert(texts={}, severity=""))

    found = await problems(submit(town, author, draft))

    assert [one.field for one in found] == ["severity", "title-de", "body-de"]
    assert (await drafting.find(town.db, author, draft.id)).submitted_at is None
    long = await drafting.save(
        town.db,
        author,
        draft.id,
        alert(texts={"de": Words("Sturm", "Text", "ö" * 1000)}),
        version=1,
    )
    looked = submitting_drafts.look(
        town.db, author, long.id, settings=town.settings, now=clock.now()
    )
    for asked in (looked, submit(town, author, long)):
        assert [(one.field, one.wrong) for one in await problems(asked)] == [
            ("sms-de", Wrong.SMS_TOO_LONG)
        ]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUTHOR])
async def test_no_other_role_submits(town: Town, author: Officer, role: Role) -> None:
    draft = await drafting.begin(town.db, author, alert())
    other = await officer(town, role, "district")

    with pytest.raises((OutOfReach, NotFound)):
        await submit(town, other, draft)
    assert await town.rows("SELECT 1 FROM broadcasts") == []


# News


@pytest.mark.parametrize(
    ("asks", "stands"),
    [(None, "approved"), ("kita", "approved"), ("bergdorf", "approved"), ("elbtal", "submitted"),
     ("district", "submitted")],
)  # fmt: skip
async def test_news_wait_where_the_group_or_one_above_it_says_so(
    town: Town, author: Officer, approver: Officer, asks: str | None, stands: str
) -> None:
    if asks:
        await groups.need_approval(town.db, asks, True)
    draft = await drafting.begin(town.db, author, news())
    ready = await submitting_drafts.look(
        town.db, author, draft.id, settings=town.settings, now=clock.now()
    )

    await submit(town, author, draft)

    assert await status(town, draft.id) == stands
    assert ready.waits == (stands == "submitted")
    if ready.waits:
        await approve(town, approver, draft.id)
        assert await status(town, draft.id) == "approved"


async def test_news_at_a_time_wait_for_it(town: Town, author: Officer) -> None:
    later = (clock.now() + timedelta(hours=5)).astimezone(town.settings.zone).replace(tzinfo=None)
    draft = await submitted(town, author, news(send_at=later.isoformat(timespec="minutes")))

    assert await status(town, draft.id) == "scheduled"


# Drills


async def test_a_drill_goes_to_drill_groups_and_nobody_else(town: Town, author: Officer) -> None:
    draft = await drafting.begin(town.db, author, alert(drill=True))
    refused = [Problem("groups", Wrong.NO_DRILL_GROUP)]
    for slug in ("elbtal", "kita"):  # an alert to Elbtal reaches the kindergarten below it too
        found = await problems(submit(town, author, draft))
        assert [replace(one, said=None) for one in found] == refused
        await groups.mark_drill(town.db, slug, True)

    assert await submit(town, author, draft) is BroadcastStatus.SUBMITTED
    (row,) = await town.rows("SELECT drill FROM broadcasts")
    assert row["drill"] is True


async def test_what_follows_a_drill_is_a_drill(town: Town, author: Officer) -> None:
    for slug in ("elbtal", "kita"):
        await groups.mark_drill(town.db, slug, True)
    first = await submitted(town, author, alert(drill=True))
    real = await submitted(town, author, alert("Wirklich"))
    await town.change("UPDATE broadcasts SET status = 'dispatching', dispatching_at = now()")

    after = await submitted(
        town, author, alert("Ende", follows=str(first.id), relation="all_clear")
    )
    rows = await town.rows("SELECT drill, thread_id FROM broadcasts WHERE id = %(id)s", id=after.id)
    assert rows == [{"drill": True, "thread_id": first.id}]
    wrong = await drafting.begin(
        town.db, author, alert(follows=str(real.id), relation="update", drill=True)
    )
    assert [one.field for one in await problems(submit(town, author, wrong))] == ["drill"]


async def test_an_update_of_a_drill_says_that_its_group_is_for_drills_no_more(
    town: Town, author: Officer
) -> None:
    """The box is not ticked in it: it is a drill because of what it follows."""
    for slug in ("elbtal", "kita"):
        await groups.mark_drill(town.db, slug, True)
    first = await submitted(town, author, alert(drill=True))
    await town.change("UPDATE broadcasts SET status = 'dispatching', dispatching_at = now()")
    await groups.mark_drill(town.db, "elbtal", False)

    after = await drafting.begin(town.db, author, alert(follows=str(first.id), relation="update"))
    found = await problems(submit(town, author, after))

    assert [(one.field, one.wrong) for one in found] == [("groups", Wrong.NO_DRILL_GROUP)]
    end = await submitted(town, author, alert(follows=str(first.id), relation="all_clear"))
    assert await status(town, end.id) == "submitted"


# Approving


async def test_nobody_who_wrote_any_of_it_approves_it(town: Town, author: Officer) -> None:
    both = await officer(town, Role.AUTHOR, "district")
    both = replace(both, grants=(*both.grants, *(await officer(town, Role.APPROVER)).grants))
    other = replace(author, grants=both.grants)
    draft = await drafting.begin(town.db, author, alert())
    draft = await drafting.save(town.db, both, draft.id, alert("Orkan"), version=1)
    await submit(town, author, draft)

    for who in (both, other):
        with pytest.raises(OwnWork):
            await approve(town, who, draft.id)
    assert await status(town, draft.id) == "submitted"
    assert await town.rows("SELECT 1 FROM decisions") == []


async def test_who_only_submitted_it_does_not_approve_it_either(
    town: Town, author: Officer
) -> None:
    both = await officer(town, Role.AUTHOR, "district")
    both = replace(both, grants=(*both.grants, *(await officer(town, Role.APPROVER)).grants))
    draft = await drafting.begin(town.db, author, alert())
    await submit(town, both, draft)

    with pytest.raises(OwnWork):
        await approve(town, both, draft.id)


async def test_a_returned_one_is_written_on_and_comes_again_in_its_place(
    town: Town, author: Officer, approver: Officer
) -> None:
    draft = await submitted(town, author, alert())
    before = await seen(town, draft.id)
    await overseeing.send_back(town.db, approver, draft.id, seen=before, reason="Ort fehlt")
    back = await drafting.find(town.db, author, draft.id)
    assert (back.submitted_at, back.returned) == (None, True)

    changed = await drafting.save(
        town.db, author, draft.id, alert("Sturm in Elbtal"), version=back.version
    )
    await submit(town, author, changed)

    assert len(await town.rows("SELECT 1 FROM broadcasts")) == 1
    assert await status(town, draft.id) == "submitted"
    with pytest.raises(Conflict):
        await overseeing.approve(town.db, approver, draft.id, seen=before)
    await approve(town, approver, draft.id)
    (row,) = await town.rows("SELECT status, texts FROM broadcasts")
    assert (row["status"], row["texts"]["de"]["title"]) == ("approved", "Sturm in Elbtal")
    rows = await town.rows("SELECT decision FROM decisions ORDER BY id")
    assert [one["decision"] for one in rows] == ["returned", "approved"]


async def test_an_author_takes_it_back_while_it_waits_and_no_longer(
    town: Town, author: Officer, approver: Officer
) -> None:
    draft = await submitted(town, author, alert())
    there = await officer(town, Role.AUTHOR, "bergdorf")
    with pytest.raises(NotFound):
        await overseeing.take_back(town.db, there, draft.id)
    with pytest.raises(OutOfReach):
        await overseeing.take_back(town.db, approver, draft.id)

    await overseeing.take_back(town.db, author, draft.id)

    assert await status(town, draft.id) == "returned"
    with pytest.raises(Conflict):
        await overseeing.take_back(town.db, author, draft.id)
    await submit(town, author, await drafting.find(town.db, author, draft.id))
    await approve(town, approver, draft.id)
    with pytest.raises(Conflict):
        await overseeing.take_back(town.db, author, draft.id)


async def test_of_two_approvers_at_the_same_moment_one_counts(
    town: Town, author: Officer, approver: Officer
) -> None:
    draft = await submitted(town, author, alert())
    other, this = await officer(town, Role.APPROVER), await seen(town, draft.id)

    ends = await asyncio.gather(
        *(overseeing.approve(town.db, who, draft.id, seen=this) for who in (approver, other)),
        return_exceptions=True,
    )

    assert sum(isinstance(end, Conflict) for end in ends) == 1
    assert len(await town.rows("SELECT 1 FROM decisions")) == 1


async def test_what_is_changed_while_somebody_approves_is_not_sent_unseen(
    town: Town, author: Officer, approver: Officer
) -> None:
    """The approver's decision waits for the author, who has it back, changes it and submits again."""
    draft = await submitted(town, author, alert())
    this = await seen(town, draft.id)

    async with town.db.transaction() as connection:
        await connection.run(
            "UPDATE broadcasts SET status = 'returned' WHERE id = %(id)s", id=draft.id
        )
        deciding = asyncio.create_task(overseeing.approve(town.db, approver, draft.id, seen=this))
        await town.somebody_waits()
        await connection.run(
            "UPDATE broadcasts SET status = 'submitted',"
            " texts = jsonb_set(texts, '{de,title}', '\"Falsch\"') WHERE id = %(id)s",
            id=draft.id,
        )

    with pytest.raises(Conflict):
        await deciding
    assert await status(town, draft.id) == "submitted"


async def test_of_approving_and_taking_back_one_happens_and_never_both(
    town: Town, author: Officer, approver: Officer
) -> None:
    for _ in range(5):
        draft = await submitted(town, author, alert())
        this = await seen(town, draft.id)

        ends = await asyncio.gather(
            overseeing.approve(town.db, approver, draft.id, seen=this),
            overseeing.take_back(town.db, author, draft.id),
            return_exceptions=True,
        )

        assert sum(isinstance(end, Conflict) for end in ends) == 1
        back = await drafting.find(town.db, author, draft.id)
        stands = await status(town, draft.id)
        assert (stands, back.submitted_at is None) in {("approved", False), ("returned", True)}


async def test_a_returned_one_that_was_recalled_is_over(
    town: Town, author: Officer, approver: Officer
) -> None:
    draft = await submitted(town, author, alert())
    this = await seen(town, draft.id)
    await overseeing.send_back(town.db, approver, draft.id, seen=this, reason="Nein")
    await overseeing.recall(town.db, await officer(town, Role.OPERATOR), draft.id)

    with pytest.raises(Conflict):
        await submit(town, author, await drafting.find(town.db, author, draft.id))
    assert await status(town, draft.id) == "cancelled"


async def test_a_follow_up_to_groups_beyond_reach_is_refused(town: Town, author: Officer) -> None:
    everywhere = await officer(town, Role.AUTHOR)
    first = await submitted(town, everywhere, alert(groups=("elbtal", "bergdorf")))
    await town.change("UPDATE broadcasts SET status = 'dispatching', dispatching_at = now()")

    with pytest.raises(OutOfReach):
        await drafting.begin(
            town.db, author, alert("Neu", follows=str(first.id), relation="update")
        )
    assert len(await town.rows("SELECT 1 FROM broadcasts")) == 1


async def test_the_draft_of_what_a_program_sent_is_nobody_s_to_take_back(
    town: Town, author: Officer
) -> None:
    from tests.services.test_overseeing import waiting

    sent = await waiting(town, "elbtal")
    with pytest.raises(Conflict):
        await overseeing.take_back(town.db, author, sent)
    with pytest.raises(Invalid):
        await drafting.begin(town.db, author, alert(groups=("nowhere",)))


YES_NO = Typed(wordings={"de": Asked("Länger öffnen?", "Ja\nNein")})


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (alert(kind="poll", severity="", asking=Asking(questions=(YES_NO,))), "count"),
        (alert(asking=Asking(on=True, one=YES_NO)), "asks"),
    ],
    ids=["poll", "alert"],
)
async def test_nothing_is_asked_where_nobody_could_answer_by_sms(
    town: Town, author: Officer, content: Content, field: str
) -> None:
    draft = await drafting.begin(town.db, author, content)
    deaf = town.settings.model_copy(
        update={"twilio_account_sid": "AC0", "twilio_senders": ("Elbtal",)}
    )

    with pytest.raises(NotReady) as told:
        await submitting_drafts.submit(
            town.db, author, draft.id, version=draft.version, settings=deaf, now=clock.now()
        )

    assert [(one.field, one.flaw) for one in told.value.problems] == [(field, Flaw.NO_RECEIVER)]
    assert await submit(town, author, draft) is not None


async def test_a_poll_waits_for_approval_where_the_group_says_that_news_do(
    town: Town, author: Officer, approver: Officer
) -> None:
    content = alert(kind="poll", severity="", asking=Asking(questions=(YES_NO,)))
    free = await drafting.begin(town.db, author, content)
    assert await submit(town, author, free) is BroadcastStatus.APPROVED
    await town.change("UPDATE groups SET news_need_approval = true")
    bound = await drafting.begin(town.db, author, content)
    assert await submit(town, author, bound) is BroadcastStatus.SUBMITTED

    before = await seen(town, bound.id)
    await town.change(
        "UPDATE broadcasts SET asks = jsonb_set(asks, '{shown}', '\"staff\"') WHERE id = %(id)s",
        id=bound.id,
    )
    with pytest.raises(Conflict):  # it is not what was seen
        await overseeing.approve(town.db, approver, bound.id, seen=before, at_once=False)
    await overseeing.approve(
        town.db, approver, bound.id, seen=await seen(town, bound.id), at_once=False
    )
