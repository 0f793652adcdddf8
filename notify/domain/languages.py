"""The languages that residents may be written to in, and which of them somebody means who writes
its name with a telephone."""

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


def to_choose(town: Sequence[str]) -> list[str]:
    """What residents may choose where the town writes in these languages. Plain German is offered
    wherever German is: what is not written in it is read in German."""
    return [*town, PLAIN_GERMAN] if "de" in town and PLAIN_GERMAN not in town else [*town]


def language_named(text: str, town: Sequence[str]) -> str | None:
    """The tag of a language by its tag or name; None where it is none to choose."""
    offered = to_choose(town)
    plain = "".join(filter(str.isalnum, text)).casefold()
    by_tag = {"".join(filter(str.isalnum, tag)).casefold(): tag for tag in offered}
    tag = by_tag.get(plain) or _NAMES.get(plain)
    return tag if tag in offered else None
