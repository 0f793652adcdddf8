"""One timer for many deadlines that mostly move on: it looks only when the earliest has come."""

import asyncio
import math
from collections.abc import Callable


class Watch:
    """Calls `look` with the time on the loop's clock once a deadline has come; `look` ends what
    is due and gives the earliest deadline that is left, infinity if there is none."""

    def __init__(self, look: Callable[[float], float]) -> None:
        self._look = look
        self._timer: asyncio.TimerHandle | None = None
        self._when = math.inf

    def by(self, deadline: float) -> None:
        """Look then, or earlier."""
        if self._when <= deadline:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._when = deadline
        self._timer = asyncio.get_running_loop().call_at(deadline, self._ring)

    def _ring(self) -> None:
        self._when, self._timer = math.inf, None
        self.by(self._look(asyncio.get_running_loop().time()))
