"""What residents send to our numbers, in one vocabulary."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

LONGEST_BODY: Final = 5_000
"""Characters of a text that are kept; what providers carry is shorter."""

Heeded = Literal["stop", "start", "help"]
"""What a provider may do by itself about a text: block us, let us through again, explain."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message somebody sent us, after verification and parsing.

    `provider_id` is the provider's own and the same however the message comes to us, `at` is
    when the provider took it (None: it did not say). `heeded` is what the provider did about it
    by itself, with an answer of its own.
    """

    provider: str
    provider_id: str
    sender: str
    recipient: str
    body: str
    at: datetime | None = None
    heeded: Heeded | None = None


@dataclass(frozen=True, slots=True)
class InboundPage:
    """A page of a provider's list, newest first. `following` leads to the next one (None: there
    is none), `oldest` is the oldest moment on it, `unreadable` counts what could not be read."""

    messages: tuple[Inbound, ...]
    following: str | None
    oldest: datetime | None
    unreadable: int = 0
