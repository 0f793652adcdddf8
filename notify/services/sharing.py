"""Reads something once for all who want it at the same time, and keeps it for a moment.

When a warning goes out everybody looks at it: a hundred who press "reload" must cost the database as
much as one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar
from uuid import UUID

from notify import clock

ValueT = TypeVar("ValueT")

_MOST: Final = 100  # values kept; those that nobody asked for lately go first


@dataclass(slots=True)
class _Kept(Generic[ValueT]):
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    until: float = float("-inf")
    value: ValueT | None = None


class Shared(Generic[ValueT]):
    """`read` is called at most once in `every` seconds for each id, which may depend on what was
    read, and never twice at a time. Who goes away while reading leaves it to the next; what it
    raises only its caller sees."""

    def __init__(
        self, read: Callable[[UUID], Awaitable[ValueT]], *, every: Callable[[ValueT], float]
    ) -> None:
        self._read = read
        self._every = every
        self._kept: dict[UUID, _Kept[ValueT]] = {}

    async def get(self, id_: UUID) -> ValueT:
        kept = self._kept.pop(id_, None) or _Kept[ValueT]()
        self._kept[id_] = kept  # behind all others
        while len(self._kept) > _MOST:
            self._kept.pop(next(iter(self._kept)))
        async with kept.lock:
            if kept.value is None or clock.monotonic() >= kept.until:
                kept.value = await self._read(id_)
                kept.until = clock.monotonic() + self._every(kept.value)
            return kept.value

    def drop(self, id_: UUID) -> None:
        """What was read of it is not so any more."""
        self._kept.pop(id_, None)
