"""The inbox: who waits, who looks after it, and answers that are sent once."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from channels.memory import MemoryChannel
from channels.messages import Sms
from notify.domain.grants import Grant, Role
from notify.domain.words import Channel, Lane
from notify.errors import Forbidden, Invalid, NotFound
from notify.services import auditing, inbox, staffing
from notify.services.inbox import Barred, Conversation, Moved
from notify.services.staff_sessions import Officer
from tests.services.test_inbound import OURS, PHONE, said, suppress, take
from tests.town import Town
from tests.web.officer import EVERYWHERE, enrol

OTHER = "+4915187654321"


@pytest.fixture
async def officer(town: Town) -> Officer:
    return await _officer(town, "vera@example.org")


async def _officer(town: Town, email: str, group: str | None = None) -> Officer:
    person = await enrol(town, Role.OPERATOR, group, email=email)
    row = await staffing.one(town.db, person.id, within=EVERYWHERE)
    (held,) = row["grants"]
    place = None
    if held["slug"]:
        place = (await town.rows("SELECT id FROM groups WHERE slug = %(s)s", s=held["slug"]))[0][
            "id"
        ]
    return Officer(person.id, 1, "Vera Amt", email, "de", (Grant(Role.OPERATOR, place),))


async def _waiting(town: Town, officer: Officer, show: str = "waiting") -> list[str]:
    return [row["words"] for row in await inbox.every(town.db, officer, show=show)]


async def _latest(town: Town, officer: Officer, phone: str = PHONE) -> Conversation:
    (row,) = await town.rows("SELECT max(id) AS id FROM inbound WHERE sender = %(s)s", s=phone)
    return await inbox.look(town.db, town.keyring, officer, row["id"], settings=town.settings)


async def _answer(town: Town, officer: Officer, found: Conversation, words: str = "Ja.") -> None:
    await inbox.answer(
        town.db, town.keyring, officer, found.text_id, settings=town.settings, seen=found.seen,
        words=words,
    )  # fmt: skip


async def _sent(town: Town) -> list[Sms]:
    carrier = MemoryChannel[Sms]()
    pump = await town.pump(carrier, channel=Channel.SMS, lane=Lane.NOTE)
    while await pump.round():
        pass
    return list(carrier.taken)


async def test_an_answer_goes_to_the_phone_from_the_number_that_was_texted_and_ends_the_waiting(
    town: Town, officer: Officer
) -> None:
    await town.resident(await town.group(), phone=PHONE)
    await take(town, said("Ist die Brücke offen?"))
    await _sent(town)  # that it is kept
    assert await _waiting(town, officer) == ["Ist die Brücke offen?"]
    found = await _latest(town, officer)
    assert found.number == "…678"
    assert found.waits

    await _answer(town, officer, found, "Ja, seit 8 Uhr.\nIhr Rathaus")

    (sms,) = await _sent(town)
    assert (sms.to, sms.origin) == (PHONE, OURS)
    assert sms.body == f"{town.settings.town}: Ja, seit 8 Uhr.\nIhr Rathaus"
    assert await _waiting(town, officer) == []
    assert await _waiting(town, officer, "done") == ["Ist die Brücke offen?"]
    after = await _latest(town, officer)
    assert [(line.by, line.body) for line in after.lines] == [
        (None, "Ist die Brücke offen?"), ("Vera Amt", "Ja, seit 8 Uhr.\nIhr Rathaus"),
    ]  # fmt: skip
    assert after.lines[1].status == "sent"
    deeds = [line.deed async for line, _ in auditing.lines(town.db)]
    assert deeds.count("text.answered") == 1
    assert "text.viewed" in deeds


async def test_a_page_that_is_opened_again_and_again_is_one_look(
    town: Town, officer: Officer
) -> None:
    await take(town, said("Hallo?"))
    await take(town, said("Hallo!", sender=OTHER))
    for _ in range(3):
        await _waiting(town, officer)
        await _latest(town, officer)
    await _latest(town, officer, OTHER)
    await _waiting(town, await _officer(town, "other@example.org"))

    deeds = [line.deed async for line, _ in auditing.lines(town.db)]
    assert deeds.count("inbox.viewed") == 2
    assert deeds.count("text.viewed") == 2


async def test_two_answers_at_once_are_one(town: Town, officer: Officer) -> None:
    await take(town, said("Hallo?"))
    await _sent(town)
    found = await _latest(town, officer)

    done = await asyncio.gather(
        *(_answer(town, officer, found, f"Antwort {n}") for n in range(5)), return_exceptions=True
    )

    assert [type(one) for one in done].count(Moved) == 4
    assert len(await _sent(town)) == 1


async def test_who_texts_again_meanwhile_is_read_first(town: Town, officer: Officer) -> None:
    await take(town, said("Hallo?"))
    found = await _latest(town, officer)
    await take(town, said("Schon erledigt", at=9))

    with pytest.raises(Moved):
        await _answer(town, officer, found)
    with pytest.raises(Moved):
        await inbox.handle(town.db, officer, found.text_id, seen=found.seen)

    assert len(await _waiting(town, officer)) == 1
    found = await _latest(town, officer)
    await inbox.handle(town.db, officer, found.text_id, seen=found.seen)
    assert await _waiting(town, officer) == []


async def test_whoever_said_stop_is_not_answered_and_the_page_says_why(
    town: Town, officer: Officer
) -> None:
    await take(town, said("Lasst mich doch alle in Frieden"))
    await _sent(town)
    found = await _latest(town, officer)
    await suppress(town, "opted_out", code="21610")

    with pytest.raises(Barred) as problem:
        await _answer(town, officer, found)

    assert problem.value.why == "stopped"
    assert (await _latest(town, officer)).barred == "stopped"
    assert await _sent(town) == []
    assert await _waiting(town, officer) != []


@pytest.mark.parametrize(("sender", "why"), [("12345", "no_phone"), ("+12025550123", "abroad")])
async def test_what_takes_no_sms_is_not_answered(
    town: Town, officer: Officer, sender: str, why: str
) -> None:
    await take(town, said("Win a prize", sender=sender))

    assert (await _latest(town, officer, sender)).barred == why


async def test_an_answer_is_kept_to_the_budget_and_the_size_of_an_sms(
    town: Town, officer: Officer
) -> None:
    await take(town, said("Hallo?"))
    await _sent(town)
    found = await _latest(town, officer)
    for words in ("", "  \n ", "ß" * (inbox.LONGEST + 1), "Ж" * inbox.LONGEST):
        with pytest.raises(Invalid):
            await _answer(town, officer, found, words)
    poor = replace(town, settings=town.settings.model_copy(update={"sms_daily_budget": 0}))
    with pytest.raises(Barred, match="No SMS"):
        await _answer(poor, officer, found)

    assert await _sent(town) == []
    assert (await _latest(town, officer)).waits


async def test_texts_are_seen_where_their_resident_follows_and_strangers_by_who_sees_all(
    town: Town, officer: Officer
) -> None:
    elbtal, berg = await town.group("elbtal"), await town.group("bergdorf")
    await town.group("kita", parent=elbtal)
    await town.resident(elbtal, phone=PHONE)
    await town.resident(berg, phone=OTHER)
    await take(town, said("aus Elbtal"))
    await take(town, said("aus Bergdorf", sender=OTHER))
    await take(town, said("von irgendwo", sender="+4915155555555"))
    mine = await _officer(town, "elb@example.org", "elbtal")
    below = await _officer(town, "kita@example.org", "kita")

    assert len(await _waiting(town, officer)) == 3
    assert await _waiting(town, mine) == ["aus Elbtal"]
    assert await _waiting(town, below) == []
    foreign = await _latest(town, officer, OTHER)
    for call in (
        inbox.look(town.db, town.keyring, mine, foreign.text_id, settings=town.settings),
        inbox.handle(town.db, mine, foreign.text_id, seen=foreign.seen),
        inbox.assign(town.db, mine, foreign.text_id, to=None),
        _answer(town, mine, foreign),
    ):
        with pytest.raises(NotFound):
            await call
    viewer = replace(officer, grants=(Grant(Role.VIEWER, None),))
    with pytest.raises(Forbidden):
        await inbox.every(town.db, viewer, show="waiting")


async def test_who_looks_after_it_is_seen_by_all_and_stays_for_what_comes_next(
    town: Town, officer: Officer
) -> None:
    await take(town, said("Hallo?"))
    bert = await _officer(town, "bert@example.org")
    found = await _latest(town, officer)
    assert {row["id"] for row in await inbox.colleagues(town.db, officer)} == {officer.id, bert.id}

    await inbox.assign(town.db, officer, found.text_id, to=bert.id)

    assert await _waiting(town, bert, "mine") == ["Hallo?"]
    assert await _waiting(town, officer, "mine") == []
    await take(town, said("Noch da?", at=5))
    assert await _waiting(town, bert, "mine") == ["Hallo?\nNoch da?"]
    assert (await _latest(town, officer)).assigned_to == bert.id
    await inbox.assign(town.db, officer, found.text_id, to=None)
    assert await _waiting(town, bert, "mine") == []
    with pytest.raises(NotFound):
        await inbox.assign(town.db, officer, found.text_id, to=uuid4())


async def test_a_colleague_of_another_village_is_offered_to_nobody(
    town: Town, officer: Officer
) -> None:
    elbtal = await town.group("elbtal")
    await town.group("bergdorf")
    await town.resident(elbtal, phone=PHONE)
    await take(town, said("aus Elbtal"))
    mine = await _officer(town, "elb@example.org", "elbtal")
    other = await _officer(town, "berg@example.org", "bergdorf")
    found = await _latest(town, mine)

    ids: set[UUID] = {row["id"] for row in await inbox.colleagues(town.db, mine)}

    assert ids == {officer.id, mine.id}
    with pytest.raises(NotFound):
        await inbox.assign(town.db, mine, found.text_id, to=other.id)
