"""The words around a code: what it is for, and that it is nobody else's business."""

from functools import cache
from zoneinfo import ZoneInfo

from notify.domain.broadcast import Identity
from notify.domain.codes import DIGITS, LIFE
from notify.rendering import languages
from notify.rendering.languages import Words
from notify.rendering.lines import cut, one_line
from notify.rendering.messages import Letter, Renderer
from notify.rendering.sms_text import SmsText, plain_sms

_LONGEST_NAME = 30  # characters of the town's name, so that the SMS stays one segment
_MINUTES = int(LIFE.total_seconds()) // 60


def sms(
    renderer: Renderer, *, language: str, identity: Identity, digits: str, opens: bool
) -> SmsText:
    """`opens`: the code opens the resident's page; else it proves the number. The digits come
    early, so that a phone's preview shows them."""
    return _sms(renderer.words(language), sender=identity.sender_name, digits=digits, opens=opens)


@cache
def most_segments(sender: str) -> int:
    """What the SMS with a code costs at most, in whatever language and for whatever it is."""
    return max(
        _sms(
            languages.words(tag, default=tag, zone=ZoneInfo("UTC")), sender=sender,
            digits="0" * DIGITS, opens=opens,
        ).segments
        for tag in languages.spoken() for opens in (True, False)
    )  # fmt: skip


def _sms(words: Words, *, sender: str, digits: str, opens: bool) -> SmsText:
    if opens:
        said = words.gettext(
            "%(sender)s: %(code)s is the code for your page. Valid for %(minutes)s minutes. "
            "Give it to nobody."
        )
    else:
        said = words.gettext(
            "%(sender)s: %(code)s is your code to sign up. Valid for %(minutes)s minutes. "
            "If it was not you, do nothing."
        )
    return plain_sms(
        said
        % {
            "sender": cut(one_line(sender), size=_LONGEST_NAME),
            "code": digits,
            "minutes": _MINUTES,
        }
    )


def letter(
    renderer: Renderer, *, language: str, identity: Identity, digits: str, opens: bool, url: str
) -> Letter:
    """The digits stand in the subject too, for whoever reads it in a list; `url` leads to a page
    with one button."""
    words = renderer.words(language)
    if opens:
        subject = words.gettext("%(code)s opens your page") % {"code": digits}
    else:
        subject = words.gettext("%(code)s is your code to sign up") % {"code": digits}
    return renderer.note(
        "code", language=language, identity=identity, subject=subject, digits=digits, opens=opens,
        url=url, minutes=_MINUTES,
    )  # fmt: skip
