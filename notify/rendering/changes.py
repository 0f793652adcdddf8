"""The words that tell a resident that an address was added to their page, or removed.

They go to other addresses of the resident, and to one that is no longer used: none of them is told the
whole of the address.
"""

from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from notify.domain.broadcast import Identity
from notify.rendering import languages
from notify.rendering.languages import Words
from notify.rendering.lines import cut, one_line
from notify.rendering.messages import Letter, Renderer
from notify.rendering.sms_text import SmsText, plain_sms

_LONGEST_NAME: Final = 30  # characters of the town's name
_LONGEST_ADDRESS: Final = 40


class Change(StrEnum):
    """What became of an address."""

    ADDED = "added"
    REPLACED = "replaced"  # it took the place of another
    REMOVED = "removed"


def sms(
    renderer: Renderer, *, language: str, identity: Identity, change: Change, address: str, url: str
) -> SmsText:
    """`address` is masked, `url` is where the resident's page opens."""
    words = renderer.words(language)
    return _sms(words, sender=identity.sender_name, change=change, address=address, url=url)


def most_segments(sender: str, change: Change, address: str, url: str) -> int:
    """What that SMS costs at most, in whatever language."""
    return max(
        _sms(
            languages.words(tag, default=tag, zone=ZoneInfo("UTC")), sender=sender, change=change,
            address=address, url=url,
        ).segments
        for tag in languages.spoken()
    )  # fmt: skip


def _sms(words: Words, *, sender: str, change: Change, address: str, url: str) -> SmsText:
    said = {
        Change.ADDED: words.gettext(
            "%(sender)s: A new address was added to your page: %(address)s. "
            "Not you? Remove it there: %(url)s"
        ),
        Change.REPLACED: words.gettext(
            "%(sender)s: On your page %(address)s has taken the place of an address. "
            "Not you? Ask at the town hall."
        ),
        Change.REMOVED: words.gettext(
            "%(sender)s: %(address)s was removed from your page. Not you? Ask at the town hall."
        ),
    }[change]
    return plain_sms(
        said
        % {
            "sender": cut(one_line(sender), size=_LONGEST_NAME),
            "address": cut(one_line(address), size=_LONGEST_ADDRESS),
            "url": url,
        }
    )


def letter(
    renderer: Renderer, *, language: str, identity: Identity, change: Change, address: str, url: str
) -> Letter:
    """The same as a mail."""
    words = renderer.words(language)
    subject = {
        Change.ADDED: words.gettext("A new address on your page"),
        Change.REPLACED: words.gettext("A new address on your page in place of an old one"),
        Change.REMOVED: words.gettext("An address was removed from your page"),
    }[change]
    return renderer.note(
        "change", language=language, identity=identity, subject=subject, change=str(change),
        address=one_line(address), url=url,
    )  # fmt: skip
