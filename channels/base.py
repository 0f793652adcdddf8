"""The contract every channel keeps.

`send` hands one message to one provider and returns `Sent`, or raises one of the few ways in
which a hand-over can fail. A channel never retries, never sleeps for a rate and never decides
what becomes of a delivery: the send service does.

    Failure                 what the send service makes of it
    ├── TryAgain            not handed over; try again, not before `after` seconds
    │   ├── SenderDown      … and the whole sender is out of reach: use the next one meanwhile
    │   └── NotAsked        … and nobody was asked, so it does not count as a try
    ├── Rejected            never this delivery; the address stays good
    ├── AddressGone         nor this address again: suppress it
    ├── SenderStopped       nor this sender until a person has looked; the delivery waits
    └── OutcomeUnknown      it may or may not have been handed over
"""

from dataclasses import dataclass
from typing import Protocol, TypeVar

MessageT_contra = TypeVar("MessageT_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took the message.

    `provider_id` is what the provider calls it (an SMS SID, an SMTP queue id), None if it
    named nothing. `parts` counts what is billed (SMS segments). `delivered` is True only where
    the hand-over itself is the end of the road.
    """

    provider_id: str | None = None
    parts: int = 1
    code: str | None = None


class Failure(Exception):
    """A hand-over that did not end in `Sent`.

    `reason` is one of our words (snake_case, shown to staff), `code` the provider's raw code.
    Neither ever holds an address or a message text.
    """

    def __init__(self, reason: str, *, code: str | None = None) -> None:
        super().__init__(f"{reason} ({code})" if code else reason)
        self.reason = reason
        self.code = code


class TryAgain(Failure):
    """Not handed over; worth another attempt, not before `after` seconds (None: no wish)."""

    def __init__(self, reason: str, *, code: str | None = None, after: float | None = None) -> None:
        super().__init__(reason, code=code)
        self.after = after


class SenderDown(TryAgain):
    """Not handed over because this sender could not be reached at all or throttles us."""


class NotAsked(TryAgain):
    """Not handed over, and the provider not even asked: the part of it that serves this address
    is known to be away or stuck. The sender goes on with other messages."""


class Rejected(Failure):
    """Never this delivery; the address may be used for other messages."""


class AddressGone(Failure):
    """The address does not exist, opted out at the provider, or expired: suppress it."""


class SenderStopped(Failure):
    """The provider refuses this sender (credentials, suspension, keys) until a person looks."""


class OutcomeUnknown(Failure):
    """The message may have been taken: time-out or drop after hand-over, or a 5xx of a
    provider whose send is not idempotent. Never simply retried."""


class Channel(Protocol[MessageT_contra]):
    """One provider reached through one sender.

    `sender` names it in tables, logs and metrics (never with credentials in it),
    `concurrency` is how many `send` calls may run at once.
    """

    @property
    def sender(self) -> str: ...

    @property
    def concurrency(self) -> int: ...

    async def send(self, message: MessageT_contra) -> Sent: ...

    async def probe(self) -> None:
        """See whether the provider would take messages, without sending one.

        Raises TryAgain, SenderDown or SenderStopped where it would not.
        """
        ...

    async def close(self) -> None: ...
