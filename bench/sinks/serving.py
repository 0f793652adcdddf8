"""What every sink has in common: a book, a port, and somebody who asks over standard input."""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Say = Callable[[], dict[str, Any]]


class Book:
    """Whom each message was for, in the order they came. `lose`: so many are taken and not
    written down, to see whether that is noticed."""

    def __init__(self, *, lose: int = 0) -> None:
        self._recipients: list[bytes] = []
        self._lose = lose

    def note(self, recipient: bytes) -> None:
        if self._lose:
            self._lose -= 1
            return
        self._recipients.append(recipient)

    @property
    def count(self) -> int:
        return len(self._recipients)

    def take(self, file: Path) -> None:
        """Write one recipient a line, and begin anew."""
        taken, self._recipients = self._recipients, []
        file.write_bytes(b"".join(one + b"\n" for one in taken))


async def serve(protocol: Callable[[], asyncio.Protocol], book: Book, *, say: Say = dict) -> None:
    """Listen on a free port of this machine until standard input ends.

    Prints the port as a line of JSON. Then each line that comes is `count`, or `take FILE`; the
    answer is a line of JSON with `count` and what `say` adds.
    """
    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, backlog=1_000)
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    _print({"port": server.sockets[0].getsockname()[1]})
    while line := await commands.readline():
        answer = {"count": book.count, **say()}
        word, _, file = line.decode().rstrip("\n").partition(" ")
        if word == "take":
            book.take(Path(file))
        _print(answer)
    server.close()


def _print(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
