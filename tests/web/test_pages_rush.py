"""A town that is warned opens its page at once: it costs little, and is right for every reader."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from aiohttp import ClientSession
from prometheus_client import REGISTRY
from typing_extensions import override

from notify.domain.keyring import Keyring
from notify.settings import Settings
from notify.store.database import Connection, Database
from notify.web.finished import takes_gzip
from notify.web.pages import shelf
from notify.web.pages.freshness import EVERY, HOLDS
from tests.web.conftest import MakeGroup, Publish, serving
from tests.web.test_pages_fresh import DE, read


def made(how: str = "made") -> float:
    return REGISTRY.get_sample_value("notify_pages_total", {"how": how}) or 0.0


class Counting(Database):
    """A database that counts its transactions."""

    n = 0

    @override
    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        self.n += 1
        async with super().transaction() as connection:
            yield connection


@pytest.fixture
async def counting(database_url: str) -> AsyncIterator[Counting]:
    database = Counting(database_url)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def door(
    counting: Counting, keyring: Keyring, settings: Settings
) -> AsyncIterator[ClientSession]:
    async with serving(counting, keyring, settings) as session:
        yield session


async def test_a_crowd_at_a_page_that_is_not_ready_has_it_made_once(
    door: ClientSession, counting: Counting, group: MakeGroup, publish: Publish
) -> None:
    alert = await publish([await group()])
    before, counting.n = made(), 0

    pages = await asyncio.gather(*(read(door, f"/b/{alert}") for _ in range(300)))

    assert len(set(pages)) == 1
    assert "Sturm ab 18 Uhr" in pages[0]
    assert made() - before == 1
    assert counting.n <= 3 + 5  # a look, a lookup and a reading; two further looks a second


async def test_a_page_that_is_kept_costs_the_database_two_looks_a_second(
    door: ClientSession, counting: Counting, group: MakeGroup, publish: Publish
) -> None:
    await publish([await group()])
    await read(door, "/")
    loop = asyncio.get_running_loop()
    began, before, counting.n = loop.time(), made(), 0

    for _ in range(200):
        await read(door, "/")

    assert counting.n <= (loop.time() - began) / EVERY + 2
    assert made() == before


@pytest.mark.parametrize(
    ("reference", "questions"),
    [
        pytest.param(lambda: str(uuid4()), 10, id="made up"),
        pytest.param(lambda: f"{uuid4()}x", 10, id="impossible"),
    ],
)
async def test_made_up_links_neither_fill_the_shelf_nor_ask_one_by_one(
    door: ClientSession, counting: Counting, reference: Callable[[], str], questions: int
) -> None:
    counting.n = 0

    async def ask() -> int:
        async with door.get(f"/b/{reference()}", headers=DE) as answer:
            assert "Diese Seite gibt es nicht" in await answer.text()
            return answer.status

    statuses = await asyncio.gather(*(ask() for _ in range(300)))

    assert set(statuses) == {404}
    assert counting.n <= questions


async def test_what_is_kept_is_bounded(
    settings: Settings, counting: Counting, group: MakeGroup, publish: Publish,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(shelf, "SPACE", 30_000)
    town = await group()
    kept = shelf.Shelf(counting, settings=settings)

    for _ in range(8):
        found = await kept.find(await publish([town]))
        assert found is not None
        assert kept.page(found, "de", lambda _: "x" * 3_000).size > 3_000

    assert 1 < len(kept._kept) < 8
    assert sum(each.size for each in kept._kept.values()) <= 30_000
    await kept.close()


async def test_a_reader_who_has_the_page_is_told_so(
    site: ClientSession, group: MakeGroup, publish: Publish
) -> None:
    town = await group()
    await publish([town])
    async with site.get("/", headers=DE) as first:
        mark = first.headers["etag"]

    bare = mark.removeprefix("W/")
    for had in (mark, bare, f'"other", {mark}', "*"):
        async with site.get("/", headers=DE | {"if-none-match": had}) as again:
            assert (again.status, await again.read()) == (304, b"")
            assert again.headers["etag"] == mark
            assert again.headers["cache-control"] == first.headers["cache-control"]
            assert again.headers["vary"] == "accept-language, accept-encoding"
    for headers in (
        DE | {"if-none-match": '"other"'},
        {"accept-language": "en", "if-none-match": mark},
    ):
        async with site.get("/", headers=headers) as other:
            assert other.status == 200

    await publish([town])
    await asyncio.sleep(HOLDS)
    async with site.get("/", headers=DE | {"if-none-match": mark}) as changed:
        assert changed.status == 200
        assert changed.headers["etag"] != mark


async def test_a_page_is_compressed_for_programs_that_take_it(
    site: ClientSession, group: MakeGroup, publish: Publish
) -> None:
    path = f"/b/{await publish([await group()])}"

    async with (
        site.get(path, headers=DE | {"accept-encoding": "identity"}) as plain,
        site.get(
            path, headers=DE | {"accept-encoding": "br, gzip"}, auto_decompress=False
        ) as packed,
        site.head(path, headers=DE | {"accept-encoding": "gzip"}) as head,
    ):
        text, data = await plain.read(), await packed.read()
        assert await head.read() == b""

    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == head.headers["content-encoding"] == "gzip"
    assert gzip.decompress(data) == text
    assert len(data) < len(text)
    assert head.headers["content-length"] == str(len(data))
    assert plain.headers["etag"] == packed.headers["etag"] == head.headers["etag"]


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("br, *;q=0.1", True),
        ("x-gzip", True),
        ("identity", False),
        ("gzip;q=", False),
        (",;=", False),
    ],
)
def test_gzip_is_given_to_who_takes_it(header: str, takes: bool) -> None:
    assert takes_gzip(header) is takes


async def test_each_reader_gets_her_language_from_what_is_kept(
    site: ClientSession, group: MakeGroup, publish: Publish
) -> None:
    texts = {"de": "Sturm", "en": "Storm", "uk": "Шторм"}
    path = f"/b/{await publish([await group()], texts={t: {'title': w, 'body': 'x'} for t, w in texts.items()})}"

    for _ in range(2):
        for tag, word in texts.items():
            async with site.get(path, headers={"accept-language": f"fr, {tag};q=0.5"}) as answer:
                assert answer.headers["content-language"] == tag
                assert f'<h1 lang="{tag}" dir="ltr">{word}</h1>' in await answer.text()


async def test_a_page_for_everybody_may_be_shared_for_a_second_and_a_private_one_never(
    site: ClientSession,
) -> None:
    for path in ("/", "/b/nothing"):
        async with site.get(path) as answer:
            assert answer.headers["cache-control"].startswith("public, max-age=1,")
    for path in ("/confirm/x", "/leave/x"):
        async with site.get(path) as answer:
            assert answer.headers["cache-control"] == "no-store"
            assert "etag" not in answer.headers
