"""`notify staff`, as whoever sets the service up types it: the first administrator, from the link that
is printed to being signed in."""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from channels.vapid import make_vapid_key
from notify.cli import app
from notify.domain.keyring import Keyring
from notify.services import proofs
from notify.settings import Settings
from notify.store.database import Database
from tests.conftest import SECRET
from tests.town import Town
from tests.web.conftest import serving
from tests.web.officer import PASSWORD, Officer, code

SITE = "https://town.test"
LINK = re.compile(re.escape(SITE) + r"(/staff/welcome/[\w-]{43})\n")
VERA = ("vera@example.org", "--name", "Vera Amt")


@pytest.fixture
def service(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database that the settings name; its URL."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # the command sets its own
    monkeypatch.setenv("NOTIFY_VAPID_PRIVATE_KEY", make_vapid_key())
    monkeypatch.setenv("NOTIFY_DATABASE_URL", database_url)
    monkeypatch.setenv("NOTIFY_SECRET_KEYS", SECRET)
    monkeypatch.setenv("NOTIFY_REDIS_URL", "redis://127.0.0.1:1")
    monkeypatch.setenv("NOTIFY_PUBLIC_URL", SITE)
    return database_url


def notify(*words: str) -> Result:
    return CliRunner().invoke(app, ["staff", *words])


def add(*words: str) -> str:
    """The path that the printed link leads to."""
    done = notify("add", *words)
    assert done.exit_code == 0, done.output
    found = LINK.fullmatch(done.stdout)
    assert found, done.output
    return found[1]


def _within(url: str, work: Callable[[Town, ClientSession], Awaitable[None]]) -> None:
    """Something done before the site's own pages."""

    async def done() -> None:
        db = Database(url, size=4)
        await db.open()
        settings = Settings(database_url=url, secret_keys=(SecretStr(SECRET),), public_url=SITE)
        keyring = Keyring([SECRET])
        async with serving(db, keyring, settings) as site:
            await work(Town(db, keyring, settings), site)
        await db.close()

    asyncio.run(done())


def test_the_first_administrator_is_let_in_by_the_printed_link_once(service: str) -> None:
    path = add(*VERA)
    assert "invited" in notify("list").stdout

    async def enrol(town: Town, site: ClientSession) -> None:
        browser = Officer(site)
        status, page = await browser.get(path)
        assert (status, "Vera Amt" in page) == (200, True)
        spelled = re.search(r'class="secret"[^>]*>([A-Z2-7 ]+)<', page)
        assert spelled, page
        secret = spelled[1].replace(" ", "")
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        given = {**hidden, "password": PASSWORD, "code": code(secret)}
        status, page, _ = await browser.post(path, given)
        assert status == 200, page
        assert page.count("<li><code>") == 10  # recovery codes
        assert (await browser.get("/staff/people"))[0] == 200
        status, _ = await Officer(site).get(path)  # the link again, in another browser
        assert status == 404
        (row,) = await town.rows("SELECT role, group_id FROM grants")
        assert row == {"role": "administrator", "group_id": None}

    _within(service, enrol)
    assert notify("list").stdout == "vera@example.org  Vera Amt  in use  administrator everywhere\n"


def test_who_is_there_gets_another_grant_and_no_link_and_the_same_grant_is_refused(
    service: str,
) -> None:
    first = add(*VERA)

    again = notify("add", *VERA)
    assert again.exit_code == 1
    assert "They have this grant already." in again.output
    second = add(*VERA, "--role", "viewer")
    assert second != first

    async def look(town: Town, site: ClientSession) -> None:
        assert (await Officer(site).get(first))[0] == 404  # only the latest link holds
        assert (await Officer(site).get(second))[0] == 200
        secret = proofs.new_secret()
        await town.change(
            "UPDATE staff SET password = 'x', totp = %(secret)s", secret=secret
        )  # as if she had enrolled

    _within(service, look)
    known = notify("add", *VERA, "--role", "author")
    assert (known.exit_code, known.stdout) == (0, "They have this grant now.\n")
    assert "administrator everywhere, " in notify("list").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("vera", "--name", "Vera Amt"), "e-mail address"),
        (("vera@example.org", "--name", "  "), "Write the name by which colleagues know them."),
        ((*VERA, "--group", "nowhere"), "There is no group 'nowhere'."),
        ((*VERA, "--role", "king"), "'king' is not one of"),
        (("vera@example.org",), "Missing option '--name'"),
        ((), "Missing argument"),
    ],
)
def test_wrong_input_is_refused_with_words_and_adds_nobody(
    service: str, words: tuple[str, ...], said: str
) -> None:
    done = notify("add", *words)

    assert done.exit_code != 0
    assert said in " ".join(re.sub(r"[│╭╰─╮╯]", " ", done.output).split()), done.output
    assert "Traceback" not in done.output
    assert notify("list").stdout == ""


def test_an_administrator_of_one_group_is_let_in_there(service: str) -> None:
    async def make(town: Town, site: ClientSession) -> None:
        await town.group("elbtal")

    _within(service, make)
    add(*VERA, "--group", "elbtal", "--language", "en")

    assert "administrator elbtal" in notify("list").stdout
    told = CliRunner().invoke(app, ["audit", "export"])
    (line,) = [json.loads(one) for one in told.stdout.splitlines()]
    assert line["deed"] == "staff.granted"
    assert line["about"]["group"] == "elbtal"
    assert "vera" not in told.stdout
