"""Reads forms that anybody may post, and what scripts of ours post."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import HTTPException, Request
from starlette.datastructures import FormData, UploadFile
from starlette.types import Message

LIMIT: Final = 8_192
"""Bytes of a small form; the largest we know, a one-click request as multipart, has about 200."""

LARGE: Final = 64 * 1024
"""Bytes of a form that ticks groups; three hundred of the longest slugs take 25,000."""

LARGEST: Final = 1024 * 1024
"""Bytes of a form with texts: the longest body there may be, in five languages of any script."""

UPLOAD: Final = 3 * 1024 * 1024
"""Bytes of a file that is uploaded; a resident takes about sixty."""

MOST_FIELDS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Fields:
    """The text fields of a form, in which a name may stand more than once. Nothing in them is
    NUL, which PostgreSQL cannot hold."""

    values: Mapping[str, Sequence[str]]

    def one(self, name: str) -> str:
        """What was typed, without space around it; empty where nothing was."""
        return (self.all(name) or [""])[0].strip()

    def all(self, name: str) -> Sequence[str]:
        """Every value of a field that may be ticked several times."""
        return self.values.get(name, ())

    def has(self, name: str) -> bool:
        return bool(self.one(name))


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as the browser sent it. `name` is what it was called there: never a path of ours."""

    name: str
    content: bytes


async def small_form(request: Request) -> Mapping[str, str]:
    """The text fields of a form, URL-encoded or multipart, files left out.

    Raises HTTPException 413 when the body is larger than LIMIT, 400 when it cannot be read.
    """
    body = await _body(request, limit=LIMIT)
    async with _again(request, body).form(max_files=2, max_fields=20) as form:
        return dict(_texts(form))


async def large_form(request: Request, *, limit: int = LARGE) -> Fields:
    """The same for a form with more fields, and with fields that repeat; raises alike, at `limit`."""
    body = await _body(request, limit=limit)
    values: dict[str, list[str]] = {}
    async with _again(request, body).form(max_files=0, max_fields=MOST_FIELDS) as form:
        for name, value in _texts(form):
            values.setdefault(name, []).append(value.replace("\0", ""))
    return Fields(values)


async def upload_form(request: Request, *, file: str) -> tuple[Fields, Upload | None]:
    """The same for a form with one file, in the field `file`; None where none was chosen.

    Raises HTTPException 413 where it is larger than UPLOAD, 400 where it cannot be read.
    """
    body = await _body(request, limit=UPLOAD + LARGE)
    values: dict[str, list[str]] = {}
    async with _again(request, body).form(max_files=1, max_fields=20) as form:
        for name, value in _texts(form):
            values.setdefault(name, []).append(value.replace("\0", ""))
        found = form.get(file)
        upload = None
        if isinstance(found, UploadFile) and found.filename:
            upload = Upload(found.filename, await found.read())
    if upload is not None and len(upload.content) > UPLOAD:
        raise HTTPException(413)
    return Fields(values), upload


async def small_json(request: Request) -> Mapping[str, Any]:
    """The JSON object that a script of ours posts; no form can be of this type.

    Raises HTTPException 413 when it is larger than LIMIT, 415 where it is said to be something
    else, 400 where it is no object.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415)
    try:
        value = json.loads(await _body(request, limit=LIMIT))
    except (ValueError, RecursionError):
        raise HTTPException(400) from None
    if not isinstance(value, dict):
        raise HTTPException(400)
    return value


async def _body(request: Request, *, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise HTTPException(413)
    return bytes(body)


def _again(request: Request, body: bytes) -> Request:
    """The request with its body still to be read."""
    read = False

    async def receive() -> Message:
        nonlocal read
        message = {"type": "http.request", "body": b"" if read else body}
        read = True
        return message | {"more_body": False}

    return Request(request.scope, receive)


def _texts(form: FormData) -> list[tuple[str, str]]:
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
