"""Carries mails over one connection that is open, secured and logged in (RFC 5321, RFC 2920).

Where the server takes it, MAIL, RCPT and DATA leave in one write, and together with the message
before them if one is on its way; elsewhere each command waits for the answer to the one before.

Answers are matched with what was asked, in order. So it is known how far a mail came: until its
message is written nothing was handed over; from then on only the server's answer says. An answer
nobody asked for, or none that is one, cuts the connection: it is out of step.
"""

import asyncio
import math
from collections import deque
from typing import Protocol

from typing_extensions import override

from channels.answers import CONSENT, Answer, Answers, Asked
from channels.base import Failure, Rejected, Sent
from channels.envelope import Extensions, envelope
from channels.replies import Phase, queue_id, refusal
from channels.smtp import cut
from channels.transaction import Transaction
from channels.watch import Watch

# Postfix and others end a session after so many mails.
MAILS_PER_CONNECTION = 100
_GOODBYE_SECONDS = 2.0
_RESET_SECONDS = 5.0


class Owner(Protocol):
    """Who has mails and connections."""

    def following(self) -> Transaction | None:
        """The next mail that waits, no longer the owner's business."""

    def free(self, dialogue: "Dialogue") -> None:
        """A connection can take the next mail."""

    def lost(self, dialogue: "Dialogue", movable: Transaction | None) -> None:
        """A connection is gone; where a mail is to move, it gets its place."""


