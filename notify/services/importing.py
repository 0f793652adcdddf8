"""Imports residents from a file: everything is judged first, then all is written or nothing."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

from psycopg import IntegrityError
from psycopg.errors import DeadlockDetected

from notify.domain import csv_rows
from notify.domain.csv_rows import BrokenFile
from notify.domain.import_report import ADDRESS_REFUSED, ROW_REFUSED, ImportReport, Note, Problem
from notify.domain.importing import Entry, Person, judge, merge
from notify.domain.keyring import Keyring
from notify.domain.lines import one_line
from notify.domain.words import Channel
from notify.errors import Conflict
from notify.settings import Settings
from notify.store import groups, importing
from notify.store.database import Connection, Database
from notify.store.importing import Remarks

MOST_BYTES = 256 * 1024 * 1024

Progress = Callable[[int, int], None]
"""Told how much is done of how much, from whichever thread is at work."""

Last = Callable[[Connection, ImportReport], Awaitable[None]]
"""Done last, in the transaction in which all is written."""

_Tables = Iterable[tuple[LiteralString, Iterable[Sequence[Any]]]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far whoever imports reaches. `reached` are the groups that rows may name, and beyond
    which nobody known is changed; None for all. `also` is one of these, which all in the file follow."""

    reached: frozenset[int] | None = None
    also: int | None = None


@dataclass(frozen=True, slots=True)
class _Judged:
    file: str
    rows: int
    people: Sequence[Person]
    notes: Sequence[Note]
    slugs: Mapping[int, str]


_ALL = Bounds()


def _silent(_done: int, _of: int) -> None:
    """Nobody watches."""


async def run(
    db: Database,
    keyring: Keyring,
    *,
    settings: Settings,
    path: Path,
    consent: str | None,
    apply: bool,
    progress: Progress = _silent,
    bounds: Bounds = _ALL,
    last: Last | None = None,
) -> ImportReport:
    """Judge the file and, with `apply`, take its residents in, in one transaction.

    `consent` says where the consents are kept; without it new addresses are unverified. `last` is
    called once all is written, and undoes it by raising.
    Raises BrokenFile for a file that cannot be read as a whole, Conflict where another import
    is at work or somebody came in between; then nothing has changed.
    """
    reference = one_line(consent or "", field="consent", limit=300) or None
    async with db.transaction() as connection:
        ids = {
            group.slug: group.id for group in await groups.tree(connection)
            if bounds.reached is None or group.id in bounds.reached
        }  # fmt: skip
    lines = await asyncio.to_thread(_count_lines, path)
    judged = await asyncio.to_thread(
        _judge_file,
        path,
        groups=ids,
        settings=settings,
        also=bounds.also,
        tell=lambda n: progress(n, 2 * lines),
    )
    tables = _tables(judged, keyring, language=settings.default_language, reference=reference)
    report = await _take_in(
        db, judged, tables, proven=bool(reference), apply=apply, bounds=bounds, last=last,
        tell=lambda share: progress(lines + round(lines * share), 2 * lines),
    )  # fmt: skip
    progress(2 * lines, 2 * lines)
    return report


async def _take_in(
    db: Database,
    judged: _Judged,
    tables: _Tables,
    *,
    proven: bool,
    apply: bool,
    bounds: Bounds,
    last: Last | None,
    tell: Callable[[float], None],
) -> ImportReport:
    try:
        async with db.transaction() as connection:
            if apply and not await importing.hold(connection):
                raise Conflict("Another import is at work. Wait until it has ended.")
            await importing.prepare(connection)
            for done, (statement, rows) in enumerate(tables):
                tell(0.1 * done)
                await importing.load(connection, statement, rows)
            tell(0.3)
            remarks = await importing.match(connection, apply=apply, reached=bounds.reached)
            counts = await importing.counts(connection)
            if apply:
                tell(0.4)
                await _write(connection, proven=proven, expected=counts["addresses"], tell=tell)
            notes = _notes(judged, remarks)
            report = _report(judged, notes, counts, applied=apply, proven=proven)
            if last is not None:
                await last(connection, report)
    except (IntegrityError, DeadlockDetected):
        raise _meanwhile() from None
    return report


async def _write(
    connection: Connection, *, proven: bool, expected: int, tell: Callable[[float], None]
) -> None:
    await importing.add_residents(connection)
    tell(0.5)
    if await importing.add_addresses(connection, proven=proven) != expected:
        raise _meanwhile()
    tell(0.7)
    if proven:
        await importing.vouch(connection)
    tell(0.8)
    await importing.subscribe(connection)


