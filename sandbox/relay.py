"""A mail relay: takes every mail over SMTP, keeps it in its book, and bounces where rules say so."""

import asyncio
import ssl
import time
from typing import Self

from sandbox.books import Book, Counts
from sandbox.bounces import Bouncer
from sandbox.certificate import make_certificate
from sandbox.mails import Mail, digest_of
from sandbox.rules import Rule, Rules
from sandbox.smtp import Envelope, Session, from_xtext
from sandbox.smtp_wire import GO_ON, Verdict, Wire

_REFUSALS = {
    "refuse": (550, "5.1.1 no such user"),
    "greylist": (451, "4.7.1 greylisted, come back later"),
    "throttle": (451, "4.7.0 too fast"),
    "close": (421, "4.3.2 closing"),
}
_STILL = 30.0


class Relay:
    """An SMTP server on one port. `async with` runs it.

    `starttls` offers TLS with a certificate of its own (`certificate`, PEM); `credentials` asks
    for user and password. `bounce_to` is where bounces go, as (host, port).
    """

    def __init__(
        self,
        rules: Rules | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        starttls: bool = False,
        credentials: tuple[str, str] | None = None,
        bounce_to: tuple[str, int] | None = None,
        book: Book[Mail] | None = None,
    ) -> None:
        self.rules = rules or Rules()
        self.book: Book[Mail] = Book() if book is None else book
        self.counts = Counts()
        self.credentials = credentials
        self.tls: ssl.SSLContext | None = None
        self.certificate: str | None = None
        self.sessions: set[Wire] = set()
        self.bouncer = Bouncer(self.counts, to=bounce_to)
        if starttls:
            made = make_certificate()
            self.tls, self.certificate = made.context, made.pem
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        if self._server is None:
            return self._port
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """Give the relay as the service wants it in its settings."""
        return f"smtp://{self._host}:{self.port}" + ("" if self.tls else "?tls=none")

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Session(self), self._host, self._port, backlog=512
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for session in list(self.sessions):
            session.close()
        await self.bouncer.close()

    # what a session asks

    def offers_tls(self) -> bool:
        return self.tls is not None and not self.rules.any("email", "strip_starttls")

    def on_connect(self, peer: str) -> Verdict:
        self.counts["connections"] += 1
        return self._judge(self.rules.find("email", peer, "connect"))

    def on_mail(self, sender: str) -> Verdict:
        return self._judge(self.rules.find("email", sender, "mail"))

    def on_rcpt(self, recipient: str) -> Verdict:
        return self._judge(self.rules.find("email", recipient, "rcpt"))

    def on_ready(self, envelope: Envelope) -> Verdict:
        return self._judge(self.rules.find("email", envelope.recipients[0][0], "ready"))

    def on_data(self, envelope: Envelope, raw: bytes) -> Verdict:
        """Take a mail for all its recipients; the first one's rule decides what is answered."""
        rule = self.rules.find("email", envelope.recipients[0][0], "data")
        verdict = self._judge(rule)
        if verdict.answer is not None or (verdict.close and rule and rule.do == "hang"):
            return verdict
        digest, now = digest_of(raw), time.time()
        kept = raw if self.book.wants_content else b""
        for number, (recipient, options) in enumerate(envelope.recipients):
            own = rule if number == 0 else self.rules.find("email", recipient, "data")
            mail = Mail(
                at=now,
                envelope_from=envelope.sender,
                to=recipient,
                raw=kept,
                digest=digest,
                size=len(raw),
                envid=_envid(envelope),
                options=options,
                answered=not verdict.close,
            )
            self._take(mail, own)
        return verdict

    def _take(self, mail: Mail, rule: Rule | None) -> None:
        do = rule.do if rule else None
        for _ in range({"lose": 0, "double": 2}.get(do or "", 1)):
            self.counts["taken"] += 1
            self.book.add(mail)
        if rule is not None and do == "bounce":
            self.bouncer.bounce(mail, rule)

    def _judge(self, rule: Rule | None) -> Verdict:
        """Turn a rule into what the session says."""
        if rule is None:
            return GO_ON
        match rule.do:
            case "hang":
                self.counts["hung"] += 1
                return Verdict(wait=rule.waits(_STILL), close=True)
            case "slow":
                return Verdict(wait=rule.waits(1.0))
            case "drop":
                return Verdict(close=True)
            case "refuse" | "greylist" | "throttle" | "close":
                self.counts["refused"] += 1
                code, text = _REFUSALS[rule.do]
                answer = f"{rule.code or code} {rule.text or text}"
                return Verdict(answer, close=rule.do == "close")
            case _:
                return GO_ON


def _envid(envelope: Envelope) -> str | None:
    value = envelope.options.get("ENVID")
    return None if value is None else from_xtext(value)
