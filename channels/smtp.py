"""Keeps connections to one mail relay: opens them, hands them out, throws broken ones away.

aiosmtplib opens, encrypts and logs in. A connection whose dialogue broke off (time-out, drop,
cancellation, an answer that is none) is out of step and never used again.
"""

import asyncio
import contextlib
import socket
import ssl
from collections import deque
from typing import cast

import aiosmtplib
from aiosmtplib.protocol import SMTPProtocol
from aiosmtplib.response import SMTPResponse

from channels.base import SenderDown, SenderStopped, TryAgain
from channels.relay import Relay, Tls
from channels.replies import Phase, refusal

# Servers close idle connections after minutes, middleboxes silently and sooner.
IDLE_SECONDS = 25.0
# Postfix and others end a session after so many mails.
MAILS_PER_CONNECTION = 100
_GOODBYE_SECONDS = 2.0
_RESET_SECONDS = 5.0

# What a dialogue can break with; ValueError is what aiosmtplib makes of nonsense in an AUTH
# exchange, RuntimeError what the loop makes of a transport that is already closed.
BROKEN = (aiosmtplib.SMTPException, OSError, ValueError, RuntimeError)


class Connection:
    """One dialogue with the relay, for one mail at a time."""

    def __init__(self, client: aiosmtplib.SMTP) -> None:
        self._client = client
        self.mails = 0
        self.idle_since = 0.0

    @property
    def alive(self) -> bool:
        return self._client.is_connected

    @property
    def used(self) -> bool:
        """Whether it has carried a mail before, so that the server may have left meanwhile."""
        return self.mails > 0

    def offers(self, extension: str) -> bool:
        return self._client.supports_extension(extension)

    @property
    def size_limit(self) -> int | None:
        """The largest mail the server takes, in bytes; None if it does not say (RFC 1870)."""
        limit = self._client.esmtp_extensions.get("size", "").strip()
        return int(limit) if limit.isascii() and limit.isdecimal() and int(limit) > 0 else None

    async def command(self, *words: bytes) -> SMTPResponse:
        return await self._client.execute_command(*words, timeout=None)

    def begin_body(self, body: bytes) -> None:
        """Writes the stuffed body with its final dot.

        Raises one of BROKEN while nothing of it has left.
        """
        self._protocol.write(body)

    async def body_answer(self) -> SMTPResponse:
        return await self._protocol.read_response(timeout=None)

    @property
    def _protocol(self) -> SMTPProtocol:
        protocol = self._client.protocol
        if protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("connection lost")
        return protocol

    async def reset(self) -> None:
        """Makes the connection fit for the next mail after a refused one, or drops it."""
        if not self.alive:
            return
        try:
            async with asyncio.timeout(_RESET_SECONDS):
                reply = await self.command(b"RSET")
        except BROKEN:
            self.drop()
        except BaseException:
            self.drop()
            raise
        else:
            if reply.code != 250:
                self.drop()

    def drop(self) -> None:
        """Cuts the connection at once, without waiting for anything."""
        transport = self._client.transport
        if transport is not None:
            # close() would first flush what is written, and over TLS wait for the other side.
            # Python before 3.11.4 raises AttributeError where TLS has ended already.
            with contextlib.suppress(AttributeError):
                cast(asyncio.WriteTransport, transport).abort()
        self._client.close()

    async def quit(self) -> None:
        """Says goodbye, briefly."""
        try:
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._client.quit(timeout=None)
        except BROKEN:
            pass
        finally:
            self.drop()


