"""What an SMTP session understands (RFC 5321, 3207, 3461, 4954); what becomes of it, the host says."""

import asyncio
import base64
import binascii
import re
import ssl
from dataclasses import dataclass, field
from typing import Protocol, cast

from typing_extensions import override

from sandbox.smtp_wire import MAX_SIZE, Verdict, Wire

_MAX_RECIPIENTS = 100
_PATH = re.compile(rb"<([^<>\s]*)>((?:\s+\S+)*)\s*", re.ASCII)
_XTEXT = re.compile(r"\+([0-9A-F]{2})")


@dataclass(slots=True)
class Envelope:
    """What was said before DATA: sender, its options, each recipient with its options."""

    sender: str
    options: dict[str, str]
    recipients: list[tuple[str, dict[str, str]]] = field(default_factory=list)


class Host(Protocol):
    """Who decides and keeps what the protocol brings."""

    credentials: tuple[str, str] | None
    tls: ssl.SSLContext | None
    sessions: set[Wire]

    def on_connect(self, peer: str) -> Verdict: ...

    def on_mail(self, sender: str) -> Verdict: ...

    def on_rcpt(self, recipient: str) -> Verdict: ...

    def on_ready(self, envelope: Envelope) -> Verdict: ...

    def on_data(self, envelope: Envelope, raw: bytes) -> Verdict: ...

    def offers_tls(self) -> bool: ...


