"""The gateway speaks Twilio's API well enough for Twilio's own library."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped]
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from sandbox.gateway import Gateway
from sandbox.texts import segments
from tests.sandbox.hook import listening

US = "+4915100000000"
SERVICE = "MG" + "0" * 32


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with Gateway(pace=0) as running:
        yield running


def messages(gateway: Gateway, token: str | None = None) -> Any:
    client = Client(gateway.account_sid, token or gateway.auth_token)
    client.api.base_url = gateway.url
    return client


async def create(gateway: Gateway, **fields: Any) -> Any:
    """Create a message by the real library; blocking, so in a thread."""
    given = {"to": "+4915112345678", "from_": US, "body": "hi", **fields}
    client = messages(gateway)
    try:
        return await asyncio.to_thread(client.messages.create, **given)
    finally:
        client.http_client.session.close()


async def until_final(gateway: Gateway, status: str = "delivered") -> None:
    async with asyncio.timeout(10):
        while any(text.status != status for text in gateway.book.all()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_text_is_taken_booked_and_delivered(gateway: Gateway) -> None:
    made = await create(gateway, body="Sturmwarnung für Überlingen", validity_period=600)
    await until_final(gateway)

    taken = gateway.book.all()[0]
    assert (taken.to, taken.sender, taken.body) == (
        "+4915112345678",
        US,
        "Sturmwarnung für Überlingen",
    )
    assert (taken.validity, made.sid) == (600, taken.sid)
    assert (made.status, made.num_segments, made.error_code) == ("queued", "1", None)
    assert made.direction == "outbound-api"
    assert abs(made.date_created - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_messaging_service_accepts_first(gateway: Gateway) -> None:
    made = await create(gateway, from_=None, messaging_service_sid=SERVICE)

    assert (made.status, made.messaging_service_sid) == ("accepted", SERVICE)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"to": "0151"}, 21211, id="to"),
        pytest.param({"from_": "0151"}, 21212, id="from"),
        pytest.param({"from_": "+4915199999999"}, 21606, id="from another's number"),
        pytest.param({"from_": None}, 21603, id="no from"),
        pytest.param({"body": ""}, 21602, id="no body"),
        pytest.param({"body": "x" * 1601}, 21617, id="too long"),
        pytest.param({"validity_period": 36_001}, 90007, id="validity"),
        pytest.param({"status_callback": "nowhere"}, 21609, id="callback"),
        pytest.param({"from_": None, "messaging_service_sid": "MG1"}, 21701, id="service"),
    ],
)
async def test_a_wrong_request_gets_twilios_error(
    gateway: Gateway, fields: dict[str, Any], code: int
) -> None:
    gateway.numbers = frozenset({US})

    with pytest.raises(TwilioRestException) as refused:
        await create(gateway, **fields)

    assert (refused.value.code, refused.value.status) == (code, 400)
    assert len(gateway.book) == 0


async def test_wrong_credentials_are_refused(gateway: Gateway) -> None:
    client = messages(gateway, token="wrong")
    with pytest.raises(TwilioRestException) as refused:
        await asyncio.to_thread(client.messages.create, to="+4915112345678", from_=US, body="hi")
    client.http_client.session.close()

    assert (refused.value.code, refused.value.status) == (20003, 401)


async def test_messages_are_listed_newest_first_page_by_page(gateway: Gateway) -> None:
    for number in range(5):
        await create(gateway, body=str(number))
    await create(gateway, to="+4915187654321")
    client = messages(gateway)
    now = datetime.now(UTC)

    def listed(**filters: Any) -> list[str]:
        return [each.body for each in client.messages.list(page_size=2, **filters)]

    mine = await asyncio.to_thread(listed, to="+4915112345678")
    recent = await asyncio.to_thread(listed, date_sent_after=now - timedelta(days=1))
    future = await asyncio.to_thread(listed, date_sent_after=now + timedelta(days=2))
    past = await asyncio.to_thread(listed, date_sent_before=now - timedelta(days=2))
    client.http_client.session.close()

    assert mine == ["4", "3", "2", "1", "0"]
    assert len(recent) == 6
    assert (future, past) == ([], [])


async def test_a_message_is_fetched_redacted_and_deleted(gateway: Gateway) -> None:
    made = await create(gateway, body="secret")
    await until_final(gateway)
    client = messages(gateway)

    def change() -> tuple[str, str, bool]:
        message = client.messages(made.sid)
        before, after = message.fetch().status, message.update(body="").body
        return before, after, message.delete()

    changed = await asyncio.to_thread(change)
    with pytest.raises(TwilioRestException) as gone:
        await asyncio.to_thread(client.messages(made.sid).fetch)
    client.http_client.session.close()

    assert changed == ("delivered", "", True)
    assert gone.value.code == 20404
    assert gateway.book.all()[0].body == "secret"


async def test_what_is_under_way_can_be_neither_cancelled_nor_deleted() -> None:
    async with Gateway(pace=60) as gateway:
        made = await create(gateway)
        client = messages(gateway)
        with pytest.raises(TwilioRestException) as cancelling:
            await asyncio.to_thread(client.messages(made.sid).update, status="canceled")
        with pytest.raises(TwilioRestException) as deleting:
            await asyncio.to_thread(client.messages(made.sid).delete)
        client.http_client.session.close()

    assert (cancelling.value.code, deleting.value.code) == (30409, 20009)


async def test_callbacks_are_signed_and_come_in_order(gateway: Gateway) -> None:
    async with listening() as hook:
        url = f"{hook.url}/hooks/twilio/status?attempt=7&x=%C3%BC"
        made = await create(gateway, status_callback=url)

        heard = await hook.wait(2)

    validator = RequestValidator(gateway.auth_token)
    assert [each.form["MessageStatus"] for each in heard] == ["sent", "delivered"]
    assert all(validator.validate(url, each.form, each.signature) for each in heard)
    assert heard[0].form["MessageSid"] == heard[0].form["SmsSid"] == made.sid
    assert heard[0].form["To"] == "+4915112345678"


async def test_a_phone_texts_us_and_is_listed(gateway: Gateway) -> None:
    async with listening() as hook:
        gateway.inbound_url = f"{hook.url}/hooks/twilio/inbound"

        text, answer = await gateway.receive(sender="+4915112345678", to=US, body="JA ü")

        heard = (await hook.wait(1))[0]
    validator = RequestValidator(gateway.auth_token)
    assert answer is not None
    assert answer.status == 204
    assert validator.validate(heard.url, heard.form, heard.signature)
    assert (heard.form["From"], heard.form["Body"]) == ("+4915112345678", "JA ü")
    client = messages(gateway)
    listed = await asyncio.to_thread(client.messages.list, to=US)
    client.http_client.session.close()
    assert [(each.sid, each.direction) for each in listed] == [(text.sid, "inbound")]


async def test_one_text_is_posted_as_often_as_is_wished(gateway: Gateway) -> None:
    async with listening() as hook:
        gateway.inbound_url = f"{hook.url}/hooks/twilio/inbound"

        text, _ = await gateway.receive(sender="+4915112345678", to=US, body="2", times=2)

        heard = await hook.wait(2)
    assert [each.form["MessageSid"] for each in heard] == [text.sid, text.sid]


async def test_whoever_texts_stop_is_refused_until_they_text_start(gateway: Gateway) -> None:
    await gateway.receive(sender="+4915112345678", to=US, body=" stop ")
    with pytest.raises(TwilioRestException) as refused:
        await create(gateway)
    await gateway.receive(sender="+4915112345678", to=US, body="Start")
    again = await create(gateway)

    assert refused.value.code == 21610
    assert again.status == "queued"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("a" * 160, 1, id="one"),
        pytest.param("a" * 161, 2, id="two"),
        pytest.param("ä" * 160, 1, id="umlauts are in the alphabet"),
        pytest.param("€" * 80, 1, id="escaped, just fits"),
        pytest.param("€" * 81, 2, id="escaped"),
        pytest.param("a" * 152 + "€" + "a" * 151, 2, id="an escape moves on"),
        pytest.param("a" * 152 + "€" + "a" * 152, 3, id="an escape straddles nothing"),
        pytest.param("ж" * 70, 1, id="ucs2"),
        pytest.param("ж" * 71, 2, id="ucs2, two"),
        pytest.param("😀" * 35, 1, id="pairs"),
        pytest.param("😀" * 67, 3, id="a pair straddles nothing"),
    ],
)
def test_segments_are_counted_as_they_are_sent(text: str, count: int) -> None:
    assert segments(text) == count
