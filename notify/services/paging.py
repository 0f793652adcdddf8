"""Turns the pages of a list of people. A page goes on behind somebody, or ends before them: so nobody is
left out or shown twice for what changes above."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from notify.store.database import Row

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Mark(Generic[Key]):
    """Where a page begins, behind `key`; or with `back`, before which it ends."""

    key: Key
    back: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Some of `total` people, each row with its `place` among them, counted from 1."""

    rows: Sequence[Row]

    @property
    def total(self) -> int:
        return self.rows[0]["total"] if self.rows else 0

    @property
    def first(self) -> int:
        return self.rows[0]["place"] if self.rows else 0

    @property
    def last(self) -> int:
        return self.rows[-1]["place"] if self.rows else 0


async def turn(
    find: Callable[[Mark[Key] | None], Awaitable[list[Row]]], mark: Mark[Key] | None, *, size: int
) -> Page:
    """The page of a mark. What goes back to the beginning, and what leads to nobody any more, is the
    first."""
    rows = await find(mark)
    if mark is not None and (not rows or (mark.back and len(rows) < size)):
        rows = await find(None)
    return Page(rows)
