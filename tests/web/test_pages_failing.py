"""What goes wrong is a page in the reader's language for people, and a problem for programs."""

import json
from typing import Any, Final

import pytest
from aiohttp import ClientSession
from fastapi import HTTPException
from psycopg import DataError
from psycopg.errors import ReadOnlySqlTransaction

from notify.errors import Conflict, NotFound
from notify.services import feedback
from notify.web.pages import failing
from tests.web.conftest import MakeGroup, Publish
from tests.web.test_pages_fresh import read

BROWSER: Final = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "accept-language": "de"}
CROSS: Final = {"sec-fetch-site": "cross-site"}
SECRET: Final = "anna@example.org wrote this"
MULTIPART: Final = {"content-type": "multipart/form-data"}


async def asked(
    site: ClientSession, method: str, path: str, *, data: Any = None, **headers: str
) -> tuple[int, str, str]:
    """Status, kind and text of what a browser is answered."""
    async with site.request(method, path, data=data, headers=BROWSER | headers) as answer:
        assert answer.headers["cache-control"] == "no-store"
        return answer.status, answer.content_type, await answer.text()


FAILURES: Final = [
    pytest.param("POST", {"message": "x"}, CROSS, 403,
                 "Dieses Formular kam von einer anderen Website", "another website", id="crossed"),
    pytest.param("POST", {"message": "x" * 70_000}, {}, 413,
                 "Das ist zu viel auf einmal", "too much at once", id="too large"),
    pytest.param("POST", b"--x\r\nbroken", MULTIPART, 400,
                 "Das konnten wir nicht lesen", "could not read this", id="malformed"),
    pytest.param("PUT", None, {}, 405, "lässt sich nicht über ihre Adresse öffnen",
                 "cannot be opened by its address", id="method"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "data", "headers", "status", "german", "english"), FAILURES)
async def test_what_is_refused_is_a_page_in_the_language_of_the_reader(
    site: ClientSession, group: MakeGroup, publish: Publish, method: str, data: Any,
    headers: dict[str, str], status: int, german: str, english: str,
) -> None:  # fmt: skip
    await publish([await group()])
    await read(site, "/")

    answers = [
        await asked(site, method, f"/accessibility{lang}", data=data, **headers)
        for lang in ("", "?lang=en")
    ]

    for (got, kind, html), words, tag in zip(answers, (german, english), ("de", "en"), strict=True):
        assert (got, kind) == (status, "text/html")
        assert f'<html lang="{tag}"' in html
        assert html.count("<h1") == 1
        assert words in html.split("<h1")[1].split("</h1>")[0]
        assert "Sturm ab 18 Uhr" in html.split("<main")[0]
    assert 'href="/my?lang=en"' in answers[1][2]
    assert 'href="/my"' in answers[0][2]


async def test_a_page_that_comes_after_a_form_says_where_to_begin(site: ClientSession) -> None:
    async with site.get("/my/enter", headers=BROWSER) as answer:
        html = await answer.text()

    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert "Sie kommt erst nach einem Formular." in html
    assert 'href="/my"' in html


@pytest.mark.parametrize(
    ("failure", "status", "said"),
    [
        (
            HTTPException(429, SECRET, {"retry-after": "90"}),
            429,
            "In etwa 2 Minuten geht es wieder.",
        ),
        (HTTPException(429, SECRET), 429, "Bitte versuchen Sie es später noch einmal."),
        (DataError(SECRET), 422, "füllen Sie das Formular noch einmal aus"),
        (Conflict(SECRET), 409, "Das hat sich inzwischen geändert"),
        (NotFound(SECRET), 404, "Diese Seite gibt es nicht"),
        (ReadOnlySqlTransaction(SECRET), 503, "Das geht im Moment nicht"),
        (RuntimeError(SECRET), 500, "Bei uns ist etwas schiefgegangen"),
    ],
)
async def test_what_breaks_says_what_to_do_and_nothing_of_itself(
    site: ClientSession, monkeypatch: pytest.MonkeyPatch, failure: Exception, status: int, said: str
) -> None:
    async def breaks(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(feedback, "give", breaks)

    got, kind, html = await asked(site, "POST", "/accessibility", data={"message": "x"})

    assert (got, kind) == (status, "text/html")
    assert said in html
    assert "anna" not in html
    assert '<meta name="robots" content="noindex">' in html


async def test_retry_after_is_passed_on(
    site: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: object, **__: object) -> None:
        raise HTTPException(429, "x", {"retry-after": "90"})

    monkeypatch.setattr(feedback, "give", breaks)
    async with site.post("/accessibility", data={"message": "x"}, headers=BROWSER) as answer:
        assert answer.headers["retry-after"] == "90"


async def test_programs_and_the_interface_get_problems(site: ClientSession) -> None:
    for path, headers in (
        ("/accessibility", CROSS | {"accept": "*/*"}),
        ("/accessibility", CROSS | {"accept": "application/json"}),
        ("/api/v1/residents", BROWSER),
        ("/hooks/nothing", BROWSER),
    ):
        async with site.post(path, data={"message": "x"}, headers=headers) as answer:
            assert answer.content_type == "application/problem+json", path
            assert json.loads(await answer.text())["status"] == answer.status


async def test_what_is_refused_is_a_page_also_where_no_alerts_can_be_had(
    site: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: object, **__: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(failing, "alerts_on_top", breaks)

    async with site.post("/accessibility", headers=BROWSER | CROSS) as answer:
        assert (answer.status, answer.content_type) == (403, "text/html")
        assert SECRET not in await answer.text()


async def test_where_the_page_cannot_be_made_the_problem_is_told(
    site: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(failing, "page", breaks)

    async with site.post("/accessibility", headers=BROWSER | CROSS) as answer:
        assert (answer.status, answer.content_type) == (403, "application/problem+json")
        assert SECRET not in await answer.text()
