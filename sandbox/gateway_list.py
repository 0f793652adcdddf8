"""The gateway's list of messages: filtered by number and day, newest first, page by page."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from sandbox.gateway_checks import Refused
from sandbox.texts import Text

_MAX_PAGE = 1_000
_MAX_KEPT = 2_000_000


class TextList:
    """All texts in order of arrival, found quickly by recipient."""

    def __init__(self) -> None:
        self._by_sid: dict[str, Text] = {}
        self._by_to: dict[str, list[Text]] = {}

    def add(self, text: Text) -> None:
        if len(self._by_sid) >= _MAX_KEPT:
            self.remove(next(iter(self._by_sid.values())))
        self._by_sid[text.sid] = text
        self._by_to.setdefault(text.to, []).append(text)

    def get(self, sid: str) -> Text | None:
        return self._by_sid.get(sid)

    def remove(self, text: Text) -> None:
        del self._by_sid[text.sid]
        self._by_to[text.to].remove(text)

    def page(self, path: str, fields: dict[str, str]) -> dict[str, Any]:
        """Give one page as Twilio's list resource; the token of a page is its last message."""
        size = min(_number(fields, "PageSize", 50) or 50, _MAX_PAGE)
        number = _number(fields, "Page", 0)
        found = list(islice(self._after(fields), size + 1))
        shown = found[:size]
        more = None
        if len(found) > size:
            token = {"Page": str(number + 1), "PageToken": f"PA{shown[-1].sid}"}
            more = f"{path}?{urlencode({**fields, 'PageSize': str(size), **token})}"
        first = {k: v for k, v in fields.items() if k != "PageToken"}
        start = number * size
        return {
            "end": start + len(shown) - 1,
            "first_page_uri": f"{path}?{urlencode({**first, 'PageSize': str(size), 'Page': '0'})}",
            "messages": [text.resource() for text in shown],
            "next_page_uri": more,
            "page": number,
            "page_size": size,
            "previous_page_uri": None,
            "start": start,
            "uri": f"{path}?{urlencode(fields)}",
        }

    def _after(self, fields: dict[str, str]) -> Iterator[Text]:
        """Give what matches, newest first, from behind the page token on."""
        token = fields.get("PageToken")
        waiting = token is not None
        for text in self._matching(fields):
            if not waiting:
                yield text
            elif f"PA{text.sid}" == token:
                waiting = False

    def _matching(self, fields: dict[str, str]) -> Iterator[Text]:
        to, sender = fields.get("To"), fields.get("From")
        since, until = _day(fields, "DateSent>"), _day(fields, "DateSent<")
        if "DateSent" in fields:
            since = until = _day(fields, "DateSent")
        pool = self._by_sid.values() if to is None else self._by_to.get(to, [])
        for text in reversed(pool):
            day = datetime.fromtimestamp(text.sent_at or text.at, UTC).date()
            if sender in {None, text.sender} and (since or day) <= day <= (until or day):
                yield text


def _day(fields: dict[str, str], name: str) -> date | None:
    """Read a date; like Twilio's, the filter looks at the day only."""
    value = fields.get(name)
    if value is None:
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        raise Refused(20001, f"{name} is no date") from None


def _number(fields: dict[str, str], name: str, default: int) -> int:
    value = fields.get(name, str(default))
    if not value.isdigit():
        raise Refused(20001, f"{name} is no number")
    return int(value)
