"""Where a pump goes on claiming, so that it need not look at all that waits each time."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from notify.store.claiming import Claimed, Onward


class Course:
    """Where a pump goes on claiming until it looks at all that waits again: `every` so many
    seconds, when it got less than it asked for, and whenever somebody rings."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._onward: dict[UUID, tuple[datetime, int]] = {}
        self._until = 0.0
        self._ended = False

    def end(self) -> None:
        """Look at everything next; also where a claim is under way."""
        self._onward = {}
        self._ended = True

    def onward(self, *, now: float) -> Onward | None:
        """What to claim behind; None to look at everything."""
        self._ended = False
        if now >= self._until:
            self._onward = {}
        if not self._onward:
            self._until = now + self._every
        return self._onward or None

    def took(self, batch: Sequence[Claimed], *, asked: int) -> None:
        if self._ended or len(batch) < asked:
            self.end()
            return
        for one in sorted(batch, key=lambda one: (one.due_at, one.delivery_id)):
            if one.broadcast_id is not None:
                self._onward[one.broadcast_id] = (one.due_at, one.delivery_id)
