"""A language that was asked for with `?lang=` is kept, wherever one goes from there."""

import re
from collections.abc import AsyncIterator, Mapping
from html import unescape
from typing import Final
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from pydantic import SecretStr

from channels.vapid import make_vapid_key
from notify.bootstrap import App, push_hosts
from notify.domain.codes import Purpose
from notify.domain.keyring import Keyring
from notify.queue import Bell
from notify.services import proving, visiting
from notify.settings import Settings
from notify.store.database import Database
from tests.browser.places import MORE, PAGES, Scene, build
from tests.conftest import SECRET
from tests.databases import Databases
from tests.town import Town
from tests.web.conftest import serving

READER: Final = {"accept-language": "de", "accept": "text/html", "sec-fetch-site": "same-origin"}
NO_PAGES: Final = ("/static/", "/colour/")
_LEADS: Final = re.compile(r'<(a|link|form|img)\b[^>]*?\s(?:href|action)="([^"]*)"[^>]*>')


def _on_every_channel(settings: Settings) -> Settings:
    """So that each page has all of its links."""
    return settings.model_copy(
        update={
            "smtp_urls": (SecretStr("smtp://127.0.0.1:2525?tls=none"),),
            "twilio_account_sid": "AC1",
            "twilio_auth_token": SecretStr("t"),
            "twilio_senders": ("+4915735980001@1",),
            "vapid_private_key": SecretStr(make_vapid_key()),
        }
    )


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return _on_every_channel(settings)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gallery(databases: Databases) -> AsyncIterator[tuple[ClientSession, Scene]]:
    """A site whose pages are looked at. Nothing is done there."""
    with databases.lent() as url:
        settings = _on_every_channel(
            Settings(database_url=url, secret_keys=(SecretStr(SECRET),), town="Musterstadt")
        )
        db, keyring = Database(url, size=4), Keyring([SECRET])
        await db.open()
        async with serving(db, keyring, settings) as site:
            yield site, await build(App(settings, db, keyring, Bell(None), push_hosts(settings)))
        await db.close()


@pytest.fixture
async def scene(db: Database, keyring: Keyring, settings: Settings) -> Scene:
    return await build(App(settings, db, keyring, Bell(None), push_hosts(settings)))


def lost(html: str) -> list[str]:
    """Where a page in English leads that does not ask for English."""
    found = []
    for tag, url in _LEADS.findall(html):
        parts = urlsplit(unescape(url))
        elsewhere = parts.scheme or parts.path.startswith(NO_PAGES) or url.startswith("#")
        switch = tag == "a" and not parts.path
        if elsewhere or switch or parse_qs(parts.query).get("lang") == ["en"]:
            continue
        if tag == "form" and 'name="lang" value="en"' in html:
            continue
        found.append(f"{tag} {url}")
    return found


def english(path: str) -> str:
    return f"{path.rstrip('?')}{'&' if '?' in path.rstrip('?') else '?'}lang=en"


async def _looked_at(
    site: ClientSession, method: str, path: str, word: str | None = None,
    data: Mapping[str, str] | None = None, *, staff: str | None = None,
) -> list[str]:  # fmt: skip
    """What is lost on a page, or where it leads on to, with what was asked in English.

    `word` is a resident's session, `staff` one of staff.
    """
    cookies = {"notify": word, "notify-staff": staff}
    known = "; ".join(f"{name}={value}" for name, value in cookies.items() if value)
    headers = READER | ({"cookie": known} if known else {})
    async with site.request(
        method, english(path), data=data, headers=headers, allow_redirects=False
    ) as answer:
        onward = answer.headers.get("location")
        if onward is not None:
            asked = parse_qs(urlsplit(onward).query).get("lang")
            return [] if asked == ["en"] else [f"{method} {path}: on to {onward}"]
        html = await answer.text()
    wrong = [] if '<html lang="en"' in html else ["not in English"]
    return [f"{method} {path}: {found}" for found in [*wrong, *lost(html)]]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", [*PAGES, *MORE])
async def test_every_page_leads_on_in_the_language_asked_for(
    gallery: tuple[ClientSession, Scene], name: str
) -> None:
    site, scene = gallery
    word, staff = scene.session(name), scene.officer(name)

    assert await _looked_at(site, "GET", scene.path(name), word, staff=staff) == []


