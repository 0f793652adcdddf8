"""The relay refuses, stalls, forgets and bounces as its rules say."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import Message
from typing import Any, cast

import aiosmtplib
import pytest
from flufl.bounce import all_failures

from sandbox.mails import Mail
from sandbox.relay import Relay
from sandbox.rules import Rules, read_rules

MESSAGE = b"Subject: alarm\r\nMessage-ID: <1@town.example>\r\n\r\nhi\r\n"


@asynccontextmanager
async def relay_that(**rule: Any) -> AsyncIterator[Relay]:
    rules = Rules(read_rules(json.dumps([{"channel": "email", **rule}])))
    async with Relay(rules) as relay:
        yield relay


async def send(relay: Relay, to: str = "r@home.example", sender: str = "b+1@town.example") -> int:
    """Send one mail; gives the code of what was answered in the end, 0 for no answer."""
    smtp = aiosmtplib.SMTP(hostname="127.0.0.1", port=relay.port, start_tls=False, timeout=5)
    try:
        async with smtp:
            await smtp.sendmail(sender, [to], MESSAGE, mail_options=["ENVID=attempt+2B1"])
    except aiosmtplib.SMTPRecipientsRefused as refused:
        return refused.recipients[0].code
    except aiosmtplib.SMTPResponseException as refused:
        return refused.code
    except aiosmtplib.SMTPServerDisconnected:
        return 0
    return 250


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what happens by itself."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 — the relay has no event to wait for
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        pytest.param({"do": "refuse"}, 550, id="recipient"),
        pytest.param({"do": "refuse", "code": 452, "text": "4.2.2 full"}, 452, id="own code"),
        pytest.param({"do": "refuse", "at": "mail", "code": 550}, 550, id="sender"),
        pytest.param({"do": "refuse", "at": "ready", "code": 554}, 554, id="command DATA"),
        pytest.param({"do": "close", "at": "ready"}, 421, id="421 at DATA"),
        pytest.param({"do": "refuse", "at": "data", "code": 554}, 554, id="message"),
        pytest.param({"do": "close", "at": "connect"}, 421, id="421 at connect"),
        pytest.param({"do": "close"}, 421, id="421 at recipient"),
        pytest.param({"do": "throttle"}, 451, id="throttled"),
        pytest.param({"do": "hang", "seconds": 0.05}, 0, id="hangs at recipient"),
        pytest.param({"do": "hang", "seconds": 0.05, "at": "data"}, 0, id="hangs after DATA"),
        pytest.param({"do": "lose"}, 250, id="planted loss"),
    ],
)
async def test_a_mail_that_is_not_taken_is_not_booked(rule: dict[str, Any], code: int) -> None:
    async with relay_that(**rule) as relay:
        answered = await send(relay)

        assert answered == code
        assert len(relay.book) == 0


async def test_a_rule_for_one_address_spares_the_others() -> None:
    async with relay_that(do="refuse", address="bad@*") as relay:
        codes = [await send(relay, to) for to in ("bad@home.example", "good@home.example")]

        assert codes == [550, 250]
        assert [each.to for each in relay.book.all()] == ["good@home.example"]


async def test_a_greylisted_address_is_taken_at_the_second_try() -> None:
    async with relay_that(do="greylist") as relay:
        codes = [await send(relay) for _ in range(2)]

        assert codes == [451, 250]


async def test_a_dropped_connection_after_data_means_taken_all_the_same() -> None:
    async with relay_that(do="drop") as relay:
        answered = await send(relay)

        assert answered == 0
        assert [each.answered for each in relay.book.all()] == [False]


async def test_a_slow_relay_takes_the_mail_in_the_end() -> None:
    async with relay_that(do="slow", seconds=0.05) as relay:
        answered = await send(relay)

        assert (answered, len(relay.book)) == (250, 1)


async def test_a_planted_double_is_booked_twice() -> None:
    async with relay_that(do="double") as relay:
        await send(relay)

        assert len(relay.book) == 2


async def bounces(count: int, **rule: Any) -> tuple[Relay, list[Mail]]:
    """Send one mail that bounces; gives the relay and what came back."""
    async with Relay() as home, relay_that(do="bounce", seconds=0.01, **rule) as relay:
        relay.bouncer.to = ("127.0.0.1", home.port)
        await send(relay)
        await until(lambda: relay.counts["bounces"] == count)
        return relay, home.book.all()


@pytest.mark.parametrize(
    ("kind", "action", "status", "permanent"),
    [
        pytest.param("hard", "failed", "5.1.1", True, id="hard"),
        pytest.param("soft", "failed", "4.2.2", True, id="soft"),
        pytest.param("delayed", "delayed", "4.4.1", False, id="delayed"),
    ],
)
async def test_a_bounce_is_a_delivery_report(
    kind: str, action: str, status: str, permanent: bool
) -> None:
    relay, came_back = await bounces(1, kind=kind)

    report = message_from_bytes(came_back[0].raw)
    part = next(p for p in report.walk() if p.get_content_type() == "message/delivery-status")
    per_message, per_recipient = cast("list[Message]", part.get_payload())
    temporary, failed = all_failures(report)
    assert len(relay.book) == 1
    assert (came_back[0].envelope_from, came_back[0].to) == ("", "b+1@town.example")
    assert report.get_param("report-type") == "delivery-status"
    assert per_message["Original-Envelope-Id"] == "attempt+1"
    assert (per_recipient["Action"], per_recipient["Status"]) == (action, status)
    assert (failed if permanent else temporary) == {b"r@home.example"}
    assert "Message-ID: <1@town.example>" in came_back[0].raw.decode()


async def test_a_complaint_is_a_feedback_report() -> None:
    _, came_back = await bounces(1, kind="complaint")

    report = message_from_bytes(came_back[0].raw)
    assert report.get_param("report-type") == "feedback-report"
    assert b"Feedback-Type: abuse" in came_back[0].raw
    assert b"Original-Rcpt-To: <r@home.example>" in came_back[0].raw


async def test_a_bounce_may_come_twice() -> None:
    relay, came_back = await bounces(2, how="twice")

    assert relay.counts["bounces"] == 2
    assert came_back[0].raw == came_back[1].raw


async def test_nothing_bounces_to_the_null_sender() -> None:
    async with Relay() as home, relay_that(do="bounce", seconds=0) as relay:
        relay.bouncer.to = ("127.0.0.1", home.port)
        await send(relay, sender="")
        await send(relay)
        await until(lambda: relay.counts["bounces"] > 0)

        assert [each.to for each in home.book.all()] == ["b+1@town.example"]
