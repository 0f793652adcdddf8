"""Staff are told of what waits for them: over their own channels, once, whoever submitted it."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from channels.base import Rejected
from channels.memory import MemoryChannel
from channels.messages import Email, Push, Sms
from notify import clock
from notify.domain.broadcast import Text
from notify.domain.grants import Role
from notify.domain.submission import Submission
from notify.domain.words import Channel, Kind, Lane, Relation, Severity
from notify.services import overseeing, staffing, submitting, telling_staff
from tests.services.test_overseeing import officer, seen, villages, waiting
from tests.town import ALL, Town
from tests.web.officer import EVERYWHERE, enrol

__all__ = ["villages"]

PHONE = "+4915112345678"
TEXTS = {"de": Text("Sturm <b>heute</b>", "Bleiben Sie im Haus."), "en": Text("Storm", "Stay in.")}


async def tell(town: Town, channels: tuple[str, ...] = ALL) -> int:
    return await telling_staff.tell(town.db, settings=town.settings, channels=channels)


async def ways(town: Town) -> list[tuple[str, str, str]]:
    """Kind, channel and to whom of all notes to staff."""
    rows = await town.rows(
        "SELECT n.kind, d.channel, coalesce(a.value, s.email) AS value FROM notes n"
        " JOIN deliveries d ON d.note_id = n.id JOIN staff s ON s.id = n.staff_id"
        " LEFT JOIN addresses a ON a.id = d.address_id ORDER BY 1, 2, 3"
    )
    return [(row["kind"], row["channel"], row["value"]) for row in rows]


async def sent(town: Town, channel: Channel, kind: Any) -> list[Any]:
    """Hand over what waits on a channel."""
    memory = MemoryChannel[kind]()
    pump = await town.pump(memory, channel=channel, lane=Lane.NOTE)
    await pump.round()
    return list(memory.taken)


async def test_an_approver_is_told_by_mail_where_they_sign_in(town: Town, villages: None) -> None:
    await officer(town, Role.APPROVER, "district")
    alert = await waiting(town, "elbtal", texts=TEXTS, severity=Severity.SEVERE)

    assert await tell(town) == 1

    assert await ways(town) == [("waits", "email", "approver.district@example.org")]
    (mail,) = await sent(town, Channel.EMAIL, Email)
    assert mail.to == "approver.district@example.org"
    assert mail.form.subject == "Bitte freigeben: Sturm <b>heute</b>"
    for said in ("Warnung, Große Gefahr", "Für elbtal", f"/staff/messages/{alert}"):
        assert said in mail.form.text
    assert "<b>heute" not in mail.form.html
    assert await town.rows("SELECT FROM deliveries WHERE status <> 'sent'") == []
    assert "sturm" not in str(mail.message_id).lower()


@pytest.mark.parametrize(
    ("relation", "said"),
    [(Relation.ALL_CLEAR, "Entwarnung\n"), (Relation.UPDATE, "Aktualisierung, Große Gefahr\n")],
)
async def test_an_all_clear_is_not_called_a_warning(
    town: Town, villages: None, relation: Relation, said: str
) -> None:
    await officer(town, Role.APPROVER, "district")
    await town.resident(1, email="a@example.org")
    alert = await town.broadcast("elbtal", texts=TEXTS, severity=Severity.SEVERE)
    await town.plan()
    await waiting(
        town, "elbtal", texts=TEXTS, severity=Severity.SEVERE, in_reply_to=alert, relation=relation
    )

    await tell(town)

    (mail,) = await sent(town, Channel.EMAIL, Email)
    assert f"\n{said}Sturm" in mail.form.text
    assert "Warnung, " not in mail.form.text


async def test_who_is_a_resident_too_is_told_over_their_phone_and_browser(
    town: Town, villages: None
) -> None:
    await officer(town, Role.APPROVER, "elbtal")
    await town.resident(
        email="approver.elbtal@example.org", phone=PHONE, push=["https://p.example/1"]
    )
    alert = await waiting(town, "elbtal", texts=TEXTS)

    await tell(town)

    assert [channel for _, channel, _ in await ways(town)] == ["email", "push", "sms"]
    (text,) = await sent(town, Channel.SMS, Sms)
    assert text.to == PHONE
    assert text.body.startswith("Musterstadt: Bitte freigeben: Sturm")
    assert text.body.endswith(f"/staff/messages/{alert}")
    (push,) = await sent(town, Channel.PUSH, Push)
    assert f"/staff/messages/{alert}".encode() in push.payload


@pytest.mark.parametrize("state", ["unverified", "gone", "asked"])
async def test_an_address_that_is_not_proven_leads_to_nobody_s_phone(
    town: Town, villages: None, state: str
) -> None:
    await officer(town, Role.APPROVER, "elbtal")
    await town.resident(email="approver.elbtal@example.org", phone=PHONE)
    await town.change("UPDATE addresses SET state = %(state)s WHERE channel = 'email'", state=state)
    await waiting(town, "elbtal")

    await tell(town)

    assert [channel for _, channel, _ in await ways(town)] == ["email"]


async def test_a_stopped_phone_and_a_channel_that_is_closed_are_left_out(
    town: Town, villages: None
) -> None:
    await officer(town, Role.APPROVER, "elbtal")
    await town.resident(
        email="approver.elbtal@example.org", phone=PHONE, push=["https://p.example/1"]
    )
    await town.change(
        "INSERT INTO suppressions (channel, hash, reason) SELECT channel, hash, 'opted_out'"
        " FROM addresses WHERE channel = 'sms'"
    )
    await waiting(town, "elbtal")

    await tell(town, ("email", "sms"))

    assert [channel for _, channel, _ in await ways(town)] == ["email"]


async def test_only_those_are_told_who_may_approve_all_of_it_and_did_not_write_it(
    town: Town, villages: None
) -> None:
    above = await officer(town, Role.APPROVER, "district")
    for role, group in (
        (Role.APPROVER, "elbtal"), (Role.APPROVER, "bergdorf"), (Role.AUTHOR, None),
        (Role.OPERATOR, None), (Role.ADMINISTRATOR, None), (Role.VIEWER, None),
    ):  # fmt: skip
        await officer(town, role, group)
    writer = await officer(town, Role.APPROVER)
    gone = await enrol(town, Role.APPROVER, email="gone@example.org")
    await staffing.end(town.db, gone.id, within=EVERYWHERE)
    await staffing.add(
        town.db, settings=town.settings, within=EVERYWHERE, email="invited@example.org", name="I",
        role=Role.APPROVER, group=None,
    )  # fmt: skip
    both = await waiting(town, "elbtal", "bergdorf")
    await town.change("UPDATE broadcasts SET editors = ARRAY[%(who)s::uuid]", who=writer.id)

    await tell(town)

    assert await ways(town) == [("waits", "email", above.email)]
    async with town.db.transaction() as connection:
        row = (await town.rows("SELECT group_ids FROM broadcasts WHERE id = %(b)s", b=both))[0]
        found = await telling_staff.approvers(connection, row["group_ids"], but=[writer.id])
    assert [one["id"] for one in found] == [above.id]


async def test_grants_on_both_groups_count_together(town: Town, villages: None) -> None:
    vera = await enrol(town, Role.APPROVER, "elbtal", email="vera@example.org")
    await staffing.add(
        town.db, settings=town.settings, within=EVERYWHERE, email=vera.email, name="Vera",
        role=Role.APPROVER, group="bergdorf",
    )  # fmt: skip
    await waiting(town, "elbtal", "bergdorf")

    await tell(town)

    assert await ways(town) == [("waits", "email", "vera@example.org")]


async def test_where_nobody_may_approve_it_administrators_are_told(
    town: Town, villages: None
) -> None:
    await officer(town, Role.APPROVER, "elbtal")
    await officer(town, Role.ADMINISTRATOR)
    await waiting(town, "elbtal", "bergdorf")

    await tell(town)

    assert await ways(town) == [("waits", "email", "administrator.none@example.org")]
    (mail,) = await sent(town, Channel.EMAIL, Email)
    assert mail.form.subject == "Niemand kann das freigeben: Sturm"


async def test_nobody_is_told_twice_whatever_the_number_of_workers(
    town: Town, villages: None
) -> None:
    await officer(town, Role.APPROVER)
    await waiting(town, "elbtal")

    told = await asyncio.gather(*(tell(town) for _ in range(4)))

    assert sum(told) == 1
    assert await tell(town) == 0


async def test_what_was_told_in_a_transaction_that_broke_is_told_again(
    town: Town, villages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await officer(town, Role.APPROVER)
    await waiting(town, "elbtal")

    async def broken(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr("notify.store.staff_notes.told", broken)
        with pytest.raises(ConnectionError):
            await tell(town)
    assert await ways(town) == []
    assert await tell(town) == 1


async def test_what_needs_no_approval_or_is_over_is_told_to_nobody(
    town: Town, villages: None
) -> None:
    vera = await officer(town, Role.APPROVER)
    await town.broadcast("elbtal")
    decided = await waiting(town, "elbtal")
    await overseeing.approve(town.db, vera, decided, seen=await seen(town, decided))
    over = await waiting(town, "elbtal")
    await town.change("UPDATE broadcasts SET valid_until = now() WHERE id = %(id)s", id=over)

    assert await tell(town) == 0


async def test_an_announcement_that_waits_is_told_too_and_nobody_is_reminded_of_it(
    town: Town, villages: None
) -> None:
    await officer(town, Role.APPROVER)
    news = await town.broadcast("elbtal", kind=Kind.ANNOUNCEMENT)
    await town.change("UPDATE broadcasts SET status = 'submitted' WHERE id = %(id)s", id=news)

    assert await tell(town) == 1
    await town.change("UPDATE broadcasts SET approvers_told_at = now() - interval '1 hour'")
    assert await tell(town) == 0


async def later(town: Town, minutes: int) -> None:
    """So long after approvers were told or reminded."""
    await town.change(
        "UPDATE broadcasts SET approvers_told_at = approvers_told_at - %(n)s * interval '1 min',"
        " approvers_reminded_at = approvers_reminded_at - %(n)s * interval '1 min',"
        " created_at = created_at - %(n)s * interval '1 min'",
        n=minutes,
    )
    await town.change(
        "UPDATE notes SET created_at = created_at - %(n)s * interval '1 min'", n=minutes
    )


async def test_they_are_reminded_of_an_alert_that_still_waits_and_not_without_end(
    town: Town, villages: None
) -> None:
    await officer(town, Role.APPROVER, "elbtal")
    await officer(town, Role.APPROVER, "district")
    await officer(town, Role.ADMINISTRATOR, "district")
    await officer(town, Role.ADMINISTRATOR, "bergdorf")
    await waiting(town, "elbtal")
    assert await tell(town) == 2
    told = []

    for _ in range(town.settings.reminders + 2):
        await later(town, town.settings.remind_minutes - 1)
        assert await tell(town) == 0
        await later(town, 2)
        told.append(await tell(town))

    # Who may approve each time; from the second time on who can make somebody an approver, too.
    assert told == [2, 3, 3, 0, 0]
    mails = await sent(town, Channel.EMAIL, Email)
    of_administrator = [mail for mail in mails if mail.to.startswith("administrator.")]
    assert {mail.to for mail in of_administrator} == {"administrator.district@example.org"}
    assert {mail.form.subject for mail in mails[2:]} == {"Noch nicht freigegeben: Sturm"}
    assert "wartet auf Freigabe, bisher 22 Minuten" in of_administrator[0].form.text
    assert "Rufen Sie dort an" in of_administrator[0].form.text
    assert "bisher 33 Minuten" in of_administrator[1].form.text


async def test_how_often_and_when_is_the_town_s_to_say(town: Town, villages: None) -> None:
    await officer(town, Role.APPROVER)
    await waiting(town, "elbtal")
    town.settings = town.settings.model_copy(update={"remind_minutes": 30, "reminders": 1})
    await tell(town)

    await later(town, 29)
    assert await tell(town) == 0
    await later(town, 2)
    assert await tell(town) == 1
    await later(town, 31)
    assert await tell(town) == 0


async def test_what_is_decided_reminds_nobody(town: Town, villages: None) -> None:
    vera = await officer(town, Role.APPROVER)
    alert = await waiting(town, "elbtal")
    await tell(town)
    await later(town, 11)
    await tell(town)
    await overseeing.approve(town.db, vera, alert, seen=await seen(town, alert))

    await later(town, 11)

    assert await tell(town) == 0


async def test_an_author_reads_who_was_told_when(town: Town, villages: None) -> None:
    await officer(town, Role.APPROVER, "elbtal")
    await town.resident(email="approver.elbtal@example.org", phone=PHONE)
    await officer(town, Role.ADMINISTRATOR, "district")
    alert = await waiting(town, "elbtal")
    settings = town.settings

    async def told() -> telling_staff.Told:
        return await telling_staff.told_of(town.db, alert, settings=settings)

    assert await told() == telling_staff.Told([], None)
    for _ in range(1 + settings.reminders):
        await tell(town)
        first = await told()
        assert (first.next_at is None) is (len(first.tellings) == 1 + settings.reminders)
        await later(town, 11)

    found = await told()
    said = [
        (one.again, [(who["channels"], who["administers"]) for who in one.who])
        for one in found.tellings
    ]
    approver, administrator = (["email", "sms"], False), (["email"], True)
    assert said == [
        (False, [approver]), (True, [approver]),
        (True, [approver, administrator]), (True, [approver, administrator]),
    ]  # fmt: skip
    assert found.tellings[1].at - found.tellings[0].at >= timedelta(minutes=11)


async def test_who_wrote_it_is_told_that_it_was_returned_and_why(
    town: Town, villages: None
) -> None:
    vera, anna = await officer(town, Role.APPROVER), await officer(town, Role.AUTHOR)
    alert = await waiting(town, "elbtal")
    await town.change("UPDATE broadcasts SET editors = ARRAY[%(a)s::uuid]", a=anna.id)
    await tell(town)
    await sent(town, Channel.EMAIL, Email)

    await overseeing.send_back(
        town.db, vera, alert, seen=await seen(town, alert), reason="Welche Brücke?"
    )
    assert await tell(town) == 1

    (mail,) = await sent(town, Channel.EMAIL, Email)
    assert mail.to == anna.email
    assert mail.form.subject == "An Sie zurückgegeben: Sturm"
    assert "Welche Brücke?" in mail.form.text
    assert "Vera Amt" in mail.form.text


async def test_what_is_submitted_again_is_told_again(town: Town, villages: None) -> None:
    vera = await officer(town, Role.APPROVER)
    alert = await waiting(town, "elbtal")
    await tell(town)
    await overseeing.send_back(town.db, vera, alert, seen=await seen(town, alert), reason="Nein")
    await tell(town)
    await town.change("UPDATE broadcasts SET status = 'submitted'")

    assert await tell(town) == 1


async def test_a_program_without_end_fills_nobody_s_phone(town: Town, villages: None) -> None:
    await officer(town, Role.APPROVER)
    await town.resident(email="approver.none@example.org", phone=PHONE)
    for number in range(telling_staff.MOST_SMS + 5):
        await waiting(town, "elbtal", texts={"de": Text(f"Sturm {number}", "x")})

    await tell(town)

    channels = [channel for _, channel, _ in await ways(town)]
    assert channels.count("sms") == telling_staff.MOST_SMS
    assert channels.count("email") == telling_staff.MOST_SMS + 5


async def test_practising_takes_no_sms_from_the_real_thing(town: Town, villages: None) -> None:
    await officer(town, Role.APPROVER)
    await town.resident(email="approver.none@example.org", phone=PHONE)
    anna = await officer(town, Role.AUTHOR)
    await town.change("UPDATE groups SET drill = true WHERE slug = 'bergdorf'")
    mine = "UPDATE broadcasts SET editors = ARRAY[%(a)s::uuid]"
    for number in range(telling_staff.MOST_SMS):
        await waiting(town, "bergdorf", texts={"de": Text(f"Probe {number}", "x")}, drill=True)
    await town.change(mine, a=anna.id)
    assert await tell(town) == 2 * telling_staff.MOST_SMS

    await waiting(town, "elbtal", texts=TEXTS)
    await town.change(mine, a=anna.id)

    assert await tell(town) == 2  # by mail and by SMS


async def test_a_program_without_end_keeps_nobody_from_a_warning_by_people(
    town: Town, villages: None
) -> None:
    await officer(town, Role.APPROVER)
    await town.resident(email="approver.none@example.org", phone=PHONE)
    anna = await officer(town, Role.AUTHOR)
    for number in range(telling_staff.MOST_AN_HOUR + 21):
        await waiting(town, "elbtal", texts={"de": Text(f"Sturm {number}", "x")})
    while await tell(town):
        pass
    (untold,) = await town.rows(
        "SELECT count(*) AS n FROM broadcasts WHERE approvers_told_at IS NULL"
    )
    assert untold["n"] == 21  # none is marked of which nobody was told

    real = await waiting(town, "elbtal", texts={"de": Text("Dammbruch", "x")})
    await town.change(
        "UPDATE broadcasts SET editors = ARRAY[%(a)s::uuid] WHERE id = %(id)s", a=anna.id, id=real
    )

    assert await tell(town) == 2  # by mail and by SMS
    await town.change(
        "UPDATE broadcasts SET approvers_told_at = now() - interval '11 minutes' WHERE id = %(id)s",
        id=real,
    )
    assert await tell(town) == 2  # the reminder has room of its own
    rows = await town.rows("SELECT data FROM notes ORDER BY id DESC LIMIT 4")
    assert {row["data"]["titles"]["de"] for row in rows} == {"Dammbruch"}
    await town.change("UPDATE notes SET created_at = created_at - interval '61 minutes'")
    assert await tell(town) == 0
    await town.change(
        "UPDATE broadcasts SET approvers_capped_at = now() - interval '6 minutes'"
        " WHERE approvers_capped_at IS NOT NULL"
    )
    assert await tell(town) > 0


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS, Channel.PUSH])
async def test_a_drill_says_so_before_all_else(
    town: Town, villages: None, channel: Channel
) -> None:
    await town.change("UPDATE groups SET drill = true")
    vera, anna = await officer(town, Role.APPROVER), await officer(town, Role.AUTHOR)
    for who in (vera, anna):
        phone = PHONE if who is vera else "+4915112345679"
        await town.resident(email=who.email, phone=phone, push=[f"https://p.example/{phone}"])
    alert = await waiting(town, "elbtal", texts=TEXTS, drill=True)
    await town.change("UPDATE broadcasts SET editors = ARRAY[%(a)s::uuid]", a=anna.id)
    await tell(town)
    await overseeing.send_back(
        town.db, vera, alert, seen=await seen(town, alert), reason="Welche Brücke?"
    )
    await tell(town)

    kind = {Channel.EMAIL: Email, Channel.SMS: Sms, Channel.PUSH: Push}[channel]
    waits, returned = await sent(town, channel, kind)

    for note, head in ((waits, "Bitte freigeben"), (returned, "An Sie zurückgegeben")):
        if channel is Channel.EMAIL:
            assert note.form.subject.startswith(f"ÜBUNG: {head}")
            assert "ÜBUNG: Warnung" in note.form.text
        elif channel is Channel.SMS:
            assert note.body.startswith("Musterstadt: ÜBUNG: ")
        else:
            assert json.loads(note.payload)["title"].startswith(f"ÜBUNG: {head}")


async def test_who_may_write_there_no_more_is_not_told_what_was_returned(
    town: Town, villages: None
) -> None:
    vera, anna = await officer(town, Role.APPROVER), await officer(town, Role.AUTHOR, "elbtal")
    await officer(town, Role.AUTHOR)  # who wrote nothing of it
    alert = await waiting(town, "elbtal")
    await town.change("UPDATE broadcasts SET editors = ARRAY[%(a)s::uuid]", a=anna.id)
    await town.change("DELETE FROM grants WHERE staff_id = %(a)s", a=anna.id)

    await overseeing.send_back(
        town.db, vera, alert, seen=await seen(town, alert), reason="Welche Brücke?"
    )

    assert await tell(town) == 0


async def test_whoever_may_approve_it_only_later_is_told_then(town: Town, villages: None) -> None:
    """Invited before, or enrolled long since: both ways lead to a grant that counts."""
    anna = await officer(town, Role.VIEWER)
    await waiting(town, "elbtal")
    assert await tell(town) == 0  # there is nobody, and no administrator

    await staffing.add(
        town.db, settings=town.settings, within=EVERYWHERE, email=anna.email, name="Anna",
        role=Role.APPROVER, group="bergdorf",
    )  # fmt: skip
    assert await tell(town) == 0
    await staffing.add(
        town.db, settings=town.settings, within=EVERYWHERE, email=anna.email, name="Anna",
        role=Role.APPROVER, group="elbtal",
    )  # fmt: skip
    assert await tell(town) == 1
    await town.change("DELETE FROM notes")
    await officer(town, Role.APPROVER, "district")
    assert await tell(town) == 2


async def test_the_message_says_whom_no_note_reached(town: Town, villages: None) -> None:
    await officer(town, Role.APPROVER, "district")
    alert = await waiting(town, "elbtal")

    async def unreached() -> list[tuple[str, bool]]:
        found = await overseeing.look(town.db, alert, settings=town.settings, within=EVERYWHERE)
        return [
            (row["name"], row["came_back"]) for row in await overseeing.unreached(town.db, found)
        ]

    assert await unreached() == []  # it is about to be told
    await tell(town)
    assert await unreached() == []
    memory = MemoryChannel[Email](script=lambda _: Rejected("no_such_address", code="550 5.1.1"))
    pump = await town.pump(memory, channel=Channel.EMAIL, lane=Lane.NOTE)
    await pump.round()
    assert await unreached() == [("Vera Amt", True)]
    await town.change("DELETE FROM deliveries")
    await town.change("DELETE FROM notes")
    assert await unreached() == [("Vera Amt", False)]


async def test_who_was_told_only_before_it_was_returned_is_not_reached(
    town: Town, villages: None
) -> None:
    vera = await officer(town, Role.APPROVER, "district")
    alert = await waiting(town, "elbtal")
    await tell(town)
    await overseeing.send_back(town.db, vera, alert, seen=await seen(town, alert), reason="Nein")
    await town.change("UPDATE broadcasts SET status = 'submitted', approvers_told_at = now()")

    async def unreached() -> list[str]:
        found = await overseeing.look(town.db, alert, settings=town.settings, within=EVERYWHERE)
        return [row["name"] for row in await overseeing.unreached(town.db, found)]

    assert await unreached() == ["Vera Amt"]
    await town.change("UPDATE broadcasts SET approvers_told_at = NULL")
    await tell(town)
    assert await unreached() == []


async def test_a_decision_of_which_nobody_could_be_told_is_told_later(
    town: Town, villages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    vera, anna = await officer(town, Role.APPROVER), await officer(town, Role.AUTHOR)
    alert = await waiting(town, "elbtal")
    await town.change("UPDATE broadcasts SET editors = ARRAY[%(a)s::uuid]", a=anna.id)
    await tell(town)
    await overseeing.send_back(town.db, vera, alert, seen=await seen(town, alert), reason="Nein")
    with monkeypatch.context() as capped:
        capped.setattr(telling_staff, "MOST_AN_HOUR", 0)
        assert await tell(town) == 0
    assert await tell(town) == 0  # in the way of nothing else until then
    await town.change("UPDATE decisions SET capped_at = capped_at - interval '6 minutes'")

    assert await tell(town) == 1


async def test_who_was_ended_since_gets_nothing(town: Town, villages: None) -> None:
    vera = await officer(town, Role.APPROVER)
    await waiting(town, "elbtal")
    await tell(town)

    await staffing.end(town.db, vera.id, within=EVERYWHERE)

    assert await sent(town, Channel.EMAIL, Email) == []
    rows = await town.rows("SELECT status, reason FROM deliveries")
    assert [(row["status"], row["reason"]) for row in rows] == [("cancelled", "gone")]


async def test_every_way_to_submit_is_told_of(town: Town, villages: None) -> None:
    """Whoever calls submit without the right to send alerts."""
    await officer(town, Role.APPROVER)
    now = clock.now()
    async with town.db.transaction() as connection:
        done = await submitting.submit(
            connection,
            Submission(Kind.ALERT, ["elbtal"], TEXTS, valid_until=now + timedelta(hours=1)),
            settings=town.settings, now=now, may_alert=False, within=None, key_id=None,
        )  # fmt: skip
    assert isinstance(done.id, UUID)

    assert await tell(town) == 1


async def test_a_mail_of_which_nobody_knows_is_sent_once_more(town: Town, villages: None) -> None:
    """Also where it went to no resident's address."""
    from notify.store import sweep

    await officer(town, Role.APPROVER)
    await waiting(town, "elbtal")
    await tell(town)
    await sent(town, Channel.EMAIL, Email)
    await town.change("UPDATE deliveries SET status = 'unknown', due_at = now()")

    async with town.db.transaction() as connection:
        rows = await sweep.doubtful(connection, lanes=["note"], channels=["email"], size=5, hold=60)

    assert [(row["value"], row["over"]) for row in rows] == [("approver.none@example.org", False)]
