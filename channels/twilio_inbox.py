"""Reads what residents text to our numbers: as Twilio posts it, and as it lists it afterwards.

A message that was posted while nobody listened is only in the list.
"""

import re
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from multidict import MultiDict
from twilio.rest import Client  # type: ignore[import-untyped]

from channels.base import Failure, TryAgain
from channels.inbound import LONGEST_BODY, Heeded, Inbound, InboundPage
from channels.twilio_codes import failure
from channels.twilio_http import UNREADABLE, Refused, Trouble, TwilioHttp
from channels.twilio_receipts import PROVIDER

_SID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PARTY: Final = re.compile(r"\S.{0,98}\S|\S")  # a number, a short code, a name, whatsapp:+49…
_NUMBER: Final = re.compile(r"\+[1-9]\d{6,14}")

# Fifty texts of the greatest length, every character of them escaped, stay within
# `twilio_http.LARGEST_ANSWER`: nobody can make a page that cannot be read.
_GONE: Final = "20404"  # https://www.twilio.com/docs/api/errors/20404
_PAGE: Final = 50
_PAGES_OF_NUMBERS: Final = 20

# https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
_HEEDED: Final[Mapping[str, Heeded]] = {"STOP": "stop", "START": "start", "HELP": "help"}


def parse(params: Iterable[tuple[str, str]]) -> Inbound:
    """Reads the form that Twilio posts for a message to one of our numbers.

    Raises ValueError naming the field that cannot be read, without its value.
    https://www.twilio.com/docs/messaging/guides/webhook-request
    """
    fields = MultiDict(params)
    return _inbound(
        provider_id=fields.get("MessageSid") or fields.get("SmsSid") or "",
        sender=fields.get("From", ""),
        recipient=fields.get("To", ""),
        body=fields.get("Body", ""),
        at=None,
        heeded=_HEEDED.get(fields.get("OptOutType", "").upper()),
    )


class TwilioInbox:
    """The messages to the numbers of one account. `senders` are those of the settings: from a
    messaging service among them it follows that every number of the account is ours to read.

    `api_url` and `timeout` are as for `channels.sms.TwilioSms`.
    """

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        senders: Sequence[str],
        api_url: str = "https://api.twilio.com",
        timeout: float = 20.0,
    ) -> None:
        self._http = TwilioHttp(base_url=api_url, timeout=timeout, connections=2)
        self._account = Client(account_sid, auth_token, http_client=self._http).api.v2010.accounts(
            account_sid
        )
        self.own = tuple(sender for sender in senders if _NUMBER.fullmatch(sender))
        self._by_service = any(sender.startswith("MG") and len(sender) > 11 for sender in senders)

    async def close(self) -> None:
        await self._http.close()

    async def numbers(self) -> list[str]:
        """Every number that residents may text to. Raises TryAgain, SenderDown and the like where
        Twilio could not be asked."""
        if not self._by_service:
            return list(self.own)
        numbers = self._account.incoming_phone_numbers
        found = list(self.own)
        page: Any = None
        for _ in range(_PAGES_OF_NUMBERS):
            page = await _answer(
                page.next_page_async() if page else numbers.page_async(page_size=_PAGE)
            )
            if page is None:
                break
            found += [str(one.phone_number) for one in page]
        return [number for number in dict.fromkeys(found) if _NUMBER.fullmatch(number)]

    async def page(self, number: str, *, since: datetime, at: str | None = None) -> InboundPage:
        """The newest messages to a number since `since`, or the page that `at` leads to.

        Older ones may be among them: Twilio's filter looks at the day only. Raises TryAgain,
        SenderDown and the like where Twilio could not be asked.
        """
        messages = self._account.messages
        page = await _answer(
            messages.get_page_async(at) if at
            else messages.page_async(
                to=number, date_sent_after=since.astimezone(UTC).date().isoformat(), page_size=_PAGE
            )
        )  # fmt: skip
        return _page(page)

    async def erase(self, provider_id: str) -> None:
        """Have Twilio delete a message; fine where it has none (any more). Raises TryAgain, SenderDown
        and the like where that is not certain: a message that is still on its way cannot be deleted
        (https://www.twilio.com/docs/messaging/api/message-resource#delete-a-message-resource)."""
        try:
            await _answer(self._account.messages(provider_id).delete_async())
        except Failure as failure_:
            if failure_.code != _GONE:
                raise


async def _answer(asked: Awaitable[Any]) -> Any:
    """The page, read to its end. The library's errors name numbers, so ours are raised outside
    the handlers."""
    try:
        return await asked
    except Refused as refusal:
        failed: Failure = failure(refusal.code, status=refusal.status, after=refusal.after)
        if refusal.status >= 500:
            failed = TryAgain("provider_error", code=str(refusal.status), after=refusal.after)
    except Trouble as trouble:
        failed = TryAgain(str(trouble))
    except UNREADABLE:
        failed = TryAgain("unreadable_answer")
    raise failed


def _page(page: Any) -> InboundPage:
    try:
        records, following = list(page), page.next_page_url
    except UNREADABLE:
        records, following = None, None
    if records is None:
        raise TryAgain("unreadable_answer")
    read: list[Inbound] = []
    moments: list[datetime] = []
    unreadable = 0
    for record in records:
        try:
            moments.append(_moment(record))
            if str(record.direction).startswith("inbound"):
                read.append(_listed(record))
        except UNREADABLE:
            unreadable += 1
    return InboundPage(tuple(read), following, min(moments, default=None), unreadable)


def _moment(record: Any) -> datetime:
    moment: datetime | None = record.date_sent or record.date_created
    if moment is None:
        raise ValueError("date_sent is missing")
    return moment


def _listed(record: Any) -> Inbound:
    return _inbound(
        provider_id=record.sid, sender=record.from_, recipient=record.to,
        body=record.body or "", at=_moment(record),
    )  # fmt: skip


def _inbound(
    *,
    provider_id: str,
    sender: str,
    recipient: str,
    body: str,
    at: datetime | None,
    heeded: Heeded | None = None,
) -> Inbound:
    if not _SID.fullmatch(provider_id):
        raise ValueError("MessageSid is missing or malformed")
    if not _party(sender):
        raise ValueError("From is missing or malformed")
    if not _party(recipient):
        raise ValueError("To is missing or malformed")
    # What PostgreSQL cannot hold is no loss: no phone can write it.
    text = body.replace("\0", "").encode("utf-8", "replace").decode()
    return Inbound(PROVIDER, provider_id, sender, recipient, text[:LONGEST_BODY], at, heeded)


def _party(text: str) -> bool:
    """Whether it is a sender or recipient that a database takes and a screen bears."""
    return text.isprintable() and _PARTY.fullmatch(text) is not None
