"""Says in the OpenAPI document how each route may refuse."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from notify.web.problems import MEDIA_TYPE

_WRONG: Final = {
    "type": "object",
    "required": ["field", "detail"],
    "properties": {
        "field": {"type": "string", "description": "Dotted path, for example texts.de.title."},
        "detail": {"type": "string"},
    },
}

PROBLEM: Final[Mapping[str, Any]] = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong (RFC 9457), and what to do about it.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": _WRONG},
        "ids": {
            "type": "object",
            "description": "What it collides with.",
            "additionalProperties": {"type": "string"},
        },
        "resident_id": {"type": "string", "format": "uuid"},
    },
}

_MEANINGS: Final = {
    400: "The body cannot be read.",
    401: "No key in use came along.",
    403: "The key lacks a scope, or its grant does not reach this far.",
    404: "There is no such thing, or not for this key to see.",
    409: "It collides with what is there.",
    413: "The body is too big.",
    422: "Something in the request cannot be done; `errors` says which field.",
    429: "No code may be sent there just now; `detail` says what else there is, or when to try again.",
    503: "The database does not answer. Try again in a moment.",
}

_FOR_ALL: Final = (401, 403, 422, 503)


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of a route: these, and those that every route may answer with."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": _MEANINGS.get(status, HTTPStatus(status).phrase),
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in sorted({*_FOR_ALL, *statuses})
    }


def document(api: FastAPI) -> None:
    """Make the document of `api` know the problems that `refusals` names."""

    def describe() -> dict[str, Any]:
        if api.openapi_schema is None:
            made = get_openapi(
                title=api.title, version=api.version, description=api.description, routes=api.routes
            )
            schemas = made.setdefault("components", {}).setdefault("schemas", {})
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            schemas["Problem"] = dict(PROBLEM)
            api.openapi_schema = made
        return api.openapi_schema

    api.openapi = describe  # type: ignore[method-assign]