class Pool:
    """The connections to one relay. How many are out at once is the caller's business.

    `idle` is in seconds: after so long a kept connection is not trusted any more.
    """

    def __init__(
        self,
        relay: Relay,
        *,
        tls_context: ssl.SSLContext | None = None,
        local_hostname: str | None = None,
        idle: float = IDLE_SECONDS,
    ) -> None:
        self._relay = relay
        self._idle_seconds = idle
        self._idle: deque[Connection] = deque()
        self._out = 0
        self._closed = False
        self._local_hostname = local_hostname
        if tls_context is None and relay.tls is not Tls.NONE:
            tls_context = ssl.create_default_context()
        self._tls_context = tls_context

    async def take(self, *, deadline: float) -> Connection:
        """An idle connection or a new one. Raises SenderDown, SenderStopped or TryAgain.

        `deadline` is on the loop's clock.
        """
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if connection.alive and now - connection.idle_since < self._idle_seconds:
                self._out += 1
                return connection
            connection.drop()
        return await self.fresh(deadline=deadline)

    async def fresh(self, *, deadline: float) -> Connection:
        """A new connection, as `take`."""
        if self._closed:
            raise SenderDown("closed")
        client = aiosmtplib.SMTP(
            hostname=self._relay.host,
            port=self._relay.port,
            use_tls=self._relay.tls is Tls.IMPLICIT,
            start_tls=False,
            tls_context=self._tls_context,
            # The deadline below bounds it. A time-out here would run through asyncio.wait_for,
            # which before Python 3.12 can swallow a cancellation.
            timeout=None,
        )
        connection = Connection(client)
        try:
            async with asyncio.timeout_at(deadline):
                await self._open(client)
        except BaseException as error:
            connection.drop()
            if isinstance(error, TimeoutError):
                raise SenderDown("timed_out") from None
            if isinstance(error, BROKEN):
                raise SenderDown("unreachable") from None
            raise
        self._out += 1
        return connection

    async def give(self, connection: Connection) -> None:
        """Takes a connection back, after a mail or after it was dropped."""
        self._out -= 1
        if not connection.alive:
            connection.drop()
        elif self._closed or connection.mails >= MAILS_PER_CONNECTION:
            await connection.quit()
        else:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)

    async def close(self) -> None:
        self._closed = True
        idle, self._idle = self._idle, deque()
        await asyncio.gather(*(connection.quit() for connection in idle))

    async def _open(self, client: aiosmtplib.SMTP) -> None:
        client.local_hostname = await self._hostname()
        await self._greeting(client)
        await self._hello(client)
        if self._relay.tls is Tls.STARTTLS:
            await self._start_tls(client)
            await self._hello(client)
        if self._relay.username is not None:
            await self._log_in(client, self._relay.username, self._relay.password or "")

    async def _greeting(self, client: aiosmtplib.SMTP) -> None:
        try:
            await client.connect()
        except aiosmtplib.SMTPConnectResponseError as error:
            if error.code == 421 and self._out:
                # Our other connections work: the server wants no more of them, that is all.
                raise TryAgain("relay_busy", code="421", after=1.0) from None
            raise refusal(Phase.GREETING, error.code, error.message) from None
        except aiosmtplib.SMTPResponseException as error:
            raise refusal(Phase.GREETING, error.code, error.message) from None
        except aiosmtplib.SMTPConnectError as error:
            reason = "tls_failed" if isinstance(error.__cause__, ssl.SSLError) else "unreachable"
            raise SenderDown(reason) from None

    @staticmethod
    async def _hello(client: aiosmtplib.SMTP) -> None:
        try:
            await client.ehlo()
        except aiosmtplib.SMTPHeloError as error:
            if not client.is_connected or not 500 <= error.code <= 504:
                raise refusal(Phase.GREETING, error.code, error.message) from None
            # A server from before 1995: no extensions, but mails it takes.
            await client.helo()

    @staticmethod
    async def _start_tls(client: aiosmtplib.SMTP) -> None:
        if not client.supports_extension("starttls"):
            # Down, not stopped: somebody may be stripping it, and that must not silence the
            # sender for longer than it lasts.
            raise SenderDown("tls_required")
        try:
            await client.starttls()
        except aiosmtplib.SMTPResponseException as error:
            raise refusal(Phase.TLS, error.code, error.message) from None
        except (OSError, aiosmtplib.SMTPException):
            raise SenderDown("tls_failed") from None

    async def _log_in(self, client: aiosmtplib.SMTP, username: str, password: str) -> None:
        # Inside TLS a plain password is safe and one round trip; outside, better not show it.
        methods = {
            "plain": client.auth_plain,
            "login": client.auth_login,
            "cram-md5": client.auth_crammd5,
        }
        order = list(methods) if self._relay.tls is not Tls.NONE else list(reversed(methods))
        for name in order:
            if name not in client.server_auth_methods:
                continue
            try:
                await methods[name](username, password)
            except aiosmtplib.SMTPAuthenticationError as error:
                if error.code in {500, 501, 502, 504}:
                    continue  # offered, but not meant
                raise refusal(Phase.AUTH, error.code, error.message) from None
            return
        raise SenderStopped("no_way_to_log_in")

    async def _hostname(self) -> str:
        """What we call ourselves in EHLO; looked up once, since that may ask a name server."""
        if self._local_hostname is None:
            name = await asyncio.to_thread(socket.getfqdn)
            # RFC 5321 §4.1.3: who has no full name gives an address.
            self._local_hostname = name if "." in name and name.isascii() else "[127.0.0.1]"
        return self._local_hostname
