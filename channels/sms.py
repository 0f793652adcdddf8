"""Hands one SMS at a time to Twilio, or to anything that speaks its API."""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, Final

from twilio.rest import Client  # type: ignore[import-untyped]

from channels.base import (
    Failure,
    OutcomeUnknown,
    Rejected,
    SenderDown,
    SenderStopped,
    Sent,
    TryAgain,
)
from channels.messages import Sms
from channels.receipts import Receipt
from channels.segments import measure
from channels.twilio_codes import failure
from channels.twilio_http import UNREADABLE, Refused, Trouble, TwilioHttp, Unreachable
from channels.twilio_receipts import receipt

# ValidityPeriod in seconds, https://www.twilio.com/docs/api/errors/90007
_LONGEST_VALIDITY: Final = 36_000

_LONGEST_NAME: Final = 11
_PAGE: Final = 50
_PAGES: Final = 10
_FAILED: Final = frozenset({"failed", "undelivered", "canceled"})

# Twilio notes whole seconds of its own clock.
_CLOCKS_APART: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Found:
    """A message the provider knows, and what became of it so far."""

    provider_id: str
    receipt: Receipt


class TwilioSms:
    """One sender at Twilio: a number in E.164, a name, or a messaging service (MG…).

    `api_url` is the host for the region (https://api.dublin.ie1.twilio.com) or a sandbox,
    `timeout` covers one call, in seconds.
    """

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        sender: str,
        api_url: str = "https://api.twilio.com",
        concurrency: int = 50,
        timeout: float = 20.0,
    ) -> None:
        self._sender = sender
        self._concurrency = concurrency
        self._http = TwilioHttp(base_url=api_url, timeout=timeout, connections=concurrency)
        client = Client(account_sid, auth_token, http_client=self._http)
        self._messages = client.api.v2010.accounts(account_sid).messages

    @property
    def sender(self) -> str:
        return f"twilio:{self._sender}"

    @property
    def concurrency(self) -> int:
        return self._concurrency

    async def close(self) -> None:
        await self._http.close()

    async def send(self, message: Sms) -> Sent:
        """Creates the message at Twilio with exactly one request.

        Only what certainly was not taken is told as such: a 5xx, a time-out or a dropped
        connection after the request may hide a message that is on its way
        (https://www.twilio.com/docs/api/errors/20500).
        """
        options = _from(message.origin or self._sender) | _options(message)
        try:
            created = await self._messages.create_async(to=message.to, body=message.body, **options)
            outcome = _outcome(created, message.body)
        except Trouble as trouble:
            outcome = _not_sent(trouble)
        except UNREADABLE:
            outcome = OutcomeUnknown("unreadable_answer")
        if message.origin and isinstance(outcome, SenderStopped) and _of_origin(outcome):
            outcome = Rejected(outcome.reason, code=outcome.code)
        # Raised outside the handlers: the library's errors name the number called.
        if isinstance(outcome, Failure):
            raise outcome
        return outcome

    async def find(self, *, to: str, body: str, since: datetime) -> Found | None:
        """Looks up the newest message with exactly this text to this number since `since`.

        None means that Twilio has none. Raises TryAgain, SenderDown or SenderStopped where it
        could not be told.
        """
        try:
            found = await self._found(to, body, since.replace(microsecond=0) - _CLOCKS_APART)
        except Trouble as trouble:
            failed: Failure = _not_looked_up(trouble)
        except UNREADABLE:
            failed = TryAgain("unreadable_answer")
        else:
            return found
        raise failed

    async def probe(self) -> None:
        """Asks for one message of the account: shows that host and credentials are right."""
        try:
            await self._messages.page_async(page_size=1)
        except Trouble as trouble:
            failed: Failure = _not_looked_up(trouble)
        except UNREADABLE:
            failed = TryAgain("unreadable_answer")
        else:
            return
        raise failed

    def _first_page(self, to: str) -> Awaitable[Any]:
        page: Awaitable[Any] = self._messages.page_async(to=to, page_size=_PAGE)
        return page

    async def _found(self, to: str, body: str, since: datetime) -> Found | None:
        # No DateSent in the question: it is a day, and a message still queued has none.
        page: Any = None
        recent = True
        for _ in range(_PAGES):
            page = await (page.next_page_async() if page else self._first_page(to))
            if page is None:
                return None
            records = [(_created(record), record) for record in page]
            same = [one for one in records if one[0] >= since and _is_ours(one[1], body)]
            if same:
                return _as_found(max(same, key=itemgetter(0))[1])
            recent = any(created >= since for created, _ in records)
        if recent:
            raise Unfinished
        return None


