"""What Twilio's error codes mean for a delivery, for refused calls and for receipts alike.

Source: https://www.twilio.com/docs/api/errors, one page a code. A code that depends on the
number called never stops a sender: one resident abroad must not silence a town's alert.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from channels.base import AddressGone, Failure, Rejected, SenderDown, SenderStopped, TryAgain


class Kind(StrEnum):
    """Who or what is at fault, and so what is to be done."""

    AGAIN = "again"  # passes by itself
    THROTTLED = "throttled"  # passes by itself, for the whole sender
    REJECTED = "rejected"  # this text, or this number from this sender
    GONE = "gone"  # the number: never use it again
    STOPPED = "stopped"  # the account: a person must look
    SENDER = "sender"  # this sender's set-up: a person must look


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row of the table: `reason` is our word, shown to staff."""

    kind: Kind
    reason: str


CODES: Final[Mapping[int, Meaning]] = {
    14107: Meaning(Kind.THROTTLED, "throttled"),
    20003: Meaning(Kind.STOPPED, "not_authorised"),
    20005: Meaning(Kind.STOPPED, "account_suspended"),
    20006: Meaning(Kind.STOPPED, "not_authorised"),
    20008: Meaning(Kind.STOPPED, "test_credentials"),
    20404: Meaning(Kind.SENDER, "not_found"),
    20429: Meaning(Kind.THROTTLED, "throttled"),
    21211: Meaning(Kind.GONE, "no_such_number"),
    21212: Meaning(Kind.SENDER, "invalid_sender"),
    21217: Meaning(Kind.GONE, "no_such_number"),
    21219: Meaning(Kind.REJECTED, "trial_account"),
    21266: Meaning(Kind.REJECTED, "same_as_sender"),
    21408: Meaning(Kind.REJECTED, "region_not_permitted"),
    21601: Meaning(Kind.SENDER, "invalid_sender"),
    21602: Meaning(Kind.REJECTED, "empty_text"),
    21603: Meaning(Kind.SENDER, "invalid_sender"),
    21604: Meaning(Kind.REJECTED, "no_recipient"),
    21605: Meaning(Kind.REJECTED, "too_long"),
    21606: Meaning(Kind.REJECTED, "sender_cannot_reach"),
    21608: Meaning(Kind.REJECTED, "trial_account"),
    21609: Meaning(Kind.SENDER, "invalid_callback_url"),
    21610: Meaning(Kind.GONE, "opted_out"),
    21611: Meaning(Kind.THROTTLED, "queue_full"),
    21612: Meaning(Kind.REJECTED, "sender_cannot_reach"),
    21614: Meaning(Kind.GONE, "not_a_mobile"),
    21617: Meaning(Kind.REJECTED, "too_long"),
    21618: Meaning(Kind.REJECTED, "filtered"),
    21619: Meaning(Kind.REJECTED, "empty_text"),
    21635: Meaning(Kind.GONE, "not_a_mobile"),
    21659: Meaning(Kind.SENDER, "invalid_sender"),
    21660: Meaning(Kind.SENDER, "invalid_sender"),
    21661: Meaning(Kind.SENDER, "invalid_sender"),
    21701: Meaning(Kind.SENDER, "invalid_sender"),
    21703: Meaning(Kind.SENDER, "invalid_sender"),
    21705: Meaning(Kind.SENDER, "invalid_sender"),
    30001: Meaning(Kind.THROTTLED, "queue_full"),
    30002: Meaning(Kind.STOPPED, "account_suspended"),
    30003: Meaning(Kind.AGAIN, "unreachable"),
    # May be an opt-out at the carrier as well as a filter: left for a person to judge.
    30004: Meaning(Kind.REJECTED, "blocked"),
    30005: Meaning(Kind.GONE, "no_such_number"),
    30006: Meaning(Kind.GONE, "not_a_mobile"),
    30007: Meaning(Kind.REJECTED, "filtered"),
    30008: Meaning(Kind.AGAIN, "unexplained"),
    30009: Meaning(Kind.AGAIN, "segment_lost"),
    30010: Meaning(Kind.REJECTED, "too_expensive"),
    30017: Meaning(Kind.AGAIN, "carrier_busy"),
    30022: Meaning(Kind.SENDER, "carrier_limit"),
    30023: Meaning(Kind.SENDER, "carrier_limit"),
    30024: Meaning(Kind.SENDER, "sender_not_registered"),
    30027: Meaning(Kind.SENDER, "carrier_limit"),
    30032: Meaning(Kind.SENDER, "sender_not_registered"),
    30034: Meaning(Kind.SENDER, "sender_not_registered"),
    30036: Meaning(Kind.REJECTED, "expired"),
    30450: Meaning(Kind.REJECTED, "blocked"),
    30453: Meaning(Kind.REJECTED, "blocked"),
    63018: Meaning(Kind.THROTTLED, "throttled"),
    63038: Meaning(Kind.THROTTLED, "daily_limit"),
    90007: Meaning(Kind.REJECTED, "invalid_validity"),
}

_STATUSES: Final[Mapping[int, Meaning]] = {
    401: Meaning(Kind.STOPPED, "not_authorised"),
    403: Meaning(Kind.STOPPED, "not_authorised"),
    404: Meaning(Kind.SENDER, "not_found"),
    408: Meaning(Kind.AGAIN, "too_slow"),
    429: Meaning(Kind.THROTTLED, "throttled"),
}

_REFUSED: Final = Meaning(Kind.REJECTED, "refused")


def failure(code: int | None, *, status: int | None = None, after: float | None = None) -> Failure:
    """The outcome of a message that Twilio certainly did not take on.

    The code says more than the HTTP `status`; without either it is a plain refusal. `after`
    is in seconds.
    """
    meaning = _meaning(code, status)
    raw = str(code or status) if code or status else None
    if meaning.kind is Kind.AGAIN:
        return TryAgain(meaning.reason, code=raw, after=after)
    if meaning.kind is Kind.THROTTLED:
        return SenderDown(meaning.reason, code=raw, after=after)
    return _FOR_GOOD[meaning.kind](meaning.reason, code=raw)


_FOR_GOOD: Final[Mapping[Kind, type[Failure]]] = {
    Kind.REJECTED: Rejected,
    Kind.GONE: AddressGone,
    Kind.STOPPED: SenderStopped,
    Kind.SENDER: SenderStopped,
}


def _meaning(code: int | None, status: int | None) -> Meaning:
    meaning = CODES.get(code or 0) or _STATUSES.get(status or 0) or _REFUSED
    if status == 429 and meaning.kind is not Kind.THROTTLED:
        return _STATUSES[429]
    return meaning
