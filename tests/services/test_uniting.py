"""Two residents turn out to be one person: one vote, and a call for help that stays on the list."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from channels.memory import MemoryChannel
from channels.messages import Sms
from notify.domain.grants import Role
from notify.domain.poll import Ask, How
from notify.domain.words import Channel, Kind, Lane
from notify.errors import NotFound
from notify.rates import Rates
from notify.services import answering_pages, closing_polls, counting, erasing, helping
from notify.services.joining import Joined
from notify.services.voting import Voted
from notify.store import helping as store
from tests.polled import ASK, NAMED, Polled, asked, poll
from tests.services.test_answering import PARK, ballots
from tests.services.test_answering import SAFE as SAFE_OR_NOT
from tests.services.test_answering import poll as ask_all
from tests.services.test_answering_by_mail import link, mails
from tests.services.test_joining import PHONE, address, prove
from tests.services.test_overseeing import officer
from tests.services.texter import Texter
from tests.town import Town
from tests.web.test_staff_answers import SAFE

MAIL = "anna@example.org"


async def two(town: Town, polled: Polled, *, both: bool = True) -> tuple[UUID, UUID, list[int]]:
    """Anna as she signed up by mail, and as she texted JOIN before; their voters."""
    by_mail = await town.resident(email="anna@example.org")
    by_phone = await town.resident(phone=PHONE)
    who = [by_phone, by_mail] if both else [by_phone]
    return by_mail, by_phone, [await asked(polled, one, "town") for one in who]


async def add_phone(town: Town, resident: UUID) -> None:
    """On her page she adds the number of the other."""
    await town.change(
        "INSERT INTO addresses (resident_id, channel, value, hash, state)"
        " SELECT %(id)s, 'sms', value, hash, 'asked' FROM addresses WHERE value = %(phone)s",
        id=resident, phone=PHONE,
    )  # fmt: skip
    joined = await prove(town, await address(town, resident, "sms"), here=resident)
    assert joined is not None
    assert joined.merged


async def counts(town: Town, polled: Polled) -> list[Mapping[int, int]]:
    found = await counting.count(town.db, polled.id)
    return [one.whole.counts for one in found.questions]


@pytest.mark.parametrize("ask", [ASK, NAMED], ids=["secret", "named"])
@pytest.mark.parametrize("phone_last", [True, False])
async def test_of_two_votes_the_later_answer_to_each_question_counts(
    town: Town, ask: Ask, phone_last: bool
) -> None:
    polled = await poll(town, {"town": 0}, ask=ask)
    anna, _, (phone, mail) = await two(town, polled)
    await polled.vote(phone, 1, 1, after=2 if phone_last else 0)
    await polled.vote(mail, 1, 2, how=How.MAIL, after=1)
    await polled.vote(phone, 2, 3)

    await add_phone(town, anna)

    found = await counting.count(town.db, polled.id)
    assert (found.turnout.asked, found.turnout.answered) == (1, 1)
    assert found.how[How.SMS if phone_last else How.MAIL] == 1
    assert len(await polled.ballots()) == 2
    (voter,) = await town.rows("SELECT * FROM voters")
    assert (voter["resident_id"], sorted(voter["answered"])) == (anna, [1, 2])
    changed = await polled.vote(mail, 1, 3, how=How.PAGE, after=3)
    assert (changed.changed, changed.receipt) == (True, voter["receipt"])
    await closing_polls.close(town.db, polled.id)
    assert (await counts(town, polled))[:2] == [{1: 0, 2: 0, 3: 1}, {1: 0, 2: 0, 3: 1, 4: 0}]


@pytest.mark.parametrize("ask", [ASK, NAMED], ids=["secret", "named"])
async def test_who_was_asked_as_one_of_them_may_still_change_their_mind(
    town: Town, ask: Ask
) -> None:
    polled = await poll(town, {"town": 0}, ask=ask)
    anna, _, (phone,) = await two(town, polled, both=False)
    await polled.vote(phone, 1, 1)

    await add_phone(town, anna)

    (listed,) = await answering_pages.asked_of(town.db, anna)
    assert (listed.broadcast, listed.answered) == (polled.id, 1)
    assert (await polled.vote(phone, 1, 2, after=1)).changed
    assert len(await polled.ballots()) == 1


@pytest.mark.parametrize("ask", [ASK, NAMED], ids=["secret", "named"])
async def test_what_is_closed_stays_as_it_was_counted(town: Town, ask: Ask) -> None:
    polled = await poll(town, {"town": 0}, ask=ask)
    anna, _, (phone, mail) = await two(town, polled)
    await polled.vote(phone, 1, 1)
    await polled.vote(mail, 1, 2)
    await closing_polls.close(town.db, polled.id)
    before = await counting.count(town.db, polled.id)

    await add_phone(town, anna)

    assert await counting.count(town.db, polled.id) == before


async def test_who_is_erased_is_nobody_who_has_not_answered(town: Town) -> None:
    polled = await poll(town, {"town": 3}, ask=SAFE, kind=Kind.ALERT)
    gone, *_ = polled.everybody
    await polled.vote(gone, 1, 2)
    (row,) = await town.rows("SELECT resident_id FROM voters WHERE id = %(id)s", id=gone)
    await erasing.erase(town.db, row["resident_id"])

    async with town.db.transaction() as connection:
        found = await store.counts(connection, polled.id, urgent=2, groups=None)

    assert (found["asked"], found["answered"], found["open"]) == (2, 0, 0)


async def test_a_call_for_help_stays_on_the_list(town: Town) -> None:
    polled = await poll(town, {"town": 0}, ask=SAFE, kind=Kind.ALERT)
    anna, _, (phone, _) = await two(town, polled)
    await polled.vote(phone, 1, 2)

    await add_phone(town, anna)

    _, rows = await helping.take_along(town.db, await officer(town, Role.OPERATOR), polled.id)
    assert [(one["resident_id"], one["phone"], one["urgent"]) for one in rows] == [
        (anna, PHONE, True)
    ]


@pytest.mark.parametrize("secret", [True, False], ids=["secret", "named"])
@pytest.mark.parametrize("both", [True, False], ids=["both asked", "one asked"])
async def test_the_link_in_a_mail_holds_for_whom_its_reader_turned_out_to_be(
    town: Town, secret: bool, both: bool
) -> None:
    group = await town.group("town")
    by_mail = await town.resident(group, email=MAIL)
    by_phone = await town.resident(*([group] if both else []), phone=PHONE)
    asked = await ask_all(town, PARK, secret=secret)
    token = link((await mails(town))[MAIL][0])
    await answer(town, token, 1)

    assert (await take_over(town, by_phone, MAIL)).merged

    assert (await answer(town, token, 3)).changed
    (voter,) = await town.rows("SELECT * FROM voters")
    assert (voter["resident_id"], voter["how"], voter["answered"]) == (by_phone, "mail", [1])
    assert await ballots(town, asked) == [(1, [3])]
    assert await town.rows("SELECT FROM residents WHERE id = %(id)s", id=by_mail) == []
    await town.change("UPDATE addresses SET state = 'gone' WHERE value = %(mail)s", mail=MAIL)
    with pytest.raises(NotFound):
        await answer(town, token, 1)


@pytest.mark.parametrize(
    ("kind", "later"),
    [(Kind.ALERT, "stays"), (Kind.POLL, "stays"), (Kind.POLL, "becomes a third"),
     (Kind.POLL, "is erased")],
)  # fmt: skip
async def test_a_mail_to_one_never_answers_for_another_who_has_its_address_now(
    town: Town, kind: Kind, later: str
) -> None:
    """Whoever had the address may have the mail still."""
    group = await town.group("town")
    before = await town.resident(group, email=MAIL, phone="+4915112345600")
    now = await town.resident(group, phone=PHONE)
    await ask_all(town, SAFE_OR_NOT, kind=kind, secret=False)
    lane = Lane.ALERT if kind is Kind.ALERT else Lane.BULK
    token = link((await mails(town, lane))[MAIL][0])

    assert not (await take_over(town, now, MAIL)).merged
    if later == "becomes a third":
        third = await town.resident(group, email="third@example.org")
        assert (await take_over(town, third, "+4915112345600", channel="sms")).merged
    if later == "is erased":
        await erasing.erase(town.db, before)

    with pytest.raises(NotFound):
        await answer(town, token, 1)
    assert await town.rows("SELECT FROM voters WHERE answered <> '{}'") == []


async def take_over(town: Town, resident: UUID, value: str, *, channel: str = "email") -> Joined:
    """On their page they add an address that was another's."""
    await town.change(
        "INSERT INTO addresses (resident_id, channel, value, hash, state)"
        " SELECT %(id)s, channel, value, hash, 'asked' FROM addresses WHERE value = %(value)s",
        id=resident, value=value,
    )  # fmt: skip
    joined = await prove(town, await address(town, resident, channel), here=resident)
    assert joined is not None
    return joined


