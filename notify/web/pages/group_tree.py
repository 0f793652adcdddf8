"""Puts groups on a page as a tree to tick, and says who speaks for them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from notify.domain.groups import Group
from notify.rendering.languages import choose

Place = dict[str, Any]
"""What `group_tree` of web/forms.html shows of a group."""


def places(
    groups: Sequence[Group], language: str, *, default: str, ticked: Collection[str]
) -> list[Place]:
    """The tree of these groups, parents before children; a group whose parent is not among them
    stands at the top."""
    made: dict[str, Place] = {}
    top: list[Place] = []
    for group in groups:
        place = made[group.slug] = _place(group, language, default=default, ticked=ticked)
        above = made.get(group.parent or "")
        (above["below"] if above else top).append(place)
    return top


def family(groups: Sequence[Group], slug: str) -> list[Group]:
    """The groups of the same town as this one: all below the one at its top."""
    by_slug = {group.slug: group for group in groups}
    top = _line(by_slug, slug)[-1]
    return [group for group in groups if _line(by_slug, group.slug)[-1] == top]


def said(groups: Sequence[Group], slug: str, key: str) -> str | None:
    """What a group's identity says under a key, by itself or by the nearest group above."""
    for group in _line({group.slug: group for group in groups}, slug):
        if key in group.identity:
            return group.identity[key]
    return None


def privacies(groups: Sequence[Group], *, sender: str) -> list[tuple[str, str]]:
    """The privacy texts that hold for these groups, each with who speaks in it."""
    found: dict[str, str] = {}
    for group in groups:
        text = said(groups, group.slug, "privacy")
        if text:
            found.setdefault(text, said(groups, group.slug, "sender_name") or sender)
    return [(name, text) for text, name in found.items()]


def _line(by_slug: Mapping[str, Group], slug: str) -> list[Group]:
    """A group and those above it, the nearest first."""
    line = [by_slug[slug]]
    while (above := by_slug.get(line[-1].parent or "")) is not None:
        line.append(above)
    return line


def _place(group: Group, language: str, *, default: str, ticked: Collection[str]) -> Place:
    tag, about = choose(group.about, language, default=default) if group.about else (language, {})
    return {
        "slug": group.slug,
        "name": choose(group.names, language, default=default)[1],
        "closed": group.closed,
        "lang": tag,
        "sends": about.get("sends"),
        "often": about.get("often"),
        "example": about.get("example"),
        "on": group.slug in ticked,
        "below": [],
    }
