"""Makes the message of a note: one sort of text for each kind, over the channel it goes."""

from collections.abc import Callable, Mapping
from datetime import datetime

from channels.messages import Email, Push, Sms
from notify.domain.broadcast import Identity
from notify.domain.keyring import Keyring
from notify.domain.words import Channel
from notify.rendering import changes, codes, replies, requests, rings, trials
from notify.rendering.languages import choose
from notify.rendering.messages import Letter, Notice, Renderer, SmsText
from notify.services import confirming, proving
from notify.services.addressing import Addressing
from notify.settings import Settings
from notify.store.claiming import Claimed
from notify.store.notes import Note

Words = Letter | SmsText | Notice
"""What a note says, before it is addressed."""


class NoteComposer:
    """Composes notes; it only computes."""

    def __init__(
        self, *, settings: Settings, keyring: Keyring, renderer: Renderer, addressing: Addressing
    ) -> None:
        self._public_url = settings.public_url
        self._default = settings.default_language
        self._keyring = keyring
        self._renderer = renderer
        self._addressing = addressing
        self._who = Identity(sender_name=settings.town, mail_from=settings.mail_from)
        self._kinds: Mapping[str, Callable[[Note, Claimed, Channel], Words]] = {
            "confirm": self._confirm,
            "ring": self._ring,
            "code": self._code,
            "request": self._request,
            "change": self._change,
            "reply": self._reply,
            "trial": self._trial,
        }

    def compose(
        self, note: Note, claimed: Claimed, channel: Channel, now: datetime
    ) -> Email | Sms | Push:
        """Raises LookupError for a kind that cannot be put into words."""
        words = self._kinds[note.kind](note, claimed, channel)
        if isinstance(words, SmsText):
            return self._addressing.sms(words.body, claimed, now=now, origin=note.data.get("from"))
        if isinstance(words, Notice):
            return self._addressing.push(words, claimed, now=now, topic=words.tag)
        form = words.form(self._who)
        return self._addressing.mail(form, claimed, message_id=f"note.{note.id}")

    def _confirm(self, _note: Note, claimed: Claimed, channel: Channel) -> Words:
        """The request to confirm an address."""
        token = confirming.seal(self._keyring, address_id=claimed.address_id)
        url = f"{self._public_url}/confirm/{token}"
        if channel is Channel.SMS:
            return self._renderer.confirm_sms(
                language=claimed.language, identity=self._who, url=url
            )
        return self._renderer.confirm_letter(language=claimed.language, identity=self._who, url=url)

    def _ring(self, note: Note, claimed: Claimed, channel: Channel) -> Words:
        """The daily test ring."""
        renderer, language, at = self._renderer, claimed.language, claimed.created_at
        if channel is Channel.SMS:
            return rings.sms(renderer, language=language, identity=self._who, at=at)
        if channel is Channel.PUSH:
            return rings.push(
                renderer, language=language, identity=self._who, at=at, number=note.id,
                url=self._public_url,
            )  # fmt: skip
        return rings.letter(renderer, language=language, identity=self._who, at=at)

    def _code(self, note: Note, claimed: Claimed, channel: Channel) -> Words:
        """A code to type, and in a mail the link that spares typing it."""
        code = int(note.data["code"])
        opens = note.data["purpose"] == "open"
        digits = proving.digits(self._keyring, code)
        if channel is Channel.SMS:
            return codes.sms(
                self._renderer, language=claimed.language, identity=self._who, digits=digits,
                opens=opens,
            )  # fmt: skip
        url = f"{self._public_url}/code/{proving.seal(self._keyring, code)}"
        return codes.letter(
            self._renderer, language=claimed.language, identity=self._who, digits=digits,
            opens=opens, url=url,
        )  # fmt: skip

    def _request(self, note: Note, claimed: Claimed, channel: Channel) -> Words:
        """What staff decided about joining a closed group."""
        language, approved = claimed.language, bool(note.data["approved"])
        _, group = choose(note.data["names"], language, default=self._default)
        if channel is Channel.SMS:
            return requests.sms(
                self._renderer, language=language, identity=self._who, group=group,
                approved=approved,
            )  # fmt: skip
        return requests.letter(
            self._renderer, language=language, identity=self._who, group=group, approved=approved,
            url=f"{self._public_url}/my",
        )  # fmt: skip

    def _change(self, note: Note, claimed: Claimed, channel: Channel) -> Words:
        """That an address was added to the resident's page, or removed."""
        said = changes.sms if channel is Channel.SMS else changes.letter
        return said(
            self._renderer, language=claimed.language, identity=self._who,
            change=changes.Change(note.data["change"]), address=note.data["address"],
            url=f"{self._public_url}/my",
        )  # fmt: skip

    def _reply(self, note: Note, claimed: Claimed, _channel: Channel) -> Words:
        """The answer to a text; it goes to a phone only."""
        return replies.sms(
            self._renderer, language=claimed.language, identity=self._who, data=note.data,
            url=self._public_url,
        )  # fmt: skip

    def _trial(self, note: Note, claimed: Claimed, _channel: Channel) -> Words:
        """What a resident had sent to a browser, to see whether it comes."""
        return trials.push(
            self._renderer, language=claimed.language, identity=self._who, number=note.id,
            url=f"{self._public_url}/my/push",
        )  # fmt: skip
