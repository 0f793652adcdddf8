"""Shares the connections to one mail relay among the mails that are on their way.

A mail takes a connection that is free, else opens one while there may be more, else waits; the
connections themselves fetch who waits. A connection that broke off is never used again, and its
place goes to a mail that needs one.
"""

import asyncio
import math
from collections import deque

from channels.base import SenderDown, Sent
from channels.envelope import Extensions, Mail
from channels.pipeline import Dialogue
from channels.smtp import Opener
from channels.transaction import Transaction
from channels.watch import Watch

# Servers close idle connections after minutes, middleboxes silently and sooner.
IDLE_SECONDS = 25.0
_TOGETHER = 0.1  # seconds


class Pool:
    """Up to `size` connections.

    `timeout` is in seconds: so long may waiting, connecting and the envelope take together, and
    so long again the answer to the message. After `idle` seconds without a mail a kept connection
    is not trusted any more.
    """

    def __init__(
        self, opener: Opener, *, size: int, timeout: float, idle: float = IDLE_SECONDS
    ) -> None:
        self._opener = opener
        self._size = size
        self._timeout = timeout
        self._idle_seconds = idle
        self._places = 0  # taken: by connections open or opening, and by mails told to open one
        self._dialogues: set[Dialogue] = set()
        self._idle: deque[Dialogue] = deque()
        self._waiting: deque[Transaction] = deque()
        self._watch = Watch(self._look)
        self._closed = False

    async def carry(self, mail: Mail) -> Sent:
        """Hands over one mail; raises a failure of channels.base."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        transaction = Transaction(mail, deadline=deadline)
        try:
            if self._finds_a_place(transaction):
                self._begin(await self._open(deadline), transaction)
            return await self._outcome(transaction)
        except asyncio.CancelledError:
            self._abandon(transaction)
            raise
        finally:
            if self._closed:
                await self._goodbyes()

    async def _outcome(self, transaction: Transaction) -> Sent:
        while (sent := await transaction.done) is None:
            transaction.start_over()
            self._begin(await self._open(transaction.deadline), transaction)
        return sent

    async def probe(self) -> None:
        """Opens a connection, also where all places are taken; raises as `carry`."""
        self._places += 1
        deadline = asyncio.get_running_loop().time() + self._timeout
        self.free(await self._open(deadline))

    async def close(self) -> None:
        """Says goodbye; mails on their way finish first, on their own, others do not begin."""
        self._closed = True
        while (transaction := self.following()) is not None:
            transaction.end(SenderDown("closed"))
        while self._idle:
            self._idle.pop().quit()
        await self._goodbyes()

    # what connections ask for and tell (channels.pipeline.Owner)

    def following(self) -> Transaction | None:
        now = asyncio.get_running_loop().time()
        while self._waiting:
            transaction = self._waiting.popleft()
            if transaction.deadline <= now:
                transaction.end(transaction.cut_off(reason="timed_out"))
            if not transaction.over:
                return transaction
        return None

    def free(self, dialogue: Dialogue) -> None:
        if self._closed or dialogue.worn or self._places > self._size:
            dialogue.quit()
            return
        while (transaction := self.following()) is not None:
            if dialogue.begin(transaction):
                return
        dialogue.idle_since = asyncio.get_running_loop().time()
        self._idle.append(dialogue)

    def lost(self, dialogue: Dialogue, movable: Transaction | None) -> None:
        self._dialogues.discard(dialogue)
        if dialogue in self._idle:
            self._idle.remove(dialogue)
        self._vacate(movable)

    # places

    def _finds_a_place(self, transaction: Transaction) -> bool:
        """Whether to open a connection; if not, the mail is on one or waits."""
        self._require_open()
        now = asyncio.get_running_loop().time()
        while self._idle:
            dialogue = self._idle.pop()
            if dialogue.alive and now - dialogue.idle_since < self._idle_seconds:
                self._begin(dialogue, transaction)
                return False
            dialogue.drop()
        if self._places < self._size:
            self._places += 1
            return True
        self._waiting.append(transaction)
        self._watch.by(transaction.deadline)
        return False

    def _begin(self, dialogue: Dialogue, transaction: Transaction) -> None:
        if not dialogue.begin(transaction):
            self.free(dialogue)

    async def _open(self, deadline: float) -> Dialogue:
        """A connection for a place that is taken already."""
        others = bool(self._dialogues)
        try:
            self._require_open()
            transport, client = await self._opener.open(deadline=deadline, others=others)
        except BaseException:
            self._vacate(None)
            raise
        dialogue = Dialogue(
            transport,
            Extensions.of(client),
            timeout=self._timeout,
            owner=self,
            watch=self._watch,
        )
        # From here on aiosmtplib hears nothing any more; what it had not read yet is dropped.
        transport.set_protocol(dialogue)
        self._dialogues.add(dialogue)
        return dialogue

    def _require_open(self) -> None:
        if self._closed:
            raise SenderDown("closed")

    def _vacate(self, taker: Transaction | None) -> None:
        """Passes a place on, unless a probe made it one too many."""
        if taker is None and self._places <= self._size:
            taker = self.following()
        if taker is None:
            self._places -= 1
        else:
            taker.end(None)

    def _abandon(self, transaction: Transaction) -> None:
        if transaction.told_to_open:
            self._vacate(None)
        elif transaction in self._waiting:
            self._waiting.remove(transaction)
        else:
            for dialogue in tuple(self._dialogues):
                dialogue.abandon(transaction)

    def _look(self, now: float) -> float:
        """Ends what has had its time, what is nearly there as well: that a relay hangs is found
        out by all mails on it together, before others are handed to it."""
        now += _TOGETHER
        for transaction in self._waiting:
            if transaction.deadline <= now:
                transaction.end(transaction.cut_off(reason="timed_out"))
        self._waiting = deque(one for one in self._waiting if not one.over)
        deadlines = [dialogue.look(now) for dialogue in tuple(self._dialogues)]
        return min([*deadlines, *(one.deadline for one in self._waiting)], default=math.inf)

    async def _goodbyes(self) -> None:
        leaving = [dialogue.gone for dialogue in self._dialogues if dialogue.leaving]
        if leaving:
            await asyncio.wait(leaving)
