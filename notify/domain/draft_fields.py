"""The fields of a draft one by one, by their names in the form: to tell two versions apart, and to
make one of them."""

from collections.abc import Collection
from dataclasses import replace
from hashlib import sha256
from typing import Final

from notify.domain import draft_questions
from notify.domain.draft import Content, Words
from notify.domain.draft_questions import Asking, number_of

PARTS: Final = ("title", "body", "sms")
_PLAIN: Final = ("kind", "severity", "valid_until", "send_at")
_MARK: Final = 12  # hexadecimal digits


def fields(content: Content) -> dict[str, str]:
    """What each field holds; `title-de` for a text, `groups` one a line."""
    found = {name: str(getattr(content, name)) for name in _PLAIN}
    found["drill"] = "1" if content.drill else ""
    found["groups"] = "\n".join(sorted(content.groups))
    for language, words in content.texts.items():
        found |= {f"{part}-{language}": getattr(words, part) for part in PARTS}
    return found | draft_questions.fields(content.asking)


def differences(mine: Content, theirs: Content) -> list[str]:
    """The fields in which two versions differ."""
    one, other = fields(mine), fields(theirs)
    return [name for name in {**one, **other} if one.get(name, "") != other.get(name, "")]


def marks(content: Content) -> str:
    """A short mark of what each field holds, to see later whether it was changed."""
    return " ".join(f"{name}:{mark}" for name, mark in _marks(content).items())


def untouched(content: Content, before: str) -> set[str]:
    """The fields that are still as they were when `before` was marked."""
    now, was = _marks(content), {}
    for pair in before.split():
        name, _, mark = pair.partition(":")
        was[name] = mark
    return {name for name in {**fields(content), **was} if now.get(name) == was.get(name)}


def merged(mine: Content, theirs: Content, take: Collection[str]) -> Content:
    """Mine, but these fields as they are in theirs."""
    plain = {name: getattr(theirs, name) for name in (*_PLAIN, "drill", "groups") if name in take}
    texts = {}
    for language in dict.fromkeys([*mine.texts, *theirs.texts]):
        made = mine.texts.get(language, Words())
        other = theirs.texts.get(language, Words())
        taken = {part: getattr(other, part) for part in PARTS if f"{part}-{language}" in take}
        made = replace(made, **taken)
        if not made.empty:
            texts[language] = made
    return replace(mine, texts=texts, asking=_merged(mine.asking, theirs.asking, take), **plain)


def _merged(mine: Asking, theirs: Asking, take: Collection[str]) -> Asking:
    one, other = draft_questions.fields(mine), draft_questions.fields(theirs)
    made = {name: (other if name in take else one).get(name, "") for name in {**one, **other}}
    # Whatever of a question is taken stays, also where the number of questions is the other's.
    last = max((number_of(name) or 0 for name, value in made.items() if value), default=0)
    made["count"] = str(max(last, int(made["count"])))
    languages = {
        language
        for asked in (*mine.questions, *theirs.questions, mine.one, theirs.one)
        for language in asked.wordings
    }
    return draft_questions.read(made, sorted(languages), before=mine)


def _marks(content: Content) -> dict[str, str]:
    return {
        name: sha256(value.encode("utf-8", "replace")).hexdigest()[:_MARK]
        for name, value in fields(content).items()
        if value and value != _AS_BEGUN.get(name)
    }


_AS_BEGUN: Final = fields(Content())
