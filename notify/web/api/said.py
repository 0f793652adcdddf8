"""Puts plain sentences beside the reason words of an answer, in a language the caller reads."""

from collections.abc import Mapping
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request

from notify.rendering import reasons
from notify.rendering.languages import accepted, words
from notify.web.deps import TheApp


class Said(Protocol):
    """Adds a row's reason as a sentence. `status` is its delivery's, where the row has none."""

    def __call__(self, row: Mapping[str, Any], status: str | None = None) -> dict[str, Any]: ...


def _said(request: Request, app: TheApp) -> Said:
    wishes = accepted(request.headers.get("Accept-Language", ""))
    default = app.settings.default_language
    chosen = words(wishes[0] if wishes else default, default=default, zone=app.settings.zone)

    def add(row: Mapping[str, Any], status: str | None = None) -> dict[str, Any]:
        return {**row, "said": reasons.said(chosen, row["reason"], status or row.get("status"))}

    return add


AddSaid = Annotated[Said, Depends(_said)]
