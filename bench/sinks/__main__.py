"""`python -m bench.sinks KIND [LOSE]`: one sink in a process of its own."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

import uvloop

from bench.sinks.gateway import Gateway
from bench.sinks.push import Opened, PushService
from bench.sinks.serving import Book, serve
from bench.sinks.smtp import Session


def main(kind: str, lose: str = "0") -> None:
    book = Book(lose=int(lose))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_sink(kind, book))


def _sink(kind: str, book: Book) -> Coroutine[Any, Any, None]:
    if kind == "smtp":
        return serve(lambda: Session(book), book)
    if kind == "gateway":
        return serve(lambda: Gateway(book), book)
    opened = Opened()
    return serve(lambda: PushService(book, opened), book, say=opened.say)


if __name__ == "__main__":
    main(*sys.argv[1:])
