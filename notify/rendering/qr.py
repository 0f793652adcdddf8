"""Draws QR codes."""

from io import BytesIO
from typing import Final

import segno

_QUIET: Final = 4  # modules of white around it, without which some phones do not see it


def drawn(text: str) -> bytes:
    """The text as SVG: black on white also where the page is dark, for phones do not read it the
    other way round."""
    out = BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", border=_QUIET, dark="#000", light="#fff", omitsize=True, nl=False
    )
    return out.getvalue()


def inline(text: str) -> str:
    """The same as an element of a page."""
    return drawn(text).decode().partition("?>")[2]