class Dialogue(asyncio.Protocol):
    """One connection. `timeout` is in seconds: so long may the answer to a message take. `watch`
    makes sure that somebody looks once a deadline has come."""

    def __init__(
        self,
        transport: asyncio.Transport,
        extensions: Extensions,
        *,
        timeout: float,
        owner: Owner,
        watch: Watch,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._extensions = extensions
        self._timeout = timeout
        self._owner = owner
        self._transactions: deque[Transaction] = deque()  # the last may only have its envelope out
        self._due: deque[tuple[Transaction | None, Asked]] = deque()
        self._unsaid: list[tuple[Asked, bytes]] = []  # of an envelope that is not pipelined
        self._answers = Answers()
        self._watch = watch
        self._leave_by = math.inf
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self.mails = 0
        self.idle_since = self._loop.time()

    @property
    def alive(self) -> bool:
        return not (self.gone.done() or self._transport.is_closing())

    @property
    def leaving(self) -> bool:
        """Whether it has said goodbye."""
        return self._leave_by < math.inf

    @property
    def worn(self) -> bool:
        """Whether it has carried as many mails as servers like."""
        return self.mails >= MAILS_PER_CONNECTION

    def begin(self, transaction: Transaction) -> bool:
        """Takes a mail; False if it is none for this server, and over."""
        announced = self._announce(transaction)
        if announced is not None:
            self._write(announced)
        return announced is not None

    def abandon(self, transaction: Transaction) -> None:
        """Nobody waits for a mail any more. A mail before it still gets its answer."""
        if self._transactions and self._transactions[0] is transaction:
            self.drop()

    def quit(self) -> None:
        """Says goodbye, briefly."""
        self._due.append((None, Asked.GOODBYE))
        self._leave_by = self._loop.time() + _GOODBYE_SECONDS
        self._watch.by(self._leave_by)
        self._write(b"QUIT\r\n")

    def drop(self) -> None:
        """Cuts the connection at once, without waiting for anything."""
        if self.gone.done():
            return
        self.gone.set_result(None)
        cut(self._transport)
        movable = next((one for one in self._transactions if one.movable), None)
        for transaction in self._transactions:
            if transaction is not movable:
                transaction.end(transaction.cut_off(reason="connection_lost"))
        self._transactions.clear()
        self._owner.lost(self, movable)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.drop()

    @override
    def data_received(self, data: bytes) -> None:
        self._answers.feed(data)
        try:
            while not self.gone.done() and (answer := self._answers.take()) is not None:
                self._hear(answer)
        except ValueError:
            self._out_of_step()
        if self._answers.more and not self._due:
            self._out_of_step()

    # what is said

    def _write(self, data: bytes) -> None:
        if self._transport.is_closing():
            self.drop()
        else:
            self._transport.write(data)

    def _announce(self, transaction: Transaction) -> bytes | None:
        """The envelope of a mail, or what of it can be said at once."""
        try:
            commands = envelope(transaction.mail, self._extensions)
        except Rejected as failure:
            transaction.end(failure)
            return None
        transaction.first = self.mails == 0
        self.mails += 1
        self._transactions.append(transaction)
        self._watch.by(transaction.deadline)
        if self._extensions.pipelining:
            self._due += [(transaction, asked) for asked in CONSENT]
            return b"".join(commands)
        self._unsaid = list(zip(CONSENT, commands, strict=True))
        return self._next_command(transaction)

    def _next_command(self, transaction: Transaction) -> bytes:
        asked, command = self._unsaid.pop(0)
        self._due.append((transaction, asked))
        return command

    def _hand_over(self, transaction: Transaction) -> None:
        """Writes the message, and with it the envelope of the next that waits."""
        if not self.alive:
            self.drop()
            return
        transaction.written = True
        transaction.deadline = self._loop.time() + self._timeout
        self._due.append((transaction, Asked.BODY))
        parts = [transaction.mail.raw, b".\r\n"]
        announced = None
        while self._extensions.pipelining and not self.worn and announced is None:
            following = self._owner.following()
            if following is None:
                break
            announced = self._announce(following)
        if announced is not None:
            parts.append(announced)
        self._transport.write(b"".join(parts))

    def _reset(self, transaction: Transaction) -> None:
        """Makes the connection fit for the next mail after a refused one."""
        transaction.deadline = self._loop.time() + _RESET_SECONDS
        self._watch.by(transaction.deadline)
        self._due.append((transaction, Asked.RESET))
        self._write(b"RSET\r\n")

    # what is heard

    def _hear(self, answer: Answer) -> None:
        if not self._due:
            self._out_of_step()
            return
        transaction, asked = self._due.popleft()
        stray = self._answers.more and not self._due
        if transaction is None:
            self.drop()
            return
        if answer.code not in CONSENT.get(asked, ()):
            hear = self._hear_no if asked in CONSENT else self._hear_last
            hear(transaction, asked, answer)
            if stray:
                self.drop()
        elif stray:
            # It answers what was not even said: nothing is handed to such a server.
            self._break_off(transaction, transaction.cut_off(reason="garbled_answer"))
        else:
            self._go_on(transaction, asked)

    def _go_on(self, transaction: Transaction, asked: Asked) -> None:
        if asked is Asked.DATA:
            self._go_ahead(transaction)
        elif transaction.refused is not None:
            # A recipient for a mail that was refused: who knows what it would deliver.
            self._break_off(transaction, transaction.refused)
        elif self._unsaid:
            self._write(self._next_command(transaction))

    def _hear_no(self, transaction: Transaction, asked: Asked, answer: Answer) -> None:
        failure = transaction.refused or refusal(Phase(asked), answer.code, answer.text)
        if answer.refuses:
            transaction.refused = failure
            if asked is Asked.DATA or not self._extensions.pipelining:
                self._reset(transaction)
        elif answer.code == 421 and transaction.movable:
            # How a server says that it will close a connection it finds too old.
            self.drop()
        else:
            self._break_off(transaction, failure)

    def _go_ahead(self, transaction: Transaction) -> None:
        """The server waits for a message."""
        if transaction.refused is not None:
            # RFC 2920 §3.1: with no recipient taken it must get one, and nobody gets it.
            transaction.deadline = self._loop.time() + self._timeout
            self._due.append((transaction, Asked.NOTHING))
            self._write(b".\r\n")
        elif transaction.over:
            self.drop()
        else:
            self._hand_over(transaction)

    def _hear_last(self, transaction: Transaction, asked: Asked, answer: Answer) -> None:
        """What comes after a message, or instead of one."""
        code, refused = answer.code, transaction.refused
        if refused is not None:
            fit = code == 250 or (answer.refuses and asked is Asked.NOTHING)
            (self._finish if fit else self._break_off)(transaction, refused)
        elif 200 <= code <= 299:
            self._finish(transaction, Sent(provider_id=queue_id(answer.text), code=str(code)))
        elif not 400 <= code <= 599:
            self._break_off(
                transaction, transaction.cut_off(reason="garbled_answer", code=str(code))
            )
        else:
            self._hear_message_refused(transaction, answer)

    def _hear_message_refused(self, transaction: Transaction, answer: Answer) -> None:
        transaction.refused = refusal(Phase.BODY, answer.code, answer.text)
        if not answer.refuses:
            self._break_off(transaction, transaction.refused)
        elif len(self._transactions) > 1:
            self._finish(transaction, transaction.refused)
        else:
            self._reset(transaction)

    def _finish(self, transaction: Transaction, outcome: Sent | Failure) -> None:
        self._transactions.popleft()
        transaction.end(outcome)
        if not self._transactions:
            self._owner.free(self)
        elif self._transactions[0].over:
            self.drop()

    def _break_off(self, transaction: Transaction, failure: Failure) -> None:
        transaction.end(failure)
        self.drop()

    def _out_of_step(self) -> None:
        if self._transactions:
            first = self._transactions[0]
            first.end(first.cut_off(reason="garbled_answer"))
        self.drop()

    def look(self, now: float) -> float:
        """Ends what has had its time; gives the next deadline."""
        for transaction in self._transactions:
            if transaction.deadline <= now:
                transaction.end(transaction.cut_off(reason="timed_out"))
        if self._leave_by <= now or (self._transactions and self._transactions[0].over):
            self.drop()
            return math.inf
        ahead = [one.deadline for one in self._transactions if not one.over]
        return min([*ahead, self._leave_by])
