"""The link in a code's mail: looking changes nothing, the button opens the page, once."""

import pytest
from aiohttp import ClientSession

from notify.domain.codes import TRIES, Purpose
from notify.domain.keyring import Keyring
from notify.services import proving
from notify.store.database import Database
from tests.town import Town

DE = {"accept-language": "de"}


async def a_link(town: Town, keyring: Keyring, purpose: Purpose = Purpose.OPEN) -> str:
    await town.resident(email="anna@example.org")
    async with town.db.transaction() as c:
        row = await c.row("SELECT max(id) AS id FROM addresses")
        assert row is not None
        code = await proving.send(c, row["id"], purpose=purpose)
    assert code is not None
    return f"/code/{proving.seal(keyring, code)}"


async def test_a_link_is_looked_at_as_often_as_one_likes_and_its_button_opens_the_page_once(
    site: ClientSession, town: Town, db: Database, keyring: Keyring
) -> None:
    link = await a_link(town, keyring)

    for _ in range(3):
        async with site.head(link, headers=DE) as head, site.get(link, headers=DE) as page:
            assert head.status == page.status == 200
            assert "set-cookie" not in page.headers
            assert "Meine Seite öffnen" in await page.text()
    assert await town.rows("SELECT FROM sessions") == []

    async with site.post(link, headers=DE, allow_redirects=False) as opened:
        assert opened.status == 303
        assert opened.headers["location"] == "/my"
        assert "httponly" in opened.headers["set-cookie"].lower()
        assert "samesite=lax" in opened.headers["set-cookie"].lower()
    async with site.post(link, headers=DE, allow_redirects=False) as again:
        assert again.status == 404
        assert "Dieser Link gilt nicht mehr" in await again.text()
        assert "set-cookie" not in again.headers
    assert len(await town.rows("SELECT FROM sessions")) == 1


async def test_wrong_digits_typed_by_anybody_do_not_end_the_link(
    site: ClientSession, town: Town, keyring: Keyring
) -> None:
    link = await a_link(town, keyring)
    await town.change("UPDATE codes SET tries = %(tries)s", tries=TRIES)

    async with site.post(link, headers=DE, allow_redirects=False) as opened:
        assert opened.status == 303
    assert len(await town.rows("SELECT FROM sessions")) == 1


@pytest.mark.parametrize("why", ["forged", "old"])
async def test_a_link_that_does_not_hold_says_how_to_get_a_new_one(
    site: ClientSession, town: Town, keyring: Keyring, why: str
) -> None:
    link = await a_link(town, keyring)
    if why == "forged":
        link = "/code/forged"
    await town.change(
        "UPDATE codes SET valid_until = CASE WHEN %(why)s = 'old' THEN now() ELSE valid_until END",
        why=why,
    )

    for method in ("GET", "POST"):
        async with site.request(method, link, headers=DE, allow_redirects=False) as answer:
            assert answer.status == 404
            assert 'href="/my"' in await answer.text()
    assert await town.rows("SELECT FROM sessions") == []
