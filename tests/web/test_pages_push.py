"""The manifest, the service worker and the page for push, as a program asks for them."""

import json
import re
from collections.abc import AsyncIterator
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from channels.vapid import make_vapid_key, public_key
from notify.domain.keyring import Keyring
from notify.rendering.languages import TEMPLATES
from notify.settings import Settings
from notify.store.database import Database
from notify.web.pages.installing import ACCENT, PAPER
from sandbox.browser import Browsers
from tests.town import Town
from tests.web.conftest import serving

PUSH = "https://push.example:8443"
VAPID = make_vapid_key()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"vapid_private_key": SecretStr(VAPID), "push_hosts": (PUSH,)}
    )


@pytest.fixture
async def plain(db: Database, keyring: Keyring, settings: Settings) -> AsyncIterator[ClientSession]:
    """The site of a town that sends no push."""
    async with serving(
        db, keyring, settings.model_copy(update={"vapid_private_key": None})
    ) as session:
        yield session


def subscription(seed: int = 1) -> dict[str, Any]:
    return Browsers(seed).make(PUSH).subscription()


async def visitor(town: Town, resident: UUID) -> dict[str, str]:
    """The headers of a browser in which the resident's page is open."""
    word = token_urlsafe(32)
    await town.change(
        "INSERT INTO sessions (hash, resident_id, valid_until)"
        " VALUES (%(hash)s, %(resident)s, now() + interval '30 min')",
        hash=sha256(word.encode()).digest(),
        resident=resident,
    )
    return {"cookie": f"notify={word}"}


async def post(
    site: ClientSession, path: str, body: Any, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    async with site.post(path, json=body, headers=headers or {}) as answer:
        assert answer.headers["cache-control"] == "no-store"
        text = await answer.text()
        return answer.status, json.loads(text) if text else None


@pytest.mark.parametrize(
    ("language", "said"), [("de", "Warnungen und Neuigkeiten"), ("en", "Warnings and news")]
)
async def test_the_manifest_speaks_as_its_page_does(
    site: ClientSession, language: str, said: str
) -> None:
    async with site.get(f"/?lang={language}") as page:
        link = re.search(r'rel="manifest" href="([^"]+)"', await page.text())
    assert link is not None

    async with site.get(link[1]) as answer:
        assert answer.content_type == "application/manifest+json"
        told = json.loads(await answer.text())

    assert (told["name"], told["lang"], told["description"]) == ("Musterstadt", language, said)
    assert (told["id"], told["start_url"], told["scope"]) == ("/", f"/?lang={language}", "/")
    assert told["display"] == "standalone"
    assert {"any", "maskable"} == {icon["purpose"] for icon in told["icons"]}
    for icon in told["icons"]:
        async with site.get(icon["src"]) as picture:
            assert picture.status == 200
            assert picture.content_type == icon["type"]


def test_the_manifest_has_the_colours_of_the_pages() -> None:
    css = (TEMPLATES / "web/static/notify.css").read_text()

    assert f"--accent: {ACCENT};" in css
    assert f"--paper: {PAPER};" in css


async def test_a_long_name_is_short_on_the_home_screen(
    db: Database, keyring: Keyring, settings: Settings
) -> None:
    name = 'Verbandsgemeinde "Am  Rhein" </script>'
    async with serving(db, keyring, settings.model_copy(update={"town": name})) as site:
        async with site.get("/manifest.webmanifest") as answer:
            told = json.loads(await answer.text())
        async with site.get("/sw.js") as answer:
            script = await answer.text()

    assert told["name"] == 'Verbandsgemeinde "Am Rhein" </script>'
    assert len(told["short_name"]) <= 16
    assert "</script>" not in script


async def test_the_worker_is_asked_for_anew_and_knows_the_town_and_its_key(
    site: ClientSession, plain: ClientSession
) -> None:
    async with site.get("/sw.js") as answer:
        assert answer.content_type == "text/javascript"
        assert answer.headers["cache-control"] == "no-cache"
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        script, mark = await answer.text(), answer.headers["etag"]
    settings = json.loads(script.partition("const SETTINGS = ")[2].partition(";\n")[0])

    assert settings["key"] == public_key(VAPID)
    assert settings["unreadable"]["de"]["title"] == "Neue Nachricht von Musterstadt"
    assert settings["unreadable"]["en"]["title"] == "New message from Musterstadt"
    for name in ("icon", "badge"):
        async with site.get(settings[name]) as picture:
            assert picture.content_type == "image/png"
    async with site.get("/sw.js", headers={"if-none-match": mark}) as again:
        assert again.status == 304
    async with plain.get("/sw.js") as answer:
        assert '"key": null' in await answer.text()


async def test_the_page_is_for_whoever_is_here_and_never_kept(
    site: ClientSession, town: Town
) -> None:
    group = await town.group("nord")
    resident = await town.resident(group, email="e@example.org", language="en")
    headers = await visitor(town, resident)

    async with site.get("/my/push", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["location"]) == (303, "/my")
    async with site.get("/my/push", headers=headers) as answer:
        html = await answer.text()
        assert answer.headers["cache-control"] == "no-store"

    assert '<html lang="en"' in html
    assert "You follow: nord" in html
    assert f'data-key="{public_key(VAPID)}"' in html
    assert 'name="robots" content="noindex"' in html
    assert re.findall(r"<script[^>]*>", html) == [
        tag for tag in re.findall(r"<script[^>]*>", html) if 'src="/static/push.js?v=' in tag
    ]
    assert " on" + "click" not in html


async def test_a_town_without_push_says_so(plain: ClientSession, town: Town) -> None:
    headers = await visitor(town, await town.resident(email="e@example.org"))

    async with plain.get("/my/push", headers=headers) as answer:
        html = await answer.text()

    assert "schickt keine Benachrichtigungen" in html
    assert "<script" not in html


async def test_a_browser_comes_and_goes(site: ClientSession, town: Town) -> None:
    resident = await town.resident(await town.group(), email="e@example.org")
    headers = await visitor(town, resident)
    endpoint = {"endpoint": subscription()["endpoint"]}
    wish = {"subscription": subscription(), "alerts": True, "news": False}

    assert await post(site, "/my/push/known", endpoint, headers) == (200, {"known": False})
    status, told = await post(site, "/my/push?lang=en", wish, headers)
    assert (status, told) == (200, {"said": "Notifications are on in this browser."})
    assert await post(site, "/my/push/known", endpoint, headers) == (200, {"known": True})
    assert (await post(site, "/my/push/off", endpoint, headers))[0] == 200
    assert await post(site, "/my/push/known", endpoint, headers) == (200, {"known": False})


@pytest.mark.parametrize("path", ["", "/known", "/off", "/trial"])
async def test_nothing_is_done_for_nobody(site: ClientSession, town: Town, path: str) -> None:
    wish = {"subscription": subscription(), "alerts": True, "endpoint": "x"}

    status, told = await post(site, f"/my/push{path}", wish)

    assert status == 401
    assert "Öffnen Sie sie noch einmal" in told["said"]
    assert await town.rows("SELECT 1 FROM addresses") == []


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"subscription": "x"}, id="a text"),
        pytest.param({"subscription": {"endpoint": "https://push.example:8443/x"}}, id="no keys"),
        pytest.param(
            {"subscription": subscription() | {"endpoint": "https://127.0.0.1/x"}}, id="elsewhere"
        ),
        pytest.param(
            {"subscription": subscription() | {"endpoint": f"{PUSH}/\ud800\u0000"}}, id="no text"
        ),
        pytest.param({"subscription": subscription(), "alerts": "yes"}, id="no kind chosen"),
    ],
)
async def test_what_is_no_subscription_is_refused_in_words(
    site: ClientSession, town: Town, bad: dict[str, Any]
) -> None:
    headers = await visitor(town, await town.resident(email="e@example.org"))

    status, told = await post(site, "/my/push", bad, headers)

    assert status == 422
    assert told["said"]
    assert await town.rows("SELECT 1 FROM addresses WHERE channel = 'push'") == []


