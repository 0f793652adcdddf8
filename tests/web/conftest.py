"""The whole HTTP application on a free port of this machine, and rows for it to show."""

import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest

from notify.bootstrap import App, push_hosts
from notify.domain.keyring import Keyring
from notify.queue import Bell
from notify.settings import Settings
from notify.store.database import Database
from notify.web.main import create_app
from tests.serving import served
from tests.web.caller import Caller

Publish = Callable[..., Awaitable[UUID]]
MakeGroup = Callable[..., Awaitable[int]]


@pytest.fixture
async def site(
    db: Database, keyring: Keyring, settings: Settings
) -> AsyncIterator[aiohttp.ClientSession]:
    """A browser without cookies that follows no redirects by itself, at the site's door."""
    async with serving(db, keyring, settings) as session:
        yield session


@asynccontextmanager
async def serving(
    db: Database, keyring: Keyring, settings: Settings
) -> AsyncIterator[aiohttp.ClientSession]:
    """The site for the length of a block."""
    api = create_app(App(settings, db, keyring, Bell(None), push_hosts(settings)))
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    async with (
        served(api, listener),
        aiohttp.ClientSession(
            f"http://127.0.0.1:{port}",
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=20),
        ) as session,
    ):
        yield session


@pytest.fixture
async def api(site: aiohttp.ClientSession, db: Database) -> Caller:
    """A program whose key may do everything, everywhere."""
    return await Caller(site, db, None).with_key()


@pytest.fixture
def group(db: Database) -> MakeGroup:
    async def make(slug: str = "town", *, closed: bool = False, **identity: str) -> int:
        async with db.transaction() as connection:
            row = await connection.row(
                "INSERT INTO groups (slug, names, closed, identity) VALUES (%(slug)s, %(names)s,"
                " %(closed)s, %(identity)s) RETURNING id",
                slug=slug,
                names=json.dumps({"de": f"Gruppe {slug}", "en": f"Group {slug}"}),
                closed=closed,
                identity=json.dumps(identity),
            )
        assert row is not None
        return int(row["id"])

    return make


@pytest.fixture
def publish(db: Database) -> Publish:
    return publisher(db)


def publisher(db: Database) -> Publish:
    """Puts broadcasts there as if they had been sent."""

    async def insert(groups: list[int], **given: Any) -> UUID:
        now = datetime.now(UTC)
        broadcast_id = uuid4()
        texts = {"de": {"title": "Sturm ab 18 Uhr", "body": "Bleiben Sie im **Haus**."}}
        values = {
            "id": broadcast_id,
            "kind": "alert",
            "status": "dispatched",
            "severity": "severe",
            "valid_until": now + timedelta(hours=3),
            "thread_id": broadcast_id,
            "sequence": 0,
            "in_reply_to": None,
            "relation": None,
            "dispatching_at": now,
            "cancelled_at": None,
            "drill": False,
        } | given
        values |= {"groups": groups, "texts": json.dumps(given.get("texts", texts))}
        async with db.transaction() as connection:
            await connection.run(
                "INSERT INTO broadcasts (id, kind, status, severity, texts, group_ids,"
                " valid_until, thread_id, sequence, in_reply_to, relation, dispatching_at,"
                " cancelled_at, drill) VALUES (%(id)s, %(kind)s, %(status)s, %(severity)s, %(texts)s,"
                " %(groups)s, %(valid_until)s, %(thread_id)s, %(sequence)s, %(in_reply_to)s,"
                " %(relation)s, %(dispatching_at)s, %(cancelled_at)s, %(drill)s)",
                **values,
            )
        return broadcast_id

    return insert
