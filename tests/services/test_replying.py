"""Answers are few, cheap, in time, and end every loop."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from channels import segments
from channels.base import AddressGone
from channels.memory import MemoryChannel
from channels.messages import Sms
from notify import clock
from notify.domain.keyring import Keyring
from notify.domain.replying import MOST_A_DAY, Sort
from notify.domain.words import Channel, Kind, Lane
from notify.services import asking, inbound
from notify.settings import Settings
from notify.store.database import Database
from tests.conftest import SECRET
from tests.databases import Databases
from tests.services.texter import OURS, PHONE, Texter
from tests.town import Town

STOPPED = (
    "Musterstadt: Sie bekommen keine SMS mehr von uns. Wieder anmelden: START an diese Nummer."
)
KEPT = (
    "Musterstadt: Ihre SMS ist da. Sie wird gelesen, aber nicht sofort. In Not? 112 anrufen. "
    "Was Sie hier schreiben können: HILFE"
)


@pytest.fixture
async def texter(town: Town) -> Texter:
    await town.group("kita")
    return Texter(town)


def with_settings(town: Town, **changes: object) -> Texter:
    return Texter(Town(town.db, town.keyring, town.settings.model_copy(update=changes)))


# stop and start


async def test_a_german_stop_reaches_what_is_queued_and_is_answered_once(
    texter: Texter, town: Town
) -> None:
    await texter.text("MITMACHEN kita")
    news = await town.broadcast("kita", kind=Kind.ANNOUNCEMENT)
    await town.plan(Lane.BULK)

    answers = [
        await texter.text("STOPP"),
        await texter.text("Abmelden"),
        await texter.text("STOPP"),
    ]
    pump = await town.pump(texter.carrier, channel=Channel.SMS, lane=Lane.BULK)
    while await pump.round():
        pass

    assert answers == [[STOPPED], [], []]
    assert await town.statuses(news) == ["cancelled"]
    (row,) = await town.rows("SELECT reason FROM deliveries WHERE broadcast_id IS NOT NULL")
    assert row["reason"] == "suppressed"


async def test_twilio_s_own_words_are_answered_by_twilio(texter: Texter) -> None:
    assert await texter.text("STOP") == []
    assert await texter.suppressed() == "opted_out"


async def test_what_twilio_does_not_see_as_a_stop_is_answered_by_us(texter: Texter) -> None:
    assert await texter.text("STOP PLEASE") == [STOPPED]


async def test_a_start_says_what_comes_again(texter: Texter) -> None:
    await texter.text("MITMACHEN kita")
    await texter.text("STOPP")

    assert await texter.text("START") == [
        "Musterstadt: Sie bekommen wieder SMS von: kita. Keine SMS mehr: STOP"
    ]
    assert await texter.suppressed() is None


async def test_a_start_of_a_stranger_says_how_to_take_part(texter: Texter) -> None:
    (answer,) = await texter.text("Anmelden")

    assert answer == (
        "Musterstadt: Wir dürfen Ihnen wieder schreiben, aber Sie folgen keiner Gruppe. "
        "Anmelden: MITMACHEN und Gruppe. Alle: http://127.0.0.1:8000/join"
    )


async def test_a_refusal_of_the_provider_suppresses_and_start_lifts_it(
    texter: Texter, town: Town
) -> None:
    await texter.text("MITMACHEN kita")
    news = await town.broadcast("kita", kind=Kind.ANNOUNCEMENT)
    await town.plan(Lane.BULK)
    refusing = MemoryChannel[Sms](script=lambda _: AddressGone("opted_out", code="21610"))
    pump = await town.pump(refusing, channel=Channel.SMS, lane=Lane.BULK)
    await pump.round()

    assert await town.statuses(news) == ["failed"]
    assert await texter.suppressed() == "opted_out"
    (answer,) = await texter.text("START")
    assert "wieder SMS von: kita" in answer
    assert await texter.suppressed() is None


async def test_the_confirmation_of_a_stop_needs_no_budget(town: Town) -> None:
    texter = with_settings(town, sms_daily_budget=0)

    assert await texter.text("HILFE") == []
    assert await texter.text("STOPP") == [STOPPED]
    assert await texter.text("START") == []
    assert await texter.suppressed() is None


# how many


async def test_five_commands_a_day_are_answered_and_all_are_done(texter: Texter) -> None:
    answers = [
        await texter.text(f"{word} kita") for word in ["MITMACHEN", "ABMELDEN"] * 3 + ["MITMACHEN"]
    ]

    assert [len(answer) for answer in answers] == [1, 1, 1, 1, 1, 0, 0]
    assert set(await texter.follows()) == {"kita"}


async def test_commands_are_answered_again_the_next_day(texter: Texter, town: Town) -> None:
    for _ in range(6):
        await texter.text("HILFE")
    assert await texter.text("HILFE") == []

    await town.change("UPDATE inbound SET answered_at = answered_at - interval '25 hours'")

    assert len(await texter.text("HILFE")) == 1


async def test_one_polite_answer_a_day_and_every_text_is_kept_for_people(
    texter: Texter, town: Town
) -> None:
    answers = [await texter.text(f"Wann kommt das Wasser? {number}") for number in range(4)]

    assert answers == [[KEPT], [], [], []]
    rows = await town.rows("SELECT 1 FROM inbound WHERE handled_at IS NULL AND word IS NULL")
    assert len(rows) == 4
    await town.change("UPDATE inbound SET answered_at = answered_at - interval '25 hours'")
    assert await texter.text("Und jetzt?") == [KEPT]


async def test_who_wants_no_sms_gets_no_polite_answer(texter: Texter) -> None:
    await texter.text("STOPP")

    assert await texter.text("Wann kommt das Wasser?") == []
    assert len(await texter.text("HILFE")) == 1  # asked for


async def test_the_day_s_budget_bounds_the_answers_to_all(town: Town) -> None:
    texter = with_settings(town, sms_daily_budget=3)
    phones = [f"+49151123450{number:02}" for number in range(6)]

    for phone in phones:
        texter.phone = phone
        await texter.text("HILFE")

    assert [sms.to for sms in texter.carrier.taken] == phones[:3]
    (row,) = await town.rows("SELECT day, n FROM sms_asked")
    assert row == {"day": clock.now().astimezone(town.settings.zone).date(), "n": 3}


async def test_an_answer_takes_as_many_segments_as_it_has(town: Town) -> None:
    for number in range(8):
        await town.group(f"gruppe-mit-einem-langen-namen-{number}")
    texter = Texter(town)
    for number in range(4):
        await texter.text(f"MITMACHEN gruppe-mit-einem-langen-namen-{number}")
    await town.change("DELETE FROM sms_asked")

    (answer,) = await texter.text("LISTE")

    assert segments.measure(answer).segments == 2
    assert [row["n"] for row in await town.rows("SELECT n FROM sms_asked")] == [2]


async def test_the_budget_is_kept_when_many_text_at_once(town: Town) -> None:
    texter = with_settings(town, sms_daily_budget=5)
    others = [Texter(texter.town, phone=f"+49151123450{number:02}") for number in range(12)]

    await asyncio.gather(*(one.take(one.message("HILFE")) for one in others))

    assert len(await town.rows("SELECT 1 FROM notes WHERE kind = 'reply'")) == 5


async def test_answers_take_the_budget_once_they_wait_for_nobody(town: Town) -> None:
    anna, bert = Texter(town), Texter(town, phone="+4915187654321")
    await bert.text("HILFE")
    asked = [anna.message("HILFE", sid="SM-1"), bert.message("HILFE", sid="SM-2")]
    async with town.db.transaction() as holding:
        await holding.run("SELECT FROM residents FOR UPDATE")
        taken = asyncio.create_task(anna.take(*asked))
        await town.somebody_waits()
        await holding.run("SET LOCAL lock_timeout = '2s'")
        assert await asking.afford(holding, settings=town.settings, segments=1)

    assert (await taken).answers == 2
    assert [row["n"] for row in await town.rows("SELECT n FROM sms_asked")] == [4]


async def test_of_a_batch_of_one_sender_so_many_are_answered_as_one_by_one(texter: Texter) -> None:
    taken = await texter.take(
        *(texter.message("HILFE") for _ in range(MOST_A_DAY[Sort.COMMAND] + 2))
    )

    assert taken.answers == MOST_A_DAY[Sort.COMMAND]


# who, and when


@pytest.mark.parametrize(
    "sender",
    ["Stadtwerke", "12345", "whatsapp:+4915112345678", "+33612345678", "+12025550123",
     "+999123456789", OURS],
)  # fmt: skip
async def test_names_short_codes_ourselves_and_countries_not_on_the_list_get_no_answer(
    town: Town, sender: str
) -> None:
    texter = Texter(town, phone=sender)
    for body in ("HILFE", "STOPP", "START", "MITMACHEN kita", "Hallo", "LISTE"):
        await texter.take(texter.message(body))

    assert await town.rows("SELECT 1 FROM notes") == []
    assert len(await town.rows("SELECT 1 FROM inbound")) == 6


async def test_countries_on_the_list_are_answered(town: Town) -> None:
    texter = Texter(town, phone="+436641234567")

    assert len(await texter.text("HILFE")) == 1


@pytest.mark.parametrize(
    ("body", "minutes", "answered"),
    [
        ("HILFE", 9, True),
        ("HILFE", 11, False),
        ("LISTE", 11, False),
        ("Wann kommt das Wasser?", 11, False),
        ("STOPP", 23 * 60, True),
        ("STOPP", 25 * 60, False),
        ("MITMACHEN kita", 60, True),
        ("MITMACHEN kita", 25 * 60, False),
        ("START", 60, True),
    ],
)
async def test_what_is_found_late_is_done_and_answered_where_that_is_of_use(
    texter: Texter, town: Town, body: str, minutes: int, *, answered: bool
) -> None:
    answers = await texter.text(body, ago=timedelta(minutes=minutes))

    assert len(answers) == int(answered)
    if body == "STOPP":
        assert await texter.suppressed() == "opted_out"
    if body.startswith("MITMACHEN"):
        assert set(await texter.follows()) == {"kita"}


async def test_a_repeat_by_hook_or_pull_is_answered_once(texter: Texter, town: Town) -> None:
    one = texter.message("MITMACHEN kita", sid="SM1")
    listed = texter.message("MITMACHEN kita", sid="SM1", at=clock.now())

    await asyncio.gather(*(texter.take(one) for _ in range(10)))
    await texter.take(listed, listed, how=inbound.PULL)
    await texter.take(one)

    assert len(await texter.answers()) == 1
    assert len(await town.rows("SELECT 1 FROM consents")) == 1


# machines and loops


@pytest.mark.parametrize(
    "body",
    ["Automatische Antwort: Ich bin im Urlaub.", "Ich fahre gerade und melde mich später.",
     "I'm driving right now. Auto-reply."],
)  # fmt: skip
async def test_a_machine_is_not_answered_and_its_text_is_kept(
    texter: Texter, town: Town, body: str
) -> None:
    assert await texter.text(body) == []

    assert len(await town.rows("SELECT 1 FROM inbound WHERE handled_at IS NULL")) == 1


async def test_our_own_answers_are_not_answered_when_they_come_back(
    texter: Texter, town: Town
) -> None:
    for body in ("HILFE", "STOPP", "START", "MITMACHEN kita", "LISTE", "LIST", "Hallo", ""):
        for answer in await texter.text(body):
            echo = Texter(town, phone="+4915199999999")
            for shape in (answer, answer.upper().replace(answer.upper(), answer), f" {answer}\n"):
                assert await echo.text(shape) == []

    assert await town.rows("SELECT 1 FROM suppressions WHERE reason = 'opted_out'") == []


async def test_a_machine_that_asks_for_help_for_ever_is_answered_five_times(
    texter: Texter,
) -> None:
    for _ in range(20):
        await texter.text("HILFE")
        await texter.text("Danke für Ihre Nachricht")

    assert len(texter.carrier.taken) == 6  # five times help, one polite answer


@pytest.fixture
def another_url(databases: Databases) -> Iterator[str]:
    with databases.lent() as url:
        yield url


@pytest.fixture
async def another(another_url: str, settings: Settings) -> AsyncIterator[Town]:
    """A town with a service of its own."""
    database = Database(another_url, size=4)
    await database.open()
    changes = {"town": "Nebenstadt", "languages": ("en", "de")}
    yield Town(database, Keyring([SECRET]), settings.model_copy(update=changes))
    await database.close()


@pytest.mark.parametrize(
    "first",
    ["HILFE", "Hallo", "STOPP", "START", "LISTE", "MITMACHEN kita", "JOIN x", "LANG fr", ""],
)
async def test_two_installations_that_text_each_other_stop_at_once(
    town: Town, another: Town, first: str
) -> None:
    number, another_number = "+4915100000001", "+4915100000002"
    here = Texter(town, phone=another_number, to=number)
    there = Texter(another, phone=number, to=another_number)
    sent, said = 0, [first]

    for _ in range(10):
        said = [answer for body in said for answer in await here.text(body)]
        sent += len(said)
        said = [answer for body in said for answer in await there.text(body)]
        sent += len(said)

    assert sent == 1


async def test_without_knowing_each_other_they_stop_nearly_as_soon(
    town: Town, another: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daily limits alone end it: another make of service has other words."""
    monkeypatch.setattr("notify.rendering.replies.is_ours", lambda _: False)
    here = Texter(town, phone="+4915100000002", to="+4915100000001")
    there = Texter(another, phone="+4915100000001", to="+4915100000002")
    sent, said = 0, ["HILFE"]

    for _ in range(10):
        for side in (here, there):
            said = [answer for body in said for answer in await side.text(body)]
            sent += len(said)

    assert 1 < sent <= 3


