"""The words and signs by which a broadcast is known at a glance, the same on every channel."""

from collections.abc import Mapping
from typing import Final

from notify.domain.broadcast import Broadcast
from notify.domain.words import Channel, Kind, Lane, Relation, Severity
from notify.rendering.languages import Words

SIGNS: Final[Mapping[Severity, str]] = {
    Severity.EXTREME: "▲▲▲",
    Severity.SEVERE: "▲▲",
    Severity.MODERATE: "▲",
    Severity.MINOR: "△",
}
"""Shown beside the word and the colour, so that none of the three has to be seen."""


def label(words: Words, broadcast: Broadcast) -> str:
    """What this is, in a word: a warning, or what it does to an earlier one; a drill before all."""
    said = relation(words, broadcast.relation) or kind(words, broadcast.kind)
    return f"{exercise(words)}: {said}" if broadcast.drill else said


def exercise(words: Words) -> str:
    """The word by which a drill is known."""
    return words.gettext("EXERCISE")


def marked(words: Words, broadcast: Broadcast, text: str) -> str:
    """A title as it stands alone, where nothing beside it says what it is."""
    return f"{exercise(words)}: {text}" if broadcast.drill else text


def relation(words: Words, relation: str | None) -> str | None:
    """What it does to an earlier one, in a word; None for a first one."""
    match relation:
        case Relation.UPDATE:
            return words.gettext("Update")
        case Relation.ALL_CLEAR:
            return words.gettext("All clear")
        case Relation.CORRECTION:
            return words.gettext("Correction")
    return None


def kind(words: Words, kind: Kind) -> str:
    """What a first broadcast of a thread is, in a word."""
    match kind:
        case Kind.ALERT:
            return words.gettext("Warning")
        case Kind.ANNOUNCEMENT:
            return words.gettext("News")
        case Kind.POLL:
            return words.gettext("Poll")


def channel(words: Words, name: str) -> str:
    """What a channel is called on the staff's pages; `none` is that of who chose none."""
    called: dict[str, str] = {
        Channel.EMAIL: words.gettext("E-mail"),
        Channel.SMS: words.gettext("SMS"),
        Channel.PUSH: words.gettext("Notification"),
    }
    return called.get(name) or words.gettext("no way")


def lane(words: Words, name: str) -> str:
    """What leaves by a lane."""
    return {
        Lane.ALERT: words.gettext("Warnings"),
        Lane.NOTE: words.gettext("Codes and replies"),
        Lane.BULK: words.gettext("News"),
    }[Lane(name)]


def headed(label: str, text: str) -> str:
    """`Warning: Storm`, without saying twice what the text begins with by itself."""
    return text if text.casefold().startswith(label.casefold()) else f"{label}: {text}"


def severity(words: Words, severity: Severity) -> str:
    match severity:
        case Severity.EXTREME:
            return words.gettext("Extreme danger")
        case Severity.SEVERE:
            return words.gettext("Great danger")
        case Severity.MODERATE:
            return words.gettext("Danger")
        case Severity.MINOR:
            return words.gettext("Minor danger")


def follows(words: Words, broadcast: Broadcast) -> str | None:
    """One sentence on what a follow-up does to the message before it; None for a first one."""
    if broadcast.relation is None:
        return None
    if broadcast.kind == Kind.ALERT:
        return {
            Relation.UPDATE: words.gettext("This message updates an earlier warning."),
            Relation.ALL_CLEAR: words.gettext("The earlier warning no longer applies."),
            Relation.CORRECTION: words.gettext("This message corrects an earlier warning."),
        }[broadcast.relation]
    return {
        Relation.UPDATE: words.gettext("This message updates an earlier one."),
        Relation.ALL_CLEAR: words.gettext("The earlier message no longer applies."),
        Relation.CORRECTION: words.gettext("This message corrects an earlier one."),
    }[broadcast.relation]
