"""Whoever cannot read or use a page says so, without JavaScript, and staff read it."""

from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import ClientSession

from notify.domain.keyring import Keyring
from notify.rates import Rate
from notify.services import feedback
from notify.settings import Settings
from notify.store import feedback as store
from notify.store.database import Database
from tests.web.conftest import MakeGroup, Publish, serving
from tests.web.test_pages_fresh import read

DE = {"accept-language": "de"}


async def _send(site: ClientSession, **fields: str) -> tuple[int, str]:
    async with site.post("/accessibility", data=fields, headers=DE) as answer:
        assert answer.headers["cache-control"] == "no-store"
        return answer.status, await answer.text()


async def _kept(db: Database) -> list[Mapping[str, Any]]:
    return [dict(row) for row in await feedback.latest(db, limit=100)]


async def test_the_statement_says_what_it_must(site: ClientSession, group: MakeGroup) -> None:
    await group(
        "town", sender_name="Rathaus", contact="Telefon **7**", accessibility="Karten als Bild.",
        enforcement="Landesstelle, Weg 3",
    )  # fmt: skip

    html = await read(site, "/accessibility")

    for words in ("Rathaus möchte", "EN 301 549", "BITV 2.0", "eigene Bewertung", "Karten als Bild.",
                  "Telefon <strong>7</strong>", "Landesstelle, Weg 3"):  # fmt: skip
        assert words in html


async def test_without_words_of_the_town_it_says_whom_to_ask(site: ClientSession) -> None:
    html = await read(site, "/accessibility")

    assert "Durchsetzungs- oder Schlichtungsstelle" in html
    assert "Zurzeit ist uns nichts bekannt." in html


async def test_a_message_is_kept_and_confirmed(site: ClientSession, db: Database) -> None:
    status, html = await _send(
        site, message="Die Karte\r\nist zu klein.", place="Archiv", reply_to="anna@example.org"
    )

    (kept,) = await _kept(db)
    assert status == 200
    assert "Ihre Nachricht ist angekommen" in html
    assert "anna@example.org" in html
    assert (kept["message"], kept["place"], kept["reply_to"], kept["language"]) == (
        "Die Karte\nist zu klein.", "Archiv", "anna@example.org", "de",
    )  # fmt: skip


async def test_sent_twice_it_is_kept_once(site: ClientSession, db: Database) -> None:
    for _ in range(2):
        assert (await _send(site, message="Zu klein"))[0] == 200
    await _send(site, message="Zu klein", place="Archiv")

    assert len(await _kept(db)) == 2


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"message": " \n "}, "message", "Bitte schreiben Sie, was nicht stimmt."),
        ({}, "message", "Bitte schreiben Sie, was nicht stimmt."),
        ({"message": "x" * 4_001}, "message", "Das ist zu lang."),
        ({"message": "a\x07b"}, "message", "Zeichen, die sich nicht lesen lassen"),
        ({"message": "x", "place": "y" * 301}, "place", "Das ist zu lang."),
        ({"message": "x", "reply_to": "a\nb"}, "reply_to", "Zeichen, die sich nicht lesen lassen"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(
    site: ClientSession, db: Database, fields: dict[str, str], field: str, said: str
) -> None:
    status, html = await _send(site, **{"place": "<Archiv>", **fields})

    assert status == 422
    assert f'href="#f-{field}"' in html
    assert html.count(said) == 2
    assert f"said-{field}" in html.split(f'id="f-{field}"')[1].split(">")[0]
    assert "place" in fields or 'value="&lt;Archiv&gt;"' in html
    assert "<title>Fehler:" in html
    assert await _kept(db) == []


async def test_names_and_texts_are_escaped(site: ClientSession) -> None:
    _, wrong = await _send(site, message="</textarea><script>x</script>", place='"><b>' * 80)
    _, sent = await _send(site, message="x", reply_to="<script>")

    assert "<script" not in wrong + sent
    assert "&lt;script&gt;" in sent


async def test_more_than_anybody_could_read_is_refused_until_later(
    site: ClientSession, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback, "MOST", 3)
    for n in range(3):
        assert (await _send(site, message=f"Nummer {n}"))[0] == 200

    status, html = await _send(site, message="Eine zu viel")

    assert status == 429
    assert "In dieser Stunde sind zu viele Nachrichten angekommen." in html
    assert "Eine zu viel</textarea>" in html
    assert len(await _kept(db)) == 3


async def test_one_network_cannot_use_up_what_the_town_takes(
    db: Database, keyring: Keyring, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback, "BY_NETWORK", (Rate(2, 3_600),))
    behind = settings.model_copy(update={"trusted_proxies": ("127.0.0.1/32",)})
    async with serving(db, keyring, behind) as site:

        async def send(message: str, whence: str) -> tuple[int, str]:
            headers = DE | {"x-forwarded-for": whence}
            async with site.post(
                "/accessibility", data={"message": message}, headers=headers
            ) as answer:
                return answer.status, answer.headers.get("retry-after", "")

        for n in range(2):
            assert await send(f"Nummer {n}", f"198.51.100.{n}") == (200, "")
        assert await send("", "198.51.100.9") == (422, "")
        status, wait = await send("Eine zu viel", "198.51.100.9")
        assert (status, 0 < int(wait) <= 3_600) == (429, True)
        assert await send("Von nebenan", "203.0.113.1") == (200, "")

    assert {row["message"] for row in await _kept(db)} == {"Nummer 0", "Nummer 1", "Von nebenan"}


async def test_another_site_cannot_have_it_sent(site: ClientSession, db: Database) -> None:
    headers = DE | {"sec-fetch-site": "cross-site", "origin": "https://elsewhere.example"}
    async with site.post("/accessibility", data={"message": "x"}, headers=headers) as answer:
        assert answer.status == 403

    assert await _kept(db) == []


async def test_the_answer_has_the_alerts_on_top(
    site: ClientSession, group: MakeGroup, publish: Publish
) -> None:
    await publish([await group()])

    for fields in ({"message": "x"}, {}):
        _, html = await _send(site, **fields)
        assert "Sturm ab 18 Uhr" in html.split("<main")[0]


async def test_it_is_deleted_once_it_was_kept_long_enough(db: Database) -> None:
    async with db.transaction() as c:
        for message, days in (("old", 31), ("new", 29)):
            await c.run(
                "INSERT INTO feedback (message, language, created_at)"
                " VALUES (%(message)s, 'de', now() - %(days)s * interval '1 day')",
                message=message, days=days,
            )  # fmt: skip

    async with db.transaction() as c:
        gone = await store.delete(c, days=30, size=10)

    assert gone == 1
    assert [row["message"] for row in await _kept(db)] == ["new"]
