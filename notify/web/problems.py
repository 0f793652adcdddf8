"""Errors as problem details (RFC 9457), the same shape for every route below /api.

Of those to people `notify.web.pages.failing` makes pages.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg import DataError
from starlette.exceptions import HTTPException
from starlette.types import Scope
from typing_extensions import override

from notify.errors import Conflict, Forbidden, Invalid, NotFound, NotifyError
from notify.log import get
from notify.services.asking import Spent, TooMany
from notify.store.database import AWAY

log = get(__name__)

MEDIA_TYPE = "application/problem+json"

_STATUS: Mapping[type[NotifyError], int] = {
    Invalid: 422,
    NotFound: 404,
    Conflict: 409,
    Forbidden: 403,
    TooMany: 429,
    Spent: 429,
}

_NO_JSON = "Send a JSON object, with the header Content-Type: application/json."
_WORDS: Mapping[str, str] = {
    "missing": "This is missing. Add it.",
    "extra_forbidden": "There is no such field. Correct its name, or leave it out.",
}
"""What pydantic says in the words of programmers, said in ours."""


class ProblemResponse(JSONResponse):
    """Never fails to be written, whatever the caller made us quote."""

    media_type = MEDIA_TYPE

    @override
    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")


def problem(
    status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> ProblemResponse:
    """One problem: what is wrong in `detail`, in words that say what to do."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status,
            "detail": detail} | more  # fmt: skip
    return ProblemResponse(body, status_code=status, headers=dict(headers or {}))


_PROGRAMS_ONLY = ("/api/", "/hooks/", "/static/")


def for_people(scope: Scope) -> bool:
    """Whether who asks reads pages: a browser, at an address where pages are."""
    if scope["path"].startswith(_PROGRAMS_ONLY):
        return False
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


def install(api: FastAPI) -> None:
    """Make every failure of a route a problem."""
    api.add_exception_handler(NotifyError, _told)
    api.add_exception_handler(RequestValidationError, _malformed)
    api.add_exception_handler(HTTPException, http)
    api.add_exception_handler(DataError, _not_kept)
    for kind in AWAY:
        api.add_exception_handler(kind, _away)


async def _told(_: Request, failure: Exception) -> ProblemResponse:
    assert isinstance(failure, NotifyError)  # noqa: S101 - registered for it
    status = next((code for kind, code in _STATUS.items() if isinstance(failure, kind)), 500)
    more: dict[str, Any] = {}
    if isinstance(failure, Conflict) and failure.ids:
        more["ids"] = failure.ids
        if "resident" in failure.ids:
            more["resident_id"] = failure.ids["resident"]
    if isinstance(failure, Invalid) and failure.field:
        more["errors"] = [{"field": failure.field, "detail": failure.message}]
    wait = {"Retry-After": str(failure.retry_after)} if isinstance(failure, TooMany) else None
    return problem(status, failure.message, headers=wait, **more)


async def _malformed(_: Request, failure: Exception) -> ProblemResponse:
    assert isinstance(failure, RequestValidationError)  # noqa: S101 - registered for it
    errors = [_wrong(error) for error in failure.errors()[:100]]
    first = errors[0] if errors else {"field": "", "detail": _NO_JSON}
    where = f"{first['field']}: " if first["field"] else ""
    return problem(422, f"{where}{first['detail']}", errors=errors)


def _wrong(error: Mapping[str, Any]) -> dict[str, str]:
    """Where something is wrong, as a dotted path, and what, in words."""
    kind, place = error["type"], [part for part in error["loc"] if part != "body"]
    if kind == "json_invalid":
        return {"field": "", "detail": f"This is no JSON (at character {place[0]}). {_NO_JSON}"}
    if not place:
        return {"field": "", "detail": _NO_JSON}
    said = _WORDS.get(kind) or str(error["msg"]).removeprefix("Value error, ")
    return {"field": ".".join(map(str, place)), "detail": said}


async def http(_: Request, failure: Exception) -> ProblemResponse:
    """A refusal of a route, or that there is none."""
    assert isinstance(failure, HTTPException)  # noqa: S101 - registered for it
    return problem(failure.status_code, str(failure.detail), headers=failure.headers)


async def _not_kept(_: Request, failure: Exception) -> ProblemResponse:
    """The last net: a value that got past every check, and that PostgreSQL cannot hold."""
    log.warning("api.not_kept", problem=type(failure).__name__)
    return problem(422, "A value in this request is too large, or no text. Nothing was done.")


async def _away(_: Request, failure: Exception) -> ProblemResponse:
    log.error("api.database_away", problem=type(failure).__name__)
    return problem(
        503, "The database does not answer. Try again in a moment.", headers={"Retry-After": "2"}
    )
