"""Decisions of staff: by whoever may, about what they saw, once."""

import asyncio
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from notify import clock
from notify.domain.broadcast import Text, fingerprint
from notify.domain.grants import Deed, OutOfReach, Reach, Role
from notify.domain.submission import Submission
from notify.domain.words import Kind, Relation, Severity
from notify.errors import Conflict, Invalid, NotFound
from notify.services import auditing, overseeing, staff_sessions, submitting
from notify.services.letting_go import Brief, Late
from notify.services.staff_sessions import Officer
from notify.store import audit
from notify.store.rows import to_broadcast
from tests.town import TEXTS, Town
from tests.web.officer import EVERYWHERE, enrol


@pytest.fixture
async def villages(town: Town) -> None:
    district = await town.group("district")
    await town.group("elbtal", parent=district)
    await town.group("bergdorf", parent=district)


async def waiting(town: Town, *slugs: str, **more: Any) -> UUID:
    """An alert whose author may not send alerts."""
    now = clock.now()
    values: dict[str, Any] = {"texts": TEXTS, "valid_until": now + timedelta(hours=6)} | more
    async with town.db.transaction() as connection:
        done = await submitting.submit(
            connection, Submission(kind=Kind.ALERT, groups=slugs, **values),
            settings=town.settings, now=now, may_alert=False, within=None, key_id=None,
        )  # fmt: skip
    return done.id


async def officer(
    town: Town, role: Role, group: str | None = None, *, email: str | None = None
) -> Officer:
    person = await enrol(town, role, group, email=email or f"{role}.{group}@example.org")
    found = await staff_sessions.find(town.db, person.word)
    assert found is not None
    return found


async def seen(town: Town, broadcast: UUID) -> str:
    found = await overseeing.look(town.db, broadcast, settings=town.settings, within=EVERYWHERE)
    return found.seen


async def status(town: Town, broadcast: UUID) -> str:
    rows = await town.rows("SELECT status FROM broadcasts WHERE id = %(id)s", id=broadcast)
    return str(rows[0]["status"])


async def test_an_approved_alert_goes_and_says_who_approved_it(town: Town, villages: None) -> None:
    alert, vera = await waiting(town, "elbtal"), await officer(town, Role.APPROVER, "district")

    await overseeing.approve(town.db, vera, alert, seen=await seen(town, alert))

    assert await status(town, alert) == "approved"
    found = await overseeing.look(town.db, alert, settings=town.settings, within=EVERYWHERE)
    assert [(one["decision"], one["name"]) for one in found.decisions] == [("approved", "Vera Amt")]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.APPROVER])
async def test_no_other_role_approves_or_returns(town: Town, villages: None, role: Role) -> None:
    alert, other = await waiting(town, "elbtal"), await officer(town, role)
    this = await seen(town, alert)

    with pytest.raises(OutOfReach):
        await overseeing.approve(town.db, other, alert, seen=this)
    with pytest.raises(OutOfReach):
        await overseeing.send_back(town.db, other, alert, seen=this, reason="Nein")

    assert await status(town, alert) == "submitted"
    assert await town.rows("SELECT 1 FROM decisions") == []


async def test_an_approver_of_one_village_decides_nothing_about_two(
    town: Town, villages: None
) -> None:
    both, other = await waiting(town, "elbtal", "bergdorf"), await waiting(town, "bergdorf")
    vera = await officer(town, Role.APPROVER, "elbtal")

    for alert in (both, other):
        with pytest.raises(NotFound):
            await overseeing.approve(town.db, vera, alert, seen=await seen(town, alert))
        assert await status(town, alert) == "submitted"
    listed = await overseeing.every(town.db, within=vera.reach(Deed.LOOK))
    assert listed == []


async def test_who_sees_all_of_it_but_approves_part_of_it_decides_nothing(
    town: Town, villages: None
) -> None:
    alert = await waiting(town, "elbtal", "bergdorf")
    person = await officer(town, Role.VIEWER)
    groups = await town.rows("SELECT id FROM groups WHERE slug = 'elbtal'")
    from notify.domain.grants import Grant

    both = replace(person, grants=(*person.grants, Grant(Role.APPROVER, groups[0]["id"])))

    with pytest.raises(OutOfReach):
        await overseeing.approve(town.db, both, alert, seen=await seen(town, alert))


@pytest.mark.parametrize("wrong", ["", "00", "ä", "0" * 64])
async def test_what_was_not_seen_is_not_approved(town: Town, villages: None, wrong: str) -> None:
    alert, vera = await waiting(town, "elbtal"), await officer(town, Role.APPROVER)

    with pytest.raises(Conflict):
        await overseeing.approve(town.db, vera, alert, seen=wrong)
    assert await status(town, alert) == "submitted"


