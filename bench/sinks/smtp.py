"""A relay that takes every mail and keeps none: RFC 5321 as far as a client needs it, pipelined."""

import asyncio
from typing import cast

from typing_extensions import override

from bench.sinks.serving import Book

GREETING = b"220 sink.example ESMTP\r\n"
EXTENSIONS = (
    b"250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
    b"250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n250 SIZE 52428800\r\n"
)
OK = b"250 2.0.0 Ok\r\n"
LINE = b"\r\n"
END = b"\r\n.\r\n"


class Session(asyncio.Protocol):
    """One connection. Whatever came together is answered together."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._heard = b""
        self._recipients: list[bytes] = []
        self._leaving = False
        self._mark = LINE  # what ends what is being heard

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(GREETING)

    @override
    def data_received(self, data: bytes) -> None:
        heard = self._heard + data
        answers = []
        at = 0
        while (end := heard.find(self._mark, at)) >= 0:
            if self._mark == END:
                at = end + len(END)
                answers.append(self._mail())
            else:
                command, at = heard[at:end], end + len(LINE)
                answers.append(self._command(command))
                if self._mark == END:
                    at = end  # its line end may be the first one of the final dot
        self._heard = heard[at:]
        if answers:
            self._transport.write(b"".join(answers))
        if self._leaving:
            self._transport.close()

    def _mail(self) -> bytes:
        self._mark = LINE
        for recipient in self._recipients:
            self._book.note(recipient)
        self._recipients.clear()
        return b"250 2.0.0 Ok: queued as %X\r\n" % self._book.count

    def _command(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"RCPT":
            self._recipients.append(line[line.find(b"<") + 1 : line.find(b">")])
            return OK
        if verb == b"DATA":
            self._mark = END
            return b"354 End data with <CR><LF>.<CR><LF>\r\n"
        if verb in {b"MAIL", b"RSET"}:
            self._recipients.clear()
            return OK
        if verb == b"EHLO":
            return EXTENSIONS
        if verb == b"QUIT":
            self._leaving = True
            return b"221 2.0.0 Bye\r\n"
        return OK if verb in {b"HELO", b"NOOP"} else b"502 5.5.2 Not here\r\n"
