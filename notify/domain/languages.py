"""The language that somebody means who writes its name with a telephone."""

from collections.abc import Mapping, Sequence
from typing import Final

PLAIN_GERMAN: Final = "de-x-simple"
_NAMES: Final[Mapping[str, str]] = {
    **dict.fromkeys(["deutsch", "german", "ger", "deu"], "de"),
    **dict.fromkeys(["englisch", "english", "eng"], "en"),
    **dict.fromkeys(
        ["einfach", "einfachesdeutsch", "deutscheinfach", "einfachesprache", "leicht",
         "leichtesdeutsch", "leichtesprache", "simple", "plain", "plaingerman", "simplegerman",
         "dexsimple", "desimple"],
        PLAIN_GERMAN,
    ),
}  # fmt: skip


def language_named(text: str, offered: Sequence[str]) -> str | None:
    """The tag of a language by its tag or name; None where it is none that is offered. Plain
    German is offered wherever German is: what is not written in it is read in German."""
    plain = "".join(filter(str.isalnum, text)).casefold()
    by_tag = {"".join(filter(str.isalnum, tag)).casefold(): tag for tag in offered}
    tag = by_tag.get(plain) or _NAMES.get(plain)
    if tag in offered or (tag == PLAIN_GERMAN and "de" in offered):
        return tag
    return None
