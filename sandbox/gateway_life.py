"""What becomes of a text after it was taken, and the signed callbacks that tell of it."""

import asyncio
import time
from urllib.parse import urlencode

from sandbox.books import Counts
from sandbox.poster import Answer, Poster
from sandbox.rules import Rule
from sandbox.texts import Text, signature


class Lives:
    """The texts under way. Each status follows the one before after `pace` seconds."""

    def __init__(self, counts: Counts, *, auth_token: str, pace: float) -> None:
        self.pace = pace
        self._auth_token = auth_token
        self._poster = Poster(counts, name="callbacks")
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Stop them all where they are."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._poster.__aexit__()

    def start(self, text: Text, rule: Rule | None) -> None:
        """Let a text go its way."""
        self._keep(asyncio.ensure_future(self._live(text, rule)))

    async def hurry(self, text: Text, rule: Rule) -> None:
        """Bring a text to its end before anything else happens, also if its sender hangs up."""
        task = asyncio.ensure_future(self._report_all(text, rule, pace=0.0))
        self._keep(task)
        await asyncio.shield(task)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def post(self, url: str, params: dict[str, str]) -> Answer:
        """Post signed parameters, as Twilio does."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": signature(url, params, self._auth_token),
        }
        return await self._poster.post(url, urlencode(params).encode(), headers)

    async def _live(self, text: Text, rule: Rule | None) -> None:
        await asyncio.sleep(self.pace)
        if rule is not None and rule.how in {"late", "out_of_order"}:
            await self._report_oddly(text, rule)
        else:
            await self._report_all(text, rule, pace=self.pace)

    async def _report_all(self, text: Text, rule: Rule | None, *, pace: float) -> None:
        """Go through the statuses in order, reporting each (twice, or not at all)."""
        how = rule.how if rule else None
        course = _course(rule)
        for number, (status, error) in enumerate(course):
            if number:
                await asyncio.sleep(pace)
            text.move(status, now=time.time(), error=error)
            for _ in range({"none": 0, "twice": 2}.get(how or "", 1)):
                await self._report(text, status, error)

    async def _report_oddly(self, text: Text, rule: Rule) -> None:
        """Get to the end at once; report it late, or before what came before it."""
        course = _course(rule)
        for status, error in course:
            text.move(status, now=time.time(), error=error)
        if rule.how == "late":
            await asyncio.sleep(rule.waits(3.0))
        else:
            course.reverse()
        for status, error in course:
            await self._report(text, status, error)

    async def _report(self, text: Text, status: str, error: int | None) -> None:
        if text.callback is None:
            return
        params = {
            "AccountSid": text.account,
            "ApiVersion": "2010-04-01",
            "From": text.sender or "",
            "MessageSid": text.sid,
            "MessageStatus": status,
            "SmsSid": text.sid,
            "SmsStatus": status,
            "To": text.to,
        }
        if text.service is not None:
            params["MessagingServiceSid"] = text.service
        if error is not None:
            params["ErrorCode"] = str(error)
        await self.post(text.callback, params)


def _course(rule: Rule | None) -> list[tuple[str, int | None]]:
    """Give the statuses a text goes through after the first, with their error codes."""
    if rule is not None and rule.do == "failed":
        return [("failed", rule.code or 30008)]
    if rule is not None and rule.do == "undelivered":
        return [("sent", None), ("undelivered", rule.code or 30005)]
    return [("sent", None), ("delivered", None)]
