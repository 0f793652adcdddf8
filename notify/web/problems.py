"""Errors as problem details (RFC 9457), the same shape for every route below /api."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

from notify.errors import Conflict, Forbidden, Invalid, NotFound, NotifyError
from notify.log import get

log = get(__name__)

MEDIA_TYPE = "application/problem+json"

_STATUS: Mapping[type[NotifyError], int] = {
    Invalid: 422,
    NotFound: 404,
    Conflict: 409,
    Forbidden: 403,
}


def problem(
    status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    """One problem: what is wrong in `detail`, in words that say what to do."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status,
            "detail": detail} | more  # fmt: skip
    return JSONResponse(
        body, status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {})
    )


def install(api: FastAPI) -> None:
    """Make every failure of a route a problem."""
    api.add_exception_handler(NotifyError, _told)
    api.add_exception_handler(RequestValidationError, _malformed)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(OperationalError, _away)
    api.add_exception_handler(PoolTimeout, _away)
    api.add_exception_handler(Exception, _broken)


async def _told(_: Request, failure: Exception) -> JSONResponse:
    assert isinstance(failure, NotifyError)  # noqa: S101 - registered for it
    status = next((code for kind, code in _STATUS.items() if isinstance(failure, kind)), 500)
    more: dict[str, Any] = {}
    if isinstance(failure, Conflict) and failure.ids:
        more["ids"] = failure.ids
        if "resident" in failure.ids:
            more["resident_id"] = failure.ids["resident"]
    if isinstance(failure, Invalid) and failure.field:
        more["errors"] = [{"field": failure.field, "detail": failure.message}]
    return problem(status, failure.message, **more)


async def _malformed(_: Request, failure: Exception) -> JSONResponse:
    assert isinstance(failure, RequestValidationError)  # noqa: S101 - registered for it
    errors = [
        {
            "field": ".".join(str(part) for part in error["loc"] if part != "body"),
            "detail": error["msg"],
        }
        for error in failure.errors()
    ]
    first = errors[0] if errors else {"field": "", "detail": "not readable"}
    where = f"{first['field']}: " if first["field"] else ""
    return problem(422, f"{where}{first['detail']}", errors=errors)


async def _http(_: Request, failure: Exception) -> JSONResponse:
    assert isinstance(failure, HTTPException)  # noqa: S101 - registered for it
    return problem(failure.status_code, str(failure.detail), headers=failure.headers)


async def _away(_: Request, failure: Exception) -> JSONResponse:
    log.error("api.database_away", problem=type(failure).__name__)
    return problem(
        503, "The database does not answer. Try again in a moment.", headers={"Retry-After": "2"}
    )


async def _broken(_: Request, failure: Exception) -> JSONResponse:
    log.error("api.broke", problem=type(failure).__name__)
    return problem(500, "Something broke on our side. Nothing was done; try again.")
