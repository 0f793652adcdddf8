"""One officer alone: only from what was approved in advance, only within reach, once, loudly."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from channels.memory import MemoryChannel
from channels.messages import Email
from notify import clock
from notify.domain.draft_questions import Asked, Asking, Typed
from notify.domain.grants import OutOfReach, Role
from notify.domain.submission import Submission
from notify.domain.templating import Flawed
from notify.domain.words import Kind, Lane, Relation
from notify.errors import Conflict, Invalid, NotFound
from notify.services import (
    breaking_glass,
    correcting_alone,
    overseeing,
    preparing,
    reviewing,
    submitting,
    telling_staff,
)
from notify.services.breaking_glass import Filled
from notify.services.correcting_alone import NotAlone, Why
from notify.services.staff_sessions import Officer
from tests.services.test_overseeing import seen, status, villages
from tests.services.test_preparing import VALUES, WATER, approved, officer, prepared
from tests.town import ALL, TEXTS, Town

__all__ = ["villages"]


def filled(template: UUID, *groups: str, **more: Any) -> Filled:
    return replace(Filled(template, 1, VALUES, groups or ("elbtal",), 3), **more)


async def send(town: Town, by: Officer, what: Filled, **more: Any) -> UUID:
    given: dict[str, Any] = {"reason": "Niemand hebt ab.", "alone": True, "token": uuid4()}
    return await breaking_glass.send(town.db, by, what, settings=town.settings, **given | more)


async def broken(town: Town, *groups: str) -> UUID:
    """What somebody sent alone."""
    template = await approved(town, None, groups=())
    who = await officer(town, Role.AUTHOR)
    return await send(town, who, filled(template, *groups), again=True)


async def ended(
    town: Town, alert: UUID, *, by: UUID, relation: Relation = Relation.ALL_CLEAR, groups: Any = ()
) -> UUID:
    """What `by` sent alone, and an all-clear or correction in their words that waits."""
    await town.change(
        "UPDATE broken_glass SET staff_id = %(by)s WHERE broadcast_id = %(id)s", by=by, id=alert
    )
    await town.change(
        "UPDATE broadcasts SET dispatching_at = now(), editors = ARRAY[%(by)s::uuid]"
        " WHERE id = %(id)s", by=by, id=alert,
    )  # fmt: skip
    async with town.db.transaction() as connection:
        done = await submitting.submit(
            connection,
            Submission(Kind.ALERT, groups, TEXTS, in_reply_to=alert, relation=relation),
            settings=town.settings, now=clock.now(), may_alert=False, within=None, key_id=None,
            editors=[by],
        )  # fmt: skip
    return done.id


@pytest.fixture
async def crew(town: Town, villages: None) -> int:
    """A group for drills below a village, and one whose name alone says so."""
    (elbtal,) = await town.rows("SELECT id FROM groups WHERE slug = 'elbtal'")
    crew = await town.group("crew", parent=elbtal["id"])
    mixed = await town.group("mixed", parent=elbtal["id"])
    await town.group("ordinary", parent=mixed)
    await town.change("UPDATE groups SET drill = true WHERE slug IN ('crew', 'mixed')")
    await town.resident(crew, email="ben@example.org", alerts=["email"])
    return crew


async def _nothing(town: Town) -> None:
    for table in ("broadcasts", "decisions", "broken_glass"):
        rows = await town.rows(f"SELECT FROM {table}".encode())
        assert rows == [], table


async def test_a_warning_goes_out_at_once_and_says_who_sent_it_alone(
    town: Town, villages: None
) -> None:
    template, anna = await approved(town), await officer(town, Role.AUTHOR, "elbtal")

    alert = await send(town, anna, filled(template))

    (row,) = await town.rows("SELECT * FROM broadcasts")
    assert (row["id"], row["status"], row["severity"]) == (alert, "approved", "severe")
    assert row["texts"]["de"]["title"] == "Wasser abkochen in Elbtal"
    assert row["editors"] == [anna.id]
    assert timedelta(hours=2.9) < row["valid_until"] - clock.now() < timedelta(hours=3.1)
    (decision,) = await town.rows("SELECT * FROM decisions")
    assert (decision["decision"], decision["reason"]) == ("broke_glass", "Niemand hebt ab.")
    (line,) = await town.rows("SELECT * FROM audit WHERE deed = 'broadcast.broke_glass'")
    assert line["staff_id"] == anna.id
    assert line["about"]["template"] == str(template)
    assert "Niemand" not in str(line["about"])


async def test_pressing_twice_sends_once(town: Town, villages: None) -> None:
    template, anna = await approved(town), await officer(town, Role.AUTHOR, "elbtal")
    token = uuid4()

    ends = await asyncio.gather(
        *(send(town, anna, filled(template), token=token) for _ in range(3))
    )
    again = await send(town, anna, filled(template), token=token)

    assert len({*ends, again}) == 1
    assert len(await town.rows("SELECT FROM broadcasts")) == 1
    assert len(await town.rows("SELECT FROM decisions")) == 1


async def test_the_question_that_was_approved_in_advance_goes_with_it(
    town: Town, villages: None
) -> None:
    safe = Typed(wordings={"de": Asked("Sicher?", "Ja\nIch brauche Hilfe"),
                           "en": Asked("Safe?", "Yes\nI need help")})  # fmt: skip
    template = await approved(town, asking=Asking(on=True, one=safe))
    anna, token = await officer(town, Role.AUTHOR, "elbtal"), uuid4()

    first = await send(town, anna, filled(template), token=token)

    assert await send(town, anna, filled(template), token=token) == first
    (row,) = await town.rows("SELECT asks FROM broadcasts")
    assert (row["asks"]["urgent"], row["asks"]["secret"]) == (2, False)
    assert row["asks"]["questions"][0]["wordings"]["de"] == {
        "ask": "Sicher?", "options": ["Ja", "Ich brauche Hilfe"],
    }  # fmt: skip


async def test_only_what_was_approved_in_advance(town: Town, villages: None) -> None:
    anna, vera = await officer(town, Role.AUTHOR, "elbtal"), await officer(town, Role.APPROVER)
    written = await prepared(town, await officer(town, Role.AUTHOR))
    withdrawn, over, changed, retired = [await approved(town) for _ in range(4)]
    await preparing.withdraw(town.db, vera, withdrawn)
    await town.change(
        "UPDATE template_approvals SET valid_until = now() WHERE template_id = %(id)s", id=over
    )
    await preparing.change(
        town.db, anna, changed, replace(WATER, hours=1), version=1, settings=town.settings
    )
    await preparing.retire(town.db, anna, retired)

    for template in (written, withdrawn, over, changed, retired, uuid4()):
        for version in (1, 2):
            with pytest.raises(NotFound):
                await send(town, anna, filled(template, version=version))
    assert await breaking_glass.templates(town.db, anna) == []
    await _nothing(town)


async def test_what_was_approved_anew_is_not_what_stood_in_an_old_form(
    town: Town, villages: None
) -> None:
    template, anna = await approved(town), await officer(town, Role.AUTHOR, "elbtal")
    vera = await officer(town, Role.APPROVER)
    await preparing.change(
        town.db, anna, template, replace(WATER, hours=1), version=1, settings=town.settings
    )
    seen = (await preparing.read(town.db, vera, template)).template.seen
    await preparing.approve(town.db, vera, template, seen=seen)

    with pytest.raises(Conflict):
        await send(town, anna, filled(template))
    await _nothing(town)


async def test_only_to_groups_within_reach_and_at_the_template_s_place(
    town: Town, villages: None
) -> None:
    anna, chief = await officer(town, Role.AUTHOR, "elbtal"), await officer(town, Role.AUTHOR)
    everywhere, here = await approved(town, None, groups=()), await approved(town, "elbtal")

    for by, template, groups in (
        (anna, everywhere, ("bergdorf",)), (anna, everywhere, ("district",)),
        (anna, everywhere, ("elbtal", "bergdorf")), (chief, here, ("bergdorf",)),
        (chief, here, ("district",)),
    ):  # fmt: skip
        with pytest.raises(OutOfReach):
            await send(town, by, filled(template, *groups))
        with pytest.raises(OutOfReach):
            await breaking_glass.ready(
                town.db, by, filled(template, *groups), channels=ALL, settings=town.settings
            )
    await _nothing(town)
    await send(town, chief, filled(everywhere, "elbtal", "bergdorf"))


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUTHOR])
async def test_who_may_not_write_breaks_no_glass(town: Town, villages: None, role: Role) -> None:
    template, other = await approved(town), await officer(town, role)

    with pytest.raises(OutOfReach):
        await send(town, other, filled(template))
    with pytest.raises(OutOfReach):
        await breaking_glass.templates(town.db, other)
    await _nothing(town)


@pytest.mark.parametrize(
    ("what", "how", "problem"),
    [
        ({}, {"reason": "  "}, Invalid), ({}, {"alone": False}, Invalid),
        ({"values": {"Ort": "x"}}, {}, Flawed), ({"groups": ()}, {}, Invalid),
        ({"groups": ("elbtal", "nowhere")}, {}, Invalid), ({"hours": 0}, {}, Invalid),
        ({"hours": 721}, {}, Invalid),
    ],
)  # fmt: skip
async def test_half_of_it_sends_nothing(
    town: Town, villages: None, what: dict[str, Any], how: dict[str, Any], problem: type[Exception]
) -> None:
    template, anna = await approved(town), await officer(town, Role.AUTHOR, "elbtal")

    with pytest.raises(problem):
        await send(town, anna, filled(template, **what), **how)
    await _nothing(town)


async def test_no_more_than_so_many_an_hour(
    town: Town, villages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    template, anna = await approved(town), await officer(town, Role.AUTHOR, "elbtal")
    monkeypatch.setattr(breaking_glass, "MOST_AN_HOUR", 2)
    for _ in range(2):
        await send(town, anna, filled(template), again=True)

    with pytest.raises(Conflict):
        await send(town, anna, filled(template), again=True)
    await send(town, await officer(town, Role.AUTHOR, "elbtal"), filled(template), again=True)
    await town.change("UPDATE broken_glass SET broken_at = now() - interval '61 minutes'")
    await send(town, anna, filled(template), again=True)


async def test_the_same_from_another_form_or_another_officer_is_sent_once_unless_they_insist(
    town: Town, villages: None
) -> None:
    """Each look is valid for its own hours: that makes nothing else of it."""
    template = await approved(town)
    anna, bert = [await officer(town, Role.AUTHOR, "elbtal") for _ in range(2)]
    ends = await asyncio.gather(
        *(send(town, who, filled(template, hours=hours)) for who, hours in ((anna, 3), (bert, 6))),
        return_exceptions=True,
    )
    (first,) = [end for end in ends if isinstance(end, UUID)]
    (refused,) = [end for end in ends if isinstance(end, breaking_glass.Alike)]
    assert refused.first == first
    assert [row["id"] for row in await town.rows("SELECT id FROM broadcasts")] == [first]
    assert len(await town.rows("SELECT FROM broken_glass")) == 1

    again = await send(town, anna, filled(template), again=True)
    assert again != first
    await town.change("UPDATE broadcasts SET created_at = now() - interval '11 minutes'")
    await send(town, bert, filled(template))
    await town.change("UPDATE broadcasts SET status = 'cancelled', cancelled_at = now()")
    await send(town, bert, filled(template))


async def test_who_goes_back_and_changes_it_sends_another_warning(
    town: Town, villages: None
) -> None:
    template, anna = await approved(town, None, groups=()), await officer(town, Role.AUTHOR)
    token = uuid4()

    first = await send(town, anna, filled(template, "elbtal"), token=token)
    second = await send(town, anna, filled(template, "district"), token=token)

    assert first != second
    assert await send(town, anna, filled(template, "elbtal"), token=token) == first
    assert await send(town, anna, filled(template, "district"), token=token) == second
    longer = filled(template, "district", hours=6)
    with pytest.raises(breaking_glass.Alike):
        await send(town, anna, longer, token=token)
    third = await send(town, anna, longer, token=token, again=True)
    assert third not in {first, second}


async def test_pressing_again_after_a_recall_sends_it_again_and_once(
    town: Town, villages: None
) -> None:
    template, anna = await approved(town), await officer(town, Role.AUTHOR, "elbtal")
    token = uuid4()
    first = await send(town, anna, filled(template), token=token)
    await overseeing.recall(town.db, anna, first)

    second = await send(town, anna, filled(template), token=token)

    assert second != first
    assert await status(town, second) == "approved"
    assert await send(town, anna, filled(template), token=token) == second


async def test_only_to_the_groups_that_it_was_approved_for_and_those_below(
    town: Town, villages: None
) -> None:
    (elbtal,) = await town.rows("SELECT id FROM groups WHERE slug = 'elbtal'")
    kita = await town.group("kita", parent=elbtal["id"])
    template, anna = (
        await approved(town, None, groups=("elbtal",)),
        await officer(town, Role.AUTHOR),
    )
    found = await breaking_glass.template(town.db, anna, template)

    assert await breaking_glass.place_of(town.db, found) == {elbtal["id"], kita}
    for groups in (("district",), ("bergdorf",), ("elbtal", "bergdorf")):
        with pytest.raises(OutOfReach):
            await send(town, anna, filled(template, *groups))
    await _nothing(town)
    await send(town, anna, filled(template, "kita"))


async def test_what_takes_too_long_to_count_is_sent_without_a_number(
    town: Town, villages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    template, anna = await approved(town), await officer(town, Role.AUTHOR, "elbtal")
    monkeypatch.setattr(breaking_glass, "COUNT_FOR", 0.1)
    monkeypatch.setattr(
        "notify.store.glass.REACHED",
        "SELECT pg_sleep(5), 1 AS n WHERE %(groups)s::bigint[] IS NOT NULL AND %(channels)s::text[] IS NOT NULL",
    )

    ready = await breaking_glass.ready(
        town.db, anna, filled(template), channels=ALL, settings=town.settings
    )

    assert ready.residents is None


async def test_it_says_how_many_it_reaches_as_planning_then_does(
    town: Town, villages: None
) -> None:
    ids = {row["slug"]: row["id"] for row in await town.rows("SELECT slug, id FROM groups")}
    kita = await town.group("kita", parent=ids["elbtal"])
    await town.resident(ids["elbtal"], kita, email="a@example.org", phone="+4915112345678")
    await town.resident(kita, email="b@example.org", alerts=["email"])
    await town.resident(kita, email="c@example.org", alerts=["sms"])
    await town.resident(kita, email="d@example.org", state="unverified")
    await town.resident(ids["bergdorf"], email="e@example.org")
    template, anna = await approved(town), await officer(town, Role.AUTHOR, "elbtal")

    ready = await breaking_glass.ready(
        town.db, anna, filled(template), channels=ALL, settings=town.settings
    )
    assert ready.residents == 2
    await send(town, anna, filled(template))
    await town.plan()
    rows = await town.rows("SELECT DISTINCT resident_id FROM deliveries")
    assert len(rows) == ready.residents


async def test_all_who_might_have_approved_it_are_told_at_once(town: Town, villages: None) -> None:
    template, anna = await approved(town), await officer(town, Role.AUTHOR, "elbtal")
    told = [
        await officer(town, Role.APPROVER, "elbtal"), await officer(town, Role.ADMINISTRATOR)
    ]  # fmt: skip
    await officer(town, Role.APPROVER, "bergdorf")
    await officer(town, Role.OPERATOR)
    (first,) = await town.rows("SELECT staff_id FROM template_approvals")
    alert = await send(town, anna, filled(template))

    assert await telling_staff.tell(town.db, settings=town.settings, channels=ALL) == 3
    assert await telling_staff.tell(town.db, settings=town.settings, channels=ALL) == 0

    rows = await town.rows("SELECT staff_id, kind, data FROM notes")
    assert {row["staff_id"] for row in rows} == {first["staff_id"], *(one.id for one in told)}
    assert {row["kind"] for row in rows} == {"broke_glass"}
    assert rows[0]["data"]["reason"] == "Niemand hebt ab."
    assert rows[0]["data"]["broadcast"] == str(alert)


async def test_it_waits_for_a_review_by_somebody_else(town: Town, villages: None) -> None:
    template, anna = await approved(town), await officer(town, Role.AUTHOR, "elbtal")
    both = replace(anna, grants=(*anna.grants, replace(anna.grants[0], role=Role.APPROVER)))
    vera, beside = (
        await officer(town, Role.APPROVER),
        await officer(town, Role.APPROVER, "bergdorf"),
    )
    alert = await send(town, anna, filled(template))

    assert [(one.id, one.mine) for one in await reviewing.waiting(town.db, vera)] == [(alert, True)]
    assert [one.mine for one in await reviewing.waiting(town.db, both)] == [False]
    assert [one.mine for one in await reviewing.waiting(town.db, anna)] == [False]
    assert await reviewing.waiting(town.db, beside) == []
    for who, problem in ((both, Conflict), (anna, OutOfReach), (beside, NotFound)):
        with pytest.raises(problem):
            await reviewing.review(town.db, who, alert, text="War richtig.")
    with pytest.raises(Invalid):
        await reviewing.review(town.db, vera, alert, text=" \n")

    await reviewing.review(town.db, vera, alert, text="War richtig.\nNächstes Mal anrufen.")

    assert await reviewing.waiting(town.db, vera) == []
    assert await reviewing.of(town.db, vera, alert) is None
    with pytest.raises(Conflict):
        await reviewing.review(town.db, vera, alert, text="Noch einmal")
    rows = await town.rows("SELECT decision, reason FROM decisions ORDER BY id")
    assert [row["decision"] for row in rows] == ["broke_glass", "reviewed"]
    assert rows[1]["reason"] == "War richtig.\nNächstes Mal anrufen."
    assert (await town.rows("SELECT deed FROM audit ORDER BY id DESC LIMIT 1"))[0]["deed"] == (
        "broadcast.reviewed"
    )


async def test_what_waits_elsewhere_hides_nothing_from_those_who_review_here(
    town: Town, villages: None
) -> None:
    template = await approved(town, None, groups=())
    vera = await officer(town, Role.APPROVER, "elbtal")
    for _ in range(6):
        anna = await officer(town, Role.AUTHOR)
        for _ in range(9):
            await send(town, anna, filled(template, "bergdorf"), again=True)
    here = await broken(town, "elbtal")

    assert [(one.id, one.mine) for one in await reviewing.waiting(town.db, vera)] == [(here, True)]


async def test_what_two_approved_needs_no_review(town: Town, villages: None) -> None:
    alert = await town.broadcast("elbtal")
    vera = await officer(town, Role.APPROVER)

    with pytest.raises(Conflict):
        await reviewing.review(town.db, vera, alert, text="Gut.")
    assert await reviewing.waiting(town.db, vera) == []


async def _alone(town: Town, by: Officer, alert: UUID, **more: Any) -> None:
    given: dict[str, Any] = {
        "reason": "Niemand hebt ab.",
        "alone": True,
        "seen": await seen(town, alert),
    } | more
    await correcting_alone.send(town.db, by, alert, **given)


@pytest.mark.parametrize("relation", [Relation.ALL_CLEAR, Relation.CORRECTION])
async def test_who_warned_alone_ends_and_corrects_it_alone_as_loudly(
    town: Town, villages: None, relation: Relation
) -> None:
    anna, vera = await officer(town, Role.AUTHOR, "elbtal"), await officer(town, Role.APPROVER)
    template = await approved(town)
    alert = await send(town, anna, filled(template))
    follow = await ended(town, alert, by=anna.id, relation=relation)
    await telling_staff.tell(town.db, settings=town.settings, channels=ALL)
    assert await correcting_alone.barred(town.db, anna, follow) is None
    for more, problem in (
        ({"reason": " "}, Invalid), ({"alone": False}, Invalid), ({"seen": "0" * 64}, Conflict)
    ):  # fmt: skip
        with pytest.raises(problem):
            await _alone(town, anna, follow, **more)
    assert await status(town, follow) == "submitted"

    await _alone(town, anna, follow)

    assert await status(town, follow) == "approved"
    assert (
        await telling_staff.tell(town.db, settings=town.settings, channels=ALL) == 2
    )  # both who approve
    assert {one.id for one in await reviewing.waiting(town.db, vera)} == {alert, follow}
    (line,) = await town.rows(
        "SELECT about FROM audit WHERE deed = 'broadcast.broke_glass' AND about ? 'follows'"
    )
    assert line["about"]["follows"] == str(alert)
    with pytest.raises(Conflict):
        await _alone(town, anna, follow)


async def test_nobody_sends_alone_what_follows_the_words_of_others(
    town: Town, villages: None
) -> None:
    anna, bert = [await officer(town, Role.AUTHOR) for _ in range(2)]
    alert = await broken(town, "elbtal")
    update = await ended(town, alert, by=anna.id, relation=Relation.UPDATE)
    further = await ended(town, alert, by=anna.id, groups=("bergdorf",))
    clear = await ended(town, alert, by=anna.id)

    for who, what, why in (
        (anna, update, Why.OTHER), (anna, further, Why.FURTHER), (bert, clear, Why.OTHER)
    ):  # fmt: skip
        assert await correcting_alone.barred(town.db, who, what) is why
        with pytest.raises(NotAlone) as refused:
            await _alone(town, who, what)
        assert refused.value.why is why
    vera = await officer(town, Role.APPROVER)
    await overseeing.approve(town.db, vera, update, seen=await seen(town, update))
    with pytest.raises(NotAlone) as refused:
        await _alone(town, anna, clear)
    assert refused.value.why is Why.SPOKEN
    assert await status(town, clear) == "submitted"


@pytest.mark.parametrize("over", [Why.LATE, Why.OFTEN, Why.REVIEWED])
async def test_it_is_corrected_alone_only_for_a_day_so_often_and_until_it_is_reviewed(
    town: Town, villages: None, monkeypatch: pytest.MonkeyPatch, over: Why
) -> None:
    template, anna = await approved(town), await officer(town, Role.AUTHOR, "elbtal")
    alert = await send(town, anna, filled(template))
    clear = await ended(town, alert, by=anna.id)
    assert await correcting_alone.barred(town.db, anna, clear) is None
    if over is Why.LATE:
        await town.change("UPDATE broken_glass SET broken_at = now() - interval '1441 minutes'")
    elif over is Why.OFTEN:
        monkeypatch.setattr(breaking_glass, "MOST_AN_HOUR", 1)
    else:
        vera = await officer(town, Role.APPROVER)
        await reviewing.review(town.db, vera, alert, text="War richtig.")

    assert await correcting_alone.barred(town.db, anna, clear) is over
    with pytest.raises(NotAlone) as refused:
        await _alone(town, anna, clear)
    assert refused.value.why is over
    assert await status(town, clear) == "submitted"


async def test_who_warned_alone_recalls_it_as_do_those_who_approve(
    town: Town, villages: None
) -> None:
    template, anna = await approved(town), await officer(town, Role.AUTHOR, "elbtal")
    alert = await send(town, anna, filled(template))
    with pytest.raises(OutOfReach):
        await overseeing.recall(town.db, await officer(town, Role.AUTHOR, "elbtal"), alert)
    with pytest.raises(OutOfReach):
        await overseeing.recall(town.db, await officer(town, Role.VIEWER), alert)
    moved = replace(anna, grants=(replace(anna.grants[0], role=Role.VIEWER),))
    with pytest.raises(OutOfReach):
        await overseeing.recall(town.db, moved, alert)
    assert await status(town, alert) == "approved"

    await overseeing.recall(town.db, anna, alert)
    assert await status(town, alert) == "cancelled"

    again = await send(town, anna, filled(template))
    await overseeing.recall(town.db, await officer(town, Role.APPROVER, "elbtal"), again)
    assert await status(town, again) == "cancelled"


async def test_it_is_practised_with_groups_for_drills_alone_wherever_the_template_is_for(
    town: Town, crew: int
) -> None:
    template, anna = await approved(town), await officer(town, Role.AUTHOR, "elbtal")
    assert await breaking_glass.place_of(
        town.db, await breaking_glass.template(town.db, anna, template), drill=True
    ) == {crew}
    for slug in ("elbtal", "mixed", "ordinary"):
        practised = filled(template, slug, drill=True)
        with pytest.raises(Invalid) as refused:
            await send(town, anna, practised)
        assert refused.value.field == "groups"
        with pytest.raises(Invalid):
            await breaking_glass.ready(
                town.db, anna, practised, channels=ALL, settings=town.settings
            )
    await _nothing(town)
    other = await officer(town, Role.AUTHOR, "bergdorf")
    elsewhere = await approved(town, None, groups=())
    with pytest.raises(OutOfReach):
        await send(town, other, filled(elsewhere, "crew", drill=True))
    practised = filled(template, "crew", drill=True)
    ready = await breaking_glass.ready(
        town.db, anna, practised, channels=ALL, settings=town.settings
    )
    assert (ready.broadcast.drill, ready.residents) == (True, 1)

    drill = await send(town, anna, practised)

    (row,) = await town.rows("SELECT id, drill, status, group_ids FROM broadcasts")
    assert row == {"id": drill, "drill": True, "status": "approved", "group_ids": [crew]}
    (line,) = await town.rows("SELECT about FROM audit WHERE deed = 'broadcast.broke_glass'")
    assert line["about"]["drill"] == "True"


async def test_who_approves_is_told_that_it_is_an_exercise_and_nobody_reviews_it(
    town: Town, crew: int
) -> None:
    template, anna = await approved(town), await officer(town, Role.AUTHOR, "elbtal")
    vera = await officer(town, Role.APPROVER, "elbtal")
    drill = await send(town, anna, filled(template, "crew", drill=True))

    assert await telling_staff.tell(town.db, settings=town.settings, channels=ALL) > 0

    memory = MemoryChannel[Email]()
    await (await town.pump(memory, lane=Lane.NOTE)).round()
    (mail,) = [one for one in memory.taken if one.to == vera.email]
    assert mail.form.subject.startswith("ÜBUNG: Vera Amt übt das Alleinwarnen")
    assert "Es ist nichts passiert." in mail.form.text
    assert "prüfen" not in mail.form.text
    assert await reviewing.waiting(town.db, vera) == []
    assert await reviewing.of(town.db, vera, drill) is None


async def test_practising_uses_nothing_up_and_is_bounded_by_itself(town: Town, crew: int) -> None:
    template, anna = await approved(town), await officer(town, Role.AUTHOR, "elbtal")
    token = uuid4()
    for _ in range(breaking_glass.MOST_AN_HOUR):
        await send(town, anna, filled(template, "crew", drill=True), again=True, token=uuid4())
    with pytest.raises(Conflict):
        await send(town, anna, filled(template, "crew", drill=True), again=True)

    first = await send(town, anna, filled(template), token=token)
    with pytest.raises(Conflict):
        await send(town, anna, filled(template, "crew", drill=True), again=True, token=token)

    rows = await town.rows("SELECT id FROM broadcasts WHERE NOT drill")
    assert [row["id"] for row in rows] == [first]


async def test_a_form_that_was_practised_with_still_warns_in_earnest(town: Town, crew: int) -> None:
    """Nor is the drill taken for the warning that went out just before."""
    template, anna = (
        await approved(town, "elbtal", groups=()),
        await officer(town, Role.AUTHOR, "elbtal"),
    )
    token = uuid4()
    drill = await send(town, anna, filled(template, "crew", drill=True), token=token)

    alert = await send(town, anna, filled(template, "crew"), token=token)

    rows = await town.rows("SELECT id FROM broadcasts WHERE NOT drill")
    assert [row["id"] for row in rows] == [alert]
    assert alert != drill


async def test_what_is_sent_alone_for_later_is_told_so(town: Town, villages: None) -> None:
    template, anna = await approved(town), await officer(town, Role.AUTHOR, "elbtal")
    vera = await officer(town, Role.APPROVER, "elbtal")
    alert = await send(town, anna, filled(template))
    await telling_staff.tell(town.db, settings=town.settings, channels=ALL)
    clear = await ended(town, alert, by=anna.id)
    later = clock.now() + timedelta(hours=1)
    await town.change(
        "UPDATE broadcasts SET send_at = %(at)s WHERE id = %(id)s", at=later, id=clear
    )
    await town.change("DELETE FROM notes")
    await town.change("DELETE FROM deliveries")

    await _alone(town, anna, clear)

    assert await status(town, clear) == "scheduled"
    await telling_staff.tell(town.db, settings=town.settings, channels=ALL)
    memory = MemoryChannel[Email]()
    await (await town.pump(memory, lane=Lane.NOTE)).round()
    texts = [one.form.text for one in memory.taken if one.to == vera.email]
    assert any("hat das allein freigegeben. Es wird am" in text for text in texts)
    assert not any("unterwegs" in text for text in texts)
    with pytest.raises(NotAlone) as refused:
        await _alone(town, anna, clear)
    assert refused.value.why is Why.DONE


async def test_the_all_clear_of_a_drill_is_practised_alone_too(town: Town, crew: int) -> None:
    template, anna = await approved(town), await officer(town, Role.AUTHOR, "elbtal")
    drill = await send(town, anna, filled(template, "crew", drill=True))
    clear = await ended(town, drill, by=anna.id)

    assert await correcting_alone.barred(town.db, anna, clear) is None
    await _alone(town, anna, clear)

    assert await status(town, clear) == "approved"
    (row,) = await town.rows("SELECT drill FROM broadcasts WHERE id = %(id)s", id=clear)
    assert row["drill"]
    vera = await officer(town, Role.APPROVER)
    assert await reviewing.waiting(town.db, vera) == []