def receives(sender: str) -> bool:
    """Whether what is answered to a sender arrives: to a number or a messaging service, not to a
    name."""
    return sender.startswith("+") or _is_service(sender)


def _is_service(sender: str) -> bool:
    """A name may begin with MG as well, but has eleven characters at most."""
    return sender.startswith("MG") and len(sender) > _LONGEST_NAME


def _from(sender: str) -> dict[str, object]:
    return {"messaging_service_sid" if _is_service(sender) else "from_": sender}


class Unfinished(Trouble):
    """There are more recent messages to this number than we read."""


def _options(message: Sms) -> dict[str, object]:
    """What rides along; raises Rejected for a message that cannot be handed over at all."""
    options: dict[str, object] = {}
    if message.status_callback is not None:
        options["status_callback"] = message.status_callback
    if message.validity is not None:
        if message.validity <= 0:
            raise Rejected("expired")
        options["validity_period"] = min(message.validity, _LONGEST_VALIDITY)
    if any("\ud800" <= char <= "\udfff" for char in message.body):
        raise Rejected("broken_text")  # half a character, which no request can carry
    return options


def _outcome(created: Any, body: str) -> Sent | Failure:
    """Reads the answer to a create; raises ValueError if it names no message."""
    if not isinstance(created.sid, str) or not created.sid:
        raise ValueError("sid is missing")
    if created.status in _FAILED:
        return failure(created.error_code if isinstance(created.error_code, int) else None)
    return Sent(provider_id=created.sid, parts=_parts(created, body), code=created.status)


def _of_origin(stopped: SenderStopped) -> bool:
    """Whether the number that a message was to come from is at fault, not this sender."""
    return stopped.reason == "invalid_sender"


def _parts(created: Any, body: str) -> int:
    """What is billed; a messaging service answers 0 until it has picked a number."""
    told = str(created.num_segments)
    return (int(told) if told.isdecimal() else 0) or measure(body).segments


def _not_sent(trouble: Trouble) -> Failure:
    if isinstance(trouble, Unreachable):
        return SenderDown("unreachable")
    if not isinstance(trouble, Refused):
        return OutcomeUnknown(str(trouble))
    if trouble.status >= 500:
        return OutcomeUnknown("provider_error", code=str(trouble.code or trouble.status))
    if trouble.status < 400:
        return SenderDown("redirected", code=str(trouble.status))
    return failure(trouble.code, status=trouble.status, after=trouble.after)


def _not_looked_up(trouble: Trouble) -> Failure:
    """A look-up changes nothing, so whatever is not about the sender may be tried again."""
    if isinstance(trouble, Unreachable):
        return SenderDown("unreachable")
    if not isinstance(trouble, Refused):
        return TryAgain("look_up_failed")
    told = failure(trouble.code, status=trouble.status, after=trouble.after)
    if isinstance(told, TryAgain | SenderStopped):
        return told
    return TryAgain("look_up_failed", code=told.code, after=trouble.after)


def _as_found(record: Any) -> Found:
    told = receipt(
        provider_id=record.sid,
        status=record.status,
        code=None if record.error_code is None else str(record.error_code),
        at=record.date_updated,
    )
    return Found(record.sid, told)


def _is_ours(record: Any, body: str) -> bool:
    return record.body == body and not str(record.direction).startswith("inbound")


def _created(record: Any) -> datetime:
    moment: datetime | None = record.date_created or record.date_sent
    if moment is None:
        raise ValueError("date_created is missing")
    return moment