def _meanwhile() -> Conflict:
    return Conflict("Somebody signed up or left meanwhile; nothing was changed. Run it again.")


def _count_lines(path: Path) -> int:
    try:
        with path.open("rb") as file:
            if path.stat().st_size > MOST_BYTES:
                raise BrokenFile("The file is larger than 256 MiB; import it in parts.")
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b"")) + 1
    except OSError as problem:
        raise BrokenFile(f"The file cannot be read: {problem.strerror}.") from None


def _judge_file(
    path: Path, *, groups: Mapping[str, int], settings: Settings, also: int | None,
    tell: Callable[[int], None],
) -> _Judged:  # fmt: skip
    entries: list[Entry] = []
    notes: list[Note] = []
    rows = 0
    with path.open("rb") as file:
        for row in csv_rows.read(csv_rows.decoded(file), groups=also is None):
            entry, remarks = judge(row, groups=groups, region=settings.default_region, also=also)
            notes += remarks
            if entry:
                entries.append(entry)
            rows += 1
            if rows % 500 == 0:
                tell(rows)
    people, merged = merge(entries)
    slugs = {group: slug for slug, group in groups.items()}
    name = path.name.encode("utf-8", "replace").decode()
    return _Judged(name, rows, people, [*notes, *merged], slugs)


def _tables(judged: _Judged, keyring: Keyring, *, language: str, reference: str | None) -> _Tables:
    """The rows of the three temporary tables, made as they are copied."""
    people = list(enumerate(judged.people))
    return (
        (
            importing.COPY_PEOPLE,
            (
                (at, who.name, who.language or language, _consent(reference, judged.file, who))
                for at, who in people
            ),
        ),
        (
            importing.COPY_ADDRESSES,
            (
                (at, channel, value, keyring.address_hash(channel, value))
                for at, who in people
                for channel, value in who.addresses
            ),
        ),
        (
            importing.COPY_WISHES,
            ((at, group, list(chosen)) for at, who in people for group, chosen in who.wishes),
        ),
    )


def _consent(reference: str | None, file: str, person: Person) -> str | None:
    if reference is None:
        return None
    lines = ", ".join(str(line) for line in person.lines[:10])
    return f"{reference} ({file}, line{'s' if len(person.lines) > 1 else ''} {lines})"


def _notes(judged: _Judged, remarks: Remarks) -> Iterator[Note]:
    """Everything to be said of the rows, those of the file first and then what the store knows."""
    people = judged.people
    yield from judged.notes
    for row in remarks.refused:
        for line in people[row["number"]].lines:
            yield Note(line, "", Problem(row["refused"]))
    for problem, rows in (
        (Problem.HAS_ANOTHER, remarks.has_another),
        (Problem.SUPPRESSED, remarks.suppressed),
    ):
        for row in rows:
            who = people[row["number"]]
            if row["channel"] == Channel.EMAIL:
                yield Note(who.email_line, "email", problem, who.email or "")
            else:
                yield Note(who.phone_line, "phone", problem, who.phone or "")
    for row in remarks.own_choice:
        slug = judged.slugs[row["group_id"]]
        yield Note(people[row["number"]].lines[0], "groups", Problem.OWN_CHOICE, slug)
    for row in remarks.without_address:
        line = people[row["number"]].lines[0]
        yield Note(line, "channels", Problem.CHANNEL_WITHOUT_ADDRESS, row["channel"])


def _report(
    judged: _Judged,
    notes: Iterator[Note],
    counts: Mapping[str, int],
    *,
    applied: bool,
    proven: bool,
) -> ImportReport:
    said = sorted(notes, key=lambda note: (note.line, note.column, note.problem))
    kinds = Counter(note.problem for note in said)
    refused = len({note.line for note in said if note.problem in ROW_REFUSED})
    return ImportReport(
        file=judged.file,
        applied=applied,
        rows=judged.rows,
        residents_new=counts["new"],
        residents_known=counts["known"],
        duplicates=judged.rows - refused - counts["new"] - counts["known"],
        rows_refused=refused,
        addresses=counts["addresses"],
        addresses_refused=sum(kinds[problem] for problem in ADDRESS_REFUSED),
        suppressed=kinds[Problem.SUPPRESSED],
        unverified=0 if proven else counts["addresses"],
        notes=said,
    )
