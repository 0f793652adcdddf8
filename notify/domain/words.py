"""The small vocabularies of the house; each is also a CHECK in the database."""

from enum import StrEnum


class Channel(StrEnum):
    """The medium of a delivery."""

    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"


class Kind(StrEnum):
    """What a broadcast is. Polls come later; the word is taken."""

    ALERT = "alert"
    ANNOUNCEMENT = "announcement"
    POLL = "poll"


class Severity(StrEnum):
    """How bad it is, in the words of CAP 1.2."""

    EXTREME = "extreme"
    SEVERE = "severe"
    MODERATE = "moderate"
    MINOR = "minor"


class Relation(StrEnum):
    """How a broadcast follows another."""

    UPDATE = "update"
    ALL_CLEAR = "all_clear"
    CORRECTION = "correction"


ENDINGS = (Relation.ALL_CLEAR, Relation.CORRECTION)
"""What goes to those who have the thread, and adds nobody but whom a correction keeps from being left
with nothing."""


class Lane(StrEnum):
    """Who goes first. Each lane has its own pumps; an earlier one overtakes a later one."""

    ALERT = "alert"
    NOTE = "note"
    BULK = "bulk"


class AddressState(StrEnum):
    """Whether an address may be used. Only a proven one gets broadcasts."""

    ASKED = "asked"  # somebody says that it is theirs
    UNVERIFIED = "unverified"
    PROVEN = "proven"
    GONE = "gone"


class Skip(StrEnum):
    """Why a resident was left out of a broadcast on a channel."""

    NO_CHANNEL = "no_channel"  # chose no channel for this kind
    CHANNEL_OFF = "channel_off"  # this installation does not send on the channel
    NO_ADDRESS = "no_address"  # chose the channel, has no live address for it
    UNVERIFIED = "unverified"
    SUPPRESSED = "suppressed"


class Suppressed(StrEnum):
    """Why an address is never used again."""

    BOUNCED = "bounced"
    COMPLAINED = "complained"
    OPTED_OUT = "opted_out"
    GONE = "gone"


def lane_of(kind: str) -> Lane:
    """Which lane a broadcast of this kind leaves by."""
    return Lane.ALERT if kind == Kind.ALERT else Lane.BULK


class Following(StrEnum):
    """How far a subscription has come."""

    ACTIVE = "active"
    REQUESTED = "requested"  # the group is closed, and staff have yet to approve
    ASKED = "asked"  # a newcomer's, until an address is proven


class Source(StrEnum):
    """Where a consent came from."""

    IMPORT = "import"
    API = "api"
    PAGE = "page"
    SMS = "sms"
    DESK = "desk"  # the town hall, with a paper form


class NoteKind(StrEnum):
    """What a note is."""

    CONFIRM = "confirm"
    RING = "ring"
    CODE = "code"
    REPLY = "reply"  # to an SMS
    REQUEST = "request"  # what staff decided about joining a closed group
    CHANGE = "change"  # that an address was added to the page, or removed
    ANSWER = "answer"  # of staff, to an SMS
    TRIAL = "trial"  # a push message that a resident asked for, to see whether it comes
    WAITS = "waits"  # to staff: that something waits for their approval
    BROKE_GLASS = "broke_glass"  # to staff: that somebody sent something alone
    RETURNED = "returned"  # to staff: that what they wrote was returned
    OVERTAKEN = "overtaken"  # to staff: that what they scheduled was overtaken, and never sent
    ACCOUNT = "account"  # to staff: what became of the account by which they sign in
    TEST = "test"  # to staff: a draft of theirs, as it would arrive
    RESULT = "result"  # of a poll, to who took part
