"""Puts plain sentences beside the reason words of an answer, in a language the caller reads."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, cast

from fastapi import Depends, Request

from notify.rendering import reasons
from notify.rendering.languages import accepted, words
from notify.web.deps import TheApp

Said = Callable[[Mapping[str, Any]], dict[str, Any]]


def _said(request: Request, app: TheApp) -> Said:
    wishes = accepted(request.headers.get("Accept-Language", ""))
    default = app.settings.default_language
    chosen = words(wishes[0] if wishes else default, default=default, zone=app.settings.zone)

    def add(row: Mapping[str, Any]) -> dict[str, Any]:
        reason = cast("str | None", row["reason"])
        return {**row, "said": reasons.said(chosen, reason)}

    return add


AddSaid = Annotated[Said, Depends(_said)]
