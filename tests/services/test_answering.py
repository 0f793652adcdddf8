"""Answers by SMS: to the question asked last, counted once, changed until the close, never kept."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from channels.inbound import Inbound
from channels.memory import MemoryChannel
from channels.messages import Sms
from notify import bootstrap, clock
from notify.domain.broadcast import Text
from notify.domain.poll import Ask, Question, Shape, Wording
from notify.domain.words import Channel, Kind, Lane, Relation
from notify.services import inbound, texting, voting
from notify.services.closing_polls import Closer
from notify.services.planning import Planner
from notify.settings import Settings
from tests.services.test_proving import asked as newcomer
from tests.services.test_proving import sent
from tests.services.texter import OURS, PHONE, Texter
from tests.town import Town

OTHER = "+4915112345679"


def choice(ask: str, *options: str, shape: Shape = Shape.SINGLE, **more: Any) -> Question:
    return Question(shape, {"de": Wording(ask, options)}, **more)


PARK = choice("Wohin soll der Spielplatz?", "Altstadt", "Neustadt", "Park")
WHEN = choice("Wann passt es Ihnen?", "Montag", "Freitag", shape=Shape.SEVERAL)
HOW = choice("Wie gut ist der Bus?", "schlecht", "sehr gut", shape=Shape.SCALE)
SAFE = choice("Sind Sie in Sicherheit?", "Ja", "Ich brauche Hilfe")


async def poll(
    town: Town, *questions: Question, groups: tuple[str, ...] = ("town",), **more: Any
) -> UUID:
    """An open poll, its audience frozen."""
    ask = Ask(questions, **{key: more.pop(key) for key in ("secret", "urgent") if key in more})
    kind = more.pop("kind", Kind.POLL)
    texts = {"de": Text("Ihre Meinung", "Wir fragen alle.")}
    made = await town.broadcast(*groups, kind=kind, ask=ask, texts=texts, **more)
    await town.plan(Lane.ALERT if kind is Kind.ALERT else Lane.BULK)
    return made


def settings_with(town: Town, *senders: str) -> Settings:
    """Those of a town with these senders of SMS."""
    update = {
        "twilio_account_sid": "AC0", "twilio_auth_token": SecretStr("t"), "twilio_senders": senders,
    }  # fmt: skip
    return town.settings.model_copy(update=update)


async def code_of(town: Town, broadcast: UUID) -> str:
    (row,) = await town.rows("SELECT code FROM polls WHERE broadcast_id = %(id)s", id=broadcast)
    return str(row["code"])


async def ballots(town: Town, broadcast: UUID) -> list[tuple[int, list[int]]]:
    rows = await town.rows(
        "SELECT question, choices FROM ballots WHERE broadcast_id = %(id)s ORDER BY question, name",
        id=broadcast,
    )
    return [(row["question"], row["choices"]) for row in rows]


@pytest.fixture
async def group(town: Town) -> int:
    return await town.group("town")


@pytest.fixture
async def anna(town: Town, group: int) -> UUID:
    return await town.resident(group, phone=PHONE)


async def test_a_digit_is_counted_and_not_kept(town: Town, anna: UUID) -> None:
    asked = await poll(town, PARK)

    (said,) = await Texter(town).text("2")

    assert said.startswith("Musterstadt: Danke, Ihre Antwort zählt. Beleg: ")
    assert await ballots(town, asked) == [(1, [2])]
    (kept,) = await town.rows("SELECT * FROM inbound")
    assert (kept["body"], kept["word"], kept["say"]) == ("", "answer", "counted")
    assert kept["handled_at"] is not None
    (voter,) = await town.rows("SELECT * FROM voters WHERE resident_id = %(id)s", id=anna)
    assert (voter["answered"], voter["how"]) == ([1], "sms")
    assert voter["receipt"] in said


async def test_nothing_in_the_database_ties_a_secret_answer_to_its_resident(
    town: Town, anna: UUID
) -> None:
    asked = await poll(town, PARK)
    await Texter(town).text("3")

    (ballot,) = await town.rows("SELECT * FROM ballots WHERE broadcast_id = %(id)s", id=asked)
    (row,) = await town.rows("SELECT key FROM polls WHERE broadcast_id = %(id)s", id=asked)

    assert ballot["resident_id"] is None
    assert ballot["name"] == voting.ballot_name(row["key"], anna)
    notes = await town.rows("SELECT data FROM notes")
    assert all("Park" not in str(note["data"]) for note in notes)


async def test_a_named_answer_bears_the_resident(town: Town, anna: UUID) -> None:
    asked = await poll(town, PARK, secret=False)
    await Texter(town).text("1")

    (ballot,) = await town.rows("SELECT * FROM ballots WHERE broadcast_id = %(id)s", id=asked)

    assert ballot["resident_id"] == anna


async def test_the_last_answer_counts_and_says_so(town: Town, anna: UUID) -> None:
    asked = await poll(town, PARK)
    texter = Texter(town)
    (first,) = await texter.text("1")
    (then,) = await texter.text("3")

    assert "Ihre neue Antwort zählt" in then
    assert first.split("Beleg: ")[1][:8] == then.split("Beleg: ")[1][:8]
    assert await ballots(town, asked) == [(1, [3])]


async def test_one_question_after_the_other(town: Town, anna: UUID) -> None:
    asked = await poll(town, PARK, WHEN, HOW)
    texter = Texter(town)

    (second,) = await texter.text("2")
    (third,) = await texter.text("1 2")
    (end,) = await texter.text("5")

    assert second == (
        "Musterstadt: Frage 2 von 3. Wann passt es Ihnen?\n1 Montag\n2 Freitag\n"
        "Antworten Sie mit den Ziffern, zum Beispiel: 1 2"
    )
    assert third.endswith("1 = schlecht\n5 = sehr gut\nAntworten Sie mit einer Zahl von 1 bis 5.")
    assert "Danke, Ihre Antworten zählen." in end
    assert await ballots(town, asked) == [(1, [2]), (2, [1, 2]), (3, [5])]


async def test_two_texts_at_once_are_two_answers_to_one_question(town: Town, anna: UUID) -> None:
    """Nobody has read the next question by then."""
    asked = await poll(town, PARK, HOW)
    texter = Texter(town)

    await texter.take(texter.message("1"), texter.message("2"))
    assert await ballots(town, asked) == [(1, [2])]

    assert all("Frage 2 von 2" in said for said in await texter.answers())
    (end,) = await texter.text("5")
    assert "Ihre Antworten zählen" in end
    assert await ballots(town, asked) == [(1, [2]), (2, [5])]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_a_text_found_late_answers_what_was_asked_when_it_was_sent(
    town: Town, anna: UUID, order: tuple[int, int]
) -> None:
    asked = await poll(town, PARK, HOW)
    await town.change("UPDATE polls SET opened_at = now() - interval '1 hour'")
    texter = Texter(town)
    now = clock.now()
    sent = [
        texter.message(body, at=now - timedelta(minutes=ago)) for body, ago in (("1", 9), ("3", 5))
    ]

    for number in order:
        await texter.take(sent[number], how=inbound.PULL)
        await texter.answers()

    assert await ballots(town, asked) == [(1, [3])]
    await texter.text("4")
    assert await ballots(town, asked) == [(1, [3]), (2, [4])]


async def test_who_begins_anew_in_the_same_batch_begins_with_the_first_question(
    town: Town, anna: UUID
) -> None:
    asked = await poll(town, PARK, HOW)
    texter = Texter(town)
    await texter.text("1")

    await texter.take(*(texter.message(body) for body in ("4", "neu", "3")))
    await texter.answers()
    await texter.text("5")

    assert await ballots(town, asked) == [(1, [3]), (2, [5])]


async def test_all_of_it_may_be_answered_anew(town: Town, anna: UUID) -> None:
    asked = await poll(town, PARK, HOW)
    texter = Texter(town)
    for answer in ("1", "1"):
        await texter.text(answer)

    (first,) = await texter.text("Neu")
    (second,) = await texter.text("2")
    await texter.text("4")

    assert "Frage 1 von 2" in first
    assert "Frage 2 von 2" in second
    assert await ballots(town, asked) == [(1, [2]), (2, [4])]


async def test_the_same_webhook_twice_is_one_vote_and_one_answer(town: Town, anna: UUID) -> None:
    asked = await poll(town, PARK, HOW)
    texter = Texter(town)
    message = texter.message("2")

    await texter.take(message)
    again = await texter.take(message)
    pulled = await texter.take(message, how=inbound.PULL)

    assert (again.new, pulled.new) == (0, 0)
    assert await ballots(town, asked) == [(1, [2])]
    assert len(await texter.answers()) == 1


async def test_the_later_text_counts_in_whatever_order_they_reach_us(
    town: Town, anna: UUID
) -> None:
    asked = await poll(town, PARK)
    await town.change("UPDATE polls SET opened_at = now() - interval '1 hour'")
    texter = Texter(town)

    await texter.text("3", ago=timedelta(minutes=5))
    await texter.text("1", ago=timedelta(minutes=9))

    assert await ballots(town, asked) == [(1, [3])]


async def test_of_two_open_polls_the_latest_asked_is_meant(town: Town, anna: UUID) -> None:
    first = await poll(town, PARK)
    second = await poll(town, HOW)
    texter = Texter(town)

    (of_second,) = await texter.text("3")
    (of_first,) = await texter.text(f"{await code_of(town, first)} 1")

    assert of_second.startswith(f"Musterstadt, Umfrage {await code_of(town, second)}: Danke")
    assert of_first.startswith(f"Musterstadt, Umfrage {await code_of(town, first)}: Danke")

    assert await ballots(town, second) == [(1, [3])]
    assert await ballots(town, first) == [(1, [1])]
    # Having answered the first by its code does not make it the latest asked.
    await texter.text("4")
    assert await ballots(town, second) == [(1, [4])]


async def test_who_writes_a_code_is_told_to_write_it_again(town: Town, anna: UUID) -> None:
    first, second = await poll(town, PARK), await poll(town, HOW)
    code = await code_of(town, first)
    texter = Texter(town)

    (unclear,) = await texter.text(f"{code} weiß nicht")
    (counted,) = await texter.text(f"{code} 1")
    plain = [said for body in ("hm", "3") for said in await texter.text(body)]
    await town.change("UPDATE polls SET closed_at = now() WHERE broadcast_id = %(id)s", id=second)
    (alone,) = await texter.text(f"{code} 2")

    assert f"Schreiben Sie {code} davor. Antworten Sie mit der Ziffer. 1 Altstadt" in unclear
    assert counted.endswith(f", mit {code} davor.")
    assert not any("davor" in said for said in (*plain, alone))


async def test_an_option_that_is_spelled_like_the_code_can_be_texted(
    town: Town, anna: UUID
) -> None:
    asked = await poll(town, choice("Welcher Bus?", "M4", "K7", "X9"))
    await town.change("UPDATE polls SET code = 'M4'")
    texter = Texter(town)

    await texter.text("m4")
    assert await ballots(town, asked) == [(1, [1])]
    await texter.text("M4 K7")
    assert await ballots(town, asked) == [(1, [2])]


async def test_a_wrong_answer_is_helped_once_then_sent_to_the_page_then_left_to_people(
    town: Town, anna: UUID
) -> None:
    asked = await poll(town, PARK)
    texter = Texter(town)

    (first,) = await texter.text("weiß nicht")
    (second,) = await texter.text("keine Ahnung, ehrlich")
    (third,) = await texter.text("na gut")
    fourth = await texter.text("hm")

    assert "Antworten Sie mit der Ziffer. 1 Altstadt, 2 Neustadt, 3 Park" in first
    assert "/answer/" in second
    assert "Sie wird gelesen" in third
    assert fourth == []
    assert await ballots(town, asked) == []
    kept = await town.rows("SELECT body FROM inbound WHERE handled_at IS NULL ORDER BY id")
    assert [row["body"] for row in kept] == [
        "weiß nicht", "keine Ahnung, ehrlich", "na gut", "hm"
    ]  # fmt: skip
    (counted,) = await texter.text("2")
    assert "Ihre Antwort zählt" in counted


async def test_how_to_answer_is_told_apart_from_the_options(town: Town, anna: UUID) -> None:
    await poll(town, WHEN)

    (said,) = await Texter(town).text("weiß nicht")

    assert said.endswith("zum Beispiel: 1 2. 1 Montag, 2 Freitag")


async def test_a_machine_is_not_written_to(town: Town, anna: UUID) -> None:
    await poll(town, PARK)

    assert await Texter(town).text("Automatische Antwort: Ich fahre gerade.") == []


async def test_who_is_late_is_told_and_not_counted(town: Town, anna: UUID) -> None:
    asked = await poll(town, PARK)
    await town.change("UPDATE polls SET close_at = now() - interval '1 minute'")

    (said,) = await Texter(town).text("2")

    assert "Die Zeit zum Antworten ist vorbei" in said
    assert await ballots(town, asked) == []
    (kept,) = await town.rows("SELECT body FROM inbound")
    assert kept["body"] == ""


async def test_who_is_late_for_the_latest_does_not_answer_another_by_it(
    town: Town, anna: UUID
) -> None:
    first = await poll(town, PARK)
    second = await poll(town, HOW)
    texter = Texter(town)
    close = "UPDATE polls SET close_at = now() - interval '%s hours' WHERE broadcast_id = %%(id)s"
    await town.change(close % 3, id=second)

    (said,) = await texter.text("2")
    assert said.startswith(f"Musterstadt, Umfrage {await code_of(town, second)}: Die Zeit")
    assert await ballots(town, first) == []
    # What answers only the other is meant for it, and so is what has its code.
    (said,) = await texter.text("Altstadt")
    assert "Ihre Antwort zählt" in said
    await texter.text(f"{await code_of(town, first)} 3")
    assert await ballots(town, first) == [(1, [3])]
    # A day later nobody looks at it any more.
    await town.change(close % 25, id=second)
    await texter.text("2")
    assert await ballots(town, first) == [(1, [2])]


async def test_what_was_sent_in_time_and_found_late_counts(town: Town, anna: UUID) -> None:
    asked = await poll(town, PARK)
    await town.change("UPDATE polls SET close_at = now() - interval '1 minute'")

    await Texter(town).text("2", ago=timedelta(minutes=3))

    assert await ballots(town, asked) == [(1, [2])]


@pytest.mark.parametrize("word", ["STOP", "Stopp", "stop bitte", "Abmelden", "STOP 1", "1 Stop"])
async def test_stop_beats_everything(town: Town, anna: UUID, word: str) -> None:
    asked = await poll(town, choice("Wie weiter?", "Den Bau stoppen", "Weiter"))
    texter = Texter(town)

    await texter.text(word)

    assert await ballots(town, asked) == []
    assert await town.rows("SELECT FROM suppressions WHERE reason = 'opted_out'")


@pytest.mark.parametrize("word", ["ja", "YES"])
async def test_yes_is_an_answer_but_of_who_has_stopped(town: Town, group: int, word: str) -> None:
    await town.resident(group, phone=PHONE)
    yes_no = Question(
        Shape.SINGLE,
        {"de": Wording("Sind Sie dafür?", ("Ja", "Nein")), "en": Wording("Yes?", ("Yes", "No"))},
    )
    asked = await poll(town, yes_no)
    texter = Texter(town)

    await texter.text(word, heeded="start" if word == "YES" else None)
    assert await ballots(town, asked) == [(1, [1])]

    await texter.text("STOP")
    await texter.text(word)

    assert not await town.rows("SELECT FROM suppressions WHERE reason = 'opted_out'")
    assert len(await ballots(town, asked)) == 1


async def test_who_has_stopped_is_told_nothing_and_their_answer_counts(
    town: Town, anna: UUID
) -> None:
    asked = await poll(town, PARK)
    texter = Texter(town)
    await texter.text("Stopp")

    said = [await texter.text(body) for body in ("2", "Altsadt", "3")]

    assert said == [[], [], []]
    assert await ballots(town, asked) == [(1, [3])]
    await texter.text("START")
    assert "Ihre neue Antwort" in (await texter.text("1"))[0]


@pytest.mark.parametrize("together", [False, True])
async def test_no_question_is_put_to_who_has_stopped(
    town: Town, anna: UUID, *, together: bool
) -> None:
    """What they text then changes the answer to the question that they have seen."""
    asked = await poll(town, PARK, WHEN)
    texter = Texter(town)
    now = clock.now()
    stop, first, second = (
        texter.message(body, at=now + timedelta(seconds=place - 9))
        for place, body in enumerate(["Stopp", "2", "1"])
    )
    for batch in [[stop, first], [second]] if together else [[stop], [first], [second]]:
        await texter.take(*batch)

    assert await ballots(town, asked) == [(1, [1])]
    (voter,) = await town.rows("SELECT question, answered FROM voters")
    assert voter == {"question": 1, "answered": [1]}
    await texter.text("START")
    assert "Frage 2 von 2" in (await texter.text("3"))[-1]
    await texter.text("2")
    assert await ballots(town, asked) == [(1, [3]), (2, [2])]


async def test_who_has_stopped_and_calls_for_help_is_answered(town: Town, anna: UUID) -> None:
    await poll(town, SAFE, kind=Kind.ALERT, secret=False, urgent=2)
    texter = Texter(town)
    await texter.text("Stopp")

    assert "Rufen Sie sofort 112" in (await texter.text("2"))[0]


async def test_keywords_and_codes_are_what_they_are(town: Town, anna: UUID) -> None:
    asked = await poll(town, PARK)
    texter = Texter(town)

    (said,) = await texter.text("Liste")

    assert "Sie folgen" in said
    assert await ballots(town, asked) == []


async def test_who_is_not_asked_does_not_answer(town: Town, anna: UUID) -> None:
    other = await town.group("other")
    await town.resident(other, phone=OTHER)
    asked = await poll(town, PARK)

    await Texter(town, phone=OTHER).text("2")

    assert await ballots(town, asked) == []
    (kept,) = await town.rows("SELECT body FROM inbound")
    assert kept["body"] == "2"


async def test_the_audience_is_frozen_when_it_opens(town: Town, group: int, anna: UUID) -> None:
    asked = await poll(town, PARK)
    await town.resident(group, phone=OTHER)
    await town.change("DELETE FROM subscriptions WHERE resident_id = %(id)s", id=anna)

    await Texter(town, phone=OTHER).text("2")
    await Texter(town).text("3")

    assert await ballots(town, asked) == [(1, [3])]


@pytest.mark.parametrize("kind", [Kind.POLL, Kind.ALERT])
async def test_a_question_goes_by_a_sender_that_can_receive_and_at_its_rate(
    town: Town, group: int, kind: Kind
) -> None:
    for n in range(20):
        await town.resident(group, phone=f"+49151123450{n:02}", alerts=["sms"])
    await poll(town, SAFE, kind=kind, secret=False)
    name, number = MemoryChannel[Sms]("name"), MemoryChannel[Sms]("number")
    lane = Lane.ALERT if kind is Kind.ALERT else Lane.BULK
    pump = await town.pump(name, number, channel=Channel.SMS, lane=lane, rate=2.0, deaf=["name"])

    working = asyncio.create_task(pump.round())
    await asyncio.sleep(0.7)  # it has claimed what it may, and waits for the rate
    claimed = await town.rows("SELECT sender, count(*) AS n FROM attempts GROUP BY sender")
    busy = await town.rows("SELECT name FROM senders WHERE free_at > now()")
    pump.stop()
    await working

    assert [row["sender"] for row in claimed] == ["number"]
    assert claimed[0]["n"] <= 10
    assert not name.taken
    assert {sms.origin for sms in number.taken} == {None}
    assert [row["name"] for row in busy] == ["number"]


async def test_news_by_a_name_and_a_question_by_a_number_take_turns(
    town: Town, group: int, anna: UUID
) -> None:
    await town.resident(group, phone=OTHER)
    news = await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    asked = await poll(town, PARK)
    name, number = MemoryChannel[Sms]("name"), MemoryChannel[Sms]("number")
    pump = await town.pump(name, number, channel=Channel.SMS, lane=Lane.BULK, deaf=["name"])

    assert await pump.round()
    assert await pump.round()
    assert not await pump.round()

    rows = await town.rows(
        "SELECT DISTINCT d.broadcast_id, t.sender FROM attempts t"
        " JOIN deliveries d ON d.id = t.delivery_id"
    )
    assert {row["broadcast_id"]: row["sender"] for row in rows} == {news: "name", asked: "number"}
    assert (len(name.taken), len(number.taken)) == (2, 2)


async def test_the_next_question_goes_by_a_sender_that_can_receive_and_a_code_by_any(
    town: Town, anna: UUID
) -> None:
    await poll(town, PARK, WHEN)
    texter = Texter(town)
    await texter.take(texter.message("2"))
    await sent(town, await newcomer(town, phone=OTHER))
    name, number = MemoryChannel[Sms]("name"), MemoryChannel[Sms]("number")
    pump = await town.pump(name, number, channel=Channel.SMS, lane=Lane.NOTE, deaf=["name"])

    while await pump.round():
        pass

    assert [(sms.to, sms.origin) for sms in number.taken] == [(PHONE, OURS)]
    assert [(sms.to, sms.origin) for sms in name.taken] == [(OTHER, None)]


@pytest.mark.parametrize("news_wait", [False, True])
async def test_a_question_waits_for_a_sender_that_can_receive(
    town: Town, anna: UUID, *, news_wait: bool
) -> None:
    """While only a name works: the news go on."""
    if news_wait:
        await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    await poll(town, PARK)
    name, number = MemoryChannel[Sms]("name"), MemoryChannel[Sms]("number")
    pump = await town.pump(name, number, channel=Channel.SMS, lane=Lane.BULK, deaf=["name"])
    await town.change("UPDATE senders SET stopped_at = now() WHERE name = 'number'")

    assert await pump.round() == news_wait
    assert not await pump.round()
    assert len(name.taken) == news_wait
    await town.change("UPDATE senders SET stopped_at = NULL")
    assert await pump.round()
    assert len(number.taken) == 1


async def test_a_warning_that_asks_waits_for_no_sender_that_can_receive(
    town: Town, anna: UUID
) -> None:
    await poll(town, SAFE, kind=Kind.ALERT, secret=False, urgent=2)
    name, number = MemoryChannel[Sms]("name"), MemoryChannel[Sms]("number")
    pump = await town.pump(name, number, channel=Channel.SMS, lane=Lane.ALERT, deaf=["name"])
    await town.change("UPDATE senders SET stopped_at = now() WHERE name = 'number'")

    assert await pump.round()

    assert len(name.taken) == 1


def test_a_sender_hears_where_it_is_a_number_or_a_service(town: Town) -> None:
    service = "MG" + "a" * 32
    some = settings_with(town, "Musterstadt@10", "+4915100000000@1", service, "MGladbach")

    senders = bootstrap.senders(some)[Channel.SMS]

    assert [sender.hears for sender in senders] == [False, True, True, False]


def test_a_name_that_begins_like_a_service_receives_nothing(town: Town) -> None:
    def deaf(*senders: str) -> bool:
        return not texting.can_receive(settings_with(town, *senders))

    assert deaf("MGladbach", "Rathaus@10")
    assert not deaf("MGladbach", "MG" + "a" * 32 + "@10")


@pytest.mark.parametrize("word", ["HILFE", "help", "Info"])
async def test_an_alert_that_asks_takes_a_cry_for_help(town: Town, anna: UUID, word: str) -> None:
    asked = await poll(town, SAFE, kind=Kind.ALERT, secret=False, urgent=2)

    (said,) = await Texter(town).text(word)

    assert "Rufen Sie sofort 112" in said
    assert await ballots(town, asked) == [(1, [2])]


@pytest.mark.parametrize(
    "text",
    [
        "Hilfe!! Wasser im Keller, Hauptstr. 5",
        "SOS",
        "wir brauchen dringend Hilfe",
        "Please help us",
        "Hilfe, wir können nicht raus",
        "Bin eingeklemmt",
        "Ich bin nicht in Sicherheit",
    ],
)
async def test_a_cry_for_help_counts_in_whatever_words_and_is_read_by_people(
    town: Town, anna: UUID, text: str
) -> None:
    asked = await poll(town, SAFE, kind=Kind.ALERT, secret=False, urgent=2)

    (said,) = await Texter(town).text(text)

    assert "Rufen Sie sofort 112" in said
    assert await ballots(town, asked) == [(1, [2])]
    (kept,) = await town.rows("SELECT body, handled_at FROM inbound")
    assert kept == {"body": text, "handled_at": None}


@pytest.mark.parametrize("text", ["Wir brauchen keine Hilfe", "no help needed thanks"])
async def test_who_needs_no_help_is_not_taken_for_who_does(
    town: Town, anna: UUID, text: str
) -> None:
    asked = await poll(town, SAFE, kind=Kind.ALERT, secret=False, urgent=2)

    await Texter(town).text(text)

    assert (1, [2]) not in await ballots(town, asked)


async def test_who_is_safe_is_told_how_to_call_for_help(town: Town, anna: UUID) -> None:
    await poll(town, SAFE, kind=Kind.ALERT, secret=False, urgent=2)

    (said,) = await Texter(town).text("1")

    assert said.endswith("Doch Hilfe nötig? Schreiben Sie 2.")


async def test_nobody_is_told_that_they_are_safe_who_did_not_say_so(town: Town, anna: UUID) -> None:
    question = choice("Sind Sie in Sicherheit?", "Ja", "Ich brauche Hilfe", "Ich weiß es nicht")
    asked = await poll(town, question, kind=Kind.ALERT, secret=False, urgent=2)
    texter = Texter(town)

    (said,) = await texter.text("3")
    assert "Ihre Antwort zählt" in said
    assert "in Sicherheit" not in said
    assert await ballots(town, asked) == [(1, [3])]
    assert "Rufen Sie sofort 112" in (await texter.text("2"))[0]


@pytest.mark.parametrize("word", ["2", "HILFE", "Hilfe, wir können nicht raus"])
async def test_who_needs_help_after_the_all_clear_still_comes_on_the_list(
    town: Town, anna: UUID, word: str
) -> None:
    asked = await poll(town, SAFE, kind=Kind.ALERT, secret=False, urgent=2)
    carrier = MemoryChannel[Sms]()
    await (await town.pump(carrier, channel=Channel.SMS)).round()
    await town.broadcast("town", follows=asked, relation=Relation.ALL_CLEAR)
    await town.plan()
    await Closer(town.db).round()

    assert "Rufen Sie sofort 112" in (await Texter(town).text(word))[-1]
    assert await ballots(town, asked) == [(1, [2])]


@pytest.mark.parametrize("others", [False, True])
async def test_who_asks_for_help_after_the_close_is_read_by_people(
    town: Town, group: int, anna: UUID, *, others: bool
) -> None:
    """Who is safe is told that it is over, and nobody needs to read it."""
    await town.resident(group, phone=OTHER)
    asked = await poll(town, SAFE, kind=Kind.ALERT, secret=False, urgent=2)
    await town.change("UPDATE polls SET close_at = now() - interval '1 minute'")
    texter = Texter(town)
    safe = [Texter(town, phone=OTHER).message("1")] if others else []

    await texter.take(texter.message("Brauche Hilfe!"), *safe)

    (said,) = await texter.answers()
    assert "vorbei" in said
    assert "112" in said
    assert await ballots(town, asked) == []
    waiting = await town.rows("SELECT body FROM inbound WHERE handled_at IS NULL")
    assert [row["body"] for row in waiting] == ["Brauche Hilfe!"]


async def test_the_digit_that_takes_a_cry_for_help_back_is_no_answer_to_a_poll(
    town: Town, anna: UUID
) -> None:
    """Although the poll was asked later."""
    alert = await poll(town, SAFE, kind=Kind.ALERT, secret=False, urgent=2)
    asked = await poll(town, PARK)
    texter = Texter(town)

    (said,) = await texter.text("HILFE")
    assert said.endswith("Schreiben Sie 1.")
    (safe,) = await texter.text("1")
    (back,) = await texter.text("2")

    assert "in Sicherheit" in safe
    assert "Rufen Sie sofort 112" in back
    assert await ballots(town, asked) == []
    await texter.text(f"{await code_of(town, asked)} 3")
    assert (await ballots(town, alert), await ballots(town, asked)) == ([(1, [2])], [(1, [3])])


@pytest.mark.parametrize(("kind", "waiting"), [(Kind.ALERT, ["Hilfe"]), (Kind.POLL, [])])
async def test_help_alone_after_a_warning_that_asked_waits_for_people(
    town: Town, anna: UUID, kind: Kind, waiting: list[str]
) -> None:
    more: dict[str, Any] = {"secret": False, "urgent": 2} if kind is Kind.ALERT else {}
    await poll(town, SAFE, kind=kind, **more)
    await town.change("UPDATE polls SET close_at = now() - interval '1 minute'")

    (said,) = await Texter(town).text("Hilfe")

    assert "112" in said
    left = await town.rows("SELECT body FROM inbound WHERE handled_at IS NULL")
    assert [row["body"] for row in left] == waiting


async def test_whoever_joins_while_an_alert_asks_may_answer(
    town: Town, group: int, anna: UUID
) -> None:
    asked = await poll(town, SAFE, kind=Kind.ALERT, secret=False, urgent=2)
    await town.resident(group, phone=OTHER)
    planner = Planner(town.db, lane=Lane.ALERT, settings=town.settings, channels=town.channels)
    await planner.plan_latecomers()

    await Texter(town, phone=OTHER).text("2")

    assert await ballots(town, asked) == [(1, [2])]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_one_resident_is_one_vote_however_texts_are_mixed(
    town: Town, data: st.DataObject
) -> None:
    """Texts, repeats of them and pulls in any order and batching: the last by the provider's time."""
    await town.change("TRUNCATE inbound, residents, groups, broadcasts CASCADE")
    group = await town.group("town")
    await town.resident(group, phone=PHONE)
    asked = await poll(town, PARK)
    now = clock.now()
    texter = Texter(town)
    answers = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=5))
    sent = [
        texter.message(str(n), at=now - timedelta(seconds=60 - place))
        for place, n in enumerate(answers)
    ]
    order = data.draw(st.permutations([*sent, *sent]))
    while order:
        size = data.draw(st.integers(1, len(order)))
        batch: list[Inbound] = []
        for message in order[:size]:
            if message not in batch:
                batch.append(message)
        await texter.take(*batch, how=data.draw(st.sampled_from([inbound.HOOK, inbound.PULL])))
        order = order[size:]

    assert await ballots(town, asked) == [(1, [answers[-1]])]


async def test_who_answers_several_long_polls_a_day_is_asked_to_the_end(
    town: Town, anna: UUID
) -> None:
    """Else an answer would be taken for one to a question that nobody saw."""
    texter = Texter(town)
    for _ in range(3):
        asked = await poll(town, PARK, PARK, PARK, PARK, HOW)
        pump = await town.pump(MemoryChannel[Sms](), channel=Channel.SMS, lane=Lane.BULK)
        await pump.round()
        for answer in ("1", "2", "3", "1"):
            (said,) = await texter.text(answer)
            assert "von 5" in said
        (said,) = await texter.text("5")
        assert "Ihre Antworten zählen" in said
        assert len(await ballots(town, asked)) == 5


async def test_whoever_was_asked_needs_no_budget_to_be_answered(town: Town, anna: UUID) -> None:
    """Else the second question would never be put to the thousands who answered the first."""
    town.settings = town.settings.model_copy(update={"sms_daily_budget": 0})
    await poll(town, PARK, HOW)
    texter = Texter(town)

    (second,) = await texter.text("2")
    (end,) = await texter.text("5")

    assert "Frage 2 von 2" in second
    assert "Ihre Antworten zählen" in end
    assert await texter.text("LISTE") == []
