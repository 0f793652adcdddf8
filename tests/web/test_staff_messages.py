"""Messages on the staff's pages: read, approved, returned, recalled, watched."""

import asyncio
import re
from datetime import timedelta
from uuid import UUID

import pytest
from aiohttp import ClientSession

from notify import clock
from notify.domain.broadcast import Text
from notify.domain.grants import Role
from notify.domain.words import Kind, Relation
from notify.services import holding, telling_staff
from tests.services.test_overseeing import seen, status, waiting
from tests.town import ALL, Town
from tests.web.officer import Officer, enrol, hidden

LONG = {
    "de": Text("Hochwasser <b>Elbe</b>", "Verlassen Sie die **Keller**.\n\n„Brücke“ gesperrt.", "Keller verlassen!"),
    "en": Text("Flood", "Leave the cellars."),
}  # fmt: skip


@pytest.fixture
async def alert(town: Town) -> UUID:
    await town.group("elbtal")
    return await waiting(town, "elbtal", texts=LONG)


@pytest.fixture
async def approver(site: ClientSession, town: Town) -> Officer:
    return Officer(site, await enrol(town, Role.APPROVER))


async def test_an_approver_sees_exactly_what_goes_out_and_approves_it(
    site: ClientSession, town: Town, alert: UUID, approver: Officer
) -> None:
    where = f"/staff/messages/{alert}"
    _, page = await approver.get("/staff/messages")
    assert "Wartet auf Freigabe" in page
    assert where in page
    _, page = await approver.get(where)
    assert "<h1" in page
    for said in ("Keller verlassen!", "1 SMS je Telefon", "Leave the cellars.", "Verlassen Sie die",
                 "Diese Warnung für elbtal freigeben"):  # fmt: skip
        assert said in page

    code, _, leads = await approver.post(f"{where}/approve", {"seen": hidden(page, "seen")})

    assert (code, leads) == (303, f"{where}?done=approved")
    assert await status(town, alert) == "approved"
    _, page = await approver.get(leads)
    assert "Freigegeben von Vera Amt" in page
    assert 'name="seen"' not in page


async def test_past_its_time_the_page_says_that_it_leaves_at_once(
    town: Town, alert: UUID, approver: Officer
) -> None:
    where = f"/staff/messages/{alert}"
    _, page = await approver.get(where)
    assert 'name="now"' not in page
    await town.change("UPDATE broadcasts SET send_at = now() - interval '3 hours'")

    # Opened while its time was ahead: whoever pressed the button did not know.
    code, page, _ = await approver.post(f"{where}/approve", {"seen": await seen(town, alert)})
    assert code == 409
    assert "Der Zeitpunkt zum Senden ist vorbei" in page
    assert await status(town, alert) == "submitted"
    assert "Wenn Sie freigeben, wird sie sofort gesendet" in page

    given = {"seen": hidden(page, "seen"), "now": hidden(page, "now")}
    code, _, leads = await approver.post(f"{where}/approve", given)
    assert (code, leads) == (303, f"{where}?done=approved")
    assert await status(town, alert) == "approved"


async def test_where_its_thread_went_further_the_page_says_what_to_do(
    town: Town, approver: Officer
) -> None:
    await town.group("elbtal")
    await town.group("bergdorf")
    first = await town.broadcast("elbtal")
    await town.plan()
    clear = await waiting(town, "elbtal", in_reply_to=first, relation=Relation.ALL_CLEAR)
    await town.broadcast("bergdorf", follows=first, relation=Relation.UPDATE)

    code, page, _ = await approver.post(
        f"/staff/messages/{clear}/approve", {"seen": await seen(town, clear)}
    )

    assert code == 409
    assert "Die frühere Nachricht ging inzwischen an weitere Gruppen" in page
    assert await status(town, clear) == "submitted"


