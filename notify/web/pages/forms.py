"""Reads small forms that anybody may post."""

from collections.abc import Mapping

from fastapi import HTTPException, Request
from starlette.types import Message

LIMIT = 8_192
"""Bytes of a form; the largest we know, a one-click request as multipart, has about 200."""


async def small_form(request: Request) -> Mapping[str, str]:
    """The text fields of a form, URL-encoded or multipart, files left out.

    Raises HTTPException 413 when the body is larger than LIMIT, 400 when it cannot be read.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LIMIT:
            raise HTTPException(413)
    read = False

    async def again() -> Message:
        nonlocal read
        message = {"type": "http.request", "body": b"" if read else bytes(body)}
        read = True
        return message | {"more_body": False}

    async with Request(request.scope, again).form(max_files=2, max_fields=20) as form:
        return {name: value for name, value in form.multi_items() if isinstance(value, str)}