async def answer(town: Town, token: str, choice: int) -> Voted:
    found = answering_pages.by_link(town.keyring, token)
    return await answering_pages.answer(town.db, Rates(), found, {1: {choice}})


@pytest.mark.parametrize("secret", [True, False], ids=["secret", "named"])
async def test_a_phone_answers_for_whose_it_is_and_says_so_to_who_is_not_asked(
    town: Town, secret: bool
) -> None:
    """Whoever had it before and was asked has one vote still, by any other way."""
    group = await town.group("town")
    before = await town.resident(group, phone=PHONE, email=MAIL)
    now = await town.resident(await town.group("other"), email="ben@example.org")
    asked = await ask_all(town, PARK, secret=secret)
    await sms_sent(town)
    token = link((await mails(town))[MAIL][0])
    texter = Texter(town)
    assert "Ihre Antwort zählt" in (await texter.text("1"))[0]

    assert not (await take_over(town, now, PHONE, channel="sms")).merged
    (said,) = await texter.text("3")

    assert said == (
        "Musterstadt: Das zählt nicht als Antwort: Gefragt wurde, wer diese Nummer vorher hatte. "
        "Ihre SMS wird gelesen, aber nicht sofort. In Not? 112 anrufen."
    )
    assert await ballots(town, asked) == [(1, [1])]
    assert (await answer(town, token, 2)).changed
    assert await ballots(town, asked) == [(1, [2])]
    (voter,) = await town.rows("SELECT resident_id FROM voters")
    assert voter["resident_id"] == before


