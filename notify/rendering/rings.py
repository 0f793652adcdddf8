"""The words of the daily test ring: plainly a test, and nothing to do."""

from datetime import datetime

from notify.domain.broadcast import Identity
from notify.rendering.lines import cut, one_line
from notify.rendering.messages import Letter, Renderer
from notify.rendering.notices import Notice
from notify.rendering.sms_text import SmsText, plain_sms

TAG = "ring"
"""Of its push message: today's replaces yesterday's, and never a warning."""

_LONGEST_NAME = 40  # characters of the town's name, so that its SMS stays one segment


def letter(renderer: Renderer, *, language: str, identity: Identity, at: datetime) -> Letter:
    words = renderer.words(language)
    subject = words.gettext("Test ring, nothing to do")
    return renderer.note("ring", language=language, identity=identity, subject=subject, at=at)


def sms(renderer: Renderer, *, language: str, identity: Identity, at: datetime) -> SmsText:
    words = renderer.words(language)
    said = words.gettext("%(sender)s: Test ring, %(moment)s. No danger, nothing to do.") % {
        "sender": cut(one_line(identity.sender_name), size=_LONGEST_NAME),
        "moment": words.short_moment(at),
    }
    return plain_sms(said)


def push(
    renderer: Renderer, *, language: str, identity: Identity, at: datetime, number: int, url: str
) -> Notice:
    """`number` rises from ring to ring."""
    words = renderer.words(language)
    said = words.gettext("%(moment)s. No danger. Warnings can reach you here.") % {
        "moment": words.short_moment(at)
    }
    return Notice(
        title=words.gettext("Test ring, nothing to do"),
        body=f"{said}\n{one_line(identity.sender_name)}",
        url=url,
        tag=TAG,
        seq=number,
        lang=words.language,
        kind=TAG,
        severity=None,
    )
