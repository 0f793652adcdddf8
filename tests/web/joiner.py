"""A browser that signs up: it keeps its cookie, follows redirects, and fills in forms."""

import re
from collections.abc import Sequence
from html import unescape
from uuid import UUID

from aiohttp import ClientSession, FormData

from notify.domain.keyring import Keyring
from notify.services import proving
from notify.store.database import Database

Fields = Sequence[tuple[str, str]]


class Browser:
    """`body` and `status` are of the last page, `path` is where it led."""

    def __init__(self, site: ClientSession, *, language: str = "de") -> None:
        self._site = site
        self._language = language
        self.cookies: dict[str, str] = {}
        self.path = ""
        self.status = 0
        self.body = ""

    @property
    def cookie(self) -> str:
        """The header that it sends them with."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    async def get(self, path: str) -> str:
        return await self._go("GET", path, None)

    async def post(self, path: str, *fields: tuple[str, str], **named: str) -> str:
        return await self._go("POST", path, [*fields, *named.items()])

    async def _go(self, method: str, path: str, fields: Fields | None) -> str:
        headers = {"accept-language": self._language, "sec-fetch-site": "same-origin"}
        if self.cookies:
            headers["cookie"] = self.cookie
        data = None if fields is None else dict_of(fields)
        async with self._site.request(
            method, path, data=data, headers=headers, allow_redirects=False
        ) as answer:
            self.status, self.path = answer.status, path
            self.body = unescape(await answer.text())
            for cookie in answer.headers.getall("set-cookie", []):
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            onward = answer.headers.get("location")
        if onward:
            return await self._go("GET", onward, None)
        return self.body

    async def join(self, *groups: str, at: str = "/join", **fields: str) -> str:
        """Open the form, fill it in, send it. `alerts` and `news` name channels with spaces."""
        await self.get(at)
        shown = re.search(r'name="shown" value="(\w+)"', self.body)
        assert shown, self.body
        alerts, news = fields.pop("alerts", "email sms"), fields.pop("news", "email")
        ticked = [("group", slug) for slug in groups]
        ticked += [("alerts", channel) for channel in alerts.split()]
        ticked += [("news", channel) for channel in news.split()]
        return await self.post(at, *ticked, shown=shown[1], **fields)

    def addresses(self) -> list[str]:
        """The addresses that the page still asks a code for."""
        return list(dict.fromkeys(re.findall(r'name="address" value="(\d+)"', self.body)))

    async def type(self, address: str, code: str) -> str:
        return await self.post("/join/code", ("address", address), (f"code_{address}", code))


def dict_of(fields: Fields) -> FormData:
    form = FormData()
    for name, value in fields:
        form.add_field(name, value)
    return form


async def latest_code(db: Database, keyring: Keyring, value: str) -> tuple[int, str]:
    """The last code sent to an address, with its digits."""
    async with db.transaction() as connection:
        row = await connection.row(
            "SELECT c.id FROM codes c JOIN addresses a ON a.id = c.address_id"
            " WHERE a.value = %(value)s AND c.purpose = 'prove' ORDER BY c.id DESC LIMIT 1",
            value=value,
        )
    assert row is not None
    return row["id"], proving.digits(keyring, row["id"])


async def residents(db: Database) -> list[UUID]:
    async with db.transaction() as connection:
        rows = await connection.rows("SELECT id FROM residents ORDER BY created_at")
    return [row["id"] for row in rows]