class Session(Wire):
    """One connection and what was said on it so far."""

    def __init__(self, host: Host) -> None:
        super().__init__(host.sessions)
        self._host = host
        self._envelope: Envelope | None = None
        self._login: list[str] | None = None
        self._greeted = self._known = self._secure = False
        self._upgrade: asyncio.Task[None] | None = None

    @property
    @override
    def busy(self) -> bool:
        return self._upgrade is not None or super().busy

    @override
    def opened(self, peer: str) -> None:
        self.say(self._host.on_connect(peer), "220 sandbox ESMTP")

    @override
    def mail(self, raw: bytes) -> None:
        envelope, self._envelope = self._envelope, None
        if envelope is None or len(raw) > MAX_SIZE:
            self.write("552 5.3.4 message too big")
            return
        self.say(self._host.on_data(envelope, raw), "250 2.0.0 taken")

    # commands

    @override
    def line(self, line: bytes) -> None:
        if self._login is not None:
            self._go_on_with_login(line)
            return
        verb, _, rest = line.partition(b" ")
        match verb.upper():
            case b"MAIL":
                self._mail(rest)
            case b"RCPT":
                self._rcpt(rest)
            case b"DATA":
                self._data()
            case b"EHLO" | b"HELO":
                self._hello(extended=verb.upper() == b"EHLO")
            case other:
                self._rare(other, rest)

    def _rare(self, verb: bytes, rest: bytes) -> None:
        match verb:
            case b"RSET":
                self._envelope = None
                self.write("250 2.0.0 forgotten")
            case b"NOOP":
                self.write("250 2.0.0 fine")
            case b"QUIT":
                self.write("221 2.0.0 bye")
                self.finish()
            case b"STARTTLS" if self._host.offers_tls() and not self._secure:
                self.write("220 2.0.0 go ahead")
                self._start_tls()
            case b"AUTH" if self._host.credentials is not None:
                self._auth(rest.decode("latin-1"))
            case _:
                self.write("502 5.5.1 not known here")

    def _hello(self, *, extended: bool) -> None:
        self._greeted, self._envelope = True, None
        if not extended:
            self.write("250 sandbox")
            return
        words = ["sandbox", "PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "DSN"]
        words.append(f"SIZE {MAX_SIZE}")
        if self._host.offers_tls() and not self._secure:
            words.append("STARTTLS")
        if self._host.credentials is not None:
            words.append("AUTH PLAIN LOGIN")
        self.write("\r\n".join([f"250-{word}" for word in words[:-1]] + [f"250 {words[-1]}"]))

    def _mail(self, rest: bytes) -> None:
        if not self._greeted:
            self.write("503 5.5.1 say EHLO first")
            return
        if self._host.credentials is not None and not self._known:
            self.write("530 5.7.0 authentication required")
            return
        parsed = _parse_path(rest, b"FROM:")
        if parsed is None or self._envelope is not None:
            self.write("501 5.5.4 MAIL FROM:<address>" if parsed is None else "503 5.5.1 nested")
            return
        sender, options = parsed
        if options.get("SIZE", "0").isdigit() and int(options.get("SIZE", "0")) > MAX_SIZE:
            self.write("552 5.3.4 message too big")
            return
        verdict = self._host.on_mail(sender)
        if verdict.answer is None:
            self._envelope = Envelope(sender, options)
        self.say(verdict, "250 2.1.0 ok")

    def _rcpt(self, rest: bytes) -> None:
        parsed = _parse_path(rest, b"TO:")
        envelope = self._envelope
        if envelope is None:
            self.write("503 5.5.1 MAIL first")
            return
        if parsed is None or not parsed[0]:
            self.write("501 5.1.3 RCPT TO:<address>")
            return
        if len(envelope.recipients) >= _MAX_RECIPIENTS:
            self.write("452 4.5.3 too many recipients")
            return
        verdict = self._host.on_rcpt(parsed[0])
        if verdict.answer is None:
            envelope.recipients.append(parsed)
        self.say(verdict, "250 2.1.5 ok")

    def _data(self) -> None:
        if self._envelope is None or not self._envelope.recipients:
            self.write("503 5.5.1 no valid recipients")
            return
        verdict = self._host.on_ready(self._envelope)
        self.in_data = verdict.answer is None and not verdict.close
        self.say(verdict, "354 go ahead")

    # AUTH (RFC 4954)

    def _auth(self, rest: str) -> None:
        method, _, initial = rest.partition(" ")
        if method.upper() not in {"PLAIN", "LOGIN"}:
            self.write("504 5.5.4 PLAIN or LOGIN")
            return
        self._login = [method.upper()]
        if initial:
            self._go_on_with_login(initial.encode())
        else:
            self.write("334 " + ("" if method.upper() == "PLAIN" else "VXNlcm5hbWU6"))

    def _go_on_with_login(self, line: bytes) -> None:
        said, self._login = [*(self._login or []), _unbase64(line)], None
        if said[0] == "LOGIN" and len(said) == 2:
            self._login = said
            self.write("334 UGFzc3dvcmQ6")
            return
        pair = said[1].split("\0")[1:] if said[0] == "PLAIN" else said[1:]
        self._known = tuple(pair) == self._host.credentials
        self.write("235 2.7.0 welcome" if self._known else "535 5.7.8 wrong credentials")

    # STARTTLS (RFC 3207)

    def _start_tls(self) -> None:
        self.flush()
        # What came in clear text after STARTTLS must not be taken for protected.
        self._buffer.clear()
        self._upgrade = asyncio.ensure_future(self._handshake())

    async def _handshake(self) -> None:
        try:
            if self._transport is not None and self._host.tls is not None:
                loop = asyncio.get_running_loop()
                upgraded = await loop.start_tls(
                    self._transport, self, self._host.tls, server_side=True
                )
                self._transport = cast(asyncio.Transport, upgraded)
                self._secure, self._greeted, self._envelope = True, False, None
        except (OSError, ssl.SSLError):
            self.close()
        finally:
            self._upgrade = None
        self.pump()


def _parse_path(rest: bytes, keyword: bytes) -> tuple[str, dict[str, str]] | None:
    """Read `FROM:<address> KEY=value …`; None if it is not of that form."""
    if rest[: len(keyword)].upper() != keyword:
        return None
    found = _PATH.fullmatch(rest[len(keyword) :].lstrip())
    if found is None:
        return None
    options: dict[str, str] = {}
    if found[2]:
        for word in found[2].decode("utf-8", "replace").split():
            key, _, value = word.partition("=")
            options[key.upper()] = value
    return found[1].decode("utf-8", "replace"), options


def _unbase64(line: bytes) -> str:
    try:
        return base64.b64decode(line, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def from_xtext(value: str) -> str:
    """Decode ENVID and ORCPT values (RFC 3461 §4)."""
    return _XTEXT.sub(lambda found: chr(int(found[1], 16)), value)
