"""Hands mails to one SMTP relay, each in a transaction of its own."""

import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime

from channels import mime
from channels.base import Rejected, Sent
from channels.dkim import DkimKey, Signer
from channels.envelope import Mail, envelope_id
from channels.messages import Email
from channels.pool import Pool
from channels.relay import Relay, relay
from channels.smtp import Opener

__all__ = ["DkimKey", "EmailChannel", "Relay", "relay"]


class EmailChannel:
    """E-mail through the relay at `url`, over up to `connections` kept connections.

    `timeout` is in seconds: so long may waiting for a connection, connecting and the envelope take
    together, and so long again the answer to the message itself. ValueError if `url` or `dkim`
    cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        connections: int = 20,
        timeout: float = 30.0,
        dkim: DkimKey | None = None,
        tls_context: ssl.SSLContext | None = None,
        local_hostname: str | None = None,
        now: Callable[[], datetime] = lambda: datetime.fromtimestamp(time.time(), UTC),
    ) -> None:
        target = relay(url)
        self._sender = target.sender
        # More at once would leave more in doubt where a relay hangs: the service hands what has not
        # begun to another. Whoever does call more often has envelopes leave with messages.
        self._concurrency = connections
        self._signer = Signer(dkim) if dkim else None
        self._now = now
        opener = Opener(target, tls_context=tls_context, local_hostname=local_hostname)
        self._pool = Pool(opener, size=connections, timeout=timeout)

    @property
    def sender(self) -> str:
        return self._sender

    @property
    def concurrency(self) -> int:
        return self._concurrency

    async def send(self, message: Email) -> Sent:
        """Hands over one mail; raises one of the failures of channels.base and nothing else."""
        return await self._pool.carry(self._prepare(message))

    async def probe(self) -> None:
        """Connects, secures and logs in as for a mail, and sends none."""
        await self._pool.probe()

    async def close(self) -> None:
        """Says goodbye to the relay; a send that is under way finishes first on its own."""
        await self._pool.close()

    def _prepare(self, message: Email) -> Mail:
        try:
            raw = mime.build(message, date=self._now())
            mail = Mail(
                envelope_from=mime.wire_address(message.envelope_from),
                to=mime.wire_address(message.to),
                envelope_id=envelope_id(message.envelope_id),
                raw=raw if self._signer is None else self._signer.sign(raw),
            )
        except ValueError:
            raise Rejected("unsendable") from None
        return mail
