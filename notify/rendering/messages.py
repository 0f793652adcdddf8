"""Makes messages out of broadcasts: once for a broadcast and a language, then for every reader."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_hex
from uuid import UUID

import css_inline

from channels import segments
from channels.messages import MailForm
from notify import clock
from notify.domain.broadcast import Broadcast, BroadcastStatus, Identity, Text
from notify.domain.words import Kind, Relation
from notify.rendering import labels, links
from notify.rendering.languages import Words, choose
from notify.rendering.lines import cut, one_line
from notify.rendering.markup import to_text
from notify.rendering.templates import templates
from notify.settings import Settings

PUSH_BYTES = 2_700
"""Encrypted, every push service takes it: Mozilla's hands some on over FCM, where 2,744 may be all."""
PUSH_TITLE = 100
_PUSH_BODY = 1_700


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail but for its reader. `language` is that of the text staff wrote; `placeholder`
    stands where the reader's own leave link belongs."""

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    language: str
    placeholder: str

    def form(self, identity: Identity, *, urgent: bool = False) -> MailForm:
        """The form of the mails to all its readers, from whom they come."""
        personal = self.placeholder in self.text or self.placeholder in self.html
        return MailForm(
            subject=self.subject,
            text=self.text,
            html=self.html,
            from_address=identity.mail_from,
            from_name=identity.sender_name,
            language=self.language,
            urgent=urgent,
            gap=self.placeholder if personal else None,
        )


@dataclass(frozen=True, slots=True)
class SmsText:
    """An SMS, what it costs, and which characters were spelled differently to save segments."""

    body: str = field(repr=False)
    segments: int
    replaced: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """A push message but for its reader. The tag is that of the thread and `seq` rises in it, so
    that an all-clear replaces its alarm and an old message never covers a new one."""

    title: str
    body: str = field(repr=False)
    url: str
    tag: str
    seq: int
    lang: str
    kind: str
    severity: str | None

    def payload(self, beacon_url: str | None) -> bytes:
        """UTF-8 JSON of at most PUSH_BYTES; the body gives way, at a word."""
        room = PUSH_BYTES - len(self._encoded("", beacon_url))
        return self._encoded(cut(self.body, size=room, measure=_inside_json), beacon_url)

    def _encoded(self, body: str, beacon_url: str | None) -> bytes:
        return _json(
            {
                "title": self.title,
                "body": body,
                "url": self.url,
                "tag": self.tag,
                "seq": self.seq,
                "lang": self.lang,
                "kind": self.kind,
                "severity": self.severity,
                "beacon": beacon_url,
            }
        )


