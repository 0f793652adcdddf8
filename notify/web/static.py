"""Serves the files that pages name, so that browsers keep them until they change."""

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Final

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope
from typing_extensions import override

from notify.rendering.languages import TEMPLATES

FOLDER: Final = TEMPLATES / "web" / "static"

_YEAR: Final = "public, max-age=31536000, immutable"
_SHORT: Final = "public, max-age=300"


class Assets(StaticFiles):
    """The files of FOLDER: for a year when asked for by their version, else for five minutes."""

    @override
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        version = _versions().get(path)
        versioned = version is not None and scope["query_string"] == f"v={version}".encode()
        response.headers["cache-control"] = _YEAR if versioned else _SHORT
        return response


def assets() -> Assets:
    """To be mounted at /static."""
    return Assets(directory=FOLDER)


def static_url(name: str) -> str:
    """Where a page finds the file; raises KeyError for one that is not there."""
    return f"/static/{name}?v={_versions()[name]}"


@cache
def _versions() -> Mapping[str, str]:
    """A mark for each file that changes when its content does; read once a process."""
    files = (path for path in FOLDER.iterdir() if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in files}
