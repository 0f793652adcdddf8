"""One timer for many deadlines that mostly move on: it looks only when the earliest has come."""

import asyncio
from collections.abc import Callable


class Watch:
    """Calls `look` with the time on the loop's clock once a deadline has come; `look` ends what
    is due and gives the earliest deadline that is left, None if there is none."""

    def __init__(self, look: Callable[[float], float | None]) -> None:
        self._look = look
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._when = 0.0

    def by(self, deadline: float) -> None:
        """Look then, or earlier."""
        if self._timer is not None:
            if self._when <= deadline:
                return
            self._timer.cancel()
        self._when = deadline
        self._timer = self._loop.call_at(deadline, self._ring)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        deadline = self._look(self._loop.time())
        if deadline is not None:
            self.by(deadline)
