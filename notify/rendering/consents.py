"""The sentence that somebody agrees to by signing up, and which version of it was shown."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from notify.rendering.languages import Words

_MARK: Final = 12  # hexadecimal digits, enough to tell versions apart


def wording(words: Words, *, sender: str) -> str:
    """What is agreed to, as it stands above the button."""
    return words.gettext(
        "I want %(sender)s to send me warnings and news from the groups I ticked, over the ways I "
        "ticked, and to keep my addresses for it. I can end this at any time."
    ) % {"sender": sender}


def version(sentence: str, privacy: Iterable[str]) -> str:
    """Changes whenever the sentence or a privacy text beside it does."""
    return sha256("\0".join([sentence, *privacy]).encode()).hexdigest()[:_MARK]
