"""Serves the files that pages name, so that browsers keep them until they change."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from mimetypes import guess_type
from pathlib import Path
from typing import Final

from fastapi import HTTPException, Request, Response

from notify.rendering.languages import TEMPLATES
from notify.web.finished import Finished

FOLDER: Final = TEMPLATES / "web" / "static"

_YEAR: Final = "public, max-age=31536000, immutable"
_SHORT: Final = "public, max-age=300"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file, kept for a year when asked for by its version, else for five minutes. The version
    changes when its content does."""

    version: str
    lasting: Finished
    passing: Finished


async def asset(request: Request) -> Response:
    """To be routed at /static/{name}. Every reader of a page in a rush asks for these once."""
    found = _assets().get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    versioned = request.scope["query_string"] == f"v={found.version}".encode()
    return (found.lasting if versioned else found.passing).answer(request)


def static_url(name: str) -> str:
    """Where a page finds the file; raises KeyError for one that is not there."""
    return f"/static/{name}?v={_assets()[name].version}"


@cache
def _assets() -> Mapping[str, Asset]:
    """The files of FOLDER, read once a process."""
    return {path.name: _read(path) for path in FOLDER.iterdir() if path.is_file()}


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    kind = guess_type(path.name)[0] or "application/octet-stream"
    about = {"content-type": f"{kind}; charset=utf-8" if kind.startswith("text/") else kind}
    lasting, passing = (
        Finished(body, about=about, cache=long, vary="accept-encoding") for long in (_YEAR, _SHORT)
    )
    return Asset(hashlib.sha256(body).hexdigest()[:12], lasting, passing)
