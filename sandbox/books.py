"""The books of the world outside: what each part took, one record a message, in order."""

from collections import Counter, deque
from itertools import islice
from typing import Generic, TypeVar

RecordT = TypeVar("RecordT")


class Book(Generic[RecordT]):
    """The records of one part, numbered from 1; the number never changes while it is kept.

    At most `limit` records are held, the oldest fall out first. What a message says is kept
    for the first `contents` of them only (`wants_content`), so that a run of a million mails
    fits into memory; its digest is kept always.
    """

    def __init__(self, *, limit: int = 2_000_000, contents: int = 200_000) -> None:
        self._records: deque[RecordT] = deque(maxlen=limit)
        self._contents = contents
        self._taken = 0

    def __len__(self) -> int:
        return len(self._records)

    @property
    def wants_content(self) -> bool:
        """Whether the next record shall carry the whole message."""
        return self._taken < self._contents

    def add(self, record: RecordT) -> None:
        """Write one record."""
        self._taken += 1
        self._records.append(record)

    def page(self, after: int = 0, limit: int = 500) -> list[tuple[int, RecordT]]:
        """Give up to `limit` records that follow number `after`, each with its number."""
        first = self._taken - len(self._records) + 1
        skip = max(after + 1 - first, 0)
        start = first + skip
        return list(enumerate(islice(self._records, skip, skip + limit), start))

    def all(self) -> list[RecordT]:
        """Give every record that is held, oldest first."""
        return list(self._records)

    def clear(self) -> None:
        """Forget everything and number from 1 again."""
        self._records.clear()
        self._taken = 0


Counts = Counter[str]
"""How often each thing happened, by a short name: taken, refused, callbacks, …"""
