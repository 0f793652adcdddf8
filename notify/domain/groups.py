"""What residents follow, as a value, and what a group may be called and carry."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from notify.domain import colours
from notify.domain.addresses import normalise_email
from notify.domain.lines import language_tag, many_lines, one_line
from notify.errors import Invalid

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
RESERVED: Final = frozenset({"code", "done"})
"""What the addresses of pages beside those of groups are called."""

ABOUT: Final = ("sends", "often", "example")
_LONGEST_ABOUT: Final = 300  # characters

_COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Group:
    """A place in the tree. `names` are by language, `parent` is the slug of the group above.

    `identity` holds only what this group says itself; what it inherits is
    `notify.services.groups.identity`.
    """

    id: int
    slug: str
    parent: str | None
    names: Mapping[str, str]
    closed: bool = False
    carries_parent_news: bool = False
    identity: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By language: what it `sends`, how `often`, and an `example`."""
    drill: bool = False
    """Whether drills may go to it."""
    news_need_approval: bool = False
    """Whether what staff announce to it, or to groups below it, waits for a second person."""

    def name(self, language: str, *, default: str) -> str:
        """Its name for a reader of `language`; in `default`, or any, where there is none."""
        return (
            self.names.get(language) or self.names.get(default) or next(iter(self.names.values()))
        )


def is_slug(text: str) -> bool:
    return _SLUG.fullmatch(text) is not None


def check_slug(slug: str) -> str:
    """Raise Invalid unless the slug is one, and say what one is."""
    if slug in RESERVED:
        raise Invalid("This slug is a page of its own below /join; choose another.", field="slug")
    if not is_slug(slug):
        raise Invalid(
            "Write a slug of small letters a to z, digits and hyphens, at most 63 characters, "
            "beginning with a letter or digit, for example kita-sued.",
            field="slug",
        )
    return slug


def check_names(names: Mapping[str, str]) -> dict[str, str]:
    """Names by language, tidied. Raises Invalid for an empty one or none at all."""
    checked = {}
    for language, name in names.items():
        path = f"name.{language}"
        checked[language_tag(language, field=path)] = one_line(name, field=path)
    if not checked or not all(checked.values()):
        raise Invalid("Give the group a name.", field="name")
    return checked


def check_about(about: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """What a group says at sign-up, tidied; blank is the same as not said. Raises Invalid."""
    checked = {}
    for language, said in about.items():
        path = f"about.{language}"
        tag = language_tag(language, field=path)
        if not set(said) <= set(ABOUT):
            raise Invalid(f"Use only {', '.join(ABOUT)} here.", field=path)
        lines = {
            key: one_line(said[key], field=f"{path}.{key}", limit=_LONGEST_ABOUT)
            for key in ABOUT
            if key in said
        }
        checked[tag] = {key: line for key, line in lines.items() if line}
    return {tag: said for tag, said in checked.items() if said}


def check_identity(identity: Mapping[str, str]) -> dict[str, str]:
    """What a group says of who speaks. Raises Invalid for a key that is none or a bad value."""
    checked = {}
    for key, value in identity.items():
        path = f"identity.{key}"
        rule = _RULES.get(key)
        if rule is None:
            raise Invalid(f"Use only {', '.join(_RULES)} here.", field=path)
        checked[key] = rule(value, path)
        if not checked[key]:
            raise Invalid("Write something, or leave it out to inherit it.", field=path)
    return checked


def _line(value: str, path: str) -> str:
    return one_line(value, field=path)


def _lines(value: str, path: str) -> str:
    return many_lines(value, field=path)


def _mailbox(value: str, path: str) -> str:
    try:
        return normalise_email(value)
    except Invalid as refusal:
        raise Invalid(refusal.message, field=path) from None


def readable_colour(value: str, *, field: str) -> str:
    """A colour that links and buttons may have, tidied; raises Invalid for another."""
    colour = value.strip().lower()
    if not _COLOUR.fullmatch(colour):
        raise Invalid("Write a colour like #0b4a8f.", field=field)
    if not colours.reads(colour):
        has = colours.contrast(colour, colours.PAPER)
        raise Invalid(
            f"This colour is too light to be read on white: it has a contrast of {has:.1f}, and "
            f"{colours.AAA:.0f} are needed. {colours.on_light(colour).colour} would do.",
            field=field,
        )
    return colour


def _colour(value: str, path: str) -> str:
    return readable_colour(value, field=path)


_RULES: Mapping[str, Callable[[str, str], str]] = {
    "sender_name": _line,
    "mail_from": _mailbox,
    "imprint": _lines,
    "privacy": _lines,
    "colour": _colour,
    "cost_centre": _line,
    "contact": _lines,
    "accessibility": _lines,
    "enforcement": _lines,
}
