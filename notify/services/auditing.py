"""Keeps what staff did and looked at, in the transaction in which they did it, and proves that the
log is whole.

A line is written last in its transaction: from then on it holds up all others that write one.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from notify import clock
from notify.domain.audit import START, Line, link
from notify.errors import Conflict
from notify.log import get
from notify.store import audit
from notify.store.database import AWAY, Connection, Database

log = get(__name__)

ONE_LOOK: Final = timedelta(minutes=10)
"""What the same person opens again within this time is the same look."""

_PAGE = 1_000
_TRIES: Final = 2


@dataclass(frozen=True, slots=True)
class Whole:
    """A log that holds: how many lines, and the hash of the last, which stands for them all."""

    lines: int
    head: bytes


class Broken(Conflict):
    """The log does not hold. `line` is the first that is missing or not as it was written; None
    where only the hash that somebody wrote down is not found. `lines` is how many there are."""

    def __init__(self, message: str, *, line: int | None, missing: bool, lines: int) -> None:
        super().__init__(message)
        self.line = line
        self.missing = missing
        self.lines = lines


async def record(connection: Connection, staff_id: UUID | None, deed: str, **about: object) -> None:
    """Add a line. `deed` is a noun and a verb (`resident.viewed`); `about` holds ids, numbers and
    words of the house, and nothing that a person typed but a reason."""
    before = await audit.last(connection)
    line = Line(
        id=before["id"] + 1 if before else 1,
        at=clock.now(),
        staff_id=staff_id,
        deed=deed,
        about={name: str(value) for name, value in about.items() if value is not None},
    )
    chained = link(line, before["hash"] if before else START)
    await audit.add(connection, line, chained)
    # The service's own log is kept elsewhere: whoever rewrites the table cannot rewrite that one.
    log.info("audit.recorded", line=line.id, deed=deed, head=chained.hex())


async def afterwards(
    db: Database, write: Callable[[Connection], Awaitable[None]], **about: object
) -> None:
    """Write down, in a transaction of its own, what is done and must not wait for the log: a recall.

    Where that fails a few times, the service's own log says loudly what is missing; `about` is for it.
    """
    for _ in range(_TRIES):
        try:
            async with db.transaction() as connection:
                await write(connection)
        except AWAY as problem:
            log.warning("audit.delayed", why=type(problem).__name__, **about)
        else:
            return
    log.error("audit.missing", **about)


async def record_after(db: Database, deed: str, **about: object) -> None:
    """The same for a line alone, of the command line or a program."""

    async def write(connection: Connection) -> None:
        await record(connection, None, deed, **about)

    await afterwards(db, write, deed=deed, **{name: str(value) for name, value in about.items()})


async def looked(db: Database, staff_id: UUID | None, deed: str, **about: object) -> None:
    """Record a look at a page that is read again and again: once in ten minutes. `staff_id` is None
    for a program, which `about` then names."""
    said = {name: str(value) for name, value in about.items() if value is not None}
    async with db.transaction() as connection:
        if not await audit.lately(connection, staff_id, deed, said, within=ONE_LOOK):
            await record(connection, staff_id, deed, **about)


async def lines(db: Database) -> AsyncIterator[tuple[Line, bytes]]:
    """Every line with its hash, the first first, a page at a time."""
    last = 0
    while True:
        async with db.statement() as connection:
            rows = await audit.after(connection, last, limit=_PAGE)
        for row in rows:
            yield audit.to_line(row), row["hash"]
        if len(rows) < _PAGE:
            return
        last = rows[-1]["id"]


async def verify(db: Database, *, head: bytes | None = None) -> Whole:
    """Go over the whole chain. `head` is the hash of a line that somebody wrote down before, and
    has to be found. Raises Broken with the first line that is not as it was written."""
    known, n, found = START, 0, head is None
    async for line, chained in lines(db):
        n += 1
        if line.id != n:
            raise Broken(
                f"Line {n} is missing: after {n - 1} comes {line.id}.",
                line=n,
                missing=True,
                lines=n,
            )
        if link(line, known) != chained:
            raise Broken(
                f"Line {n} is not as it was written, or the one before it.",
                line=n, missing=False, lines=n,
            )  # fmt: skip
        known, found = chained, found or chained == head
    if not found:
        raise Broken(
            f"The log holds {n} lines, and none of them has this hash: the end was cut off, or all "
            "of it was written anew.", line=None, missing=False, lines=n,
        )  # fmt: skip
    return Whole(n, known)


def as_json(line: Line, chained: bytes) -> dict[str, Any]:
    """A line for a copy that somebody keeps, with all that its hash covers."""
    return {
        "line": line.id, "at": line.at.isoformat(), "deed": line.deed,
        "staff": line.staff_id and str(line.staff_id), "about": dict(line.about),
        "hash": chained.hex(),
    }  # fmt: skip
