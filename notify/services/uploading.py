"""Takes residents in from a file that staff upload: a trial first, then all of it or nothing.

The file lies in the database for an hour, for whoever uploaded it and nobody else; taken in, it is
let go of at once. Rows may name groups within reach only, and of those who are known only such are
changed as follow nothing beyond it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID

from notify.domain.import_report import ImportReport
from notify.domain.keyring import Keyring
from notify.domain.lines import one_line
from notify.errors import Conflict, Invalid, NotFound
from notify.services import auditing, importing
from notify.services.caring import reached_by
from notify.services.importing import Bounds, Last
from notify.services.staff_sessions import Officer
from notify.settings import Settings
from notify.store import groups, uploads
from notify.store.database import Connection, Database, Row

LIFE: Final = timedelta(hours=1)
_LONGEST_NAME: Final = 60  # characters, of four bytes at the most
_LONGEST_CONSENT: Final = 300


@dataclass(frozen=True, slots=True)
class File:
    """What was uploaded. `consent` says where the consents are kept, `also` is the slug of a group
    that all in it follow; both may be empty."""

    name: str
    content: bytes
    consent: str
    also: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What the import would do, or where it is `done` what it did, in figures."""

    id: UUID
    file: str
    consent: str | None
    report: ImportReport | None
    done: Mapping[str, Any] | None


class Uploading:
    """What every step here needs to know."""

    def __init__(self, db: Database, keyring: Keyring, *, settings: Settings) -> None:
        self._db = db
        self._keyring = keyring
        self._settings = settings

    async def keep(self, officer: Officer, file: File) -> UUID:
        """Keep a file for an hour, in the place of the one before.

        Raises BrokenFile where it cannot be read, Invalid for a consent that is too long or a
        group that is none within reach.
        """
        consent = one_line(file.consent, field="consent", limit=_LONGEST_CONSENT) or None
        name, also = tidy_name(file.name), file.also or None
        await self._run(officer, name, file.content, consent, also, apply=False)
        async with self._db.transaction() as connection:
            upload = await uploads.add(
                connection, officer.id, name=name, content=file.content, consent=consent,
                also=also, life=LIFE,
            )  # fmt: skip
            await auditing.record(
                connection, officer.id, "import.tried", upload=upload, bytes=len(file.content)
            )
        return upload

    async def look(self, officer: Officer, upload: UUID) -> Trial:
        """What it would do; changes nothing. Raises NotFound where its hour is over."""
        row = await self._row(officer, upload)
        report = None
        if row["done"] is None:
            report = await self._run(
                officer, row["name"], row["content"], row["consent"], row["also"], apply=False
            )
        return Trial(upload, row["name"], row["consent"], report, row["done"])

    async def apply(self, officer: Officer, upload: UUID) -> None:
        """Take them in. Said twice, it is done once.

        Raises NotFound, and Conflict where another import is at work or somebody came in between;
        then nothing has changed.
        """
        row = await self._row(officer, upload)
        if row["done"] is not None:
            return

        async def last(connection: Connection, report: ImportReport) -> None:
            figures = {k: v for k, v in report.as_json.items() if k not in {"notes", "file"}}
            if not await uploads.finish(connection, upload, staff=officer.id, done=figures):
                raise Conflict("This file was taken in already.")
            await auditing.record(
                connection, officer.id, "import.applied", upload=upload, rows=report.rows,
                residents=report.residents_new, addresses=report.addresses,
            )  # fmt: skip

        await self._run(
            officer, row["name"], row["content"], row["consent"], row["also"], apply=True,
            last=last,
        )  # fmt: skip

    async def drop(self, officer: Officer, upload: UUID) -> None:
        """Let go of the file before its hour is over."""
        async with self._db.transaction() as connection:
            await uploads.drop(connection, upload, staff=officer.id)

    async def _row(self, officer: Officer, upload: UUID) -> Row:
        async with self._db.statement() as connection:
            row = await uploads.get(connection, upload, staff=officer.id)
        if row is None:
            raise NotFound("This file was let go of. Upload it again.")
        return row

    async def _run(
        self, officer: Officer, name: str, content: bytes, consent: str | None,
        also: str | None, *, apply: bool, last: Last | None = None,
    ) -> ImportReport:  # fmt: skip
        bounds = await self._bounds(officer, also)
        with TemporaryDirectory(prefix="notify-") as folder:  # of this user only
            path = Path(folder) / name
            await asyncio.to_thread(path.write_bytes, content)
            return await importing.run(
                self._db, self._keyring, settings=self._settings, path=path, consent=consent,
                apply=apply, bounds=bounds, last=last,
            )  # fmt: skip

    async def _bounds(self, officer: Officer, also: str | None) -> Bounds:
        async with self._db.transaction() as connection:
            reached = await reached_by(connection, officer)
            group = await groups.by_slug(connection, also) if also else None
        if also and (group is None or (reached is not None and group.id not in reached)):
            raise Invalid("There is no such group within your reach.", field="also")
        return Bounds(
            reached=None if reached is None else frozenset(reached),
            also=group.id if group else None,
        )


def tidy_name(name: str) -> str:
    """What a file is called, as one that no folder, and no terminal, takes for anything else."""
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(sign for sign in last if sign.isprintable()).strip(" .")
    return plain[-_LONGEST_NAME:].lstrip(" .") or "residents.csv"
