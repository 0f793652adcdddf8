"""Puts on a message what its way needs: to whom, by when, and where its reports come back to."""

from datetime import datetime

from channels.messages import Email, MailForm, Push, Sms
from notify.domain.keyring import Keyring
from notify.rendering import links
from notify.rendering.notices import Notice
from notify.settings import Settings
from notify.store.claiming import Claimed

_LONGEST_TTL = 72 * 3600
_LONGEST_VALIDITY = 36_000  # seconds; Twilio 90007


class Addressing:
    """For one installation; it only computes."""

    def __init__(self, *, settings: Settings, keyring: Keyring) -> None:
        self._keyring = keyring
        self._public_url = settings.public_url
        self._mail_domain = settings.mail_from.rpartition("@")[2]
        self._bounce_domain = settings.bounce_domain or self._mail_domain

    def mail(
        self, form: MailForm, claimed: Claimed, *, message_id: str, reply_to: str | None = None,
        own: str | None = None,
    ) -> Email:  # fmt: skip
        """`own` is the token by which its reader leaves, in the gaps of the form. `message_id` and `reply_to` are what stands before the @ of Message-ID, In-Reply-To."""
        mark = self._keyring.mark("bounce", claimed.attempt_id)
        return Email(
            form=form,
            to=claimed.value,
            envelope_from=f"bounce+{mark}@{self._bounce_domain}",
            message_id=f"{message_id}@{self._mail_domain}",
            unsubscribe_url=f"{self._public_url}/leave/{own}" if own else None,
            own=own,
            in_reply_to=f"{reply_to}@{self._mail_domain}" if reply_to else None,
            envelope_id=mark,
        )

    def sms(self, body: str, claimed: Claimed, *, now: datetime, origin: str | None = None) -> Sms:
        """`origin` is what it is to come from, where that matters."""
        mark = self._keyring.mark("twilio", claimed.attempt_id)
        return Sms(
            to=claimed.value,
            body=body,
            status_callback=f"{self._public_url}/hooks/twilio/status?attempt={mark}",
            validity=_seconds_left(claimed, now, longest=_LONGEST_VALIDITY),
            origin=origin,
        )

    def push(
        self, notice: Notice, claimed: Claimed, *, now: datetime, topic: str, urgency: str = "high"
    ) -> Push:
        keys = claimed.keys or {}
        beacon = self._keyring.mark("beacon", claimed.attempt_id)
        url = links.answer_url(self._public_url, beacon) if notice.asks else None
        return Push(
            endpoint=claimed.value,
            p256dh=keys.get("p256dh", ""),
            auth=keys.get("auth", ""),
            payload=notice.payload(f"{self._public_url}/hooks/push/{beacon}", url=url),
            ttl=_seconds_left(claimed, now, longest=_LONGEST_TTL),
            urgency=urgency,
            topic=topic,
        )


def _seconds_left(claimed: Claimed, now: datetime, *, longest: int) -> int:
    if claimed.valid_until is None:
        return longest
    return max(1, min(longest, int((claimed.valid_until - now).total_seconds())))
