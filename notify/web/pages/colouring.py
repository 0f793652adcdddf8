"""Gives a town's or a group's colour to its pages, as a file: the policy forbids styles in them."""

import re
from functools import lru_cache
from string import Template
from typing import Final

from fastapi import HTTPException, Request, Response

from notify.domain import colours
from notify.web.finished import Finished

_NAME: Final = re.compile(r"([0-9a-f]{6})\.css")
_YEAR: Final = "public, max-age=31536000, immutable"

_SHEET: Final = Template(""":root { --accent: $light; --on-accent: $on_light; }
@media (prefers-color-scheme: dark) { :root { --accent: $dark; --on-accent: $on_dark; } }
@media print { :root { --accent: $light; --on-accent: $on_light; } }
""")


def colour_url(colour: str | None) -> str | None:
    """Where a page finds the sheet of a colour; None for None."""
    return f"/colour/{colour.removeprefix('#')}.css" if colour else None


async def sheet(request: Request) -> Response:
    """To be routed at /colour/{name}."""
    asked = _NAME.fullmatch(request.path_params["name"])
    if asked is None:
        raise HTTPException(404)
    return _made(f"#{asked[1]}").answer(request)


@lru_cache(maxsize=500)
def _made(colour: str) -> Finished:
    light, dark = colours.on_light(colour), colours.on_dark(colour)
    css = _SHEET.substitute(
        light=light.colour, on_light=light.on, dark=dark.colour, on_dark=dark.on
    )
    about = {"content-type": "text/css; charset=utf-8"}
    return Finished(css.encode(), about=about, cache=_YEAR, vary="accept-encoding")
