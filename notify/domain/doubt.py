"""What to do with a delivery of which nobody knows whether the provider took it."""

from enum import StrEnum

from notify.domain.words import Channel, Lane


class Resolution(StrEnum):
    LOOK_UP = "look_up"  # ask the provider, then decide again
    RESEND = "resend"  # once, marked as a repeat
    LEAVE = "leave"  # stays unknown, and is shown


def resolve(
    *, channel: Channel, lane: Lane, repeats: int, over: bool, looked: bool, can_look: bool
) -> Resolution:
    """Rule 4. `over`: its time has passed or it was recalled. `looked`: the provider was asked
    and knows nothing of it, or could not be asked for long; `can_look`: there is one to ask."""
    if over or (repeats > 0 and channel is not Channel.SMS):
        return Resolution.LEAVE
    if channel is not Channel.SMS:
        return Resolution.RESEND  # Message-ID and Topic make the repeat collapse
    if can_look and not looked:
        return Resolution.LOOK_UP
    if lane is Lane.ALERT and repeats == 0:
        return Resolution.RESEND
    return Resolution.LEAVE