RESIDENT: Final[Mapping[str, Mapping[str, str]]] = {
    "/my/groups": {},
    "/my/join": {},
    "/my/settings": {"language": "de"},
    "/my/addresses/add": {"address": "0151 12345678"},
    "/my/addresses/code": {"id": "1"},
    "/my/addresses/again": {"id": "1"},
    "/my/addresses/remove": {"id": "0"},
    "/my/close": {"others": "1"},
    "/my/enter": {"address": "anna@example.org"},
    "/my/code": {"address": "anna@example.org", "code": "1"},
    "/accessibility": {"message": "x"},
    "/join": {},
    "/join/altstadt": {},
    "/join/code": {"address": "0"},
    "/leave/{leave}": {"choice": "this"},
    "/confirm/{confirm}": {},
    "/answer/{ballot}": {"q1": "1"},
    "/nothing": {},
}
"""What a form may lead to, done by a resident with her page open."""


@pytest.mark.parametrize("path", RESIDENT)
async def test_every_form_leads_on_in_the_language_asked_for(
    site: ClientSession, scene: Scene, path: str
) -> None:
    real = path.format(leave=scene.leave, confirm=scene.confirm, ballot=scene.ballot)

    for word in (scene.resident, None):
        assert await _looked_at(site, "POST", real, word, RESIDENT[path]) == []


async def test_the_ways_out_of_the_own_page_keep_it_too(site: ClientSession, scene: Scene) -> None:
    for path in ("/my/close", "/my/erase"):
        assert await _looked_at(site, "POST", path, scene.resident) == []


async def test_whoever_is_not_known_is_led_on_in_it(site: ClientSession, scene: Scene) -> None:
    for path in ("/my/push", "/my/settings", "/join/done", "/join/code", "/my/code"):
        assert await _looked_at(site, "GET", path) == []


@pytest.mark.parametrize("purpose", [Purpose.OPEN, Purpose.PROVE])
async def test_the_button_behind_a_mail_leads_on_in_it(
    site: ClientSession, scene: Scene, town: Town, purpose: Purpose
) -> None:
    state = "proven" if purpose is Purpose.OPEN else "asked"
    (address,) = await town.rows(
        "SELECT id FROM addresses WHERE state = %(s)s AND value = 'anna@example.org'", s=state
    )
    async with town.db.transaction() as connection:
        code = await proving.send(connection, address["id"], purpose=purpose)
    assert code is not None

    link = f"/code/{proving.seal(town.keyring, code)}"

    assert await _looked_at(site, "POST", link) == []
    assert await _looked_at(site, "POST", link) == []  # over by now


async def test_a_sign_up_goes_to_its_end_in_it(
    site: ClientSession, scene: Scene, town: Town
) -> None:
    async with site.get("/join?lang=en", headers=READER) as answer:
        html = await answer.text()
    shown = re.search(r'name="shown" value="(\w+)"', html)
    action = re.search(r'<form method="post" action="([^"]+)"', html)
    assert shown
    assert action
    data = {"shown": shown[1], "group": "altstadt", "email": "new@example.org", "alerts": "email"}
    async with site.post(
        f"/join{unescape(action[1])}", data=data, headers=READER, allow_redirects=False
    ) as answer:
        assert answer.headers["location"] == "/join/code?lang=en"

    (row,) = await town.rows(
        "SELECT a.id, a.resident_id, c.id AS code FROM addresses a JOIN codes c"
        " ON c.address_id = a.id WHERE a.value = 'new@example.org'"
    )
    async with town.db.transaction() as connection:
        word = await visiting.open_(connection, row["resident_id"])
    typed = {
        "address": str(row["id"]),
        f"code_{row['id']}": proving.digits(town.keyring, row["code"]),
    }
    assert await _looked_at(site, "GET", "/join/code", word) == []
    assert await _looked_at(site, "POST", "/join/code", word, typed) == []


def test_the_test_sees_what_is_lost() -> None:
    html = '<a href="/my">x</a><a href="?lang=de">y</a><form method="post" action="/my">'

    assert lost(html) == ["a /my", "form /my"]
    assert lost('<a href="/my?x=1&amp;lang=en">x</a><a href="mailto:a@b.c">') == []
