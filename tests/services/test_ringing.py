"""The daily test ring goes to everyone on duty, once, by the road of every message."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta

import pytest

from channels import segments
from channels.memory import MemoryChannel
from channels.messages import Email, Push, Sms
from channels.receipts import Receipt, Report
from notify.domain.words import Channel, Lane
from notify.services import receiving, ringing
from notify.settings import Settings
from tests.services.watched import DUTY, MAIL, PHONE, Watched
from tests.town import ALL, Town

MORNING = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)


async def _ring(
    town: Town, *, now: datetime = MORNING, channels: tuple[str, ...] = ALL
) -> list[int]:
    return await ringing.ring_of_the_day(
        town.db, DUTY, channels=channels, settings=town.settings, now=now
    )


async def _deliveries(town: Town) -> list[tuple[str, str, str]]:
    rows = await town.rows(
        "SELECT d.channel, d.lane, a.value FROM deliveries d JOIN addresses a"
        " ON a.id = d.address_id ORDER BY d.channel, a.value"
    )
    return [(row["channel"], row["lane"], row["value"]) for row in rows]


async def _results(town: Town) -> dict[str, tuple[str | None, str | None]]:
    rows = await town.rows("SELECT channel, result, reason FROM rings ORDER BY id")
    return {row["channel"]: (row["result"], row["reason"]) for row in rows}


async def _time_passes(town: Town) -> None:
    await town.change("UPDATE rings SET check_at = now()")


async def test_every_proven_address_of_who_is_on_duty_gets_it_and_nobody_else(town: Town) -> None:
    await town.resident(
        email=MAIL, phone=PHONE, push=["https://p.example/1", "https://p.example/2"]
    )
    await town.resident(email="john@example.org", phone="+4915187654321")

    await _ring(town)

    assert await _deliveries(town) == [
        ("email", "note", MAIL),
        ("push", "note", "https://p.example/1"),
        ("push", "note", "https://p.example/2"),
        ("sms", "note", PHONE),
    ]


async def test_it_goes_once_a_day_whatever_the_number_of_workers(town: Town) -> None:
    await Watched(town).officer()

    rung = await asyncio.gather(*(_ring(town) for _ in range(4)))
    again = await _ring(town, now=MORNING + timedelta(hours=5))
    tomorrow = await _ring(town, now=MORNING + timedelta(days=1))

    assert sorted(len(rings) for rings in rung) == [0, 0, 0, 3]
    assert again == []
    assert len(tomorrow) == 3
    assert len(await _deliveries(town)) == 6


async def test_it_waits_for_its_time_and_is_made_up_later_that_day(town: Town) -> None:
    await Watched(town).officer()

    early = await _ring(town, now=datetime(2026, 11, 26, 8, 59, tzinfo=UTC))
    late = await _ring(town, now=datetime(2026, 11, 26, 21, 0, tzinfo=UTC))

    assert early == []
    assert len(late) == 3
    days = await town.rows("SELECT DISTINCT day FROM rings")
    assert [row["day"] for row in days] == [date(2026, 11, 26)]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("UPDATE addresses SET state = 'unverified'", id="not proven"),
        pytest.param("UPDATE addresses SET state = 'gone'", id="gone"),
        pytest.param(
            "INSERT INTO suppressions (channel, hash, reason) SELECT channel, hash, 'bounced'"
            " FROM addresses",
            id="suppressed",
        ),
    ],
)
async def test_nobody_is_rung_at_an_address_that_may_not_be_used(town: Town, change: str) -> None:
    await town.resident(email=MAIL, phone=PHONE)
    await town.change(change)

    assert await _ring(town) == []
    assert await _deliveries(town) == []


async def test_who_comes_on_duty_later_that_day_is_still_rung(town: Town) -> None:
    nobody = await _ring(town)
    await Watched(town).officer()

    assert (nobody, len(await _ring(town))) == ([], 3)


async def test_only_open_channels_are_rung(town: Town) -> None:
    await Watched(town).officer()

    await _ring(town, channels=("sms",))

    assert [channel for channel, _, _ in await _deliveries(town)] == ["sms"]


async def test_by_hand_it_goes_at_once_and_again(town: Town) -> None:
    await Watched(town).officer()
    await _ring(town)

    first = await ringing.ring_by_hand(town.db, DUTY, channels=ALL)
    second = await ringing.ring_by_hand(town.db, DUTY, channels=ALL)

    assert (len(first), len(second)) == (3, 3)
    assert len(await _deliveries(town)) == 9


@pytest.mark.parametrize(
    ("language", "subject", "text", "body"),
    [
        pytest.param(
            "de", "Testnachricht, nichts zu tun", "Dies ist ein Test. Es besteht keine Gefahr",
            "Keine Gefahr, Sie müssen nichts tun.", id="German",
        ),
        pytest.param(
            "en", "Test ring, nothing to do", "This is a test. There is no danger",
            "No danger, nothing to do.", id="English",
        ),
    ],
)  # fmt: skip
async def test_it_says_that_it_is_a_test_on_every_channel(
    town: Town, language: str, subject: str, text: str, body: str
) -> None:
    await Watched(town).officer(language)
    await _ring(town)
    mails, texts, pushes = MemoryChannel[Email](), MemoryChannel[Sms](), MemoryChannel[Push]()

    for channel, carrier in (("email", mails), ("sms", texts), ("push", pushes)):
        pump = await town.pump(carrier, channel=Channel(channel), lane=Lane.NOTE)
        assert await pump.round()

    (mail,), (sms,), (push,) = mails.taken, texts.taken, pushes.taken
    assert mail.form.subject == subject
    assert text in mail.form.text
    assert text in mail.form.html
    assert mail.unsubscribe_url is None
    assert not mail.form.urgent
    assert sms.body.startswith("Musterstadt: ")
    assert sms.body.endswith(body)
    assert segments.measure(sms.body).segments == 1
    assert sms.validity is not None
    assert 3_500 < sms.validity <= 3_600
    shown = json.loads(push.payload)
    assert (shown["title"], shown["tag"], shown["kind"]) == (subject, "ring", "ring")
    assert shown["beacon"]
    assert push.topic == "ring"


async def test_with_a_long_name_its_sms_is_still_one_segment(
    town: Town, settings: Settings
) -> None:
    name = "Verbandsgemeinde Sankt Goar-Oberwesel am Mittelrhein mit allen Ortsteilen"
    town.settings = settings.model_copy(update={"town": name})
    texts = MemoryChannel[Sms]()
    await Watched(town).officer()
    await _ring(town)

    await (await town.pump(texts, channel=Channel.SMS, lane=Lane.NOTE)).round()

    (sms,) = texts.taken
    assert segments.measure(sms.body).segments == 1


async def test_receipts_prove_sms_and_push_and_a_mail_that_stays_away_itself(town: Town) -> None:
    await Watched(town).officer()
    await _ring(town)
    for channel in Channel:
        carrier = MemoryChannel[object](str(channel))
        await (await town.pump(carrier, channel=channel, lane=Lane.NOTE)).round()
    before = await ringing.check(town.db)
    attempts = await town.rows(
        "SELECT t.id, d.channel FROM attempts t JOIN deliveries d ON d.id = t.delivery_id"
        " WHERE d.channel <> 'email'"
    )
    for row in attempts:
        receipt = Receipt("twilio", row["channel"], Report.DELIVERED)
        await receiving.take(town.db, [(row["id"], receipt)])

    assert (before, await ringing.check(town.db)) == (0, 2)
    assert (await _results(town))["email"] == (None, None)
    await _time_passes(town)
    await ringing.check(town.db)
    assert await _results(town) == dict.fromkeys(ALL, ("ok", None))


async def test_a_phone_that_is_not_heard_of_and_a_mail_that_came_back_are_failures(
    town: Town,
) -> None:
    await Watched(town).officer()
    await _ring(town, channels=("email", "sms"))
    await town.change("UPDATE deliveries SET status = 'sent' WHERE channel = 'sms'")
    await town.change(
        "UPDATE deliveries SET status = 'failed', reason = 'no_mailbox' WHERE channel = 'email'"
    )

    await ringing.check(town.db)
    at_once = await _results(town)
    await _time_passes(town)
    await ringing.check(town.db)

    assert at_once == {"email": ("failed", "no_mailbox"), "sms": (None, None)}
    assert (await _results(town))["sms"] == ("silent", "sent")


async def test_a_ring_that_is_late_is_not_handed_over_any_more(town: Town) -> None:
    await Watched(town).officer()
    await _ring(town, channels=("sms",))
    await town.change("UPDATE notes SET valid_until = now()")
    texts = MemoryChannel[Sms]()

    await (await town.pump(texts, channel=Channel.SMS, lane=Lane.NOTE)).round()
    await ringing.check(town.db)

    assert texts.taken == ()
    assert await _results(town) == {"sms": ("failed", "expired")}


async def test_the_report_by_hand_counts_a_mail_as_soon_as_it_is_handed_over(town: Town) -> None:
    await Watched(town).officer()
    rings = await ringing.ring_by_hand(town.db, DUTY, channels=ALL)
    out = await ringing.report(town.db, rings)
    for channel in Channel:
        carrier = MemoryChannel[object](str(channel))
        await (await town.pump(carrier, channel=channel, lane=Lane.NOTE)).round()

    sent = {str(one.channel): one for one in await ringing.report(town.db, rings)}

    assert [one.verdict for one in out] == [None] * 3
    assert sent["email"].verdict is not None
    assert sent["email"].verdict.result == "ok"
    assert sent["sms"].verdict is None
    assert dict(sent["sms"].counts) == {"sent": 1}
