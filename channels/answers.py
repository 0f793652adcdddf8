"""Answers of an SMTP server: what they are due to, and how they are cut out of what it sends,
however that comes in packets (RFC 5321 §4.2).
"""

import re
from enum import StrEnum
from typing import NamedTuple

from channels.replies import Phase

_LONGEST = 32_768  # bytes of one answer with all its lines
_LINE = re.compile(rb"[0-9]{3}(?:[ -][^\n]*)?\r?\n\Z")


class Asked(StrEnum):
    """What an answer is due to."""

    MAIL = Phase.MAIL
    RCPT = Phase.RCPT
    DATA = Phase.DATA
    BODY = Phase.BODY
    NOTHING = "nothing"  # the lone dot where no recipient was taken
    RESET = "reset"
    GOODBYE = "goodbye"


# What consents to each command of the envelope, in the order in which they are said.
CONSENT = {
    Asked.MAIL: frozenset({250}),
    Asked.RCPT: frozenset({250, 251}),
    Asked.DATA: frozenset({354}),
}


class Answer(NamedTuple):
    """One answer, of one line or several."""

    code: int
    raw: bytes

    @property
    def text(self) -> str:
        """What it says beside the codes."""
        lines = (line[4:].strip() for line in self.raw.rstrip().split(b"\n"))
        return b"\n".join(lines).decode("utf-8", "replace")

    @property
    def refuses(self) -> bool:
        """Whether it is a no of a server that stays in the dialogue."""
        return 400 <= self.code <= 599 and self.code != 421


class Answers:
    """What a server has said, and has not been heard."""

    def __init__(self) -> None:
        self._data = b""
        self._begin = 0

    @property
    def more(self) -> bool:
        """Whether there is anything."""
        return self._begin < len(self._data)

    def feed(self, data: bytes) -> None:
        self._data = self._data[self._begin :] + data
        self._begin = 0

    def take(self) -> Answer | None:
        """The next answer, None until it is complete. ValueError if it is none at all."""
        data, end = self._data, self._begin
        while next_end := data.find(b"\n", end) + 1:
            line, end = data[end:next_end], next_end
            if not _LINE.match(line):
                raise ValueError("this is no SMTP answer")
            if line[3:4] != b"-":
                answer = Answer(int(line[:3]), data[self._begin : end])
                self._begin = end
                return answer
        if len(data) - self._begin > _LONGEST:
            raise ValueError("an SMTP answer without an end")
        return None
