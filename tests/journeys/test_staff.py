"""Staff over real roads: approvers are told wherever they are, and somebody alone warns the town."""

import asyncio
import re
import urllib.parse
import urllib.request
from collections.abc import Awaitable, Callable
from html import unescape
from http.cookiejar import CookieJar
from typing import Any, TypeVar

import pytest
from pydantic import SecretStr

from notify.domain.grants import Role
from notify.domain.scopes import Scope
from notify.services import keys
from notify.settings import Settings
from notify.store.database import Database
from rig.service import SECRET
from tests.journeys.processes import until
from tests.journeys.world import World
from tests.services.test_preparing import approved
from tests.town import Town
from tests.web.officer import PASSWORD, code, enrol, hidden

T = TypeVar("T")


@pytest.fixture
def staffed(make_world: Callable[..., World]) -> World:
    world = make_world(TOWN="Musterstadt")
    world.begin()
    return world


def inside(world: World, work: Callable[[Town], Awaitable[T]]) -> T:
    """Something done to the world's database as the service itself would."""

    async def done() -> T:
        db = Database(world.database_url, size=2)
        await db.open()
        settings = Settings(
            database_url=world.database_url, secret_keys=(SecretStr(SECRET),), town="Musterstadt",
            public_url=world.environment["NOTIFY_PUBLIC_URL"],
            mail_from="warnung@musterstadt.example",
        )  # fmt: skip
        try:
            return await work(Town(db, world.keyring, settings))
        finally:
            await db.close()

    return asyncio.run(done())


class Browser:
    """A browser in German, without scripts; it counts the buttons and links that were pressed."""

    def __init__(self, world: World) -> None:
        self._url = world.environment["NOTIFY_PUBLIC_URL"]
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )
        self.presses = 0
        self.at = ""

    def get(self, path: str) -> str:
        return self._ask(path, None)

    def press(self, path: str, **form: str) -> str:
        self.presses += 1
        return self._ask(path, urllib.parse.urlencode(form).encode() if form else None)

    def _ask(self, path: str, body: bytes | None) -> str:
        request = urllib.request.Request(  # noqa: S310 - our own URL
            self._url + path, data=body, headers={"Accept-Language": "de", "Accept": "text/html"}
        )
        with self._opener.open(request, timeout=30) as answer:
            self.at = answer.url.removeprefix(self._url)
            return unescape(answer.read().decode())


def _mails(world: World, to: str) -> list[dict[str, Any]]:
    return [mail for mail in world.box.books("email") if mail["to"] == to]


def _screens(world: World, phone: str) -> list[str]:
    return [text["body"] for text in world.box.books("sms") if text["to"] == phone]


def test_an_approver_is_told_in_the_mailbox_and_on_the_phone_and_lets_it_go(
    staffed: World,
) -> None:
    world, phone = staffed, staffed.phone(7)
    vera = inside(
        world, lambda town: enrol(town, Role.APPROVER, world.town, email="vera@rathaus.example")
    )
    world.resident(email=vera.email, phone=phone)
    world.readers(3)
    world.key = inside(
        world,
        lambda town: keys.create(
            town.db, name="weak", scopes=[Scope.BROADCASTS_WRITE, Scope.BROADCASTS_READ], group=None
        ),
    )

    alert = world.send("alert", severity="severe")

    (mail,) = until(lambda: _mails(world, vera.email), why=world.everything)
    assert mail["subject"] == "Bitte freigeben: Hochwasser an der Elbe"
    (text,) = until(lambda: _screens(world, phone), why=world.everything)
    assert text.startswith("Musterstadt: Bitte freigeben: Hochwasser an der Elbe")
    assert not any(_mails(world, world.mail(n)) for n in range(3))
    link = f"/staff/messages/{alert}"
    assert link in mail["text"]
    assert text.endswith(link)
    browser = Browser(world)
    page = browser.get(link)
    assert browser.at.startswith("/staff/sign-in?next=")
    page = browser.press(
        "/staff/sign-in", email=vera.email, password=PASSWORD, code=code(vera.secret),
        next=hidden(page, "next"),
    )  # fmt: skip
    assert browser.at == link
    assert world.look(alert)["status"] == "submitted"
    browser.press(f"{link}/approve", seen=hidden(page, "seen"))
    assert browser.presses == 2

    until(lambda: _mails(world, world.mail(2)), why=world.everything)
    assert len(_mails(world, vera.email)) == 2  # what she approved, as she lives here too
    rows = world.rows("SELECT deed FROM audit WHERE deed = 'broadcast.approved'")
    assert len(rows) == 1


def test_somebody_alone_warns_the_town_in_six_presses_and_all_who_approve_hear_of_it(
    staffed: World,
) -> None:
    world = staffed
    world.readers(2)
    anna = inside(
        world, lambda town: enrol(town, Role.AUTHOR, world.town, email="anna@rathaus.example")
    )
    vera = inside(world, lambda town: enrol(town, Role.APPROVER, email="vera@rathaus.example"))
    template = inside(world, lambda town: approved(town, world.town, groups=(world.town,)))
    where = f"/staff/break-glass/{template}"
    browser = Browser(world)
    browser.get("/staff")

    page = browser.press(
        "/staff/sign-in", email=anna.email, password=PASSWORD, code=code(anna.secret), next=""
    )
    assert 'href="/staff/break-glass"' in page
    assert where in browser.press("/staff/break-glass")
    page = browser.press(where)
    given = {"version": hidden(page, "version"), "group": world.town, "hours": "3",
             "gap-0": "Elbtal", "gap-1": "Keime"}  # fmt: skip
    page = browser.press(where, **given)
    assert "Warnung allein an 2 Menschen senden" in page
    browser.presses += 1  # the tick
    page = browser.press(
        where, **given, token=hidden(page, "token"), reason="Niemand hebt ab", alone="1", send="1"
    )

    assert browser.presses == 6
    assert "Sie haben das allein gesendet" in page
    (mail,) = until(lambda: _mails(world, world.mail(1)), why=world.everything)
    assert mail["subject"] == "Warnung: Wasser abkochen in Elbtal"
    (told,) = until(lambda: _mails(world, vera.email), why=world.everything)
    assert told["subject"] == "Vera Amt hat das allein gesendet: Wasser abkochen in Elbtal"
    assert "Niemand hebt ab" in told["text"]
    assert _mails(world, anna.email) == []
    found = re.search(r"/staff/messages/([0-9a-f-]{36})", browser.at)
    assert found
    assert found[0] in told["text"]
