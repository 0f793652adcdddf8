"""A push service that takes every message, and opens one in a hundred as the browser would."""

import json
from collections import Counter
from typing import Any

from http_ece import ECEException
from typing_extensions import override

from bench.browsers import browser
from bench.sinks.http import Posted, response
from bench.sinks.serving import Book

EVERY = 100  # one in so many is decrypted


class Opened:
    """What was read: how often each title, and how many could not be."""

    def __init__(self) -> None:
        self.titles: Counter[str] = Counter()
        self.broken = 0

    def open(self, number: int, body: bytes) -> None:
        try:
            self.titles[str(json.loads(browser("", number).decrypt(body))["title"])] += 1
        except (ECEException, ValueError, KeyError):
            self.broken += 1

    def say(self) -> dict[str, Any]:
        return {"titles": dict(self.titles), "broken": self.broken}


class PushService(Posted):
    def __init__(self, book: Book, opened: Opened) -> None:
        super().__init__()
        self._book = book
        self._opened = opened

    @override
    def answer(self, url: bytes, body: bytes) -> bytes:
        number = url.rpartition(b"/")[2]
        self._book.note(number)
        if self._book.count % EVERY == 0:
            self._opened.open(int(number), body)
        return response(b"201 Created", b"Location: /message/%d" % self._book.count)