async def test_who_was_asked_answers_with_a_phone_that_is_theirs_since(town: Town) -> None:
    group = await town.group("town")
    await town.resident(group, phone=PHONE, email=MAIL)
    now = await town.resident(group, email="ben@example.org")
    await ask_all(town, PARK)
    await sms_sent(town)
    await take_over(town, now, PHONE, channel="sms")

    assert "Ihre Antwort zählt" in (await Texter(town).text("3"))[0]

    (voter,) = await town.rows("SELECT resident_id FROM voters WHERE answered <> '{}'")
    assert voter["resident_id"] == now


@pytest.mark.parametrize("over", [True, False], ids=["the poll is over", "nothing was asked"])
async def test_who_writes_of_something_else_is_told_that_it_is_read(town: Town, over: bool) -> None:
    group = await town.group("town")
    await town.resident(group, phone=PHONE, email=MAIL)
    now = await town.resident(await town.group("other"), email="ben@example.org")
    if over:
        asked = await ask_all(town, PARK)
        await sms_sent(town)
        await closing_polls.close(town.db, asked)
    await take_over(town, now, PHONE, channel="sms")

    (said,) = await Texter(town).text("Wann kommt das Wasser wieder?")

    assert "Ihre SMS ist da" in said


async def sms_sent(town: Town) -> None:
    pump = await town.pump(MemoryChannel[Sms](), channel=Channel.SMS, lane=Lane.BULK)
    while await pump.round():
        pass