async def test_past_its_time_it_goes_only_where_somebody_says_at_once(
    town: Town, villages: None
) -> None:
    later = clock.now() + timedelta(hours=1)
    alert, vera = await waiting(town, "elbtal", send_at=later), await officer(town, Role.APPROVER)
    await town.change("UPDATE broadcasts SET send_at = now() - interval '3 hours'")
    this = await seen(town, alert)

    with pytest.raises(Late):
        await overseeing.approve(town.db, vera, alert, seen=this)
    with pytest.raises(Late):
        await submitting.approve(town.db, alert)
    assert await status(town, alert) == "submitted"
    assert await town.rows("SELECT 1 FROM decisions") == []

    await overseeing.approve(town.db, vera, alert, seen=this, at_once=True)
    assert await status(town, alert) == "approved"


@pytest.mark.parametrize(("left", "goes"), [(30, False), (90, True)])
async def test_a_poll_that_would_close_at_once_is_not_let_go(
    town: Town, villages: None, left: int, *, goes: bool
) -> None:
    poll, vera = await waiting(town, "elbtal"), await officer(town, Role.APPROVER)
    await town.change(
        "UPDATE broadcasts SET kind = 'poll', valid_until = now() + %(left)s * interval '1 s'",
        left=left,
    )

    with nullcontext() if goes else pytest.raises(Brief):
        await overseeing.approve(town.db, vera, poll, seen=await seen(town, poll), at_once=True)

    assert await status(town, poll) == ("approved" if goes else "submitted")


async def test_before_its_time_it_waits_for_that(town: Town, villages: None) -> None:
    later = clock.now() + timedelta(hours=1)
    alert, vera = await waiting(town, "elbtal", send_at=later), await officer(town, Role.APPROVER)

    await overseeing.approve(town.db, vera, alert, seen=await seen(town, alert))

    assert await status(town, alert) == "scheduled"


async def test_of_two_decisions_at_the_same_moment_one_counts(town: Town, villages: None) -> None:
    alert = await waiting(town, "elbtal")
    one, two = await officer(town, Role.APPROVER), await officer(town, Role.APPROVER, "elbtal")
    this = await seen(town, alert)

    ends = await asyncio.gather(
        overseeing.approve(town.db, one, alert, seen=this),
        overseeing.send_back(town.db, two, alert, seen=this, reason="Falscher Ort"),
        return_exceptions=True,
    )

    assert sum(isinstance(end, Conflict) for end in ends) == 1
    assert len(await town.rows("SELECT 1 FROM decisions")) == 1


async def test_a_returned_one_says_why_and_is_never_sent(town: Town, villages: None) -> None:
    alert, vera = await waiting(town, "elbtal"), await officer(town, Role.APPROVER)
    this = await seen(town, alert)
    with pytest.raises(Invalid):
        await overseeing.send_back(town.db, vera, alert, seen=this, reason=" \n ")

    await overseeing.send_back(town.db, vera, alert, seen=this, reason="Ort fehlt.\nWelche Brücke?")

    assert await status(town, alert) == "returned"
    await town.plan()
    assert await town.rows("SELECT 1 FROM deliveries") == []
    found = await overseeing.look(town.db, alert, settings=town.settings, within=EVERYWHERE)
    assert found.decisions[0]["reason"] == "Ort fehlt.\nWelche Brücke?"
    with pytest.raises(Conflict):
        await overseeing.approve(town.db, vera, alert, seen=this)


async def test_an_operator_recalls_what_is_within_reach(town: Town, villages: None) -> None:
    here, there = await waiting(town, "elbtal"), await waiting(town, "bergdorf")
    oper = await officer(town, Role.OPERATOR, "elbtal")
    viewer = await officer(town, Role.VIEWER)

    await overseeing.recall(town.db, oper, here)
    with pytest.raises(NotFound):
        await overseeing.recall(town.db, oper, there)
    with pytest.raises(OutOfReach):
        await overseeing.recall(town.db, viewer, there)

    assert await status(town, here) == "cancelled"
    assert await status(town, there) == "submitted"
    await overseeing.recall(town.db, oper, here)  # said twice is fine


async def test_what_waits_comes_first_and_only_what_is_within_reach_comes(
    town: Town, villages: None
) -> None:
    old = await waiting(town, "elbtal")
    await town.broadcast("elbtal")
    await town.broadcast("bergdorf")

    rows = await town.rows("SELECT id FROM groups WHERE slug = 'elbtal'")
    listed = await overseeing.every(town.db, within=Reach(groups=frozenset({rows[0]["id"]})))

    assert listed[0].broadcast.id == old
    assert len(listed) == 2
    assert len(await overseeing.every(town.db, within=EVERYWHERE)) == 3


