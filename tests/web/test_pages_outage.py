"""The database is away, and the warning it holds is read by a whole town nevertheless."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator, MutableMapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from psycopg import AsyncConnection

from notify.embedded.servers import Embedded
from notify.store.database import Database
from notify.store.migrate import migrate
from notify.web.pages import shelf
from notify.web.pages.freshness import HOLDS
from tests.web.conftest import MakeGroup, Publish
from tests.web.test_pages_fresh import DE, read

OUTDATED = "Neuere Nachrichten können gerade nicht angezeigt werden."
FLOOD = {"de": {"title": "Flut", "body": "x"}}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Open to the user that the server runs as."""
    ground = Path(tempfile.mkdtemp(prefix="cn-"))
    ground.chmod(0o755)
    yield ground / "own"
    shutil.rmtree(ground, ignore_errors=True)


@pytest.fixture
def server(folder: Path) -> Iterator[Embedded]:
    """A PostgreSQL of the test's own, which may be killed."""
    with Embedded(folder, redis=False, throwaway=True) as servers:
        migrate(servers.database_url)
        yield servers


@pytest.fixture
def database_url(server: Embedded) -> str:
    return server.database_url


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, size=4, timeout=0.5)
    await database.open()
    yield database
    await database.close()


def kill(folder: Path) -> None:
    os.kill(int((folder / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)


async def test_a_warning_is_read_while_the_database_is_gone_and_says_how_old_it_is(
    site: ClientSession, server: Embedded, folder: Path, group: MakeGroup, publish: Publish,
    events: list[MutableMapping[str, Any]],
) -> None:  # fmt: skip
    town, end = await group(), datetime.now(UTC) + timedelta(seconds=6)
    alert, ending = await publish([town]), await publish([town], texts=FLOOD, valid_until=end)
    never = await publish([town])
    await read(site, "/")
    await read(site, f"/b/{alert}")

    kill(folder)
    await asyncio.sleep(HOLDS)
    front, page = await read(site, "/"), await read(site, f"/b/{alert}")
    async with site.get(f"/b/{never}", headers=DE) as answer:
        assert answer.status == 503
    await asyncio.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()))
    later, english = await read(site, "/"), await read(site, "/", **{"accept-language": "en"})

    assert "gilt nicht mehr" not in front
    assert "gilt nicht mehr" in later
    for html in (front, page, later):
        assert "Sturm ab 18 Uhr" in html
        assert OUTDATED in html
        assert "Stand: " in html
    assert "Newer messages cannot be shown at the moment." in english

    server.ensure()
    back = await _once(site, lambda html: OUTDATED not in html)
    await publish([town], texts={"de": {"title": "Nebel", "body": "x"}})
    await asyncio.sleep(HOLDS)

    assert "Sturm ab 18 Uhr" in back
    assert "Nebel" in await read(site, "/")
    assert "Sturm ab 18 Uhr" in await read(site, f"/b/{never}")
    told = [event["event"] for event in events if event["event"].startswith("pages.")]
    assert told == ["pages.database_away", "pages.database_back"]
    assert ending != alert


@pytest.mark.parametrize(
    ("language", "said", "again"),
    [("de", "Das geht im Moment nicht", "Bitte versuchen Sie es in ein paar Minuten noch einmal."),
     ("en", "This does not work at the moment", "Please try again in a few minutes.")],
)  # fmt: skip
async def test_what_needs_the_database_says_so_as_a_page_with_the_warnings_it_knows(
    site: ClientSession, folder: Path, group: MakeGroup, publish: Publish, language: str,
    said: str, again: str,
) -> None:  # fmt: skip
    await publish([await group()])
    await read(site, "/")
    reader = {"accept": "text/html", "accept-language": language}

    kill(folder)
    await asyncio.sleep(HOLDS)
    pages = []
    for method, path in (("GET", "/join"), ("GET", "/archive"), ("POST", "/my/enter")):
        async with site.request(
            method, path, headers=reader, data={"address": "anna@example.org"}
        ) as answer:
            pages.append(await answer.text())
            assert (answer.status, answer.content_type) == (503, "text/html")
            assert answer.headers["retry-after"]

    for html in pages:
        assert f'<html lang="{language}"' in html
        assert f"<h1>{said}</h1>" in html
        assert "Sturm ab 18 Uhr" in html.split("<main")[0]
    assert [again in html for html in pages] == [True, True, False]
    assert [f'href="?lang={language}"' in html for html in pages] == [True, True, False]


async def test_a_page_that_is_too_old_is_not_shown(
    site: ClientSession, folder: Path, group: MakeGroup, publish: Publish,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    await publish([await group()])
    await read(site, "/")

    kill(folder)
    monkeypatch.setattr(shelf, "OLD", timedelta(seconds=1))
    await asyncio.sleep(1.1)

    async with site.get("/", headers=DE) as answer:
        assert answer.status == 503


async def test_a_database_that_is_slow_to_answer_does_not_keep_a_warning_back(
    site: ClientSession, database_url: str, group: MakeGroup, publish: Publish
) -> None:
    await publish([await group()])
    await read(site, "/")

    async with await AsyncConnection.connect(database_url) as busy:
        await busy.execute("LOCK TABLE page_stamp IN ACCESS EXCLUSIVE MODE")
        await asyncio.sleep(HOLDS)
        during = await read(site, "/")
        again = await asyncio.wait_for(read(site, "/"), 2)

    assert "Sturm ab 18 Uhr" in during
    assert OUTDATED in during
    assert again == during
    await _once(site, lambda html: OUTDATED not in html)


async def _once(site: ClientSession, right: Any) -> str:
    """The front page as soon as it is right."""
    async with asyncio.timeout(15):
        while True:
            html = await read(site, "/")
            if right(html):
                return html
            await asyncio.sleep(0.1)
