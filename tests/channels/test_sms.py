"""What the SMS channel asks of Twilio, and what it makes of a message taken."""

from base64 import b64encode

import pytest

from channels import sms
from channels.base import (
    Channel,
    Rejected,
    SenderStopped,
    Sent,
)
from channels.messages import Sms
from channels.sms import TwilioSms
from tests.channels.twilio_double import (
    ACCOUNT,
    NUMBER,
    SENDER,
    TOKEN,
    channel,
    gateway,
    reply,
    send,
    taken,
)

SERVICE = "MG" + "b" * 32


def test_the_channel_keeps_the_contract_and_names_no_secret() -> None:
    sms: Channel[Sms] = TwilioSms(
        account_sid=ACCOUNT, auth_token=TOKEN, sender=SENDER, concurrency=7
    )

    assert (sms.sender, sms.concurrency) == (f"twilio:{SENDER}", 7)
    assert TOKEN not in repr(sms)


@pytest.mark.parametrize(
    ("sender", "field"),
    [
        pytest.param(SENDER, "From", id="number"),
        pytest.param("MG-Rathaus", "From", id="name that begins like a service"),
        pytest.param(SERVICE, "MessagingServiceSid", id="messaging service"),
    ],
)
async def test_a_message_is_handed_over_with_all_it_carries(sender: str, field: str) -> None:
    message = Sms(to=NUMBER, body="Übung & „Ende“", status_callback="https://t/h?a=1", validity=600)

    async with gateway(reply(201, taken())) as twilio, channel(twilio.url, sender=sender) as sms:
        sent = await sms.send(message)

    asked = twilio.asked[0]
    assert sent == Sent(provider_id="SM" + "1" * 32, parts=1, code="queued")
    assert asked.target == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert asked.form == {
        "To": [NUMBER],
        field: [sender],
        "Body": ["Übung & „Ende“"],
        "StatusCallback": ["https://t/h?a=1"],
        "ValidityPeriod": ["600"],
    }
    basic = b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    assert asked.headers["authorization"] == f"Basic {basic}"


@pytest.mark.parametrize(
    ("validity", "period"),
    [
        pytest.param(None, None, id="none"),
        pytest.param(1, ["1"], id="shortest"),
        pytest.param(99_999, ["36000"], id="longer than Twilio takes"),
    ],
)
async def test_validity_is_told_within_twilios_bounds(
    validity: int | None, period: list[str] | None
) -> None:
    async with gateway(reply(201, taken())) as twilio, channel(twilio.url) as sms:
        await sms.send(Sms(to=NUMBER, body="Sturm", validity=validity))

    assert twilio.asked[0].form.get("ValidityPeriod") == period


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        pytest.param(Sms(to=NUMBER, body="Sturm", validity=0), "expired", id="expired"),
        pytest.param(Sms(to=NUMBER, body="\ud83d"), "broken_text", id="half an emoji"),
    ],
)
async def test_what_cannot_be_handed_over_is_rejected_without_a_call(
    message: Sms, reason: str
) -> None:
    async with gateway(reply(201, taken())) as twilio, channel(twilio.url) as sms:
        failure = await send(sms, message)

    assert isinstance(failure, Rejected)
    assert failure.reason == reason
    assert not twilio.asked


@pytest.mark.parametrize(
    ("segments", "parts"),
    [
        pytest.param("4", 4, id="as told"),
        pytest.param("0", 2, id="a service has not counted yet"),
        pytest.param(None, 2, id="not told"),
    ],
)
async def test_parts_are_what_is_billed(segments: str | None, parts: int) -> None:
    answer = reply(201, taken(num_segments=segments))

    async with gateway(answer) as twilio, channel(twilio.url) as sms:
        sent = await sms.send(Sms(to=NUMBER, body="a" * 161))

    assert sent.parts == parts


async def test_connections_are_used_again() -> None:
    async with gateway(reply(201, taken())) as twilio, channel(twilio.url) as sms:
        first = await send(sms)
        second = await send(sms)

    assert isinstance(first, Sent)
    assert isinstance(second, Sent)
    assert twilio.connections == 1


@pytest.mark.parametrize("sender", [SENDER, "Rathaus", SERVICE])
async def test_an_answer_comes_from_the_number_that_was_texted(sender: str) -> None:
    message = Sms(to=NUMBER, body="Danke", origin="+4915199999999")

    async with gateway(reply(201, taken())) as twilio, channel(twilio.url, sender=sender) as sms:
        await sms.send(message)

    assert twilio.asked[0].form == {
        "To": [NUMBER], "From": ["+4915199999999"], "Body": ["Danke"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sender", "receives"),
    [(SENDER, True), (SERVICE, True), ("Rathaus", False), ("MGladbach", False)],
)
def test_answers_reach_a_number_and_a_service_and_no_name(sender: str, *, receives: bool) -> None:
    assert sms.receives(sender) == receives


@pytest.mark.parametrize("code", [21212, 21603, 21659, 21660])
async def test_a_number_that_is_not_ours_any_more_stops_no_sender(code: int) -> None:
    message = Sms(to=NUMBER, body="Danke", origin="+4915199999999")

    async with gateway(reply(400, {"code": code})) as twilio, channel(twilio.url) as sms:
        with pytest.raises(Rejected) as refusal:
            await sms.send(message)

    assert (refusal.value.reason, refusal.value.code) == ("invalid_sender", str(code))


async def test_what_is_wrong_with_the_account_stops_the_sender_whatever_the_number() -> None:
    message = Sms(to=NUMBER, body="Danke", origin="+4915199999999")

    async with gateway(reply(401, {"code": 20003})) as twilio, channel(twilio.url) as sms:
        with pytest.raises(SenderStopped):
            await sms.send(message)
