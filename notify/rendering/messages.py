"""Makes messages out of broadcasts: once for a broadcast and a language, then for every reader."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from secrets import token_hex
from uuid import UUID

import css_inline

from channels.messages import MailForm
from notify import clock
from notify.domain.broadcast import Broadcast, BroadcastStatus, Identity, Text
from notify.domain.poll import Ask
from notify.domain.words import Kind, Relation
from notify.rendering import labels, links, questions
from notify.rendering.languages import Words, choose
from notify.rendering.lines import cut, one_line
from notify.rendering.markup import to_text
from notify.rendering.notices import Notice, inside_json
from notify.rendering.sheets import Sheet, buttons, sheets
from notify.rendering.sms_text import SmsText, linked_sms, plain_sms, sms_words
from notify.rendering.templates import templates
from notify.settings import Settings

PUSH_TITLE = 100
SAMPLE_CODE = "K7"
"""Stands for the code that a poll is given when it opens."""
TEST = "TEST"
"""The word is the same in every language that we write."""
_PUSH_BODY = 1_700


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail but for its reader. `language` is that of the text staff wrote; `placeholder`
    stands in each link that is the reader's own."""

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    language: str
    placeholder: str

    def to_its_author(self) -> "Letter":
        """The same for whoever tries it: its links lead to nobody's pages."""
        text, html = (part.replace(self.placeholder, "test") for part in (self.text, self.html))
        return replace(self, text=text, html=html)

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

    def letter(
        self, broadcast: Broadcast, *, language: str, identity: Identity, test: bool = False
    ) -> Letter:
        """`test`, here and below: it goes to its author alone, and says so first of all."""
        tag, text = choose(broadcast.texts, language, default=self._default)
        words = self._templates.words(language)
        return self._letter(
            "broadcast",
            language=language,
            text_language=tag,
            identity=identity,
            title=one_line(text.title),
            body=text.body,
            subject=_tested(
                labels.headed(labels.label(words, broadcast), one_line(text.title)), test=test
            ),
            broadcast=broadcast,
            asks=self._sheets(broadcast.ask, language),
            test=test,
            valid_until=_shown_end(broadcast),
            page_url=self.page_url(broadcast.id),
        )

    def sms(
        self, broadcast: Broadcast, *, language: str, identity: Identity, test: bool = False
    ) -> SmsText:
        """Who speaks first, what it is, what to do, and the link last."""
        _, text = choose(broadcast.texts, language, default=self._default)
        if broadcast.kind is Kind.POLL and broadcast.ask is not None:
            lead = self._lead(broadcast, text, language, identity)
            lines = [
                lead,
                self._question(broadcast.ask, language),
                *self._named(broadcast, language),
            ]
            return plain_sms(_tested("\n".join(lines), test=test))
        said = sms_words(text)
        if _is_labelled(broadcast):
            mark = labels.label(self._templates.words(language), broadcast).upper()
            said = labels.headed(mark, said)
        if broadcast.ask is not None:
            said = f"{said}\n{self._question(broadcast.ask, language)}"
        url = links.short_url(self._public_url, broadcast.id)
        return linked_sms(_tested(f"{one_line(identity.sender_name)}: {said}", test=test), url)

    def later_questions(self, broadcast: Broadcast, *, language: str) -> tuple[SmsText, ...]:
        """The SMS of the questions behind the first, in their order."""
        ask, said = broadcast.ask, self._templates.words(language)
        return tuple(
            plain_sms(questions.sms(said, ask, number, language=language, default=self._default))
            for number in range(2, len(ask.questions) + 1 if ask else 0)
            if ask is not None
        )

    def _lead(self, broadcast: Broadcast, text: Text, language: str, identity: Identity) -> str:
        """Who asks, and what about. A digit answers it, so that there is no link to follow; the code
        stands before it where another poll was asked since."""
        lead = one_line(text.sms or text.title)
        if broadcast.drill:
            lead = labels.headed(
                labels.label(self._templates.words(language), broadcast).upper(), lead
            )
        words, sender = self._templates.words(language), one_line(identity.sender_name)
        named = words.gettext("%(sender)s, poll %(code)s") % {
            "sender": sender, "code": broadcast.code or SAMPLE_CODE,
        }  # fmt: skip
        return f"{named}: {lead}"

    def _question(self, ask: Ask, language: str) -> str:
        words = self._templates.words(language)
        return questions.sms(words, ask, 1, language=language, default=self._default)

    def _named(self, broadcast: Broadcast, language: str) -> list[str]:
        """That a poll is not secret, where it is not: who answers by a digit or a button sees no page
        that says so. That of a warning is asked for those who help."""
        ask = broadcast.ask
        if ask is None or ask.secret or broadcast.kind is not Kind.POLL:
            return []
        return [self._templates.words(language).gettext("Not secret: the staff see your answer.")]

    def push(
        self, broadcast: Broadcast, *, language: str, identity: Identity, test: bool = False
    ) -> Notice:
        """What it is in the title, what to do in the body, who speaks at its end."""
        tag, text = choose(broadcast.texts, language, default=self._default)
        title = one_line(text.title)
        sender = one_line(identity.sender_name)
        if _is_labelled(broadcast):
            title = labels.headed(labels.label(self._templates.words(language), broadcast), title)
        said, ask = to_text(text.body), None if test else broadcast.ask
        said = "\n".join([*self._named(broadcast, language), said])
        asked = self._sheets(ask, language)
        if len(asked) == 1:
            said = f"{asked[0].ask}\n{said}"
        return Notice(
            title=cut(_tested(title, test=test), size=PUSH_TITLE),
            # cut once here, so that it seldom has to be cut again for a reader's beacon
            body=f"{cut(said, size=_PUSH_BODY, measure=inside_json)}\n{sender}",
            url=links.short_url(self._public_url, broadcast.id),
            tag=broadcast.thread_id.hex,
            seq=broadcast.sequence,
            lang=tag,
            kind=str(broadcast.kind),
            severity=str(broadcast.severity) if broadcast.severity else None,
            asks=ask is not None,
            actions=buttons(asked),
        )

    def _sheets(self, ask: Ask | None, language: str) -> list[Sheet]:
        words = self._templates.words(language)
        return sheets(words, ask, language=language, default=self._default) if ask else []

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
        return linked_sms(f"{one_line(identity.sender_name)}: {one_line(said)}", url)

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
        placeholder = f"own-{token_hex(16)}"
        given = {
            "identity": identity,
            "sender": one_line(identity.sender_name),
            "text_language": text_language,
            "leave_url": f"{self._public_url}/leave/{placeholder}",
            "answer_url": links.answer_url(self._public_url, placeholder),
            "subject": one_line(subject),
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


def _tested(text: str, *, test: bool) -> str:
    return f"{TEST}: {text}" if test else text


def _is_labelled(broadcast: Broadcast) -> bool:
    """Whether short messages say what this is; news say it by themselves."""
    return broadcast.kind == Kind.ALERT or broadcast.relation is not None or broadcast.drill


def _shown_end(broadcast: Broadcast) -> datetime | None:
    """An all-clear does not end: it says that something did."""
    return None if broadcast.relation == Relation.ALL_CLEAR else broadcast.valid_until