async def test_an_update_that_the_all_clear_overtook_is_not_approved_and_the_page_says_so(
    town: Town, approver: Officer
) -> None:
    await town.group("elbtal")
    first = await town.broadcast("elbtal")
    await town.plan()
    update = await waiting(town, "elbtal", in_reply_to=first, relation=Relation.UPDATE)
    await town.broadcast("elbtal", follows=first, relation=Relation.ALL_CLEAR)

    code, page, _ = await approver.post(
        f"/staff/messages/{update}/approve", {"seen": await seen(town, update)}
    )

    assert code == 409
    assert "wurde dazu eine spätere Nachricht gesendet" in page
    assert await status(town, update) == "submitted"


async def test_what_a_restore_holds_is_not_approved_and_the_page_says_who_releases_it(
    town: Town, alert: UUID, approver: Officer
) -> None:
    await town.change("UPDATE broadcasts SET held_at = now(), held_why = 'waiting'")

    code, page, _ = await approver.post(
        f"/staff/messages/{alert}/approve", {"seen": await seen(town, alert)}
    )

    assert code == 409
    assert "muss nachsehen und sie weiterlaufen lassen" in page
    assert f"{alert}/release" not in page  # that is for who operates
    assert await status(town, alert) == "submitted"


async def test_what_a_restore_holds_goes_on_by_a_button_that_says_what_may_have_gone_out(
    site: ClientSession, town: Town
) -> None:
    await town.readers(2)
    alert = await town.broadcast("town")
    await town.plan()
    await holding.hold(town.db)
    operator, where = Officer(site, await enrol(town, Role.OPERATOR)), f"/staff/messages/{alert}"
    for path in ("/staff", "/staff/messages"):
        _, page = await operator.get(path)
        assert "aber angehalten" in page
    _, page = await operator.get(where)
    for said in ("Angehalten, seit eine Sicherung zurückgeholt wurde", f"{alert}/recall",
                 "Bei der Sicherung wurde sie gerade gesendet",
                 "Hier bekannt: 0 übergeben, 2 nicht gesendet, 0 ungewiss."):  # fmt: skip
        assert said in page

    code, _, leads = await operator.post(f"{where}/release")

    assert (code, leads) == (303, f"{where}?done=released")
    (row,) = await town.rows("SELECT held_at FROM broadcasts")
    assert row["held_at"] is None
    (line,) = await town.rows("SELECT * FROM audit WHERE deed = 'broadcast.released'")
    assert (line["staff_id"], line["about"]) == (await _who(town), {"broadcast": str(alert)})
    _, page = await operator.get(leads)
    assert "Was offen war, wird gesendet" in page
    assert f"{alert}/release" not in page
    code, page, _ = await operator.post(f"{where}/release")
    assert (code, "Es ist nichts geschehen" in page) == (409, True)


async def test_who_operates_a_part_of_what_is_held_is_told_who_decides(
    site: ClientSession, town: Town
) -> None:
    for slug in ("elbtal", "bergdorf"):
        await town.group(slug)
    first = await town.broadcast("elbtal")
    await town.plan()
    wider = await town.broadcast("elbtal", "bergdorf", follows=first, relation=Relation.UPDATE)
    later = await town.broadcast("elbtal", follows=first, relation=Relation.UPDATE)
    await town.change(
        "UPDATE broadcasts SET group_ids = (SELECT group_ids FROM broadcasts WHERE id = %(first)s)"
        " WHERE id = %(id)s", id=later, first=first,
    )  # submitted before the thread grew  # fmt: skip
    await town.change("UPDATE broadcasts SET held_at = now(), held_why = 'waiting'")
    person = await enrol(town, Role.OPERATOR, "elbtal")
    await town.change("INSERT INTO grants (staff_id, role) VALUES (%(id)s, 'viewer')", id=person.id)
    part = Officer(site, person)
    whole = Officer(site, await enrol(town, Role.OPERATOR, email="all@example.org"))

    for alert, may in ((later, False), (wider, False), (first, True)):
        where = f"/staff/messages/{alert}"
        _, page = await part.get(where)
        assert (f"{alert}/release" in page) is may
        assert ("für alle Gruppen, an die das geht" in page) is not may
        assert ((await part.post(f"{where}/release"))[0] == 403) is not may
        _, page = await whole.get(where)
        assert (f"{alert}/release" in page) is not may  # that one goes on by now


