"""What residents text to us: kept once, and a single word heeded in the order it was said."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta

import pytest

from channels.inbound import Inbound
from channels.memory import MemoryChannel
from channels.messages import Sms
from notify.domain.words import Channel
from notify.services import inbound
from notify.services.texts import Means
from tests.town import Town

PHONE = "+4915112345678"
OURS = "+4915100000000"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def said(body: str, sid: str = "", *, at: int | None = 0, sender: str = PHONE) -> Inbound:
    """A text so many seconds after noon; None where the provider does not tell."""
    moment = None if at is None else NOON + timedelta(seconds=at)
    return Inbound("twilio", sid or f"SM-{body}-{at}", sender, OURS, body, moment)


def means(town: Town) -> Means:
    return Means(town.settings, town.keyring)


async def take(town: Town, *messages: Inbound, how: str = inbound.PULL) -> int:
    async with town.db.transaction() as connection:
        return (await inbound.take(connection, means(town), messages, how=how)).new


async def suppressed(town: Town, phone: str = PHONE) -> str | None:
    rows = await town.rows(
        "SELECT reason FROM suppressions WHERE channel = 'sms' AND hash = %(hash)s",
        hash=town.keyring.address_hash("sms", phone),
    )
    return rows[0]["reason"] if rows else None


async def suppress(town: Town, reason: str, *, code: str, at: datetime = NOON) -> None:
    await town.change(
        "INSERT INTO suppressions (channel, hash, reason, code, created_at)"
        " VALUES ('sms', %(hash)s, %(reason)s, %(code)s, %(at)s)",
        hash=town.keyring.address_hash("sms", PHONE), reason=reason, code=code, at=at,
    )  # fmt: skip


async def test_a_text_is_kept_once_however_often_and_by_which_way_it_comes(town: Town) -> None:
    hooked = said("Hallo", "SM1", at=None)

    news = [
        await take(town, hooked, how=inbound.HOOK),
        await take(town, hooked, how=inbound.HOOK),
        await take(town, said("Hallo", "SM1"), said("Hallo", "SM1")),
        await take(town, hooked, how=inbound.HOOK),
    ]

    assert news == [1, 0, 0, 0]
    (row,) = await town.rows("SELECT how, body, sent_at, handled_at FROM inbound")
    assert row == {"how": "hook", "body": "Hallo", "sent_at": NOON, "handled_at": None}
    assert await inbound.counts(town.db) == {"hook": 1, "pull": 0}


async def test_twenty_at_the_same_moment_are_one(town: Town) -> None:
    one = said("STOP", "SM1", at=None)

    news = await asyncio.gather(*(take(town, one, how=inbound.HOOK) for _ in range(20)))

    assert sum(news) == 1
    assert await suppressed(town) == "opted_out"


async def test_a_word_to_stop_ends_sms_for_what_is_planned_already(town: Town) -> None:
    group = await town.group()
    await town.resident(group, phone=PHONE, alerts=["sms"])
    await town.resident(group, phone="+4915112345679", alerts=["sms"])
    alert = await town.broadcast("town")
    await town.plan()
    carrier = MemoryChannel[Sms]()

    await take(town, said("Stopp!"))
    pump = await town.pump(carrier, channel=Channel.SMS)
    while await pump.round():
        pass

    assert [message.to for message in carrier.taken] == ["+4915112345679"]
    assert sorted(await town.statuses(alert)) == ["cancelled", "sent"]
    (row,) = await town.rows("SELECT reason FROM deliveries WHERE status = 'cancelled'")
    assert row["reason"] == "suppressed"


async def test_a_word_is_handled_and_anything_else_is_left_to_people(town: Town) -> None:
    await take(town, said("STOP"), said("Wann kommt das Wasser?"), said("JA"))

    rows = await town.rows("SELECT body, word FROM inbound WHERE handled_at IS NOT NULL")
    assert rows == [{"body": "STOP", "word": "stop"}]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize(
    ("words", "end"),
    [
        pytest.param(["STOP", "START", "Stopp"], "opted_out", id="stopped last"),
        pytest.param(["STOP", "Stopp", "START"], None, id="started last"),
    ],
)
async def test_the_last_word_counts_in_whatever_order_words_reach_us(
    town: Town, words: list[str], end: str | None, order: tuple[int, ...]
) -> None:
    for place in order:
        await take(town, said(words[place], f"SM{place}", at=place))

    assert await suppressed(town) == end


async def test_an_old_stop_that_is_pulled_does_not_undo_a_start_by_hook(town: Town) -> None:
    await take(town, said("START", "SM2", at=None), how=inbound.HOOK)

    await take(town, said("STOP", "SM1", at=0))

    assert await suppressed(town) is None


async def test_the_provider_s_time_corrects_the_order_that_a_slow_hook_gave(town: Town) -> None:
    await take(town, said("START", "SM2", at=None), how=inbound.HOOK)
    await take(town, said("STOP", "SM1", at=None), how=inbound.HOOK)
    before = await suppressed(town)

    await take(town, said("START", "SM2", at=5), said("STOP", "SM1", at=0))

    assert (before, await suppressed(town)) == ("opted_out", None)


async def test_a_text_that_cannot_be_done_takes_no_stop_with_it(town: Town) -> None:
    await town.group("kita")
    await town.change(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RAISE 'no room'; END $$;"
        " CREATE TRIGGER refuse BEFORE INSERT ON subscriptions EXECUTE FUNCTION refuse()"
    )

    new = await take(
        town, said("JOIN kita", at=0, sender="+4915187654321"), said("STOP", at=1)
    )  # fmt: skip

    assert new == 2
    assert await suppressed(town) == "opted_out"
    (left,) = await town.rows("SELECT sender FROM inbound WHERE handled_at IS NULL")
    assert left["sender"] == "+4915187654321"
    assert await town.rows("SELECT FROM residents r JOIN addresses a ON a.resident_id = r.id"
                           " WHERE a.value = '+4915187654321' AND a.live") == []  # fmt: skip


async def test_of_two_words_at_the_same_moment_the_later_counts(town: Town) -> None:
    async with town.db.transaction() as connection:
        stop = said("STOP", at=0)
        await inbound.take(connection, means(town), [stop], how=inbound.HOOK)
        start = asyncio.create_task(take(town, said("START", at=1)))
        await asyncio.sleep(0.3)  # it must wait, or it would not see the STOP

    await start

    assert await suppressed(town) is None


async def test_batches_of_words_in_opposite_orders_do_not_lock_each_other_out(town: Town) -> None:
    phones = [f"+49151123450{number:02}" for number in range(30)]
    stops = [said("STOP", f"A{phone}", at=0, sender=phone) for phone in phones]
    starts = [said("START", f"B{phone}", at=1, sender=phone) for phone in reversed(phones)]

    for _ in range(5):
        await asyncio.gather(take(town, *stops), take(town, *starts), take(town, *stops[::-1]))

    assert await town.rows("SELECT 1 FROM suppressions") == []


async def test_start_takes_back_what_the_provider_told_of_an_earlier_stop(town: Town) -> None:
    await suppress(town, "opted_out", code="21610")

    await take(town, said("START", at=60))

    assert await suppressed(town) is None


@pytest.mark.parametrize(
    ("reason", "code", "at"),
    [
        pytest.param("gone", "30005", NOON, id="a number that does not exist"),
        pytest.param("bounced", "x", NOON, id="bounced"),
        pytest.param("opted_out", "21610", NOON + timedelta(hours=1), id="a refusal since"),
    ],
)
async def test_start_leaves_every_other_suppression(
    town: Town, reason: str, code: str, at: datetime
) -> None:
    await suppress(town, reason, code=code, at=at)

    await take(town, said("START", at=60))

    assert await suppressed(town) == reason


@pytest.mark.parametrize("sender", ["Stadtwerke", "12345", "whatsapp:+4915112345678"])
async def test_only_a_phone_number_can_be_suppressed(town: Town, sender: str) -> None:
    assert await take(town, said("STOP", sender=sender)) == 1

    assert await town.rows("SELECT 1 FROM suppressions") == []
    (row,) = await town.rows("SELECT word, handled_at FROM inbound")
    assert row == {"word": None, "handled_at": None}
