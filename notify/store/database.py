"""Opens the way to PostgreSQL: a pool, a transaction or one statement an edge, rows as values."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, LiteralString, cast

import psycopg
from psycopg import AsyncConnection, OperationalError
from psycopg.errors import (
    IdleInTransactionSessionTimeout,
    QueryCanceled,
    ReadOnlySqlTransaction,
)
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

Row = DictRow

AWAY = (OperationalError, ReadOnlySqlTransaction, IdleInTransactionSessionTimeout)
"""The database takes nothing just now: it is gone, full, read-only, or lost patience with us. What
failed with one of these was not written and may be tried again."""

TOO_LONG = QueryCanceled
"""A statement took longer than its bound."""

BOUNDS = {
    # Our statements are short; compiling one takes longer than running it. Whoever holds a lock
    # and falls silent (a stopped process, a host that vanished) must not hold up the others.
    "options": "-c jit=off -c statement_timeout=60s -c lock_timeout=5s"
    " -c idle_in_transaction_session_timeout=10s",
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


_ROOM: LiteralString = """current_setting('max_connections')::int
  - current_setting('superuser_reserved_connections')::int
  -- A setting that older servers do not have is NULL.
  - coalesce(current_setting('reserved_connections', true)::int, 0)"""

FREE: LiteralString = (
    "SELECT "
    + _ROOM
    + """ AS room, (SELECT count(*) FROM pg_stat_activity
  -- What others are is hidden from an ordinary user. Those without a database are the server's own.
  WHERE datid IS NOT NULL AND pid <> pg_backend_pid()
    AND coalesce(backend_type, 'client backend') = 'client backend') AS taken
"""
)


def room(url: str) -> int:
    """How many connections the server allows ordinary clients, all together."""
    with psycopg.connect(url, connect_timeout=5) as connection:
        row = connection.execute("SELECT " + _ROOM).fetchone()
    assert row is not None  # noqa: S101 - narrows the type
    return int(row[0])


async def _alive(connection: AsyncConnection[DictRow]) -> None:
    # The library's own check, whose type knows only rows that are tuples.
    await AsyncConnectionPool.check_connection(cast("AsyncConnection[Any]", connection))


class Database:
    """A pool of connections, each use of one a `transaction` or a single `statement`.

    `check` looks whether a connection still lives before it is used, at the price of a round
    trip: for those who answer people. Loops that try again anyway do without.
    Raises psycopg's errors as they are: at this depth nobody can do better.
    """

    def __init__(
        self, url: str, *, size: int = 8, timeout: float = 10.0, check: bool = False
    ) -> None:
        self._pool: AsyncConnectionPool[AsyncConnection[DictRow]] = AsyncConnectionPool(
            url,
            connection_class=AsyncConnection[DictRow],
            kwargs={"row_factory": dict_row, "autocommit": True, **BOUNDS},
            min_size=1,
            max_size=size,
            timeout=timeout,
            open=False,
            check=_alive if check else None,
        )

    async def open(self) -> None:
        await self._pool.open(wait=True, timeout=10)

    async def close(self) -> None:
        await self._pool.close(timeout=5)

    async def room(self) -> tuple[int, int]:
        """How many connections the server allows ordinary clients, and how many of these others
        than the asking one have now."""
        async with self.statement() as connection:
            row = await connection.row(FREE)
        assert row is not None  # noqa: S101 - narrows the type
        return row["room"], row["taken"]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["Connection"]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        async with self._pool.connection() as connection, connection.transaction():
            yield Connection(connection)

    @asynccontextmanager
    async def statement(self) -> AsyncIterator["Connection"]:
        """For a single statement, which is a transaction by itself: it spares the round trips of
        BEGIN and COMMIT. A second statement in the block would not be undone with the first."""
        async with self._pool.connection() as connection:
            yield Connection(connection)

    @asynccontextmanager
    async def lasting(self, seconds: float) -> AsyncIterator["Connection"]:
        """For statements that stand outside any transaction (VACUUM), each of which may take so
        long."""
        async with self._pool.connection() as connection:
            bound = b"SELECT set_config('statement_timeout', %s, false)"
            await connection.execute(bound, [str(int(seconds * 1000))])
            try:
                yield Connection(connection)
            finally:
                if not connection.broken:
                    await connection.execute("RESET statement_timeout")


class Connection:
    """What is asked in a transaction, or in place of one, with the ways of asking."""

    def __init__(self, connection: AsyncConnection[DictRow]) -> None:
        self.raw = connection

    async def rows(self, query: LiteralString, **values: Any) -> list[Row]:
        cursor = await self.raw.execute(query, values)
        return await cursor.fetchall()

    async def row(self, query: LiteralString, **values: Any) -> Row | None:
        cursor = await self.raw.execute(query, values)
        return await cursor.fetchone()

    async def run(self, query: LiteralString, **values: Any) -> int:
        """Rows changed. Zero is a normal answer."""
        cursor = await self.raw.execute(query, values)
        return cursor.rowcount

    async def bound(self, seconds: float) -> None:
        """Let each statement of this transaction take so long; then it raises TOO_LONG."""
        await self.raw.execute(
            "SELECT set_config('statement_timeout', %(ms)s, true)", {"ms": str(int(seconds * 1000))}
        )
