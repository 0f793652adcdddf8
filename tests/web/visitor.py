"""A resident with her page open in a browser."""

from typing import Any
from uuid import UUID

from aiohttp import ClientSession

from notify.services import visiting
from tests.town import Town


class Visitor:
    """Reads and posts as whoever `resident` is, in German."""

    def __init__(self, site: ClientSession, town: Town, resident: UUID, word: str) -> None:
        self._site = site
        self.town = town
        self.resident = resident
        self.word = word

    @classmethod
    async def of(cls, site: ClientSession, town: Town, resident: UUID) -> "Visitor":
        async with town.db.transaction() as connection:
            word = await visiting.open_(connection, resident)
        return cls(site, town, resident, word)

    @property
    def headers(self) -> dict[str, str]:
        return {"cookie": f"notify={self.word}", "accept-language": "de"}

    async def get(self, path: str) -> tuple[int, str]:
        async with self._site.get(path, headers=self.headers, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def post(self, path: str, data: Any = None) -> tuple[int, str, str]:
        """Status, text, and where it leads."""
        async with self._site.post(
            path, data=data or {}, headers=self.headers, allow_redirects=False
        ) as answer:
            return answer.status, await answer.text(), answer.headers.get("location", "")
