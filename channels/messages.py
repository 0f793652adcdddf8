"""What channels carry: one frozen value per medium, complete and ready to hand over."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MailForm:
    """What the mails to many readers have in common; keep one and use it for all of them.

    `gap` is a word that stands in `text` and `html` wherever what is each reader's own belongs (a
    token in a link), and that nobody can have written there: take a random one.
    """

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    from_address: str
    from_name: str
    language: str
    reply_to: str | None = None
    urgent: bool = False
    gap: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Email:
    """One mail to one recipient.

    `envelope_from` is the bounce address of this attempt, `message_id` the same for every
    attempt of a delivery (so that repeats collapse), without angle brackets.
    `unsubscribe_url` becomes List-Unsubscribe with the RFC 8058 post. `own` fills the form's gaps:
    printable ASCII that may stand in a URL.
    """

    form: MailForm
    to: str
    envelope_from: str
    message_id: str
    unsubscribe_url: str | None = None
    own: str | None = field(default=None, repr=False)
    in_reply_to: str | None = None
    envelope_id: str | None = None


@dataclass(frozen=True, slots=True)
class Sms:
    """One SMS to one phone number in E.164.

    `status_callback` is the URL the provider reports to; it carries the attempt's id.
    `validity` is in whole seconds, after which the provider must not deliver any more.
    `origin` is the number of ours (or messaging service) that it is to come from; None leaves that
    to the sender.
    """

    to: str
    body: str
    status_callback: str | None = None
    validity: int | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Push:
    """One web push message to one browser (RFC 8030, 8291, 8292).

    `p256dh` and `auth` are the browser's keys, base64url. `payload` is UTF-8 JSON, at most
    2,700 bytes. `ttl` is in seconds. `topic` is at most 32 characters of [A-Za-z0-9].
    """

    endpoint: str
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)
    payload: bytes = field(repr=False)
    ttl: int
    urgency: str = "normal"
    topic: str | None = None
