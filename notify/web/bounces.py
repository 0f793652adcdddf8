"""Takes bounces over SMTP or LMTP: point the MX (or a transport) of the bounce domain here.

A recipient that is no bounce address of ours is refused at RCPT, so this is no relay.
"""

import asyncio
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from channels.bounces import LARGEST, Unreadable
from notify.domain.keyring import Keyring
from notify.errors import Misconfigured
from notify.log import get
from notify.services import bouncing
from notify.services.receiving import Receiver

log = get(__name__)

IDLE = 60.0


class BothProtocols(SMTP):
    """SMTP that also takes LMTP's greeting (RFC 2033). With one recipient a message both answer
    alike: LMTP wants one answer for each recipient that was taken."""

    line_length_limit = 64 * 1024  # bounces quote lines longer than RFC 5321 allows

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, arg: str) -> None:  # noqa: N802 - aiosmtpd finds verbs by name
        await self.smtp_EHLO(arg)


class Handler:
    """What to do with each step of a mail (aiosmtpd calls these)."""

    def __init__(self, keyring: Keyring, receiver: Receiver) -> None:
        self._keyring = keyring
        self._receiver = receiver

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        try:
            bouncing.attempt_of(self._keyring, address)
        except bouncing.Forged:
            return "550 5.1.1 not an address of this service"
        if envelope.rcpt_tos:
            return "452 4.5.3 one recipient at a time"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        try:
            # A hostile mail may take a second to read: not on the loop that serves everybody.
            number, receipts = await asyncio.to_thread(
                bouncing.read, self._keyring, content, recipient=envelope.rcpt_tos[0]
            )
        except (bouncing.Forged, Unreadable):
            return "554 5.6.0 not a bounce that can be read"
        try:
            await asyncio.gather(*(self._receiver.take((number, receipt)) for receipt in receipts))
        except Exception as problem:  # noqa: BLE001 - whatever it is, the sender tries again
            log.error("bounce.not_kept", problem=type(problem).__name__)
            return "451 4.3.0 try again"
        return "250 2.0.0 taken"

    async def handle_exception(self, problem: Exception) -> str:
        """Instead of aiosmtpd's answer, which tells strangers the exception's text."""
        log.error("bounce.broke", problem=type(problem).__name__)
        return "451 4.3.0 try again"


async def serve(listen: str, *, keyring: Keyring, receiver: Receiver) -> asyncio.Server:
    """Listen at `host:port`. Raises Misconfigured when that cannot be done."""
    host, _, port = listen.rpartition(":")
    handler = Handler(keyring, receiver)
    try:
        return await asyncio.get_running_loop().create_server(
            lambda: BothProtocols(
                handler, data_size_limit=LARGEST, enable_SMTPUTF8=True, timeout=IDLE,
                hostname="notify", ident="notify",
            ),
            host.strip("[]") or None,
            int(port),
        )  # fmt: skip
    except (OSError, ValueError, OverflowError) as problem:
        raise Misconfigured(
            f"NOTIFY_BOUNCE_LISTEN: cannot listen at {listen!r} ({problem}). "
            "Write host:port with a port that is free."
        ) from None
