"""Texts that came while nobody listened are read from the provider's list: all, once, by one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from channels.twilio_inbox import TwilioInbox
from notify.services import pulling
from notify.services.pulling import Puller
from notify.services.texts import Means
from notify.store.database import Row
from sandbox.gateway import Gateway
from sandbox.texts import Text
from tests.channels.twilio_double import Answer, reply
from tests.channels.twilio_double import gateway as answering
from tests.town import Town

OURS = "+4915100000000"
PHONE = "+4915112345678"
DAY = 86_400.0
REFUSAL = reply(500, {"code": 20500})


@pytest.fixture
async def twilio() -> AsyncIterator[Gateway]:
    async with Gateway() as gateway:
        yield gateway


@asynccontextmanager
async def pulling_from(town: Town, twilio: Gateway, *senders: str) -> AsyncIterator[Puller]:
    inbox = TwilioInbox(
        account_sid=twilio.account_sid, auth_token=twilio.auth_token,
        senders=senders or (OURS,), api_url=twilio.url,
    )  # fmt: skip
    try:
        yield Puller(town.db, Means(town.settings, town.keyring), inbox=inbox)
    finally:
        await inbox.close()


async def texted(twilio: Gateway, body: str, *, ago: float = 0.0, to: str = OURS) -> Text:
    text, _ = await twilio.receive(sender=PHONE, to=to, body=body)
    text.at -= ago
    text.sent_at = text.at
    return text


async def kept(town: Town) -> list[str]:
    return [row["body"] for row in await town.rows("SELECT body FROM inbound ORDER BY sent_at, id")]


async def claimed(town: Town, puller: Puller) -> Row:
    """What a puller has in hand before it asks for the first page."""
    await town.change(
        "INSERT INTO inbound_pulls (number, through) VALUES (%(number)s, now() - interval '1 h')",
        number=OURS,
    )
    puller._numbers = [OURS]
    row = await puller._claim()
    assert row is not None
    return row


async def due_now(town: Town) -> None:
    await town.change("UPDATE inbound_pulls SET due_at = now()")


async def test_what_was_texted_while_we_were_away_is_taken_in_once(
    town: Town, twilio: Gateway
) -> None:
    await texted(twilio, "Stopp", ago=2)
    await texted(twilio, "Wo ist der Sammelpunkt?")
    await texted(twilio, "für andere", to="+4915100000001")

    async with pulling_from(town, twilio) as puller:
        first = await puller.round()
        await due_now(town)
        second = await puller.round()

    assert (first, second) == (2, 0)
    assert await kept(town) == ["Stopp", "Wo ist der Sammelpunkt?"]
    assert len(await town.rows("SELECT 1 FROM suppressions WHERE reason = 'opted_out'")) == 1


async def test_a_long_list_is_read_to_its_end_over_several_turns(
    town: Town, twilio: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "PAGES", 2)
    for number in range(230):
        await texted(twilio, f"{number}", ago=1000.0 - number)

    async with pulling_from(town, twilio) as puller:
        turns = [await puller.round()]
        await texted(twilio, "neu")
        while turns[-1]:
            await due_now(town)
            turns.append(await puller.round())
        await due_now(town)
        last = await puller.round()

    assert turns[0] == 100
    assert sum(turns) + last == 231
    assert await kept(town) == [*map(str, range(230)), "neu"]


async def test_a_reading_that_was_cut_off_goes_on_where_it_was(
    town: Town, twilio: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "PAGES", 1)
    for number in range(120):
        await texted(twilio, f"{number}", ago=1000.0 - number)
    async with pulling_from(town, twilio) as puller:
        await puller.round()
    await town.change(
        "UPDATE inbound_pulls SET holder = gen_random_uuid(), held_until = now(), due_at = now()"
    )

    async with pulling_from(town, twilio) as another:
        news = [await another.round()]
        await due_now(town)
        news.append(await another.round())

    assert news == [50, 20]
    assert len(await kept(town)) == 120


async def test_a_mark_that_stood_for_long_does_not_bring_back_what_was_deleted(
    town: Town, twilio: Gateway
) -> None:
    await texted(twilio, "uralt", ago=91 * DAY)
    await texted(twilio, "alt", ago=80 * DAY)
    async with pulling_from(town, twilio) as puller:
        await puller.round()
        await town.change("UPDATE inbound_pulls SET through = now() - interval '200 days'")
        await due_now(town)
        await puller.round()

    assert await kept(town) == ["alt"]


async def test_one_reads_a_number_at_a_time(town: Town, twilio: Gateway) -> None:
    await texted(twilio, "Hallo")
    async with pulling_from(town, twilio) as one, pulling_from(town, twilio) as other:
        row = await claimed(town, one)

        assert await other.round() == 0

        assert one._inbox is not None
        assert await one._read(one._inbox, row) == 1


async def test_who_was_silent_for_too_long_keeps_nothing_under_another_s_feet(
    town: Town, twilio: Gateway
) -> None:
    await texted(twilio, "Hallo")
    async with pulling_from(town, twilio) as slow, pulling_from(town, twilio) as quick:
        row = await claimed(town, slow)
        await town.change("UPDATE inbound_pulls SET held_until = now()")
        await quick.round()
        await texted(twilio, "Noch etwas")
        assert slow._inbox is not None

        assert await slow._read(slow._inbox, row) == 0

    assert await kept(town) == ["Hallo"]
    (mark,) = await town.rows("SELECT holder, due_at > now() AS later FROM inbound_pulls")
    assert mark == {"holder": None, "later": True}


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        pytest.param(REFUSAL, 30, id="500"),
        pytest.param(reply(429, b"", Retry_After="120"), 120, id="throttled"),
        pytest.param(reply(429, b"", Retry_After="99999"), 600, id="sent away for a day"),
        pytest.param(reply(401, {"code": 20003}), 30, id="wrong token"),
        pytest.param(reply(200, b"{"), 30, id="garbage"),
    ],
)
async def test_a_provider_that_does_not_answer_is_asked_again_later(
    town: Town, answer: Answer, wait: float
) -> None:
    async with answering(answer) as double:
        inbox = TwilioInbox(
            account_sid="AC1", auth_token="x", senders=(OURS,), api_url=double.url, timeout=2.0
        )
        assert await Puller(town.db, Means(town.settings, town.keyring), inbox=inbox).round() == 0
        await inbox.close()

    (row,) = await town.rows("SELECT due_at, holder FROM inbound_pulls")
    assert row["holder"] is None
    assert abs((row["due_at"] - datetime.now(UTC)).total_seconds() - wait) < 15
    assert len(double.asked) == 1


async def test_a_messaging_service_has_all_numbers_of_the_account_read(
    town: Town, twilio: Gateway
) -> None:
    twilio.numbers = frozenset({OURS, "+4915100000001"})
    await texted(twilio, "an die andere", to="+4915100000001")

    async with pulling_from(town, twilio, "MG" + "0" * 32) as puller:
        assert await puller.round() == 1


async def test_only_a_list_that_was_read_to_its_end_counts_as_read(
    town: Town, twilio: Gateway
) -> None:
    async def ago(puller: Puller) -> float:
        await due_now(town)
        await town.change("UPDATE inbound_pulls SET read_at = now() - interval '1 h'")
        await puller.round()
        query = "SELECT extract(epoch FROM now() - read_at)::float AS ago FROM inbound_pulls"
        return float((await town.rows(query))[0]["ago"])

    async with pulling_from(town, twilio) as puller:
        await puller.round()
        read = await ago(puller)
        async with answering(REFUSAL) as double:
            inbox = TwilioInbox(
                account_sid="AC1", auth_token="x", senders=(OURS,), api_url=double.url
            )
            failed = await ago(Puller(town.db, Means(town.settings, town.keyring), inbox=inbox))
            await inbox.close()

    assert read < 60
    assert failed > 3_500


async def test_whoever_starts_looks_at_once_though_somebody_looked_just_before(
    town: Town, twilio: Gateway
) -> None:
    async with pulling_from(town, twilio) as before:
        await before.round()
    await texted(twilio, "STOP")

    async with pulling_from(town, twilio) as after:
        assert await after.round() == 1


async def test_texts_are_deleted_after_their_days_also_without_a_provider(town: Town) -> None:
    for number, days in enumerate((1, 89, 91, 400)):
        await town.change(
            "INSERT INTO inbound (provider, provider_id, sender, recipient, body, how, sent_at,"
            " received_at) VALUES ('twilio', %(id)s, 'a', 'b', %(id)s, 'hook', now(), %(at)s)",
            id=f"{number}", at=datetime.now(UTC) - timedelta(days=days),
        )  # fmt: skip

    assert await Puller(town.db, Means(town.settings, town.keyring), inbox=None).round() == 0

    assert await kept(town) == ["0", "1"]
