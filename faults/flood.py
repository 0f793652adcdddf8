"""Posts signed status callbacks as fast as they are taken, as a gateway after a break does."""

import asyncio
import time
from collections.abc import Sequence
from urllib.parse import urlencode

import aiohttp

from faults.world import World
from sandbox.texts import signature

AT_ONCE = 64


def flood(world: World, attempts: Sequence[int]) -> float:
    """Report each attempt as delivered, twice; seconds from the first call to the last answer."""
    calls = [_call(world, attempt) for attempt in attempts for _ in range(2)]
    return asyncio.run(_post(calls))


def _call(world: World, attempt: int) -> tuple[str, bytes, str]:
    mark = world.keyring.mark("twilio", attempt)
    url = f"{world.environment['NOTIFY_PUBLIC_URL']}/hooks/twilio/status?attempt={mark}"
    sid = f"SM{attempt:032x}"
    form = {
        "AccountSid": world.box.account_sid, "MessageSid": sid, "MessageStatus": "delivered",
        "SmsSid": sid, "SmsStatus": "delivered",
    }  # fmt: skip
    return url, urlencode(form).encode(), signature(url, form, world.box.auth_token)


async def _post(calls: list[tuple[str, bytes, str]]) -> float:
    left = iter(calls)
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def post() -> None:
            for url, body, sign in left:
                headers = {
                    "Content-Type": "application/x-www-form-urlencoded",
                    "X-Twilio-Signature": sign,
                }
                async with session.post(url, data=body, headers=headers) as answer:
                    answer.raise_for_status()

        began = time.monotonic()
        await asyncio.gather(*(post() for _ in range(AT_ONCE)))
        return time.monotonic() - began
