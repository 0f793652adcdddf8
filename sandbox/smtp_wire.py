"""The wire of an SMTP session: bytes in, lines and mails out, answers back in one write.

A protocol of our own rather than aiosmtpd's: it answers pipelined commands together, which is
what lets it keep up with a sender of ten thousand mails a second.
"""

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import cast

from typing_extensions import override

MAX_SIZE = 10 * 1024 * 1024
"""Bytes of one mail."""

_MAX_LINE = 2_048


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the relay says to one step: a full SMTP answer, or None for "go on".

    First `wait` seconds of silence; `close` ends the connection after the answer (or, where
    there is none, instead of it).
    """

    answer: str | None = None
    wait: float = 0.0
    close: bool = False


GO_ON = Verdict()


class Wire(asyncio.Protocol, ABC):
    """One connection, without knowing a single command."""

    def __init__(self, sessions: "set[Wire]") -> None:
        self._sessions = sessions
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._out: list[bytes] = []
        self._searched = 0
        self._timer: asyncio.TimerHandle | None = None
        self.in_data = False

    @abstractmethod
    def opened(self, peer: str) -> None:
        """Greet whoever connected from this IP address."""

    @abstractmethod
    def line(self, line: bytes) -> None:
        """Take one command line, without its end."""

    @abstractmethod
    def mail(self, raw: bytes) -> None:
        """Take what came after DATA, dots unstuffed."""

    @property
    def busy(self) -> bool:
        """Whether what has come in must wait."""
        return self._timer is not None or self._transport is None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none by inheritance.
        self._transport = cast(asyncio.Transport, transport)
        self._sessions.add(self)
        peer = transport.get_extra_info("peername")
        self.opened(str(peer[0]) if peer else "")
        self.flush()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.close()

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self.pump()

    def close(self) -> None:
        """End the connection at once."""
        self._sessions.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()

    def pump(self) -> None:
        """Work through the buffer until it is empty or something must be waited for."""
        while self._buffer and not self.busy:
            if not (self._read_mail() if self.in_data else self._read_line()):
                break
        self.flush()
        if len(self._buffer) > 2 * MAX_SIZE:
            self.close()

    def _read_line(self) -> bool:
        end = self._buffer.find(b"\r\n")
        if end < 0 and len(self._buffer) <= _MAX_LINE:
            return False
        if end < 0 or end > _MAX_LINE:
            self.write("500 5.5.2 line too long")
            self.finish()
            return False
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        self.line(line)
        return True

    def _read_mail(self) -> bool:
        if self._searched == 0 and self._buffer.startswith(b".\r\n"):
            raw, length = b"", 3
        else:
            end = self._buffer.find(b"\r\n.\r\n", self._searched)
            if end < 0:
                self._searched = max(len(self._buffer) - 4, 0)
                return False
            raw, length = bytes(self._buffer[: end + 2]), end + 5
        del self._buffer[:length]
        self.in_data, self._searched = False, 0
        raw = raw.replace(b"\r\n.", b"\r\n")
        self.mail(raw[1:] if raw.startswith(b".") else raw)
        return True

    def say(self, verdict: Verdict, usual: str) -> None:
        """Answer as was decided: as usual, otherwise, later, or not at all."""
        if verdict.wait:
            loop = asyncio.get_running_loop()
            done = Verdict(verdict.answer, close=verdict.close)
            self._timer = loop.call_later(verdict.wait, self._say_late, done, usual)
            return
        if verdict.answer is not None or not verdict.close:
            self.write(verdict.answer or usual)
        if verdict.close:
            self.finish()

    def _say_late(self, verdict: Verdict, usual: str) -> None:
        self._timer = None
        self.say(verdict, usual)
        self.pump()

    def write(self, answer: str) -> None:
        """Add one answer to what goes out next."""
        self._out.append(answer.encode() + b"\r\n")

    def flush(self) -> None:
        """Send the answers gathered so far."""
        if self._out and self._transport is not None:
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def finish(self) -> None:
        """Close once what was said has gone out."""
        self.flush()
        self._sessions.discard(self)
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()
