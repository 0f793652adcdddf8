"""What comes back after a relay has said yes: delivery reports (RFC 3464) and complaints (RFC 5965)."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from secrets import token_hex

import aiosmtplib

from sandbox.books import Counts
from sandbox.mails import Mail
from sandbox.rules import Rule

_TRIES = 4
_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class _Kind:
    action: str
    status: str
    diagnostic: str


_KINDS = {
    "hard": _Kind("failed", "5.1.1", "smtp; 550 5.1.1 user unknown"),
    "soft": _Kind("failed", "4.2.2", "smtp; 452 4.2.2 mailbox full"),
    "delayed": _Kind("delayed", "4.4.1", "smtp; 451 4.4.1 no answer from host"),
}


class Bouncer:
    """Sends bounces to the envelope sender of a mail, with the null sender, a few at once.

    A receiver that is away or says 4xx is tried again, after `delay` seconds and growing.
    """

    def __init__(
        self, counts: Counts, *, to: tuple[str, int] | None = None, delay: float = 0.5
    ) -> None:
        self.to = to
        self._delay = delay
        self._counts = counts
        self._slots = asyncio.Semaphore(8)
        self._tasks: set[asyncio.Task[None]] = set()

    def bounce(self, mail: Mail, rule: Rule) -> None:
        """Send what the rule says back, after its seconds, once or twice."""
        if not mail.envelope_from or "NEVER" in mail.options.get("NOTIFY", "").upper():
            return
        report = complaint(mail) if rule.kind == "complaint" else delivery_report(mail, rule)
        task = asyncio.ensure_future(self._send(mail.envelope_from, report, rule))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up what has not been sent."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self, recipient: str, report: bytes, rule: Rule) -> None:
        await asyncio.sleep(rule.waits(0.05))
        for _ in range(2 if rule.how == "twice" else 1):
            done = await self._deliver(recipient, report)
            self._counts["bounces" if done else "bounces_failed"] += 1

    async def _deliver(self, recipient: str, report: bytes) -> bool:
        for number in range(_TRIES):
            if number:
                await asyncio.sleep(self._delay * 2 ** (number - 1))
            if self.to is None:
                continue
            try:
                async with self._slots:
                    await _hand_over(self.to, recipient, report)
            except aiosmtplib.SMTPResponseException as refused:
                if refused.code >= 500:
                    return False
            except (aiosmtplib.SMTPException, OSError):
                continue
            else:
                return True
        return False


async def _hand_over(to: tuple[str, int], recipient: str, report: bytes) -> None:
    # Step by step: aiosmtplib.send knows no null sender, and sendmail hides the code of a refusal.
    client = aiosmtplib.SMTP(hostname=to[0], port=to[1], start_tls=False, timeout=_TIMEOUT)
    async with client:
        await client.mail("")
        await client.rcpt(recipient)
        await client.data(report)


def delivery_report(mail: Mail, rule: Rule) -> bytes:
    """Write a delivery status notification as a mail server would."""
    kind = _KINDS[rule.kind]
    code = rule.text or kind.status
    fields = ["Reporting-MTA: dns; relay.sandbox.example"]
    if mail.envid is not None:
        fields.append(f"Original-Envelope-Id: {mail.envid}")
    fields += [f"Arrival-Date: {_date(mail.at)}", ""]
    if "ORCPT" in mail.options:
        fields.append(f"Original-Recipient: {mail.options['ORCPT']}")
    fields += [
        f"Final-Recipient: rfc822; {mail.to}",
        f"Action: {kind.action}",
        f"Status: {code}",
        "Remote-MTA: dns; mx.sandbox.example",
        f"Diagnostic-Code: {kind.diagnostic}",
    ]
    notice = f"Your message to {mail.to} was {kind.action}.\r\n"
    return _report(
        mail,
        subject="Delayed Mail"
        if kind.action == "delayed"
        else "Undelivered Mail Returned to Sender",
        report_type="delivery-status",
        parts=[
            ("text/plain; charset=utf-8", notice),
            ("message/delivery-status", "\r\n".join(fields) + "\r\n"),
            ("text/rfc822-headers", _headers_of(mail)),
        ],
    )


def complaint(mail: Mail) -> bytes:
    """Write an abuse report as a mailbox provider's feedback loop would."""
    fields = [
        "Feedback-Type: abuse",
        "User-Agent: sandbox/1",
        "Version: 1",
        f"Original-Mail-From: <{mail.envelope_from}>",
        f"Original-Rcpt-To: <{mail.to}>",
        f"Arrival-Date: {_date(mail.at)}",
    ]
    if mail.envid is not None:
        fields.append(f"Original-Envelope-Id: {mail.envid}")
    return _report(
        mail,
        subject="Abuse report",
        report_type="feedback-report",
        parts=[
            ("text/plain; charset=utf-8", "A reader marked this message as spam.\r\n"),
            ("message/feedback-report", "\r\n".join(fields) + "\r\n"),
            ("message/rfc822", mail.raw.decode("utf-8", "replace")),
        ],
    )


def _report(mail: Mail, *, subject: str, report_type: str, parts: list[tuple[str, str]]) -> bytes:
    boundary = f"report-{token_hex(8)}"
    lines = [
        "From: Mail Delivery System <mailer-daemon@relay.sandbox.example>",
        f"To: <{mail.envelope_from}>",
        f"Subject: {subject}",
        f"Date: {_date(mail.at)}",
        f"Message-ID: <{token_hex(12)}@relay.sandbox.example>",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type={report_type}; boundary="{boundary}"',
        "",
    ]
    for content_type, content in parts:
        lines += [f"--{boundary}", f"Content-Type: {content_type}", "", content]
    lines += [f"--{boundary}--", ""]
    return "\r\n".join(lines).encode()


def _headers_of(mail: Mail) -> str:
    return mail.raw.partition(b"\r\n\r\n")[0].decode("utf-8", "replace") + "\r\n"


def _date(at: float) -> str:
    return format_datetime(datetime.fromtimestamp(at, UTC))
