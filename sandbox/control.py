"""Steers the world over HTTP: reads its books, changes its rules, makes browsers, lets phones text."""

import re
from collections.abc import Awaitable
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.rules import read_rules
from sandbox.webserver import Reply, Request, WebServer, json_reply
from sandbox.world import World

_MAX_PAGE = 5_000
_HOST_PORT = re.compile(r"(?P<host>[^:\s]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")

_NOT_FOUND = json_reply({"errors": [{"msg": "no such path"}]}, 404)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _NewBrowsers(_Strict):
    count: int = Field(1, ge=1, le=100_000)
    application_key: str | None = None


class _Endpoints(_Strict):
    endpoints: list[str] | None = None


class _Inbound(_Strict):
    sender: str = Field(alias="from")
    to: str
    body: str
    times: int = Field(1, ge=1, le=10)


class _Settings(_Strict):
    """What can be changed while the world runs; null switches a thing off."""

    bounce_to: str | None = None
    inbound_url: str | None = None
    numbers: list[str] = []
    pace: float = Field(0.05, ge=0, le=3_600)
    decrypt_every: int = Field(1, ge=1)


class Control:
    """The control server on one port. `async with` runs it."""

    def __init__(self, world: World, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._world = world
        self._server = WebServer(self._handle, host=host, port=port)

    @property
    def url(self) -> str:
        return self._server.url

    async def __aenter__(self) -> Self:
        await self._server.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.__aexit__()

    def _handle(self, request: Request) -> Reply | Awaitable[Reply]:
        try:
            return self._route(request)
        except ValidationError as error:
            wrong = error.errors(include_url=False, include_context=False, include_input=False)
            return json_reply({"errors": wrong}, 422)
        except ValueError as error:
            return json_reply({"errors": [{"msg": str(error)}]}, 422)

    def _route(self, request: Request) -> Reply | Awaitable[Reply]:
        match request.method, request.path:
            case "GET", path if path.startswith("/books/"):
                return self._page(path.removeprefix("/books/"), request.fields())
            case "GET", "/counts":
                return json_reply(self._world.counts())
            case "POST", "/phones/inbound":
                return self._inbound(_Inbound.model_validate_json(request.body))
            case "POST", path:
                return self._browsers(path, request.body)
            case _:
                return self._change(request)

    def _change(self, request: Request) -> Reply:
        match request.method, request.path:
            case "DELETE", "/books":
                self._world.clear()
            case "PUT", "/rules":
                self._world.rules.replace(read_rules(request.body))
            case "PUT", "/settings":
                self._set(_Settings.model_validate_json(request.body))
            case _:
                return _NOT_FOUND
        return Reply(204)

    def _page(self, channel: str, fields: dict[str, str]) -> Reply:
        if channel not in {"email", "sms", "push"}:
            return _NOT_FOUND
        limit = min(int(fields.get("limit", "500")), _MAX_PAGE)
        records = self._world.page(
            channel,
            after=int(fields.get("after", "0")),
            limit=limit,
            brief=fields.get("brief") == "1",
        )
        return json_reply({"records": records})

    def _browsers(self, path: str, body: bytes) -> Reply:
        push = self._world.push
        if path == "/browsers":
            new = _NewBrowsers.model_validate_json(body or b"{}")
            made = push.subscribe(new.count, application_key=new.application_key)
            return json_reply([browser.subscription() for browser in made], 201)
        wanted = _Endpoints.model_validate_json(body or b"{}").endpoints
        if path == "/browsers/online":
            return json_reply({"delivered": push.screens.come_online(wanted)})
        if path == "/browsers/gone":
            return json_reply({"gone": push.forget(wanted or [])})
        return _NOT_FOUND

    def _set(self, settings: _Settings) -> None:
        given = settings.model_fields_set
        gateway = self._world.gateway
        if "bounce_to" in given:
            to = settings.bounce_to
            self._world.relay.bouncer.to = None if to is None else host_port(to)
        if "inbound_url" in given:
            gateway.inbound_url = settings.inbound_url
        if "numbers" in given:
            gateway.numbers = frozenset(settings.numbers)
        if "pace" in given:
            gateway.lives.pace = settings.pace
        if "decrypt_every" in given:
            self._world.push.screens.decrypt_every = settings.decrypt_every

    async def _inbound(self, wanted: _Inbound) -> Reply:
        text, answer = await self._world.gateway.receive(
            sender=wanted.sender, to=wanted.to, body=wanted.body, times=wanted.times
        )
        said = None if answer is None else {"status": answer.status, "body": answer.body.decode()}
        return json_reply({"sid": text.sid, "answer": said}, 201)


def host_port(value: str) -> tuple[str, int]:
    """Read host:port; ValueError where it is none."""
    found = _HOST_PORT.fullmatch(value)
    if found is None:
        raise ValueError("write it like 127.0.0.1:2525")
    return found["host"].strip("[]"), int(found["port"])
