"""The three parts in one process, under one set of rules and one control."""

import asyncio
from collections.abc import AsyncIterator

import aiosmtplib
import pytest

from sandbox.client import Sandbox
from sandbox.control import Control
from sandbox.rules import Rule
from sandbox.world import World
from tests.sandbox.hook import listening
from tests.sandbox.push_client import push


@pytest.fixture
async def world() -> AsyncIterator[World]:
    rules = [{"channel": "email", "address": "away@*", "do": "bounce", "seconds": 0}]
    async with World(rules=[Rule.model_validate(rule) for rule in rules], seed=1) as running:
        yield running


@pytest.fixture
async def box(world: World) -> AsyncIterator[Sandbox]:
    async with Control(world) as control:
        yield Sandbox(control.url, timeout=5)


async def send(world: World, to: str) -> None:
    smtp = aiosmtplib.SMTP(hostname="127.0.0.1", port=world.relay.port, start_tls=False, timeout=5)
    async with smtp:
        await smtp.sendmail("b+1@town.example", [to], b"Subject: Alarm\r\n\r\nhi\r\n")


async def test_bounces_go_where_the_settings_say(world: World, box: Sandbox) -> None:
    await asyncio.to_thread(box.settings, bounce_to=f"127.0.0.1:{world.relay.port}")

    await send(world, "away@home.example")
    async with asyncio.timeout(10):
        while not (await asyncio.to_thread(box.counts))["email"].get("bounces"):
            pass

    taken = await asyncio.to_thread(box.books, "email")
    assert [each["to"] for each in taken] == ["away@home.example", "b+1@town.example"]


async def test_a_phones_text_is_posted_to_the_service(world: World, box: Sandbox) -> None:
    async with listening() as hook:
        await asyncio.to_thread(box.settings, inbound_url=f"{hook.url}/inbound")

        said = await asyncio.to_thread(
            lambda: box.inbound(sender="+4915112345678", to="+4915100000000", body="JA")
        )

        assert said["answer"] == {"status": 204, "body": ""}
        assert hook.heard[0].form["MessageSid"] == said["sid"]


async def test_what_was_pushed_is_read_from_the_books(world: World, box: Sandbox) -> None:
    made = await asyncio.to_thread(box.browsers, 1)
    browser = next(iter(world.push.browsers.values()))

    status, _ = await push(world.push, browser, "Sturm")

    taken = await asyncio.to_thread(box.books, "push")
    assert status == 201
    assert [(each["endpoint"], each["payload"]) for each in taken] == [
        (made[0]["endpoint"], "Sturm")
    ]


async def test_browsers_come_online_and_go(world: World, box: Sandbox) -> None:
    await asyncio.to_thread(box.rules, [{"channel": "push", "do": "offline"}])
    made = await asyncio.to_thread(box.browsers, 1)
    browser = next(iter(world.push.browsers.values()))
    await push(world.push, browser, "1")

    delivered = await asyncio.to_thread(box.online, [made[0]["endpoint"]])
    await asyncio.to_thread(box.gone, [made[0]["endpoint"]])
    status, _ = await push(world.push, browser, "2")

    assert (delivered, status) == (1, 410)


async def test_cleared_books_are_empty(world: World, box: Sandbox) -> None:
    await send(world, "r@home.example")

    await asyncio.to_thread(box.clear)

    assert await asyncio.to_thread(box.books, "email") == []
    assert await asyncio.to_thread(box.counts) == {"email": {}, "sms": {}, "push": {}}