async def test_the_fingerprint_is_of_all_that_is_approved_and_nothing_else(
    town: Town, villages: None
) -> None:
    alert = await waiting(town, "elbtal", severity=Severity.SEVERE)
    row = (await town.rows("SELECT * FROM broadcasts"))[0]
    broadcast = to_broadcast(row)
    this = fingerprint(broadcast)
    text = broadcast.texts["de"]
    hour = timedelta(hours=1)
    now = datetime.now(UTC)

    others = [
        replace(broadcast, kind=Kind.ANNOUNCEMENT),
        replace(broadcast, severity=Severity.MINOR),
        replace(broadcast, severity=None),
        replace(broadcast, group_ids=(*broadcast.group_ids, 99)),
        replace(broadcast, group_ids=(99, *broadcast.group_ids)),  # another speaks, and pays
        replace(broadcast, texts={"de": text}),
        replace(broadcast, texts={**broadcast.texts, "de": replace(text, title=text.title + " ")}),
        replace(broadcast, texts={**broadcast.texts, "de": replace(text, body="Anders")}),
        replace(broadcast, texts={**broadcast.texts, "de": replace(text, sms="Kurz")}),
        replace(broadcast, texts={"en": text, "de": broadcast.texts["en"]}),
        replace(broadcast, valid_until=now + hour),
        replace(broadcast, send_at=now + hour),
        replace(broadcast, in_reply_to=alert, relation=Relation.UPDATE),
        replace(broadcast, drill=True),
    ]
    prints = {fingerprint(other) for other in others}
    assert len(prints) == len(others)
    assert this not in prints
    assert fingerprint(replace(broadcast, status=broadcast.status, created_at=now)) == this
    assert (
        fingerprint(replace(broadcast, texts=dict(sorted(broadcast.texts.items(), reverse=True))))
        == this
    )
    assert fingerprint(
        replace(broadcast, texts={"de": Text(*map(str, (text.title, text.body)))})
    ) == fingerprint(replace(broadcast, texts={"de": text}))


async def test_what_runs_is_not_pushed_out_by_what_waits(
    town: Town, villages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overseeing, "SHOWN", 2)
    old = await town.broadcast("elbtal", severity=Severity.SEVERE)
    await town.change("UPDATE broadcasts SET status = 'dispatched'")
    running = await town.broadcast("elbtal", severity=Severity.SEVERE)
    waits = [
        await waiting(town, "elbtal", texts={"de": Text(f"Probe {n}", "Text")}) for n in range(3)
    ]

    listed = await overseeing.every(town.db, within=EVERYWHERE)

    assert [one.broadcast.id for one in listed] == [old, *waits[:0:-1], running]  # it is in force


BRIEF = "SELECT set_config('lock_timeout', '100ms', true)"


async def test_a_recall_holds_whoever_holds_up_the_audit_log(
    town: Town, villages: None, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setattr(audit, "PATIENCE", BRIEF)
    alert = await town.broadcast("elbtal", severity=Severity.SEVERE)
    vera = await officer(town, Role.OPERATOR, "elbtal")

    async with town.db.transaction() as other:
        await auditing.record(other, None, "key.made")
        assert (await overseeing.recall(town.db, vera, alert))["status"] == "cancelled"
        assert await status(town, alert) == "cancelled"

    assert "audit.missing" in capsys.readouterr().out + caplog.text


async def test_and_is_written_down_as_soon_as_the_log_is_free(
    town: Town, villages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert = await town.broadcast("elbtal", severity=Severity.SEVERE)
    vera = await officer(town, Role.OPERATOR, "elbtal")

    async with town.db.transaction() as other:
        await auditing.record(other, None, "key.made")
        recalling = asyncio.create_task(overseeing.recall(town.db, vera, alert))
        while await status(town, alert) != "cancelled":  # noqa: ASYNC110 - the database is asked
            await asyncio.sleep(0.05)
        assert not recalling.done()
    await recalling

    rows = await town.rows("SELECT decision FROM decisions")
    assert [row["decision"] for row in rows] == ["recalled"]
    deeds = [line.deed async for line, _ in auditing.lines(town.db)]
    assert deeds[-1] == "broadcast.recalled"


async def test_an_approval_waits_longer_for_the_log_than_for_other_locks(
    town: Town, villages: None
) -> None:
    alert, vera = await waiting(town, "elbtal"), await officer(town, Role.APPROVER, "elbtal")
    this = await seen(town, alert)

    async with town.db.transaction() as other:
        await auditing.record(other, None, "key.made")
        approving = asyncio.create_task(overseeing.approve(town.db, vera, alert, seen=this))
        await asyncio.sleep(5.5)  # others give up after five
        assert not approving.done()
    await approving

    assert await status(town, alert) == "approved"