async def test_what_was_all_sent_and_is_held_can_be_recalled(
    site: ClientSession, town: Town
) -> None:
    await town.readers(1)
    alert = await town.broadcast("town")
    await town.change(
        "UPDATE broadcasts SET status = 'dispatched', dispatching_at = now(), planned_at = now()"
    )
    await holding.hold(town.db)
    operator, where = Officer(site, await enrol(town, Role.OPERATOR)), f"/staff/messages/{alert}"
    _, page = await operator.get(where)
    assert "Bei der Sicherung hatten sie alle" in page
    assert f"{alert}/recall" in page

    await operator.post(f"{where}/recall", {"sure": "1"})

    assert await holding.held(town.db) == []
    _, page = await operator.get(where)
    assert f"{alert}/release" not in page


async def test_an_author_sees_who_was_told_and_when_they_are_reminded(
    site: ClientSession, town: Town, alert: UUID, approver: Officer
) -> None:
    author = Officer(site, await enrol(town, Role.AUTHOR, email="author@example.org"))
    where = f"/staff/messages/{alert}"
    _, page = await author.get(where)
    assert "Wer weiß, dass sie auf Freigabe wartet" not in page

    await telling_staff.tell(town.db, settings=town.settings, channels=ALL)

    _, page = await author.get(where)
    assert "Wer weiß, dass sie auf Freigabe wartet" in page
    assert "Vera Amt (E-Mail)" in page
    assert "Wenn niemand entscheidet, werden sie am" in page
    await approver.post(f"{where}/approve", {"seen": await seen(town, alert)})
    _, page = await author.get(where)
    assert "Wer weiß, dass" not in page


async def _who(town: Town) -> UUID:
    (row,) = await town.rows("SELECT id FROM staff")
    return UUID(str(row["id"]))


async def test_what_was_decided_meanwhile_is_told_and_nothing_done(
    town: Town, alert: UUID, approver: Officer
) -> None:
    where = f"/staff/messages/{alert}"
    _, page = await approver.get(where)
    given = {"seen": hidden(page, "seen")}
    await approver.post(f"{where}/return", given | {"reason": "Ort fehlt"})

    code, page, _ = await approver.post(f"{where}/approve", given)

    assert code == 409
    assert "Es ist nichts geschehen" in page
    assert await status(town, alert) == "returned"
    assert "Ort fehlt" in page


async def test_without_a_reason_nothing_is_returned_and_the_form_says_so(
    town: Town, alert: UUID, approver: Officer
) -> None:
    this = await seen(town, alert)
    code, page, _ = await approver.post(
        f"/staff/messages/{alert}/return", {"seen": this, "reason": "  "}
    )

    assert code == 422
    assert 'href="#f-reason"' in page
    assert await status(town, alert) == "submitted"


async def test_who_may_only_look_is_shown_no_button(
    site: ClientSession, town: Town, alert: UUID
) -> None:
    viewer = Officer(site, await enrol(town, Role.VIEWER))

    _, page = await viewer.get(f"/staff/messages/{alert}")

    assert "Keller verlassen!" in page
    for path in ("/approve", "/return", "/recall"):
        assert f"{alert}{path}" not in page


async def test_recalling_asks_once_more(site: ClientSession, town: Town, alert: UUID) -> None:
    operator, where = Officer(site, await enrol(town, Role.OPERATOR)), f"/staff/messages/{alert}"

    code, page, _ = await operator.post(f"{where}/recall")
    assert (code, "Diese Nachricht zurückrufen?" in page) == (200, True)
    assert await status(town, alert) == "submitted"
    code, _, leads = await operator.post(f"{where}/recall", {"sure": "1"})
    assert (code, leads) == (303, f"{where}?done=recalled")
    assert await status(town, alert) == "cancelled"


