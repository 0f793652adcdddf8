"""The look-up of a message whose hand-over was left open."""

import socket
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from channels.base import Failure, SenderDown, SenderStopped, TryAgain
from channels.receipts import Receipt, Report
from channels.sms import Found, TwilioSms
from tests.channels.twilio_double import NUMBER, Answer, channel, drop, gateway, hang, reply, taken

SINCE = datetime(2026, 1, 5, 9, 59, 59, 700_000, tzinfo=UTC)
OLD = "Sun, 04 Jan 2026 10:00:00 +0000"


def page(*records: dict[str, Any], following: str | None = None) -> Answer:
    return reply(200, {"messages": list(records), "next_page_uri": following, "page": 0})


async def find(sms: TwilioSms) -> Found | Failure | None:
    try:
        return await sms.find(to=NUMBER, body="Sturm", since=SINCE)
    except Failure as failure:
        return failure


async def test_a_message_that_was_taken_is_found_with_its_fate() -> None:
    record = taken(sid="SMx", status="undelivered", error_code=30005)

    async with gateway(page(record)) as twilio, channel(twilio.url) as sms:
        found = await find(sms)

    assert found == Found(
        "SMx",
        Receipt(
            provider="twilio",
            key="SMx:undelivered:30005",
            report=Report.FAILED,
            provider_id="SMx",
            reason="no_such_number",
            code="30005",
            gone=True,
            at=datetime(2026, 1, 5, 10, 0, 4, tzinfo=UTC),
        ),
    )
    asked = twilio.asked[0]
    assert asked.method == "GET"
    assert parse_qs(urlsplit(asked.target).query)["To"] == [NUMBER]


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(taken(body="Sturm "), id="another text"),
        pytest.param(taken(date_created=OLD), id="an older message"),
        pytest.param(taken(direction="inbound", status="received"), id="one they sent us"),
    ],
)
async def test_another_message_is_not_taken_for_ours(record: dict[str, Any]) -> None:
    async with gateway(page(record)) as twilio, channel(twilio.url) as sms:
        found = await find(sms)

    assert found is None


async def test_the_newest_of_several_is_found() -> None:
    older = taken(sid="SM1", date_created="Mon, 05 Jan 2026 10:00:00 +0000")
    newer = taken(sid="SM2", date_created="Mon, 05 Jan 2026 10:00:09 +0000")

    async with gateway(page(older, newer)) as twilio, channel(twilio.url) as sms:
        found = await find(sms)

    assert isinstance(found, Found)
    assert found.provider_id == "SM2"


async def test_a_message_that_is_still_queued_is_found_on_a_later_page() -> None:
    first = page(taken(date_created=OLD), following="/2010-04-01/more.json?Page=1&PageToken=a%2Bb")
    second = page(taken(sid="SM7", date_sent=None))

    async with gateway(first, second) as twilio, channel(twilio.url) as sms:
        found = await find(sms)

    assert isinstance(found, Found)
    assert found.provider_id == "SM7"
    assert twilio.asked[1].target == "/2010-04-01/more.json?Page=1&PageToken=a%2Bb"


@pytest.mark.parametrize(
    ("record", "outcome"),
    [
        pytest.param(taken(body="other"), TryAgain, id="recent ones to the end: cannot be told"),
        pytest.param(taken(date_created=OLD), type(None), id="older ones to the end: not there"),
    ],
)
async def test_an_endless_list_is_read_to_a_bound(
    record: dict[str, Any], outcome: type[object]
) -> None:
    async with gateway(page(record, following="/next.json")) as twilio, channel(twilio.url) as sms:
        found = await find(sms)

    assert type(found) is outcome
    assert len(twilio.asked) == 10


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        pytest.param(reply(401, {"code": 20003}), SenderStopped, "not_authorised", id="401"),
        pytest.param(reply(429, b"", Retry_After="4"), SenderDown, "throttled", id="429"),
        pytest.param(reply(400, {"code": 21211}), TryAgain, "look_up_failed", id="400"),
        pytest.param(reply(500, b""), TryAgain, "look_up_failed", id="500"),
        pytest.param(reply(302, b"", Location="/x"), TryAgain, "look_up_failed", id="redirect"),
        pytest.param(drop, TryAgain, "look_up_failed", id="dropped"),
        pytest.param(hang, TryAgain, "look_up_failed", id="silent"),
        pytest.param(reply(200, b"{"), TryAgain, "unreadable_answer", id="broken json"),
        pytest.param(reply(200, {"a": 1, "b": 2}), TryAgain, "unreadable_answer", id="no list"),
        pytest.param(page(taken(date_created=None)), TryAgain, "unreadable_answer", id="no date"),
        pytest.param(page(taken(status="lost")), TryAgain, "unreadable_answer", id="odd status"),
    ],
)
async def test_a_look_up_that_fails_says_so(
    answer: Answer, outcome: type[Failure], reason: str
) -> None:
    async with gateway(answer) as twilio, channel(twilio.url, limit=1.5) as sms:
        failure = await find(sms)

    assert type(failure) is outcome
    assert isinstance(failure, Failure)
    assert failure.reason == reason


async def test_a_look_up_with_nobody_there_takes_the_next_sender() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))

        async with channel(f"http://127.0.0.1:{free.getsockname()[1]}") as sms:
            failure = await find(sms)

    assert type(failure) is SenderDown


async def test_a_probe_asks_for_the_account_and_sends_nothing() -> None:
    async with gateway(page()) as twilio, channel(twilio.url) as sms:
        await sms.probe()

    assert [asked.method for asked in twilio.asked] == ["GET"]


async def test_a_probe_tells_of_wrong_credentials() -> None:
    refusal = reply(401, {"code": 20003, "message": "Authenticate", "status": 401})

    async with gateway(refusal) as twilio, channel(twilio.url) as sms:
        with pytest.raises(SenderStopped):
            await sms.probe()

    assert len(twilio.asked) == 1
