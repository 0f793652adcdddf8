"""Bounces are brought to their receiver, or given up."""

import asyncio
import time

import pytest

from sandbox.books import Counts
from sandbox.bounces import Bouncer
from sandbox.mails import Mail
from sandbox.relay import Relay
from sandbox.rules import Rule, Rules

MAIL = Mail(
    at=time.time(),
    envelope_from="b+1@town.example",
    to="r@home.example",
    raw=b"Subject: alarm\r\n\r\nhi\r\n",
    digest="",
    size=20,
    options={"ORCPT": "rfc822;r@home.example"},
)
NEVER = Mail(
    at=time.time(),
    envelope_from="b+1@town.example",
    to="r@home.example",
    raw=b"",
    digest="",
    size=0,
    options={"NOTIFY": "NEVER"},
)
BOUNCE = Rule.model_validate({"channel": "email", "do": "bounce", "seconds": 0})


def refusing(code: int, first: int) -> Rules:
    rule = {"channel": "email", "do": "refuse", "code": code, "first": first}
    return Rules([Rule.model_validate(rule)])


@pytest.mark.parametrize(
    ("rules", "arrived", "counted"),
    [
        pytest.param(Rules(), 1, {"bounces": 1}, id="taken"),
        pytest.param(refusing(451, 2), 1, {"bounces": 1}, id="taken later"),
        pytest.param(refusing(550, 1), 0, {"bounces_failed": 1}, id="refused, not repeated"),
        pytest.param(refusing(451, 9), 0, {"bounces_failed": 1}, id="given up"),
    ],
)
async def test_a_receiver_that_is_busy_is_tried_again(
    rules: Rules, arrived: int, counted: dict[str, int]
) -> None:
    counts = Counts()
    async with Relay(rules) as home:
        bouncer = Bouncer(counts, to=("127.0.0.1", home.port), delay=0)
        bouncer.bounce(MAIL, BOUNCE)
        bouncer.bounce(NEVER, BOUNCE)
        async with asyncio.timeout(10):
            while not counts:  # noqa: ASYNC110 — counted without an event
                await asyncio.sleep(0.01)
        await bouncer.close()

    assert len(home.book) == arrived
    assert counts == counted


async def test_without_a_receiver_a_bounce_is_given_up() -> None:
    counts = Counts()
    bouncer = Bouncer(counts, delay=0)

    bouncer.bounce(MAIL, BOUNCE)
    async with asyncio.timeout(10):
        while not counts:  # noqa: ASYNC110 — counted without an event
            await asyncio.sleep(0.01)

    assert counts == {"bounces_failed": 1}
