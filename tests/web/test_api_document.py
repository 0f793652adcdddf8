"""The OpenAPI document: what the issue names is there, and how each route may refuse."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

import notify.web.api
from notify.web.api.auth import the_key
from tests.web.caller import Caller, is_problem

OUTLINE = {
    ("post", "/api/v1/groups"),
    ("post", "/api/v1/residents"),
    ("post", "/api/v1/broadcasts"),
    ("get", "/api/v1/broadcasts/{broadcast_id}"),
    ("get", "/api/v1/broadcasts/{broadcast_id}/deliveries"),
    ("get", "/api/v1/deliveries/{delivery_id}"),
    ("post", "/api/v1/broadcasts/{broadcast_id}/cancel"),
}


async def _document(api: Caller) -> dict[str, Any]:
    document: dict[str, Any] = (await api.get("/openapi.json")).body
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


async def test_the_outline_of_the_issue_is_all_there(api: Caller) -> None:
    document = await _document(api)

    assert {(method, path) for method, path, _ in _operations(document)} >= OUTLINE


async def test_every_route_says_how_it_may_refuse(api: Caller) -> None:
    document = await _document(api)

    assert set(document["components"]["schemas"]["Problem"]["required"]) == {
        "type", "title", "status", "detail",
    }  # fmt: skip
    for _, path, operation in _operations(document):
        refusals = {int(code): said for code, said in operation["responses"].items()}
        assert {401, 403, 422, 503} <= set(refusals), path
        assert ("{" not in path) or 404 in refusals, path
        for code, said in refusals.items():
            if code >= 400:
                assert list(said["content"]) == ["application/problem+json"], (path, code)
                (content,) = said["content"].values()
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert "HTTPValidationError" not in str(document)


async def test_nothing_below_api_is_answered_without_a_key(api: Caller) -> None:
    document = await _document(api)
    nobody = Caller(api.site, api.db, None)

    for method, path, operation in _operations(document):
        concrete = path.removeprefix("/api/v1").replace(
            "{broadcast_id}", "f7d2a1c4-0000-4000-8000-000000000000"
        )
        concrete = concrete.replace("{delivery_id}", "1")
        answer = await nobody.call(method.upper(), concrete, {} if method == "post" else None)

        assert operation["security"]
        assert is_problem(answer, 401)


def test_every_route_asks_for_the_key_whether_documented_or_not() -> None:
    def asks(dependant: Dependant) -> bool:
        return dependant.call is the_key or any(map(asks, dependant.dependencies))

    modules = [import_module(f"{notify.web.api.__name__}.{module.name}")
               for module in pkgutil.iter_modules(notify.web.api.__path__)]  # fmt: skip
    routes = [route for m in modules if hasattr(m, "router") for route in m.router.routes]

    assert len(routes) >= len(OUTLINE)
    for route in routes:
        assert isinstance(route, APIRoute)
        assert asks(route.dependant), route.path
