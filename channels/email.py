"""Hands mails to one SMTP relay, each in a transaction of its own.

The steps are taken one by one, so that it is known how far a mail came: until the final dot
nothing was handed over; from then on only the server's answer says.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import aiosmtplib
from aiosmtplib.response import SMTPResponse

from channels import mime
from channels.base import Failure, OutcomeUnknown, Rejected, Sent, TryAgain
from channels.dkim import DkimKey, Signer
from channels.messages import Email
from channels.relay import Relay, relay
from channels.replies import Phase, queue_id, refusal
from channels.smtp import BROKEN, Connection, Pool

__all__ = ["DkimKey", "EmailChannel", "Relay", "relay"]

_LONGEST_ENVELOPE_ID = 100  # RFC 3461 §4.4


class _Stale(Exception):
    """A kept connection turned out to be gone before the mail was on its way."""


@dataclass(frozen=True, slots=True)
class _Mail:
    """A mail as it goes over the wire."""

    envelope_from: str
    to: str
    envelope_id: str | None
    raw: bytes

    @property
    def needs_smtputf8(self) -> bool:
        return not (self.to.isascii() and self.envelope_from.isascii() and self.raw.isascii())


class EmailChannel:
    """E-mail through the relay at `url`, over up to `concurrency` kept connections.

    `timeout` is in seconds: so long may connecting and the envelope take together, and so long
    again the answer to the message itself. ValueError if `url` or `dkim` cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        concurrency: int = 20,
        timeout: float = 30.0,
        dkim: DkimKey | None = None,
        tls_context: ssl.SSLContext | None = None,
        local_hostname: str | None = None,
        now: Callable[[], datetime] = lambda: datetime.fromtimestamp(time.time(), UTC),
    ) -> None:
        target = relay(url)
        self._sender = target.sender
        self._concurrency = concurrency
        self._timeout = timeout
        self._signer = Signer(dkim) if dkim else None
        self._now = now
        self._slots = asyncio.Semaphore(concurrency)
        self._pool = Pool(target, tls_context=tls_context, local_hostname=local_hostname)

    @property
    def sender(self) -> str:
        return self._sender

    @property
    def concurrency(self) -> int:
        return self._concurrency

    async def send(self, message: Email) -> Sent:
        """Hands over one mail; raises one of the failures of channels.base and nothing else."""
        mail = self._prepare(message)
        async with self._slots:
            deadline = asyncio.get_running_loop().time() + self._timeout
            try:
                return await self._carry(mail, await self._pool.take(deadline=deadline), deadline)
            except _Stale:
                connection = await self._pool.fresh(deadline=deadline)
            return await self._carry(mail, connection, deadline)

    async def probe(self) -> None:
        """Connects, secures and logs in as for a mail, and sends none."""
        async with self._slots:
            deadline = asyncio.get_running_loop().time() + self._timeout
            await self._pool.give(await self._pool.fresh(deadline=deadline))

    async def close(self) -> None:
        """Says goodbye to the relay; a send that is under way finishes first on its own."""
        await self._pool.close()

    def _prepare(self, message: Email) -> _Mail:
        try:
            raw = mime.build(message, date=self._now())
            to = mime.wire_address(message.to)
            envelope_from = mime.wire_address(message.envelope_from)
            envelope_id = _envelope_id(message.envelope_id)
        except ValueError:
            raise Rejected("unsendable") from None
        if self._signer is not None:
            raw = self._signer.sign(raw)
        return _Mail(envelope_from, to, envelope_id, raw)

    async def _carry(self, mail: _Mail, connection: Connection, deadline: float) -> Sent:
        try:
            _fits(mail, connection)
            await self._envelope(mail, connection, deadline)
            return await self._body(connection)
        except Failure:
            await connection.reset()
            raise
        except BaseException:
            # Cancelled, or stale: whatever the server still says would answer the next mail.
            connection.drop()
            raise
        finally:
            connection.mails += 1
            await self._pool.give(connection)

    @staticmethod
    async def _envelope(mail: _Mail, connection: Connection, deadline: float) -> None:
        """Everything up to the final dot; nothing that fails here was handed over."""
        try:
            async with asyncio.timeout_at(deadline):
                for phase, words, consent in _dialogue(mail, connection):
                    reply = await connection.command(*words)
                    if reply.code not in consent:
                        raise _refused(phase, reply, connection)
            connection.begin_body(_stuffed(mail.raw))
        except TimeoutError:
            connection.drop()
            raise TryAgain("timed_out") from None
        except aiosmtplib.SMTPResponseException as error:
            connection.drop()
            raise TryAgain("garbled_answer", code=str(error.code)) from None
        except BROKEN:
            if connection.used:
                raise _Stale from None
            connection.drop()
            raise TryAgain("connection_lost") from None

    async def _body(self, connection: Connection) -> Sent:
        """The answer to the final dot: without one, nobody knows."""
        try:
            async with asyncio.timeout(self._timeout):
                reply = await connection.body_answer()
        except aiosmtplib.SMTPResponseException as error:
            connection.drop()
            raise OutcomeUnknown("garbled_answer", code=str(error.code)) from None
        except BROKEN:
            connection.drop()
            raise OutcomeUnknown("no_answer_after_data") from None
        if 200 <= reply.code <= 299:
            return Sent(provider_id=queue_id(reply.message), code=str(reply.code))
        if not 400 <= reply.code <= 599:
            connection.drop()
            raise OutcomeUnknown("garbled_answer", code=str(reply.code))
        raise refusal(Phase.BODY, reply.code, reply.message)


