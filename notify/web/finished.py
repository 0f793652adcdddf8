"""An answer that is ready to be sent: plain and compressed, with the mark it is known by."""

import gzip
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256

from fastapi import Request
from starlette.responses import Response


class Finished:
    """Made once, sent many times.

    Its ETag is weak: the same for both codings, whose bytes differ, and still right where a proxy
    compresses by itself (RFC 9110, 8.8.1). It follows from the bytes alone, so that all processes
    give the same. What says that something is not there has none.
    """

    def __init__(
        self, body: bytes, *, about: Mapping[str, str], cache: str, vary: str, status: int = 200
    ) -> None:
        """`about` are the headers that tell of the body, `cache` and `vary` say who may keep it."""
        headers = {"cache-control": cache, "vary": vary}
        self._mark = f'"{sha256(body).hexdigest()[:24]}"' if status == 200 else None
        if self._mark:
            headers["etag"] = f"W/{self._mark}"
        told = headers | dict(about)
        packed = gzip.compress(body, mtime=0)
        self._plain = self._packed = Response(body, status, told)
        if len(packed) < len(body):
            self._packed = Response(packed, status, told | {"content-encoding": "gzip"})
        self._unchanged = Response(b"", 304, headers)
        self.size = len(body) + len(packed)

    def answer(self, request: Request) -> Response:
        """What this reader gets: nothing new, or the body as its program likes it."""
        headers = request.headers
        had = headers.get("if-none-match")
        if had is not None and self._mark is not None and self._known(had):
            return self._unchanged
        return self._packed if takes_gzip(headers.get("accept-encoding", "")) else self._plain

    def _known(self, had: str) -> bool:
        """Whether If-None-Match names this body, compared weakly (RFC 9110, 13.1.2)."""
        marks = {mark.strip().removeprefix("W/") for mark in had.split(",")}
        return self._mark in marks or had.strip() == "*"


def takes_gzip(header: str) -> bool:
    """Whether Accept-Encoding allows gzip (RFC 9110, 12.5.3). Without the header it does not
    forbid it, but programs that send none rarely unpack."""
    return _takes_gzip(header[:200])


@lru_cache(maxsize=200)
def _takes_gzip(header: str) -> bool:
    wishes = {}
    for part in header.lower().split(","):
        coding, _, parameter = part.partition(";")
        name, _, value = parameter.partition("=")
        wishes[coding.strip()] = not (name.strip() == "q" and _is_zero(value))
    return wishes.get("gzip", wishes.get("x-gzip", wishes.get("*", False)))


def _is_zero(weight: str) -> bool:
    return not weight.strip().strip("0.")
