"""The groups at which an officer may do something, for a form to choose from."""

from collections.abc import Mapping, Sequence
from typing import Any

from notify.bootstrap import App
from notify.domain.grants import Reach
from notify.services import groups


async def places(app: App, within: Reach, language: str) -> Sequence[Mapping[str, Any]]:
    """Groups that are reached, parents before children: `slug`, `name`, how `deep` in the tree, `id`."""
    default = app.settings.default_language
    found: dict[str, Mapping[str, Any]] = {}
    tops = within.tops
    for top in [None] if tops is None else tops:
        deep: dict[str, int] = {}
        for group in await groups.tree(app.db, within=top):
            deep[group.slug] = deep.get(group.parent or "", -1) + 1
            one = {
                "slug": group.slug, "name": group.name(language, default=default),
                "deep": deep[group.slug], "id": group.id,
            }  # fmt: skip
            found.setdefault(group.slug, one)
    return list(found.values())
