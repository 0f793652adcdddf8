"""Finds the group that somebody means who writes its name with a telephone."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from notify.domain.groups import Group
from notify.domain.spelling import spellings

_FILLERS: Final = frozenset(
    {"a", "an", "aus", "bei", "beim", "das", "dem", "den", "der", "die", "for", "from", "fuer",
     "für", "group", "gruppe", "in", "of", "the", "to", "vom", "von", "zu", "zum", "zur"}
)  # fmt: skip
_LIKE: Final = 0.7  # of 1.0, how like a name must be to be meant, perhaps
_SHORTEST: Final = 3  # letters that a name may be recognised by
MOST_NEAR: Final = 3


@dataclass(frozen=True, slots=True)
class Found:
    """The group that is meant, or (None) those that may be meant, the likeliest first."""

    group: Group | None
    near: Sequence[Group] = ()


def find(text: str, groups: Sequence[Group]) -> Found:
    """The group with this slug, else with this name in any language, accents, case, spaces and
    punctuation aside, and a `the` or `von der` in front of it. Two of one name are only near."""
    by_slug = _by_key((folded, group) for group in groups for folded in _folded(group.slug))
    by_name = _by_key(
        (folded, group)
        for group in groups
        for name in group.names.values()
        for folded in _folded(name)
    )
    for wanted in (text, _without_fillers(text)):
        for known in (by_slug, by_name):
            meant = _meant(wanted, known)
            if len(meant) == 1:
                return Found(meant[0])
            if meant:
                return Found(None, meant[:MOST_NEAR])
    return Found(None, _near(_without_fillers(text), by_slug, by_name))


def _meant(text: str, known: Mapping[str, Sequence[Group]]) -> list[Group]:
    return _once(group for key in _folded(text) for group in known.get(key, ()))


def _near(text: str, *known: Mapping[str, Sequence[Group]]) -> list[Group]:
    keys = {key for one in known for key in one}
    likely: list[str] = []
    for wanted in _folded(text):
        if len(wanted) >= _SHORTEST:
            likely += sorted(key for key in keys if wanted in key or _within(key, wanted))
            likely += difflib.get_close_matches(wanted, keys, n=MOST_NEAR, cutoff=_LIKE)
    return _once(group for key in likely for one in known for group in one.get(key, ()))[:MOST_NEAR]


def _within(key: str, wanted: str) -> bool:
    """Whether a name stands in a longer text, as more than a syllable of it."""
    return len(key) > _SHORTEST and key in wanted and 2 * len(key) >= len(wanted)


def _by_key(pairs: Iterable[tuple[str, Group]]) -> dict[str, list[Group]]:
    found: dict[str, list[Group]] = {}
    for key, group in pairs:
        found.setdefault(key, []).append(group)
    return found


def _once(groups: Iterable[Group]) -> list[Group]:
    return list({group.id: group for group in groups}.values())


def _without_fillers(text: str) -> str:
    parts = text.split()
    while parts and parts[0].casefold().strip(".,:;") in _FILLERS:
        parts = parts[1:]
    return " ".join(parts)


def _folded(text: str) -> set[str]:
    return {folded for folded in spellings(text) if folded}
