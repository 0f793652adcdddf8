"""Texts to our numbers: as Twilio posts them, and as it lists them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from channels.base import Failure, SenderDown, SenderStopped, TryAgain
from channels.inbound import Inbound
from channels.twilio_http import LARGEST_ANSWER
from channels.twilio_inbox import TwilioInbox, parse
from tests.channels.twilio_double import (
    ACCOUNT,
    NUMBER,
    SENDER,
    TOKEN,
    Answer,
    drop,
    gateway,
    hang,
    reply,
    taken,
)

SINCE = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SERVICE = "MG" + "0" * 32


@asynccontextmanager
async def inbox(url: str, *senders: str, limit: float = 5.0) -> AsyncIterator[TwilioInbox]:
    box = TwilioInbox(
        account_sid=ACCOUNT, auth_token=TOKEN, senders=senders or (SENDER,), api_url=url,
        timeout=limit,
    )  # fmt: skip
    try:
        yield box
    finally:
        await box.close()


def text(sid: str = "SM1", **more: Any) -> dict[str, Any]:
    return taken(
        **{
            "sid": sid, "status": "received", "direction": "inbound", "from": NUMBER,
            "to": SENDER, "body": "Stopp", "date_sent": "Mon, 05 Jan 2026 10:00:00 +0000",
        } | more
    )  # fmt: skip


def listed(*records: dict[str, Any], following: str | None = None) -> Answer:
    return reply(200, {"messages": list(records), "next_page_uri": following})


def form(**changes: str) -> list[tuple[str, str]]:
    fields = {"MessageSid": "SM1", "From": NUMBER, "To": SENDER, "Body": "Stopp"} | changes
    return list(fields.items())


async def look(box: TwilioInbox) -> object:
    try:
        return await box.page(SENDER, since=SINCE)
    except Failure as failure:
        return failure


def test_a_posted_text_is_read_whole() -> None:
    assert parse(form(Body=" Stopp ü\n")) == Inbound(
        provider="twilio", provider_id="SM1", sender=NUMBER, recipient=SENDER, body=" Stopp ü\n"
    )


def test_what_no_table_can_hold_is_left_out_of_a_text() -> None:
    read = parse(form(Body="a\0b\ud800" + "c" * 9_000))

    assert read.body.startswith("ab?c")
    assert len(read.body) == 5_000


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"MessageSid": ""}, "MessageSid", id="no id"),
        pytest.param({"MessageSid": "a b"}, "MessageSid", id="odd id"),
        pytest.param({"From": ""}, "From", id="from nobody"),
        pytest.param({"From": "x" * 200}, "From", id="from a novel"),
        pytest.param({"To": ""}, "To", id="to nobody"),
        pytest.param({"From": "+49\0151"}, "From", id="from a null"),
        pytest.param({"From": "a\ud800b"}, "From", id="from half a sign"),
        pytest.param({"To": "a\x1b[2Jb"}, "To", id="to a terminal"),
    ],
)
def test_a_broken_text_is_refused_by_the_name_of_its_field(
    changes: dict[str, str], field: str
) -> None:
    with pytest.raises(ValueError, match=field):
        parse(form(**changes))


async def test_a_list_is_asked_for_by_number_and_day_and_read_with_its_times() -> None:
    following = "/2010-04-01/Accounts/x/Messages.json?Page=1&PageToken=a%2Bb"
    pages = [listed(text(), following=following), listed()]

    async with gateway(*pages) as twilio, inbox(twilio.url) as box:
        page = await box.page(SENDER, since=SINCE)
        await box.page(SENDER, since=SINCE, at=page.following)

    moment = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
    assert page.messages == (Inbound("twilio", "SM1", NUMBER, SENDER, "Stopp", moment),)
    assert page.oldest == moment
    asked = parse_qs(urlsplit(twilio.asked[0].target).query)
    assert (asked["To"], asked["DateSent>"]) == ([SENDER], ["2026-01-05"])
    assert twilio.asked[1].target == following


async def test_one_record_that_cannot_be_read_does_not_hide_the_others() -> None:
    records = [
        text("SM1"), text("", body="x"), text("SM3", date_sent=None, date_created=None),
        text("SM4", body=None), taken(sid="SM5"), text("SM6", **{"from": None}),
        text("SM7", **{"from": "+49\0151"}), text("SM8", to="a\ud800b"),
    ]  # fmt: skip

    async with gateway(listed(*records)) as twilio, inbox(twilio.url) as box:
        page = await box.page(SENDER, since=SINCE)

    assert [message.provider_id for message in page.messages] == ["SM1", "SM4"]
    assert page.unreadable == 5


async def test_a_page_of_the_longest_texts_can_be_read() -> None:
    records = [text(f"SM{n}", body="😀" * 800) for n in range(50)]

    async with gateway(listed(*records)) as twilio, inbox(twilio.url) as box:
        page = await box.page(SENDER, since=SINCE)

    assert len(page.messages) == 50
    assert 50 * 800 * len(r"\ud83d\ude00") < LARGEST_ANSWER


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        pytest.param(reply(401, {"code": 20003}), SenderStopped, "not_authorised", id="401"),
        pytest.param(reply(429, b"", Retry_After="4"), SenderDown, "throttled", id="429"),
        pytest.param(reply(500, {"code": 20500}), TryAgain, "provider_error", id="500"),
        pytest.param(drop, TryAgain, "disconnected", id="dropped"),
        pytest.param(hang, TryAgain, "timed_out", id="silent"),
        pytest.param(reply(200, b"{"), TryAgain, "unreadable_answer", id="broken json"),
        pytest.param(reply(200, b"[]"), TryAgain, "unreadable_answer", id="another shape"),
        pytest.param(
            reply(200, {"messages": 7, "uri": ""}), TryAgain, "unreadable_answer", id="no list"
        ),
    ],
)
async def test_a_list_that_cannot_be_had_says_why(
    answer: Answer, outcome: type[Failure], reason: str
) -> None:
    async with gateway(answer) as twilio, inbox(twilio.url, limit=1.0) as box:
        failed = await look(box)

    assert type(failed) is outcome
    assert getattr(failed, "reason", "") == reason


async def test_the_numbers_among_the_senders_are_read_without_asking() -> None:
    async with gateway(listed()) as twilio, inbox(twilio.url, SENDER, "Musterstadt") as box:
        assert await box.numbers() == [SENDER]

    assert twilio.asked == []


async def test_a_messaging_service_has_every_number_of_the_account_read() -> None:
    owned = [{"sid": "PN1", "phone_number": "+4915100000002"}, {"phone_number": SENDER}]
    answer = reply(200, {"incoming_phone_numbers": owned, "next_page_uri": None})

    async with gateway(answer) as twilio, inbox(twilio.url, SENDER, SERVICE) as box:
        assert await box.numbers() == [SENDER, "+4915100000002"]

    assert "/IncomingPhoneNumbers.json" in twilio.asked[0].target


@pytest.mark.parametrize(
    ("told", "heeded"),
    [("STOP", "stop"), ("START", "start"), ("HELP", "help"), ("stop", "stop"), ("", None),
     ("MAYBE", None)],
)  # fmt: skip
def test_what_twilio_did_by_itself_is_read(told: str, heeded: str | None) -> None:
    assert parse(form(OptOutType=told)).heeded == heeded
    assert parse(form()).heeded is None


@pytest.mark.parametrize(
    "answer", [reply(204), reply(404, {"code": 20404, "message": "x", "status": 404})]
)
async def test_a_message_is_deleted_there_and_one_that_is_gone_is_fine(answer: Answer) -> None:
    async with gateway(answer) as server, inbox(server.url) as box:
        await box.erase("SM1")

    (asked,) = server.asked
    assert (asked.method, asked.target) == (
        "DELETE", f"/2010-04-01/Accounts/{ACCOUNT}/Messages/SM1.json"
    )  # fmt: skip


@pytest.mark.parametrize(
    "answer",
    [
        reply(409, {"code": 20009, "message": "x", "status": 409}),
        reply(500),
        reply(429),
        hang,
        drop,
    ],
)
async def test_what_is_not_certainly_deleted_is_told(answer: Answer) -> None:
    async with gateway(answer) as server, inbox(server.url, limit=0.3) as box:
        with pytest.raises(Failure):
            await box.erase("SM1")
