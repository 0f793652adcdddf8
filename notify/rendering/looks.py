"""How a broadcast looks when it arrives, in each of its languages: for staff, before and after."""

from collections.abc import Sequence
from dataclasses import dataclass

from notify.domain.broadcast import Broadcast, Identity, Text
from notify.domain.poll import Shown
from notify.rendering import outcomes
from notify.rendering.lines import cut
from notify.rendering.messages import Renderer
from notify.rendering.notices import Notice
from notify.rendering.sms_text import SmsText

SEEN_TITLE = 50  # characters of a notification that a locked phone shows
SEEN_BODY = 120

_HEAD = '<head><base target="_blank">'


@dataclass(frozen=True, slots=True)
class Look:
    """One language of it. `mail` is the text part; `seen_title` and `seen_body` are what a phone
    shows of the notification at first; `later` are the SMS that put the questions behind the first,
    each once the one before is answered."""

    language: str
    text: Text
    subject: str
    mail: str
    sms: SmsText
    push: Notice
    seen_title: str
    seen_body: str
    later: tuple[SmsText, ...] = ()
    asks: bool = False
    tells: bool = False

    @property
    def later_segments(self) -> int:
        """SMS that go to whoever answers all of it by SMS, on top of the first: the questions behind
        the first, one that says that it is counted, and the result where they are told."""
        counted, result = (1 if self.asks else 0), (outcomes.MOST_SEGMENTS if self.tells else 0)
        return sum(one.segments for one in self.later) + counted + result


def looks(renderer: Renderer, broadcast: Broadcast, identity: Identity) -> Sequence[Look]:
    """What arrives, by language; what is each reader's own in a link is an ellipsis."""
    return [_look(renderer, broadcast, identity, language) for language in broadcast.texts]


def mail_page(
    renderer: Renderer, broadcast: Broadcast, identity: Identity, *, language: str
) -> str:
    """The HTML part of the mail, as it stands in a mailbox. Its links want a new window, which the
    frame that it is shown in does not open: they lead nowhere."""
    letter = renderer.letter(broadcast, language=language, identity=identity)
    return letter.html.replace(letter.placeholder, "#").replace("<head>", _HEAD, 1)


def _look(renderer: Renderer, broadcast: Broadcast, identity: Identity, language: str) -> Look:
    letter = renderer.letter(broadcast, language=language, identity=identity)
    push = renderer.push(broadcast, language=language, identity=identity)
    return Look(
        language=language,
        text=broadcast.texts[language],
        subject=letter.subject,
        mail=letter.text.replace(letter.placeholder, "…"),
        sms=renderer.sms(broadcast, language=language, identity=identity),
        push=push,
        seen_title=cut(push.title, size=SEEN_TITLE) or push.title[:SEEN_TITLE],
        seen_body=cut(push.body, size=SEEN_BODY) or push.body[:SEEN_BODY],
        later=renderer.later_questions(broadcast, language=language),
        asks=broadcast.ask is not None,
        tells=broadcast.ask is not None
        and broadcast.ask.tell
        and broadcast.ask.shown is not Shown.STAFF,
    )
