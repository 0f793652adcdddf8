"""A clerk's office: a town with groups, and files to import."""

from pathlib import Path
from typing import Any

from notify.domain.import_report import ImportReport, Problem
from notify.domain.keyring import Keyring
from notify.services import groups, importing
from notify.settings import Settings
from notify.store.database import Database, Row

HEADER = "name,language,email,phone,groups,channels\n"
TABLES = ("residents", "addresses", "subscriptions", "consents")


class Office:
    """A town with groups town, kita and a closed choir, and a clerk with files."""

    def __init__(self, db: Database, keyring: Keyring, settings: Settings, folder: Path) -> None:
        self.db, self.keyring, self.settings = db, keyring, settings
        self.path = folder / "list.csv"

    async def build(self) -> "Office":
        for slug in ("town", "kita", "choir"):
            await groups.create(self.db, slug=slug, names={"de": slug}, closed=slug == "choir")
        return self

    async def take(
        self, rows: str, *, consent: str | None = "forms", apply: bool = True
    ) -> ImportReport:
        self.path.write_text(HEADER + rows, encoding="utf-8")
        return await importing.run(
            self.db,
            self.keyring,
            settings=self.settings,
            path=self.path,
            consent=consent,
            apply=apply,
        )

    async def rows(self, query: Any, **values: Any) -> list[Row]:
        async with self.db.transaction() as connection:
            return await connection.rows(query, **values)

    async def run(self, query: Any) -> None:
        async with self.db.transaction() as connection:
            await connection.run(query)

    async def sizes(self) -> list[int]:
        return [len(await self.rows(f"SELECT 1 FROM {table}")) for table in TABLES]

    async def addresses(self) -> dict[str, str]:
        rows = await self.rows("SELECT value, state FROM addresses WHERE state <> 'gone'")
        return {row["value"]: row["state"] for row in rows}

    async def follows(self) -> dict[str, tuple[set[str], set[str]]]:
        rows = await self.rows(
            "SELECT slug, alerts, news FROM subscriptions JOIN groups ON id = group_id"
        )
        return {row["slug"]: (set(row["alerts"]), set(row["news"])) for row in rows}


def problems(report: ImportReport) -> list[tuple[int, Problem]]:
    """The lines of which something is said, and what."""
    return [(note.line, note.problem) for note in report.notes]


def figures(report: ImportReport) -> dict[str, int]:
    """The figures of a report that are not zero."""
    return {
        name: value for name, value in report.as_json.items() if isinstance(value, int) and value
    }