def _fits(mail: _Mail, connection: Connection) -> None:
    """Checks the mail against what the server said it takes; raises Rejected."""
    limit = connection.size_limit
    if limit is not None and len(mail.raw) > limit:
        raise Rejected("too_big")
    if mail.needs_smtputf8 and not connection.offers("smtputf8"):
        raise Rejected("needs_smtputf8")


def _dialogue(
    mail: _Mail, connection: Connection
) -> Iterator[tuple[Phase, tuple[bytes, ...], frozenset[int]]]:
    """The commands before the body, each with the codes that consent to it."""
    sender = b"FROM:<" + mail.envelope_from.encode() + b">"
    recipient = b"TO:<" + mail.to.encode() + b">"
    yield Phase.MAIL, (b"MAIL", sender, *_mail_options(mail, connection)), frozenset({250})
    yield Phase.RCPT, (b"RCPT", recipient, *_rcpt_options(mail, connection)), frozenset({250, 251})
    yield Phase.DATA, (b"DATA",), frozenset({354})


def _mail_options(mail: _Mail, connection: Connection) -> list[bytes]:
    options = []
    if connection.offers("size"):
        options.append(b"SIZE=%d" % len(mail.raw))
    if mail.needs_smtputf8:
        options += [b"BODY=8BITMIME", b"SMTPUTF8"]
    if connection.offers("dsn"):
        # The head of a returned mail is enough to tell which it was, and keeps texts at home.
        options.append(b"RET=HDRS")
        if mail.envelope_id:
            options.append(b"ENVID=" + mail.envelope_id.encode())
    return options


def _rcpt_options(mail: _Mail, connection: Connection) -> list[bytes]:
    if not connection.offers("dsn"):
        return []
    options = [b"NOTIFY=FAILURE,DELAY"]
    if mail.to.isascii():
        options.append(b"ORCPT=rfc822;" + _xtext(mail.to).encode())
    return options


def _refused(phase: Phase, reply: SMTPResponse, connection: Connection) -> Failure | _Stale:
    if reply.code == 421 and connection.used:
        # How a server says that it will close a connection it finds too old.
        return _Stale()
    if not 400 <= reply.code <= 599:
        connection.drop()
    return refusal(phase, reply.code, reply.message)


def _xtext(text: str) -> str:
    """RFC 3461 §4: printable ASCII, with + and = and everything else as +XX."""
    if not text.isascii() or not text.isprintable():
        raise ValueError("xtext holds printable ASCII only")
    return "".join(char if char not in "+= " else f"+{ord(char):02X}" for char in text)


def _envelope_id(text: str | None) -> str | None:
    if text is None:
        return None
    if len(text) > _LONGEST_ENVELOPE_ID:
        raise ValueError("an envelope id is longer than 100 characters")
    return _xtext(text)


def _stuffed(raw: bytes) -> bytes:
    """A message ready for DATA (RFC 5321 §4.5.2); the head never starts with a dot."""
    return raw.replace(b"\r\n.", b"\r\n..") + b".\r\n"