class Renderer:
    """Knows how each message looks and reads; what it makes is reused for every reader of the
    same language."""

    def __init__(self, settings: Settings) -> None:
        self._public_url = settings.public_url
        self._default = settings.default_language
        self._languages = settings.languages
        self._templates = templates(settings)
        self._inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)

    def warm(self) -> None:
        """Read templates and words now, so that the first alert does not wait for them."""
        trial = Broadcast(
            id=UUID(int=0), kind=Kind.ALERT, status=BroadcastStatus.DRAFT, severity=None,
            texts={self._default: Text("-", "-")}, group_ids=(), valid_until=None, send_at=None,
            thread_id=UUID(int=0), sequence=0, in_reply_to=None, relation=None,
            created_at=clock.now(),
        )  # fmt: skip
        nobody = Identity(sender_name="-", mail_from="-")
        for language in self._languages:
            for make in (self.letter, self.sms, self.push):
                make(trial, language=language, identity=nobody)

    def page_url(self, broadcast_id: UUID) -> str:
        return links.page_url(self._public_url, broadcast_id)

    def letter(self, broadcast: Broadcast, *, language: str, identity: Identity) -> Letter:
        tag, text = choose(broadcast.texts, language, default=self._default)
        words = self._templates.words(language)
        return self._letter(
            "broadcast",
            language=language,
            text_language=tag,
            identity=identity,
            title=one_line(text.title),
            body=text.body,
            subject=labels.headed(labels.label(words, broadcast), one_line(text.title)),
            broadcast=broadcast,
            valid_until=_shown_end(broadcast),
            page_url=self.page_url(broadcast.id),
        )

    def sms(self, broadcast: Broadcast, *, language: str, identity: Identity) -> SmsText:
        """Who speaks first, what it is, what to do, and the link last."""
        _, text = choose(broadcast.texts, language, default=self._default)
        said = _sms_words(text)
        if broadcast.kind == Kind.ALERT or broadcast.relation is not None:
            mark = labels.label(self._templates.words(language), broadcast).upper()
            said = labels.headed(mark, said)
        url = links.short_url(self._public_url, broadcast.id)
        return _sms(f"{one_line(identity.sender_name)}: {said}", url)

    def push(self, broadcast: Broadcast, *, language: str, identity: Identity) -> Notice:
        """What it is in the title, what to do in the body, who speaks at its end."""
        tag, text = choose(broadcast.texts, language, default=self._default)
        title = one_line(text.title)
        sender = one_line(identity.sender_name)
        if broadcast.kind == Kind.ALERT or broadcast.relation is not None:
            title = labels.headed(labels.label(self._templates.words(language), broadcast), title)
        return Notice(
            title=cut(title, size=PUSH_TITLE),
            # cut once here, so that it seldom has to be cut again for a reader's beacon
            body=f"{cut(to_text(text.body), size=_PUSH_BODY, measure=_inside_json)}\n{sender}",
            url=links.short_url(self._public_url, broadcast.id),
            tag=broadcast.thread_id.hex,
            seq=broadcast.sequence,
            lang=tag,
            kind=str(broadcast.kind),
            severity=str(broadcast.severity) if broadcast.severity else None,
        )

    def confirm_letter(self, *, language: str, identity: Identity, url: str) -> Letter:
        """Asks a resident whether an address is theirs; the link shows a page with a button."""
        words = self._templates.words(language)
        subject = words.gettext("Please confirm your e-mail address")
        return self._letter(
            "confirm",
            language=language,
            text_language=words.language,
            identity=identity,
            title=subject,
            subject=subject,
            url=url,
        )

    def confirm_sms(self, *, language: str, identity: Identity, url: str) -> SmsText:
        said = self._templates.render("messages/confirm/sms.txt", language=language)
        return _sms(f"{one_line(identity.sender_name)}: {one_line(said)}", url)

    def words(self, language: str) -> Words:
        return self._templates.words(language)

    def note(
        self, name: str, *, language: str, identity: Identity, subject: str, **values: object
    ) -> Letter:
        """A mail that is no broadcast, from the templates in `messages/<name>/`."""
        spoken = self._templates.words(language).language
        return self._letter(
            name, language=language, text_language=spoken, identity=identity, title=subject,
            subject=subject, **values,
        )  # fmt: skip

    def _letter(
        self,
        name: str,
        *,
        language: str,
        text_language: str,
        identity: Identity,
        subject: str,
        **values: object,
    ) -> Letter:
        placeholder = f"leave-{token_hex(16)}"
        given = {
            "identity": identity,
            "sender": one_line(identity.sender_name),
            "text_language": text_language,
            "leave_url": placeholder,
            **values,
        }
        text, html = (
            self._templates.render(f"messages/{name}/{part}", language=language, **given)
            for part in ("body.txt", "body.html")
        )
        return Letter(
            subject=one_line(subject),
            text=text.strip() + "\n",
            html=self._inliner.inline(html),
            language=text_language,
            placeholder=placeholder,
        )


def _shown_end(broadcast: Broadcast) -> datetime | None:
    """An all-clear does not end: it says that something did."""
    return None if broadcast.relation == Relation.ALL_CLEAR else broadcast.valid_until


def _sms_words(text: Text) -> str:
    said = text.sms or f"{one_line(text.title)}\n{to_text(text.body)}"
    lines = (one_line(line) for line in said.splitlines())
    return "\n".join(line for line in lines if line)


def plain_sms(said: str) -> SmsText:
    """An SMS of these words, in the characters that save segments."""
    friendly = segments.friendly(said)
    return SmsText(friendly.text, segments.measure(friendly.text).segments, friendly.replaced)


def _sms(said: str, url: str) -> SmsText:
    friendly = segments.friendly(said)
    body = f"{friendly.text}\n{url}"
    return SmsText(body, segments.measure(body).segments, friendly.replaced)


def _json(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def _inside_json(text: str) -> int:
    """Bytes that a text takes inside a JSON string."""
    return len(_json(text)) - 2
