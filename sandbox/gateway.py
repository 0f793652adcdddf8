"""An SMS gateway that speaks Twilio's REST API: takes texts, reports on them, lists them."""

import asyncio
import base64
import hmac
import time
from collections.abc import Awaitable
from secrets import token_hex
from typing import Any, Self

from sandbox.books import Book, Counts
from sandbox.gateway_checks import Outgoing, Refused, check
from sandbox.gateway_life import Lives
from sandbox.gateway_list import TextList
from sandbox.poster import Answer
from sandbox.rules import Rule, Rules
from sandbox.texts import FINAL, Text, segments
from sandbox.webserver import Drop, Reply, Request, WebServer, json_reply

_STOP = frozenset(["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"])
_START = frozenset(["START", "YES", "UNSTOP"])
_STILL = 60.0


class Gateway:
    """A Twilio-compatible gateway on one port. `async with` runs it.

    A text goes on to `sent` and to its final status after `pace` seconds each. `numbers` are
    the senders the account owns (empty: any). `inbound_url` is where texts of phones are posted.
    """

    def __init__(
        self,
        rules: Rules | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        account_sid: str | None = None,
        auth_token: str | None = None,
        inbound_url: str | None = None,
        pace: float = 0.05,
        book: Book[Text] | None = None,
    ) -> None:
        self.rules = rules or Rules()
        self.book: Book[Text] = Book() if book is None else book
        self.counts = Counts()
        self.account_sid = account_sid or f"AC{token_hex(16)}"
        self.auth_token = auth_token or token_hex(16)
        self.inbound_url = inbound_url
        self.numbers: frozenset[str] = frozenset()
        self.opted_out: set[tuple[str, str]] = set()
        self.texts = TextList()
        self._root = f"/2010-04-01/Accounts/{self.account_sid}/Messages"
        self._numbers_path = f"/2010-04-01/Accounts/{self.account_sid}/IncomingPhoneNumbers.json"
        self._server = WebServer(self._handle, host=host, port=port)
        self.lives = Lives(self.counts, auth_token=self.auth_token, pace=pace)

    @property
    def url(self) -> str:
        return self._server.url

    async def __aenter__(self) -> Self:
        pair = f"{self.account_sid}:{self.auth_token}"
        self._authorization = "Basic " + base64.b64encode(pair.encode()).decode()
        await self._server.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.lives.close()
        await self._server.__aexit__()

    def clear(self) -> None:
        """Forget all texts."""
        self.book.clear()
        self.texts = TextList()

    # the API

    def _handle(self, request: Request) -> Reply | Awaitable[Reply]:
        try:
            return self._route(request)
        except Refused as refused:
            self.counts["refused"] += 1
            return _error(refused.code, refused.message, refused.status)

    def _route(self, request: Request) -> Reply | Awaitable[Reply]:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), self._authorization.encode()):
            raise Refused(20003, "Authenticate", status=401)
        if request.path == f"{self._root}.json":
            if request.method == "POST":
                return self._create(request.form())
            if request.method == "GET":
                return json_reply(self.texts.page(f"{self._root}.json", request.fields()))
        elif request.path == self._numbers_path and request.method == "GET":
            return json_reply(self._own_numbers())
        elif request.path.startswith(f"{self._root}/") and request.path.endswith(".json"):
            return self._one(request, request.path[len(self._root) + 1 : -len(".json")])
        raise Refused(20404, "The requested resource was not found", status=404)

    def _own_numbers(self) -> dict[str, Any]:
        """Give the numbers of the account as Twilio's list resource, on one page."""
        owned = [
            {"sid": f"PN{index:032}", "account_sid": self.account_sid, "phone_number": number}
            for index, number in enumerate(sorted(self.numbers))
        ]
        path = self._numbers_path
        return {
            "end": len(owned) - 1, "first_page_uri": path, "incoming_phone_numbers": owned,
            "next_page_uri": None, "page": 0, "page_size": max(50, len(owned)),
            "previous_page_uri": None, "start": 0, "uri": path,
        }  # fmt: skip

    def _one(self, request: Request, sid: str) -> Reply:
        text = self.texts.get(sid)
        if text is None:
            raise Refused(20404, "The requested resource was not found", status=404)
        if request.method == "POST":
            self._change(text, request.form())
        elif request.method == "DELETE":
            _must_be_final(text)
            self.texts.remove(text)
            return Reply(204)
        elif request.method != "GET":
            raise Refused(20004, "Method not allowed", status=405)
        return json_reply(text.resource())

    def _change(self, text: Text, form: dict[str, str]) -> None:
        if form.get("Status") == "canceled":
            # Only scheduled messages can be; there are none of these here.
            raise Refused(30409, "This message cannot be canceled", status=409)
        if form.get("Body") == "":
            _must_be_final(text)
            text.redacted = True

    def _create(self, form: dict[str, str]) -> Reply | Awaitable[Reply]:
        self.counts["calls"] += 1
        rule = self.rules.find("sms", form.get("To", ""))
        if rule is not None and rule.do in {"throttle", "fail_before", "refuse"}:
            self.counts["refused"] += 1
            return _refusal(rule)
        out = check(form, numbers=self.numbers, opted_out=self.opted_out)
        if rule is None:
            return json_reply(self._take(out, None).resource(), 201)
        return self._create_badly(out, rule)

    async def _create_badly(self, out: Outgoing, rule: Rule) -> Reply:
        if rule.do == "hang":
            await asyncio.sleep(rule.waits(_STILL))
            raise Drop
        if rule.do == "slow":
            await asyncio.sleep(rule.waits(1.0))
        text = self._take(out, rule)
        answer = json_reply(text.resource(), 201)
        if rule.do == "silent":
            await asyncio.sleep(rule.waits(_STILL))
            raise Drop
        if rule.do == "fail_after":
            return _error(20500, "Internal server error", rule.status or 500)
        if rule.how == "early":
            await self.lives.hurry(text, rule)
        return answer

    # a text's life

    def _take(self, out: Outgoing, rule: Rule | None) -> Text:
        text = self._write(out)
        do = rule.do if rule else None
        for _ in range({"lose": 0, "double": 2}.get(do or "", 1)):
            self.counts["taken"] += 1
            self.book.add(text)
        if do != "lose":
            self.texts.add(text)
        if rule is None or rule.how != "early":
            self.lives.start(text, rule)
        return text

    def _write(self, out: Outgoing) -> Text:
        return Text(
            sid=f"SM{token_hex(16)}",
            account=self.account_sid,
            to=out.to,
            sender=out.sender,
            service=out.service,
            body=out.body,
            at=time.time(),
            status="accepted" if out.service else "queued",
            callback=out.callback,
            validity=out.validity,
            segments=segments(out.body),
        )

    # phones

    async def receive(
        self, *, sender: str, to: str, body: str, times: int = 1
    ) -> tuple[Text, Answer | None]:
        """Let a phone text one of our numbers; it is listed, and posted where that is wanted, so many
        `times`, as a gateway does that has missed an answer."""
        word = body.strip().upper()
        if word in _STOP:
            self.opted_out.add((sender, to))
        elif word in _START:
            self.opted_out.discard((sender, to))
        text = Text(
            sid=f"SM{token_hex(16)}",
            account=self.account_sid,
            to=to,
            sender=sender,
            body=body,
            at=time.time(),
            status="received",
            inbound=True,
            segments=segments(body),
        )
        text.sent_at = text.at
        self.texts.add(text)
        if self.inbound_url is None:
            return text, None
        params = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "Body": body,
            "From": sender,
            "MessageSid": text.sid,
            "NumMedia": "0",
            "NumSegments": str(text.segments),
            "SmsMessageSid": text.sid,
            "SmsSid": text.sid,
            "SmsStatus": "received",
            "To": to,
        }
        for _ in range(times - 1):
            await self.lives.post(self.inbound_url, params)
        return text, await self.lives.post(self.inbound_url, params)


def _refusal(rule: Rule) -> Reply:
    if rule.do == "fail_before":
        return _error(20500, "Internal server error", rule.status or 500)
    if rule.do == "refuse":
        return _error(rule.code or 21211, rule.text or "Refused by a rule", rule.status or 400)
    headers = {} if rule.retry_after is None else {"Retry-After": str(rule.retry_after)}
    return _error(20429, "Too Many Requests", 429, headers)


def _must_be_final(text: Text) -> None:
    if text.status not in FINAL:
        raise Refused(20009, "The message has not been completed", status=409)


def _error(code: int, message: str, status: int, headers: dict[str, str] | None = None) -> Reply:
    more = f"https://www.twilio.com/docs/errors/{code}"
    value = {"code": code, "message": message, "more_info": more, "status": status}
    return json_reply(value, status, headers)
