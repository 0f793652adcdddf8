"""Opens connections to one mail relay: aiosmtplib connects, encrypts and logs in."""

import asyncio
import contextlib
import socket
import ssl
from typing import cast

import aiosmtplib

from channels.base import SenderDown, SenderStopped, TryAgain
from channels.relay import Relay, Tls
from channels.replies import Phase, refusal

# What opening can break with; ValueError is what aiosmtplib makes of nonsense in an AUTH
# exchange, RuntimeError what the loop makes of a transport that is already closed.
_BROKEN = (aiosmtplib.SMTPException, OSError, ValueError, RuntimeError)


class Opener:
    """Opens connections to `relay`."""

    def __init__(
        self,
        relay: Relay,
        *,
        tls_context: ssl.SSLContext | None = None,
        local_hostname: str | None = None,
    ) -> None:
        self._relay = relay
        self._local_hostname = local_hostname
        if tls_context is None and relay.tls is not Tls.NONE:
            tls_context = ssl.create_default_context()
        self._tls_context = tls_context

    async def open(
        self, *, deadline: float, others: bool
    ) -> tuple[asyncio.Transport, aiosmtplib.SMTP]:
        """A connection ready for the first mail, and who knows what the server can.

        `deadline` is on the loop's clock, `others` says whether other connections are open.
        Raises SenderDown, SenderStopped or TryAgain.
        """
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
        try:
            async with asyncio.timeout_at(deadline):
                await self._open(client, others=others)
        except BaseException as error:
            _cut(client)
            if isinstance(error, TimeoutError):
                raise SenderDown("timed_out") from None
            if isinstance(error, _BROKEN):
                raise SenderDown("unreachable") from None
            raise
        if client.transport is None:
            raise SenderDown("unreachable")
        return cast(asyncio.Transport, client.transport), client

    async def _open(self, client: aiosmtplib.SMTP, *, others: bool) -> None:
        client.local_hostname = await self._hostname()
        await self._greeting(client, others=others)
        await self._hello(client)
        if self._relay.tls is Tls.STARTTLS:
            await self._start_tls(client)
            await self._hello(client)
        if self._relay.username is not None:
            await self._log_in(client, self._relay.username, self._relay.password or "")

    @staticmethod
    async def _greeting(client: aiosmtplib.SMTP, *, others: bool) -> None:
        try:
            await client.connect()
        except aiosmtplib.SMTPConnectResponseError as error:
            if error.code == 421 and others:
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


def _cut(client: aiosmtplib.SMTP) -> None:
    """Ends a connection that did not come about, without waiting for anything."""
    transport = client.transport
    if transport is not None:
        cut(cast(asyncio.WriteTransport, transport))
    client.close()


def cut(transport: asyncio.WriteTransport) -> None:
    """Ends a connection at once: close() would first flush what is written, and over TLS wait for
    the other side."""
    # Python before 3.11.4 raises AttributeError where TLS has ended already.
    with contextlib.suppress(AttributeError):
        transport.abort()
