"""Makes the message of a note: one sort of text for each kind, over the channel it goes."""

from collections.abc import Callable, Mapping
from datetime import datetime

from channels.messages import Email, Push, Sms
from notify.domain.broadcast import Identity
from notify.domain.keyring import Keyring
from notify.domain.words import Channel, NoteKind
from notify.rendering import (
    accounts,
    answers,
    changes,
    codes,
    outcomes,
    own_tests,
    replies,
    requests,
    rings,
    staff_notes,
    trials,
)
from notify.rendering.languages import choose
from notify.rendering.messages import Letter, Renderer
from notify.rendering.notices import Notice
from notify.rendering.sms_text import SmsText
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
            "answer": self._answer,
            "trial": self._trial,
            "waits": self._to_staff,
            "broke_glass": self._to_staff,
            "returned": self._to_staff,
            "overtaken": self._to_staff,
            "account": self._account,
            "test": self._test,
            "result": self._result,
        }

    def compose(
        self, note: Note, claimed: Claimed, channel: Channel, now: datetime
    ) -> Email | Sms | Push:
        """Raises LookupError for a kind that cannot be put into words."""
        words = self._kinds[note.kind](note, claimed, channel)
        who = self._who
        if note.kind == NoteKind.TEST:
            who = own_tests.speaker(note.data)
        if isinstance(words, SmsText):
            return self._addressing.sms(words.body, claimed, now=now, origin=note.data.get("from"))
        if isinstance(words, Notice):
            return self._addressing.push(words, claimed, now=now, topic=words.tag)
        form = words.form(who)
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

    def _answer(self, note: Note, _claimed: Claimed, _channel: Channel) -> Words:
        """What staff wrote to somebody who texted; it goes to a phone only."""
        return answers.sms(note.data, town=self._who.sender_name)

    def _trial(self, note: Note, claimed: Claimed, _channel: Channel) -> Words:
        """What a resident had sent to a browser, to see whether it comes."""
        return trials.push(
            self._renderer, language=claimed.language, identity=self._who, number=note.id,
            url=f"{self._public_url}/my/push",
        )  # fmt: skip

    def _to_staff(self, note: Note, claimed: Claimed, channel: Channel) -> Words:
        """What waits for somebody of the staff."""
        words = self._renderer.words(claimed.language)
        said = staff_notes.say(words, NoteKind(note.kind), note.data, default=self._default)
        broadcast = note.data["broadcast"]
        url = f"{self._public_url}/staff/messages/{broadcast}"
        if channel is Channel.SMS:
            return staff_notes.sms(identity=self._who, said=said, url=url)
        if channel is Channel.PUSH:
            return staff_notes.push(
                words, identity=self._who, said=said, url=url, broadcast=broadcast, number=note.id
            )
        return staff_notes.letter(
            self._renderer, language=claimed.language, identity=self._who, said=said, url=url
        )

    def _account(self, note: Note, claimed: Claimed, _channel: Channel) -> Words:
        """What became of the account by which they sign in; it goes by mail only."""
        return accounts.letter(
            self._renderer, language=claimed.language, identity=self._who,
            became=accounts.Became(note.data["became"]), url=f"{self._public_url}/staff/me",
        )  # fmt: skip

    def _test(self, note: Note, claimed: Claimed, channel: Channel) -> Words:
        """A draft of theirs, as it would arrive in one of its languages."""
        broadcast = own_tests.read(note.data, number=note.id, now=claimed.created_at)
        who = own_tests.speaker(note.data)
        makers: Mapping[Channel, Callable[..., Words]] = {
            Channel.EMAIL: self._renderer.letter,
            Channel.SMS: self._renderer.sms,
            Channel.PUSH: self._renderer.push,
        }
        language = own_tests.language(note.data)
        words = makers[channel](broadcast, language=language, identity=who, test=True)
        return words.to_its_author() if isinstance(words, Letter) else words

    def _result(self, note: Note, claimed: Claimed, channel: Channel) -> Words:
        """How a poll came out in which they took part."""
        url = outcomes.url(note.data, public_url=self._public_url)
        words = self._renderer.words(claimed.language)
        if channel is Channel.SMS:
            return outcomes.sms(words, identity=self._who, data=note.data, url=url)
        if channel is Channel.PUSH:
            return outcomes.push(words, identity=self._who, data=note.data, url=url, number=note.id)
        return outcomes.letter(
            self._renderer, language=claimed.language, identity=self._who, data=note.data, url=url
        )
