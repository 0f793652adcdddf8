"""What providers report later, in one vocabulary."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Report(StrEnum):
    """What a receipt says became of a message."""

    SENT = "sent"  # on its way: the provider or the carrier has it
    DELIVERED = "delivered"
    FAILED = "failed"
    DELAYED = "delayed"  # a later report will follow; changes nothing
    COMPLAINED = "complained"  # delivered, and marked as spam by the reader
    OPENED = "opened"  # delivered, and tapped on


@dataclass(frozen=True, slots=True)
class Receipt:
    """One report about one attempt, after verification and parsing.

    `attempt` is our reference as the provider echoed it (its authenticity is the caller's
    business), `provider_id` the provider's own. `key` is the same whenever the provider says
    the same thing twice. `gone` says that the address must not be used again.
    """

    provider: str
    key: str
    report: Report
    attempt: str | None = None
    provider_id: str | None = None
    reason: str | None = None
    code: str | None = None
    gone: bool = False
    at: datetime | None = None
