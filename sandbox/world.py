"""The three parts together: what `python -m sandbox` runs and what journeys build upon."""

from contextlib import AsyncExitStack
from typing import Any, Self

from sandbox.gateway import Gateway
from sandbox.pushservice import PushService
from sandbox.relay import Relay
from sandbox.rules import Rule, Rules


class World:
    """A relay, a gateway and a push service under one set of rules. `async with` runs them."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        smtp_port: int = 0,
        twilio_port: int = 0,
        push_port: int = 0,
        account_sid: str | None = None,
        auth_token: str | None = None,
        bounce_to: tuple[str, int] | None = None,
        starttls: bool = False,
        rules: list[Rule] | None = None,
        seed: int | None = None,
    ) -> None:
        self.rules = Rules(rules or [], seed=seed or 0)
        self.relay = Relay(
            self.rules, host=host, port=smtp_port, starttls=starttls, bounce_to=bounce_to
        )
        self.gateway = Gateway(
            self.rules,
            host=host,
            port=twilio_port,
            account_sid=account_sid,
            auth_token=auth_token,
        )
        self.push = PushService(self.rules, host=host, port=push_port, seed=seed)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            for part in (self.relay, self.gateway, self.push):
                await stack.enter_async_context(part)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def where(self) -> dict[str, str]:
        """Give all addresses and credentials, by the names that programs read."""
        return {
            "smtp_url": self.relay.url,
            "twilio_url": self.gateway.url,
            "account_sid": self.gateway.account_sid,
            "auth_token": self.gateway.auth_token,
            "push_url": self.push.url,
        }

    def counts(self) -> dict[str, dict[str, int]]:
        """Give how often each thing happened, by channel."""
        return {
            "email": dict(self.relay.counts),
            "sms": dict(self.gateway.counts),
            "push": dict(self.push.counts),
        }

    def clear(self) -> None:
        """Empty the books and start to count anew; browsers and opt-outs stay."""
        self.relay.book.clear()
        self.gateway.clear()
        self.push.book.clear()
        for part in (self.relay, self.gateway, self.push):
            part.counts.clear()

    def page(self, channel: str, *, after: int, limit: int, brief: bool) -> list[dict[str, Any]]:
        """Give records of one book as JSON values, each with its `number`."""
        records: list[tuple[int, dict[str, Any]]]
        if channel == "email":
            mails = self.relay.book.page(after, limit)
            records = [(n, mail.brief() if brief else mail.full()) for n, mail in mails]
        elif channel == "sms":
            records = [(n, text.record()) for n, text in self.gateway.book.page(after, limit)]
        else:
            records = [(n, pushed.record()) for n, pushed in self.push.book.page(after, limit)]
        return [{"number": number, **record} for number, record in records]
