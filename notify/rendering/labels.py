"""The words and signs by which a broadcast is known at a glance, the same on every channel."""

from collections.abc import Mapping
from typing import Final

from notify.domain.broadcast import Broadcast
from notify.domain.words import Kind, Relation, Severity
from notify.rendering.languages import Words

SIGNS: Final[Mapping[Severity, str]] = {
    Severity.EXTREME: "▲▲▲",
    Severity.SEVERE: "▲▲",
    Severity.MODERATE: "▲",
    Severity.MINOR: "△",
}
"""Shown beside the word and the colour, so that none of the three has to be seen."""


def label(words: Words, broadcast: Broadcast) -> str:
    """What this is, in a word: a warning, or what it does to an earlier one."""
    match broadcast.relation:
        case Relation.UPDATE:
            return words.gettext("Update")
        case Relation.ALL_CLEAR:
            return words.gettext("All clear")
        case Relation.CORRECTION:
            return words.gettext("Correction")
    return _kind(words, broadcast.kind)


def _kind(words: Words, kind: Kind) -> str:
    match kind:
        case Kind.ALERT:
            return words.gettext("Warning")
        case Kind.ANNOUNCEMENT:
            return words.gettext("News")
        case Kind.POLL:
            return words.gettext("Poll")


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