@pytest.mark.parametrize("path", ["/my/push", "/my/push/off", "/my/push/trial", "/push/renew"])
@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{", "application/json", 400),
        ("[]", "application/json", 400),
        ("[" * 5_000, "application/json", 400),
        ("{}", "text/plain", 415),
        ("endpoint=x", "application/x-www-form-urlencoded", 415),
        ('{"x": "' + "x" * 9_000 + '"}', "application/json", 413),
    ],
)
async def test_junk_is_refused(
    site: ClientSession, path: str, body: str, kind: str, status: int
) -> None:
    async with site.post(path, data=body, headers={"content-type": kind}) as answer:
        assert answer.status == status


@pytest.mark.parametrize("path", ["/my/push", "/push/renew"])
async def test_another_site_cannot_post_it(site: ClientSession, path: str) -> None:
    headers = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}

    async with site.post(path, json={}, headers=headers) as answer:
        assert answer.status == 403


async def test_a_worker_renews_without_a_session_by_what_only_it_knows(
    site: ClientSession, town: Town
) -> None:
    resident = await town.resident(await town.group(), email="e@example.org")
    old, new = subscription(1), subscription(2)
    wish = {"subscription": old, "alerts": True}
    await post(site, "/my/push", wish, await visitor(town, resident))
    proof = {"endpoint": old["endpoint"], "auth": old["keys"]["auth"]}

    refused = [
        await post(site, "/push/renew", {"old": proof | wrong, "subscription": new})
        for wrong in ({"auth": "x"}, {"endpoint": f"{PUSH}/push/x"}, {"auth": None}, {"auth": "\ud800"})
    ]  # fmt: skip
    assert [status for status, _ in refused] == [404, 404, 422, 422]
    gone = new | {"endpoint": "https://elsewhere.example/x"}
    assert (await post(site, "/push/renew", {"old": proof, "subscription": gone}))[0] == 422
    assert (await post(site, "/push/renew", {"old": proof, "subscription": new}))[0] == 204

    (row,) = await town.rows("SELECT value FROM addresses WHERE channel = 'push'")
    assert row["value"] == new["endpoint"]


@pytest.mark.parametrize("reference", ["0", "-1", "99999999999999999999", "5"])
async def test_a_trial_that_is_not_there_or_another_s_is_not_told(
    site: ClientSession, town: Town, reference: str
) -> None:
    headers = await visitor(town, await town.resident(email="e@example.org"))

    async with site.get(f"/my/push/trial/{reference}", headers=headers) as answer:
        assert answer.status == 404
