"""A program that uses the API: it holds a key and speaks JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

from aiohttp import ClientSession

from notify.domain.scopes import Scope
from notify.services import keys
from notify.store.database import Database

Json = Any


@dataclass(frozen=True)
class Answer:
    status: int
    body: Json
    headers: Mapping[str, str]


class Caller:
    """Calls below /api/v1 with one key; `with_key` gives the same with another one."""

    def __init__(self, site: ClientSession, db: Database, token: str | None) -> None:
        self.site, self.db, self.token = site, db, token

    async def with_key(self, *scopes: Scope, group: str | None = None) -> "Caller":
        """All scopes where none is named."""
        token = await keys.create(self.db, name="test", scopes=scopes or tuple(Scope), group=group)
        return Caller(self.site, self.db, token)

    async def call(self, method: str, path: str, json: Json = None, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        async with self.site.request(method, f"/api/v1{path}", json=json, headers=sent) as answer:
            return Answer(answer.status, await answer.json(content_type=None), answer.headers)

    async def raw(self, path: str, body: bytes, kind: str = "application/json") -> Answer:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        async with self.site.post(f"/api/v1{path}", data=BytesIO(body), headers=headers) as answer:
            return Answer(answer.status, await answer.json(content_type=None), answer.headers)

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.call("GET", path, **headers)

    async def post(self, path: str, json: Json = None, **headers: str) -> Answer:
        return await self.call("POST", path, json, **headers)

    async def send(self, **changes: Json) -> Answer:
        """An alert to `town` in German, unless the changes say otherwise; None leaves out."""
        wanted = alert() | changes
        return await self.post(
            "/broadcasts", {name: value for name, value in wanted.items() if value is not None}
        )


def alert() -> dict[str, Json]:
    return {
        "kind": "alert",
        "groups": ["town"],
        "texts": {"de": {"title": "Sturm", "body": "Bleiben Sie im Haus."}},
        "severity": "severe",
        "valid_until": in_hours(6),
    }


def in_hours(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def is_problem(answer: Answer, status: int) -> bool:
    """Whether this is a problem of RFC 9457 with words in it."""
    body = answer.body
    assert answer.status == status, body
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= set(body), body
    assert body["status"] == status
    assert body["detail"].strip()
    return True


def fields(answer: Answer) -> list[str]:
    return [error["field"] for error in answer.body["errors"]]


QUESTION: Json = {
    "shape": "single",
    "wordings": {"de": {"ask": "Sind Sie in Sicherheit?", "options": ["Ja", "Ich brauche Hilfe"]}},
}


def asks(*questions: Json, **more: Json) -> Json:
    """What a broadcast asks; one question where none is named."""
    return {"questions": list(questions or (QUESTION,))} | more
