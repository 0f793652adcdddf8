"""Somebody outside is told: by each way for itself, again after a failure, and never in a flood."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from channels.email import EmailChannel
from notify.domain.alarms import News, State, retry_after
from notify.services.telling import ByMail, ByWebhook, Teller
from notify.settings import Settings
from sandbox.relay import Relay
from sandbox.rules import Rules, read_rules
from tests.channels.push_double import PushService, push_service, status
from tests.services.watched import Ear, Watched
from tests.town import Town

SINCE = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
RING = News(
    "ring:sms", State.RAISED, {"channel": "sms", "result": "silent", "reason": "sent"}, SINCE
)
OVER = News("no_worker:alert", State.OVER, {"lane": "alert"}, SINCE, SINCE)


@pytest.fixture
async def hook() -> AsyncIterator[PushService]:
    async with push_service() as running:
        yield running


@pytest.fixture
async def watched(town: Town) -> Watched:
    """A town in which the alert lane has no worker, and an alarm that says so."""
    watched = Watched(town)
    await watched.officer()
    await watched.work("note", "bulk")
    await watched.raised()
    return watched


async def test_what_is_due_is_told_once(watched: Watched) -> None:
    ear = Ear()
    teller = Teller(watched.town.db, ear)

    await watched.tell(teller)
    await watched.tell(teller)

    assert ear.said == [("raised", "no_worker:alert")]
    (row,) = await watched.town.rows("SELECT told_at FROM alarms")
    assert row["told_at"] is not None


async def test_two_processes_tell_it_once(watched: Watched) -> None:
    ear = Ear()

    await asyncio.gather(*(watched.tell(Teller(watched.town.db, ear)) for _ in range(4)))

    assert ear.said == [("raised", "no_worker:alert")]


async def test_a_way_that_fails_is_tried_again_after_a_pause_and_holds_up_no_other(
    watched: Watched,
) -> None:
    mail, hook = Ear(), Ear(name="webhook", target="", together=1)
    mail.deaf = True
    by_mail, by_hook = Teller(watched.town.db, mail), Teller(watched.town.db, hook)

    await watched.tell(by_mail)
    await watched.tell(by_hook)
    await watched.tell(by_mail)
    tried_at_once = mail.tried
    mail.deaf = False
    await watched.later(retry_after(1))
    await watched.tell(by_mail)

    assert hook.said == [("raised", "no_worker:alert")]
    assert tried_at_once == 1
    assert mail.said == [("raised", "no_worker:alert")]


async def test_nobody_tries_for_longer_than_a_day(watched: Watched) -> None:
    ear = Ear()
    await watched.later(86_401)
    await watched.look()
    await watched.town.change("UPDATE tellings SET dropped_at = now() WHERE state <> 'raised'")

    await watched.tell(Teller(watched.town.db, ear))

    assert ear.said == []


async def test_there_is_no_flood_and_what_waited_is_told_together(watched: Watched) -> None:
    ear = Ear(an_hour=3)
    teller = Teller(watched.town.db, ear)
    for number in range(9):
        await watched.town.change(
            "WITH a AS (INSERT INTO alarms (key, level, facts, since) VALUES (%(key)s, 'alarm',"
            ' \'{"lane": "bulk"}\', now()) RETURNING id)'
            " INSERT INTO tellings (alarm_id, way, target, state)"
            " SELECT id, 'mail', 'it@example.org', 'raised' FROM a",
            key=f"no_worker:{number}",
        )
        await watched.tell(teller)
    within_the_hour = len(ear.heard)
    await watched.later(3_601)
    await watched.tell(teller)

    assert within_the_hour == 3
    assert [len(message) for message in ear.heard] == [2, 1, 1, 6]


async def test_a_mail_says_what_is_wrong_and_what_to_do(town: Town) -> None:
    async with Relay() as relay:
        carrier = EmailChannel(relay.url, connections=1)
        await ByMail(town.settings, carrier, "it@example.org").tell([OVER, RING])
        await ByMail(town.settings, carrier, "it@example.org").tell([RING])
        await carrier.close()

    both, one = relay.book.all()
    assert one.to == "it@example.org"
    assert one.subject == "Störung: Für die Testnachricht per SMS kam keine Bestätigung."
    assert "Seit Donnerstag, 26. November 2026, 10:00 Uhr" in one.text
    assert "notify ring" in one.text
    assert "notify ring" in one.html
    assert both.subject == "2 Meldungen zum Warnsystem"
    assert both.text.index("STÖRUNG") < both.text.index("BEHOBEN")
    assert one.message_id != both.message_id


async def test_a_mail_that_is_sent_again_is_known_by_its_id_and_a_reminder_is_another(
    town: Town,
) -> None:
    reminders = [replace(RING, state=State.REMINDER, ref=ref) for ref in "12"]
    async with Relay() as relay:
        carrier = EmailChannel(relay.url, connections=1)
        for news in (RING, RING, *reminders):
            await ByMail(town.settings, carrier, "it@example.org").tell([news])
        await carrier.close()

    first, again, *others = (mail.message_id for mail in relay.book.all())
    assert first == again
    assert len({first, *others}) == 3


async def test_english_towns_are_told_in_english(town: Town) -> None:
    settings = town.settings.model_copy(update={"languages": ("en", "de")})
    async with Relay() as relay:
        carrier = EmailChannel(relay.url, connections=1)
        await ByMail(settings, carrier, "it@example.org").tell([OVER])
        await carrier.close()

    (mail,) = relay.book.all()
    assert mail.subject == "Over: No worker was there to send warnings."


async def test_a_webhook_gets_json_without_addresses(town: Town, hook: PushService) -> None:
    way = ByWebhook(town.settings, f"{hook.origin}/hooks/x")

    await way.tell([RING])
    await way.tell([OVER])

    first, second = (json.loads(seen.body) for seen in hook.arrived)
    assert first == {
        "key": "ring:sms", "state": "raised", "reminder": False, "town": "Musterstadt",
        "since": "2026-11-26T09:00:00+00:00", "until": None,
        "what": "Für die Testnachricht per SMS kam keine Bestätigung. "
            "Der Anbieter hat sie angenommen und seitdem nichts gemeldet.",
        "todo": "Fragen Sie die Diensthabenden, ob die Nachricht ankam, sehen Sie beim Anbieter nach und "
        "wiederholen Sie sie: notify ring",
    }  # fmt: skip
    assert (second["state"], second["until"]) == ("over", "2026-11-26T09:00:00+00:00")
    assert not any("@" in seen.body.decode() for seen in hook.arrived)


async def test_a_webhook_that_refuses_hears_of_it_later(
    watched: Watched, hook: PushService
) -> None:
    hook.answer = status(500)
    teller = Teller(watched.town.db, ByWebhook(watched.town.settings, hook.origin))
    await watched.tell(teller)
    hook.answer = status(204)
    await watched.later(retry_after(1))
    await watched.tell(teller)
    await watched.tell(teller)

    assert [json.loads(seen.body)["key"] for seen in hook.arrived] == ["no_worker:alert"] * 2


async def test_a_relay_that_is_away_is_tried_again(watched: Watched, settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        away = EmailChannel(f"smtp://127.0.0.1:{taken.getsockname()[1]}?tls=none", connections=1)
        await watched.tell(Teller(watched.town.db, ByMail(settings, away, "it@example.org")))
        await away.close()
    await watched.later(retry_after(1))
    async with Relay() as relay:
        back = EmailChannel(relay.url, connections=1)
        await watched.tell(Teller(watched.town.db, ByMail(settings, back, "it@example.org")))
        await back.close()

    (mail,) = relay.book.all()
    assert mail.subject == "Störung: Es läuft kein Worker, der Warnungen sendet."


async def test_a_relay_that_hangs_is_left(settings: Settings) -> None:
    hangs = Rules(read_rules('[{"channel": "email", "do": "hang", "at": "rcpt", "seconds": 60}]'))
    async with Relay(hangs) as relay:
        carrier = EmailChannel(relay.url, connections=1, timeout=0.5)
        teller = Teller(None, ByMail(settings, carrier, "it@example.org"))  # type: ignore[arg-type]
        teller.keep(RING, now=0)
        async with asyncio.timeout(5):
            assert await teller.tell_kept(now=0)
        await carrier.close()

    assert len(relay.book) == 0


def _kept(ear: Ear) -> Teller:
    return Teller(None, ear)  # type: ignore[arg-type]  # never asks the database


async def test_without_a_database_it_is_told_from_memory_and_tried_again() -> None:
    ear = Ear()
    teller = _kept(ear)
    ear.deaf = True
    teller.keep(RING, now=0)

    await teller.tell_kept(now=0)
    ear.deaf = False
    assert not await teller.tell_kept(now=retry_after(1) - 1)
    assert await teller.tell_kept(now=retry_after(1))
    assert not await teller.tell_kept(now=10_000)

    assert ear.said == [("raised", "ring:sms")]


async def test_what_is_kept_in_memory_is_bounded_and_ends_with_its_own_over() -> None:
    ear = Ear(an_hour=2, together=1)
    teller = _kept(ear)
    for number in range(4):
        teller.keep(News(f"x:{number}", State.RAISED, {}, SINCE), now=0)
        await teller.tell_kept(now=0)
    teller.keep(News("x:3", State.OVER, {}, SINCE, SINCE), now=1)
    assert ear.said == [("raised", "x:0"), ("raised", "x:1")]

    while await teller.tell_kept(now=100):
        pass
    assert len(ear.heard) == 2
    while await teller.tell_kept(now=3_601):
        pass

    assert ear.said[2:] == [("raised", "x:2"), ("over", "x:3")]