# what phones and networks do to a text


async def test_a_long_text_in_parts_is_one_and_kept_whole(texter: Texter, town: Town) -> None:
    long = "Der Keller läuft voll. " * 60

    await texter.take(texter.message(long, sid="SM1"))
    await texter.take(texter.message(long, sid="SM1"))

    assert await town.rows("SELECT body FROM inbound") == [{"body": long}]


async def test_texts_out_of_order_and_twice_end_where_the_last_one_says(texter: Texter) -> None:
    now = clock.now()
    ordered = [
        texter.message(body, sid=f"SM{place}", at=now - timedelta(seconds=60 - place))
        for place, body in enumerate(["START", "STOPP", "MITMACHEN kita", "STOPP", "START"])
    ]
    for place in (3, 4, 1, 0, 2, 3, 1, 4):
        await texter.take(ordered[place], how=inbound.PULL)

    assert await texter.suppressed() is None
    assert set(await texter.follows()) == {"kita"}


async def test_a_picture_without_text_is_kept_and_told_of(texter: Texter, town: Town) -> None:
    answers = [await texter.text(body) for body in ("", " \n", "\u200b")]

    assert answers[0] == [
        (
            "Musterstadt: Ihre Nachricht kam ohne Text, Bilder erreichen uns nicht. "
            "In Not? 112 anrufen. Was Sie hier schreiben können: HILFE"
        )
    ]
    assert answers[1:] == [[], []]
    assert len(await town.rows("SELECT 1 FROM inbound WHERE handled_at IS NULL")) == 3


@pytest.mark.parametrize(
    "body", ["\u202eKita", "🛑" * 500, "é" * 5_000, "\ufffd", "日本語", "%(sender)s"]
)
async def test_odd_signs_are_kept_as_they_are(texter: Texter, town: Town, body: str) -> None:
    assert await texter.text(body) == [KEPT]

    assert await town.rows("SELECT body FROM inbound") == [{"body": body}]


async def test_a_stranger_is_kept_for_the_answer_only(texter: Texter, town: Town) -> None:
    await texter.text("HILFE")

    (row,) = await town.rows(
        "SELECT r.newcomer_until BETWEEN now() + interval '47 hours' AND now() + interval '49 hours'"
        " AS two_days, a.state FROM residents r JOIN addresses a ON a.resident_id = r.id"
        " WHERE a.value = %(phone)s",
        phone=PHONE,
    )
    assert row == {"two_days": True, "state": "asked"}
