"""One mail on its way to a server, and how far it came."""

import asyncio

from channels.base import Failure, OutcomeUnknown, Sent, TryAgain
from channels.envelope import Mail


class Transaction:
    """One mail on its way.

    `done` ends in Sent, in a failure, or in None: not handed over, and room for a fresh
    connection. `deadline`, on the loop's clock, is first that of the envelope.
    """

    __slots__ = ("deadline", "done", "first", "mail", "refused", "written")

    def __init__(self, mail: Mail, *, deadline: float) -> None:
        self.mail = mail
        self.deadline = deadline
        self.done: asyncio.Future[Sent | None] = asyncio.get_running_loop().create_future()
        self.first = True  # on its connection, which so has shown that it works
        self.written = False  # the message, to its end
        self.refused: Failure | None = None

    @property
    def over(self) -> bool:
        """Whether nobody waits for it any more, also because its sender was cancelled."""
        return self.done.done()

    @property
    def told_to_open(self) -> bool:
        """Whether it has a place for a fresh connection and has not begun to open one."""
        done = self.done
        return done.done() and not (done.cancelled() or done.exception() or done.result())

    def start_over(self) -> None:
        """Nothing has happened yet."""
        self.done = asyncio.get_running_loop().create_future()

    def end(self, outcome: Sent | Failure | None) -> None:
        if self.done.done():
            return
        if isinstance(outcome, Failure):
            self.done.set_exception(outcome)
        else:
            self.done.set_result(outcome)

    def cut_off(self, *, reason: str, code: str | None = None) -> Failure:
        """What became of it where the dialogue broke off."""
        if self.refused is not None:
            return self.refused
        if not self.written:
            return TryAgain(reason, code=code)
        garbled = reason == "garbled_answer"
        return OutcomeUnknown(reason if garbled else "no_answer_after_data", code=code)

    @property
    def movable(self) -> bool:
        """Whether it may go to a fresh connection: one that has worked for others is simply old."""
        return not (self.over or self.first or self.written or self.refused)
