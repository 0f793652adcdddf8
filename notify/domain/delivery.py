"""What can become of a delivery: the statuses and the one table of allowed moves."""

from collections.abc import Mapping
from enum import StrEnum

from channels.receipts import Report


class DeliveryStatus(StrEnum):
    PENDING = "pending"  # to be handed over
    SENDING = "sending"  # held by a worker under a lease
    SENT = "sent"  # a provider took it
    DELIVERED = "delivered"  # a provider says it arrived
    FAILED = "failed"  # it will not arrive
    EXPIRED = "expired"  # its time passed before it was handed over
    CANCELLED = "cancelled"  # recalled, or its reader left, before it was handed over
    SUPERSEDED = "superseded"  # a later broadcast of the thread took its place
    UNKNOWN = "unknown"  # a crash or a time-out leaves open whether a provider took it


_S = DeliveryStatus

MOVES: Mapping[DeliveryStatus, frozenset[DeliveryStatus]] = {
    # A late receipt for an earlier attempt spares the repeat, hence straight to sent or delivered.
    _S.PENDING: frozenset(
        {
            _S.SENDING,
            _S.SENT,
            _S.DELIVERED,
            _S.FAILED,
            _S.EXPIRED,
            _S.CANCELLED,
            _S.SUPERSEDED,
        }
    ),
    # A receipt may overtake our own settlement, hence straight to delivered.
    _S.SENDING: frozenset({_S.SENT, _S.DELIVERED, _S.FAILED, _S.PENDING, _S.UNKNOWN}),
    _S.SENT: frozenset({_S.DELIVERED, _S.FAILED}),
    _S.DELIVERED: frozenset(),
    _S.FAILED: frozenset({_S.DELIVERED}),  # the provider corrects itself
    _S.EXPIRED: frozenset(),
    _S.CANCELLED: frozenset({_S.PENDING}),  # an alert in force whose reader can be reached again
    _S.SUPERSEDED: frozenset(),
    _S.UNKNOWN: frozenset({_S.PENDING, _S.SENT, _S.DELIVERED, _S.FAILED}),
}

REACHED = (_S.SENDING, _S.SENT, _S.DELIVERED, _S.UNKNOWN)
"""Deliveries whose reader has, or may have, the message: a follow-up goes to them."""

OVER = (_S.DELIVERED, _S.FAILED, _S.EXPIRED, _S.CANCELLED, _S.SUPERSEDED)
"""Deliveries at their end; `sent` and `unknown` are there once they are closed."""

OPEN = (_S.PENDING, _S.SENDING)
"""Deliveries a broadcast still waits for."""


def allowed_from(target: DeliveryStatus) -> list[str]:
    """Statuses from which `target` may be reached, for `WHERE status = ANY(…)`."""
    return [str(status) for status, targets in MOVES.items() if target in targets]


def status_after(report: Report) -> DeliveryStatus | None:
    """What a receipt makes of a delivery; None where it changes nothing."""
    return {
        Report.SENT: _S.SENT,
        Report.DELIVERED: _S.DELIVERED,
        Report.COMPLAINED: _S.DELIVERED,
        Report.OPENED: _S.DELIVERED,
        Report.FAILED: _S.FAILED,
    }.get(report)
