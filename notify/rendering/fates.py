"""What became of a message, told to the resident whom it was for, and to staff.

`notify.rendering.reasons` tells staff, who can mend things: relays, budgets, settings. A resident is
told what happened, and why only where it is theirs to know or to change.
"""

from collections.abc import Mapping
from typing import Final

from notify.domain.delivery import DeliveryStatus
from notify.rendering.languages import Words


def _(message: str) -> str:
    """Marks a sentence for the catalogues."""
    return message


FATES: Final[Mapping[DeliveryStatus, str]] = {
    DeliveryStatus.PENDING: _("On its way"),
    DeliveryStatus.SENDING: _("On its way"),
    DeliveryStatus.SENT: _("Sent; no word yet of whether it arrived"),
    DeliveryStatus.DELIVERED: _("Arrived"),
    DeliveryStatus.FAILED: _("Did not arrive"),
    DeliveryStatus.EXPIRED: _("Not sent in time"),
    DeliveryStatus.CANCELLED: _("Not sent"),
    DeliveryStatus.SUPERSEDED: _("Not sent: a newer message took its place"),
    DeliveryStatus.UNKNOWN: _("Nobody knows whether it arrived"),
}

TOLD: Final[Mapping[str, str]] = {
    DeliveryStatus.PENDING: _("waits to be handed over"),
    DeliveryStatus.SENDING: _("is being handed over"),
    DeliveryStatus.SENT: _("handed over"),
    DeliveryStatus.DELIVERED: _("arrived"),
    DeliveryStatus.FAILED: _("failed"),
    DeliveryStatus.EXPIRED: _("ran out before it left"),
    DeliveryStatus.CANCELLED: _("stopped before it left"),
    DeliveryStatus.SUPERSEDED: _("a newer message took its place"),
    DeliveryStatus.UNKNOWN: _("nobody knows whether it arrived"),
    "skipped": _("left out"),
}
"""The same for staff, who can tell more apart; and who was left out altogether."""

WHY: Final[Mapping[str, str]] = {
    "quiet": _("It waits until your quiet hours are over."),
    "no_such_address": _("This e-mail address does not exist."),
    "no_such_domain": _("This e-mail address does not exist."),
    "mailbox_disabled": _("Your mailbox took no e-mail."),
    "mailbox_full": _("Your mailbox was full."),
    "marked_as_spam": _("It was marked as spam in your mailbox."),
    "complained": _("It was marked as spam in your mailbox."),
    "no_such_number": _("This phone number does not exist."),
    "not_a_mobile": _("This phone cannot receive SMS."),
    "unreachable": _("Your phone was off or without signal, or your mail server was away."),
    "opted_out": _("You asked for no more SMS. Text START to %(number)s to get them again."),
    "subscription_gone": _("Your browser had turned notifications off."),
    "recalled": _("It was withdrawn before it was sent to you."),
    "left": _("You had left before it was sent to you."),
    "gone": _("You had removed this address."),
    "bounced": _("Earlier e-mails to this address came back. Prove it anew under “Addresses”."),
    "suppressed": _("This address is stopped. Prove it anew under “Addresses”."),
    "unverified": _("You had not confirmed this address yet."),
    "sms_cap": _("The SMS budget for this month was used up."),
}
"""Whatever is not in here is for staff to mend, and none of the resident's business."""

_WAITED: Final = _("Its time had passed before your quiet hours were over.")


def fate(words: Words, status: str) -> str:
    return words.gettext(FATES[DeliveryStatus(status)])


def told(words: Words, status: str) -> str:
    """The status of a delivery, or `skipped`, in the words of staff."""
    return words.gettext(TOLD[status])


def why(words: Words, reason: str | None, status: str, *, number: str | None) -> str | None:
    """The sentence for a reason word, None where there is nothing to tell the resident. `number`
    is what they text to, as people write it; None where the settings do not tell."""
    if status in {DeliveryStatus.SENT, DeliveryStatus.DELIVERED}:
        return None
    if reason == "quiet" and status == DeliveryStatus.EXPIRED:
        return words.gettext(_WAITED)
    sentence = WHY.get(reason or "")
    if sentence is None:
        return None
    to = number or words.gettext("the number that our SMS come from")
    return words.gettext(sentence) % {"number": to}
