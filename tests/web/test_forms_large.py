"""Bigger forms: fields that repeat, and bounds."""

from urllib.parse import urlencode

import pytest
from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import Message

from notify.web.pages.forms import LARGE, MOST_FIELDS, Fields, large_form


async def _read(body: bytes) -> Fields:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", b"application/x-www-form-urlencoded")]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "app": None}
    return await large_form(Request(scope, receive))


async def test_a_field_may_stand_more_than_once() -> None:
    fields = await _read(urlencode([("g", "a"), ("g", "b"), ("mail", "  x ")]).encode())

    assert fields.all("g") == ["a", "b"]
    assert fields.one("mail") == "x"
    assert (fields.has("mail"), fields.has("phone"), fields.one("phone")) == (True, False, "")


async def test_what_the_database_cannot_hold_is_left_out() -> None:
    assert (await _read(b"a=%00x%00")).one("a") == "x"


async def test_three_hundred_groups_fit() -> None:
    slugs = [f"{n:063}" for n in range(300)]

    assert (await _read(urlencode([("g", slug) for slug in slugs]).encode())).all("g") == slugs


@pytest.mark.parametrize(
    "body",
    [b"a=" + b"x" * LARGE, b"&".join(b"a=" for _ in range(MOST_FIELDS + 1))],
    ids=["bytes", "fields"],
)
async def test_more_is_refused(body: bytes) -> None:
    with pytest.raises(HTTPException) as refusal:
        await _read(body)

    assert refusal.value.status_code in {400, 413}
