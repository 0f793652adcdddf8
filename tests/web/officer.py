"""Somebody of the staff, signed in in a browser of their own."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pyotp
from aiohttp import ClientSession

from notify.domain.grants import Reach, Role
from notify.errors import Invalid
from notify.rates import Rates
from notify.services import inviting, proofs, signing_in, staffing
from tests.town import Town

PASSWORD = "korrekt pferd batterie heftklammer"
EVERYWHERE = Reach(everywhere=True)


def code(secret: str, *, later: int = 0) -> str:
    """What the app shows so many steps from now: each is taken once, and a little early."""
    from notify import clock

    return pyotp.TOTP(secret).at(int(clock.now().timestamp()) + later * proofs.STEP)


@dataclass
class Person:
    """Who has chosen a password and a second factor."""

    id: UUID
    email: str
    secret: str
    recovery: list[str]
    word: str
    mark: str


async def enrol(
    town: Town, role: Role = Role.ADMINISTRATOR, group: str | None = None, *,
    email: str = "vera@example.org", name: str = "Vera Amt", language: str | None = None,
) -> Person:  # fmt: skip
    """Added, invited, and through the page of the invitation."""
    added = await staffing.add(
        town.db, settings=town.settings, within=EVERYWHERE, email=email, name=name, role=role,
        group=group, language=language,
    )  # fmt: skip
    assert added.link is not None
    secret = proofs.new_secret()
    try:
        done = await _answer(town, added.link, secret)
    except Invalid:  # the code ended while the password was hashed
        done = await _answer(town, added.link, secret)
    assert done is not None
    return Person(
        added.staff_id, email, secret, done.recovery, done.signed_in.word, done.signed_in.mark
    )


async def _answer(town: Town, link: str, secret: str) -> inviting.Enrolled | None:
    """With the code of the step before, so that the present one is still to be used."""
    return await inviting.answer(
        town.db, town.keyring, settings=town.settings, word=link.rpartition("/")[2],
        secret=secret, password=PASSWORD, code=code(secret, later=-1), browser="Firefox, Linux",
    )  # fmt: skip


async def sign_in(town: Town, person: Person, **given: Any) -> signing_in.SignedIn:
    """With all that is right, unless something else is given."""
    values: dict[str, Any] = {
        "email": person.email, "password": PASSWORD, "code": code(person.secret), "network": "1.2.3.0/24",
        "mark": None, "browser": "Chrome, Android", "rates": Rates(),
    } | given  # fmt: skip
    return await signing_in.sign_in(town.db, town.keyring, values.pop("rates"), **values)


class Officer:
    """A browser that keeps cookies, in German, and follows no redirects by itself."""

    def __init__(self, site: ClientSession, person: Person | None = None) -> None:
        self._site = site
        self.cookies = {"notify-staff": person.word} if person else {}

    async def get(self, path: str) -> tuple[int, str]:
        status, text, _ = await self.call("GET", path)
        return status, text

    async def post(self, path: str, data: Any = None) -> tuple[int, str, str]:
        """Status, text, and where it leads."""
        return await self.call("POST", path, data or {})

    async def call(
        self, method: str, path: str, data: Any = None, *, read: bool = True
    ) -> tuple[int, str, str]:
        """`read` False where the answer goes on and on."""
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"cookie": sent, "accept-language": "de", "accept": "text/html"}
        async with self._site.request(
            method, path, data=data, headers=headers, allow_redirects=False
        ) as answer:
            for name, one in answer.cookies.items():
                self.cookies[name] = one.value
            leads = urlsplit(answer.headers.get("location", ""))
            where = leads.path + (f"?{leads.query}" if leads.query else "")
            return answer.status, unescape(await answer.text()) if read else "", where


def hidden(page: str, name: str) -> str:
    """What a hidden field of a page holds."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, page
    return found[1]


def turned(page: str) -> list[str]:
    """Which ways there are to other pages."""
    return re.findall(r'rel="(prev|next)"', page)


def href(page: str, rel: str) -> str:
    """Where a link that is `rel` to a page leads."""
    found = re.search(rf'rel="{rel}" href="([^"]*)"', page)
    assert found, page
    return found[1]