async def test_what_was_sent_shows_its_numbers_and_who_was_left_out(
    site: ClientSession, town: Town
) -> None:
    group = await town.group("elbtal")
    for number in range(3):
        await town.resident(group, email=f"r{number}@example.org", alerts=["email"])
    await town.resident(group, alerts=["email"])
    broadcast = await town.broadcast("elbtal", kind=Kind.ALERT)
    await town.plan()
    viewer = Officer(site, await enrol(town, Role.VIEWER))

    _, page = await viewer.get(f"/staff/messages/{broadcast}")

    assert "wird gesendet" in page
    assert "aber keine Adresse dafür" in page


async def test_the_numbers_come_by_themselves_as_they_change(
    site: ClientSession, town: Town, alert: UUID, approver: Officer
) -> None:
    headers = {"cookie": f"notify-staff={approver.cookies['notify-staff']}"}
    async with site.get(f"/staff/messages/{alert}/live", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        first = await asyncio.wait_for(answer.content.readuntil(b"\r\n\r\n"), 10)
        assert b"wartet auf Freigabe" in first or b"waits for approval" in first
        this = await seen(town, alert)
        await approver.post(f"/staff/messages/{alert}/return", {"seen": this, "reason": "Nein"})
        rest = await asyncio.wait_for(answer.content.read(), 10)

    assert b"event: numbers" in rest
    assert rest.rstrip().rpartition(b"event: ")[2].startswith(b"over")


async def test_the_stream_ends_when_its_reader_is_signed_out(
    site: ClientSession, town: Town, alert: UUID, approver: Officer
) -> None:
    headers = {"cookie": f"notify-staff={approver.cookies['notify-staff']}"}
    async with site.get(f"/staff/messages/{alert}/live", headers=headers) as answer:
        await asyncio.wait_for(answer.content.readuntil(b"\r\n\r\n"), 10)
        await town.change("DELETE FROM staff_sessions")
        rest = await asyncio.wait_for(answer.content.read(), 10)
    assert rest.rstrip().rpartition(b"event: ")[2].startswith(b"out")
    assert b"over" not in rest


async def test_what_is_not_there_or_beyond_reach_is_not_found(
    site: ClientSession, town: Town, alert: UUID
) -> None:
    await town.group("bergdorf")
    approver = Officer(site, await enrol(town, Role.APPROVER, "bergdorf"))

    for path in (
        f"/staff/messages/{alert}",
        "/staff/messages/00000000-0000-0000-0000-000000000000",
    ):
        assert (await approver.get(path))[0] == 404


async def test_where_nobody_may_approve_it_the_page_says_so(
    site: ClientSession, town: Town, alert: UUID
) -> None:
    viewer, said = Officer(site, await enrol(town, Role.VIEWER)), "Niemand darf das"
    assert said in (await viewer.get(f"/staff/messages/{alert}"))[1]
    vera = await enrol(town, Role.APPROVER, "elbtal", email="approver@example.org")
    assert said not in (await viewer.get(f"/staff/messages/{alert}"))[1]

    await town.change("UPDATE broadcasts SET editors = ARRAY[%(who)s::uuid]", who=vera.id)

    assert said in (await viewer.get(f"/staff/messages/{alert}"))[1]


async def test_a_page_shows_what_it_follows_and_what_replaced_it(
    site: ClientSession, town: Town
) -> None:
    await town.group("elbtal")
    await town.group("bergdorf")
    alert = await town.broadcast("elbtal")
    await town.plan()
    author = Officer(site, await enrol(town, Role.AUTHOR, "elbtal"))
    where = f"/staff/messages/{alert}"
    _, page = await author.get(where)
    assert "Was zusammengehört" not in page
    assert 'name="relation" value="all_clear"' in page

    clear = await town.broadcast("elbtal", follows=alert, relation=Relation.ALL_CLEAR)
    await town.plan()

    _, page = await author.get(where)
    assert "Eine neuere Nachricht hat diese ersetzt" in page
    assert page.count(f'href="/staff/messages/{clear}"') == 2  # above, and in its thread
    assert 'name="relation"' not in page
    _, page = await author.get(f"/staff/messages/{clear}")
    assert f'href="{where}"' in page
    assert "hat diese ersetzt" not in page

    further = await town.broadcast("bergdorf", follows=clear, relation=Relation.CORRECTION)
    await town.plan()
    _, page = await author.get(where)
    assert "an Gruppen, für die Sie nicht zuständig sind" in page
    assert str(further) not in page


async def test_what_is_scheduled_is_not_said_to_be_on_its_way(
    site: ClientSession, town: Town, approver: Officer
) -> None:
    await town.group("elbtal")
    later = clock.now() + timedelta(hours=2)
    alert = await waiting(town, "elbtal", send_at=later)
    given = {"seen": await seen(town, alert)}

    _, _, leads = await approver.post(f"/staff/messages/{alert}/approve", given)
    _, page = await approver.get(leads)

    assert "Die Nachricht wird am " in page
    assert "unterwegs" not in page


async def test_a_poll_that_would_close_at_once_is_said_to(town: Town, approver: Officer) -> None:
    await town.group("elbtal")
    poll = await waiting(town, "elbtal")
    await town.change(
        "UPDATE broadcasts SET kind = 'poll', valid_until = now() + interval '30 seconds'"
    )

    code, page, _ = await approver.post(
        f"/staff/messages/{poll}/approve", {"seen": await seen(town, poll)}
    )

    assert code == 409
    assert "Die Umfrage wäre weniger als eine Minute lang offen." in page


@pytest.mark.parametrize("refusal", ["brief", "grown", "late"])
async def test_an_address_alone_refuses_nothing(
    alert: UUID, approver: Officer, refusal: str
) -> None:
    _, page = await approver.get(f"/staff/messages/{alert}?done={refusal}")

    assert "Es ist nichts geschehen" not in page


async def test_the_decision_stands_below_what_arrives(alert: UUID, approver: Officer) -> None:
    _, page = await approver.get(f"/staff/messages/{alert}")

    assert page.index('href="#decision"') < page.index("Keller verlassen!")
    assert page.index('id="arrives"') < page.index('id="decision"')
    assert page.count('id="arrives"') == 1
    assert page.index("Öffentliche Seite") < page.index('id="decision"')


async def test_where_a_button_would_be_refused_the_page_says_why_and_who_can(
    site: ClientSession, town: Town
) -> None:
    await town.group("elbtal")
    await town.group("bergdorf")
    alert = await town.broadcast("elbtal")
    await town.plan()
    where = f"/staff/messages/{alert}"
    author = Officer(site, await enrol(town, Role.AUTHOR, "elbtal"))
    chief = await enrol(town, Role.AUTHOR, email="chief@example.org")
    await town.change("UPDATE staff SET name = 'Carla <b>Chef' WHERE id = %(id)s", id=chief.id)
    _, page = await author.get(where)
    assert "Aktualisierung schreiben" in page
    await town.broadcast("bergdorf", follows=alert, relation=Relation.UPDATE)

    _, page = await author.get(where)
    assert "Aktualisierung schreiben" not in page
    assert "Entwarnung geben" not in page
    assert "Das können: Carla <b>Chef." in page  # unescaped by the test's browser
    for path in ("/staff", "/staff/messages"):
        assert 'name="follows"' not in (await author.get(path))[1]
        assert 'name="follows"' in (await Officer(site, chief).get(path))[1]

    await town.broadcast("elbtal", follows=alert, relation=Relation.ALL_CLEAR)
    _, page = await Officer(site, chief).get(where)
    assert "Aktualisierung schreiben" not in page
    assert "Keine Aktualisierung" in page
    assert "Entwarnung geben" in page
    assert ">Neue Warnung<" in page


async def test_a_draft_that_its_thread_bars_says_so_before_it_is_looked_over(
    site: ClientSession, town: Town
) -> None:
    await town.group("elbtal")
    alert = await town.broadcast("elbtal")
    await town.plan()
    author = Officer(site, await enrol(town, Role.AUTHOR, "elbtal"))
    _, _, draft = await author.post("/staff/drafts", {"follows": str(alert), "relation": "update"})
    await town.change('UPDATE drafts SET content = content || \'{"severity": "severe"}\'::jsonb')
    assert (await author.get(f"{draft}/submit"))[0] == 200
    await town.broadcast("elbtal", follows=alert, relation=Relation.ALL_CLEAR)

    code, _, leads = await author.call("GET", f"{draft}/submit")

    assert (code, leads) == (303, f"{draft}?check=1")
    assert "Es wurde schon entwarnt." in (await author.get(leads))[1]


async def test_what_was_overtaken_says_so_on_its_page_and_on_the_first(
    site: ClientSession, town: Town
) -> None:
    await town.group("elbtal")
    first = await town.broadcast("elbtal")
    await town.plan()
    author = Officer(site, person := await enrol(town, Role.AUTHOR))
    later = clock.now() + timedelta(hours=2)
    update = await town.broadcast(
        "elbtal", follows=first, relation=Relation.UPDATE, send_at=later, texts=LONG
    )
    await town.change(
        "UPDATE broadcasts SET editors = ARRAY[%(who)s] WHERE id = %(id)s", who=person.id, id=update
    )
    clear = await town.broadcast("elbtal", follows=first, relation=Relation.ALL_CLEAR)
    await town.plan()

    _, page = await author.get("/staff")
    assert "In den letzten zwei Tagen überholt" in page
    assert f"/staff/messages/{update}" in page
    assert f"/staff/messages/{clear}" in page
    _, page = await author.get(f"/staff/messages/{update}")
    assert "überholt, nicht gesendet" in page
    assert "zurückgerufen" not in page
    assert "Entwarnung wurde vorher gesendet" in page
    assert f"/staff/messages/{clear}" in page
    code, _, leads = await author.post("/staff/drafts", {"anew": hidden_button(page, "anew")})
    assert (code, leads.startswith("/staff/drafts/")) == (303, True)
    assert "Keller verlassen!" in (await author.get(leads))[1]


async def test_an_approver_of_an_overtaken_all_clear_can_return_it_or_write_it_anew(
    site: ClientSession, town: Town
) -> None:
    await town.group("elbtal")
    first = await town.broadcast("elbtal")
    await town.plan()
    clear = await waiting(town, "elbtal", in_reply_to=first, relation=Relation.ALL_CLEAR)
    update = await town.broadcast("elbtal", follows=first, relation=Relation.UPDATE)
    await town.plan()
    person = await enrol(town, Role.APPROVER)
    where = f"/staff/messages/{clear}"

    _, page = await Officer(site, person).get(where)
    assert f"{where}/approve" not in page
    assert f"{where}/return" in page
    assert f"/staff/messages/{update}" in page
    assert 'name="anew"' not in page  # they do not write
    await town.change(
        "INSERT INTO grants (staff_id, role) VALUES (%(who)s, 'author')", who=person.id
    )
    _, page = await Officer(site, person).get(where)
    code, _, leads = await Officer(site, person).post(
        "/staff/drafts", {"anew": hidden_button(page, "anew")}
    )
    assert (code, leads.startswith("/staff/drafts/")) == (303, True)


def hidden_button(page: str, name: str) -> str:
    """What the button with this name sends."""
    found = re.search(rf'<button name="{name}" value="([^"]*)"', page)
    assert found, page
    return found[1]
