"""What staff can do about somebody who was not reached, and who of them.

`notify.rendering.reasons` says what happened. Here stands whose turn it is: one word for each of its
reasons, so that a page puts together what is done in one go; a test looks for those left out.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from notify.domain.delivery import DeliveryStatus
from notify.rendering.languages import Words


class Remedy(StrEnum):
    """Whose turn it is, in the order in which a page shows it."""

    SENDERS = "senders"  # whoever runs the service
    TEXT = "text"  # whoever wrote it
    TOWN_HALL = "town_hall"  # whoever keeps the addresses
    RESIDENT = "resident"  # nobody but the person
    OTHERWISE = "otherwise"  # another way to the person
    UNSURE = "unsure"  # it may have arrived
    WAITS = "waits"  # it goes on by itself
    MEANT = "meant"  # as somebody wanted it


def _of(remedy: Remedy, reasons: str) -> dict[str, Remedy]:
    return dict.fromkeys(reasons.split(), remedy)


REMEDIES: Final[Mapping[str, Remedy]] = {
    **_of(
        Remedy.SENDERS,
        "refused_connection relaying_denied tls_failed tls_required credentials_refused"
        " no_way_to_log_in sender_refused refused_by_policy not_understood garbled_answer blocked"
        " too_expensive region_not_permitted sender_cannot_reach no_recipient trial_account"
        " invalid_validity queue_full daily_limit not_authorised account_suspended"
        " test_credentials not_found invalid_sender invalid_callback_url carrier_limit"
        " sender_not_registered host_not_allowed refused redirected internal_error cannot_compose"
        " stopped sms_cap channel_off",
    ),
    **_of(
        Remedy.TEXT, "refused_content filtered too_long broken_text empty_text empty too_big",
    ),
    **_of(
        Remedy.TOWN_HALL,
        "no_such_address no_such_domain mailbox_disabled needs_smtputf8 unsendable no_such_number"
        " not_a_mobile same_as_sender gone bounced no_address",
    ),
    **_of(
        Remedy.RESIDENT,
        "mailbox_full marked_as_spam opted_out subscription_gone bad_keys complained suppressed"
        " unverified no_channel",
    ),
    **_of(
        Remedy.OTHERWISE,
        "gave_up unreachable unexplained undelivered segment_lost carrier_busy expired cancelled"
        " provider_error",
    ),
    **_of(
        Remedy.UNSURE,
        "no_answer_after_data partially_delivered disconnected look_up_failed timed_out no_answer"
        " unreadable_answer lease_lapsed restored",
    ),
    **_of(
        Remedy.WAITS,
        "greylisted try_later relay_busy connection_lost closed too_slow service_resting"
        " service_slow vapid_refused throttled quiet",
    ),
    **_of(Remedy.MEANT, "recalled left"),
}  # fmt: skip

_OVER: Final = frozenset(
    {DeliveryStatus.FAILED, DeliveryStatus.EXPIRED, DeliveryStatus.CANCELLED,
     DeliveryStatus.SUPERSEDED}
)  # fmt: skip


def remedy(reason: str | None, status: str | None = None) -> Remedy:
    """Whose turn it is with a delivery of this status, or with somebody left out (no status). What
    waited and is over can only be reached otherwise; what is pending is tried again, whatever it is
    that its sender needs."""
    if status == DeliveryStatus.SUPERSEDED:
        return Remedy.MEANT
    if status == DeliveryStatus.UNKNOWN:
        return Remedy.UNSURE
    found = REMEDIES.get(reason or "", Remedy.OTHERWISE)
    if status == DeliveryStatus.PENDING and found in {Remedy.OTHERWISE, Remedy.RESIDENT}:
        return Remedy.WAITS
    return Remedy.OTHERWISE if found is Remedy.WAITS and status in _OVER else found


def todo(words: Words, remedy: Remedy, *, until: datetime | None = None) -> str:
    """What is to be done, in a sentence. `until` is when the message loses its point."""
    if remedy is Remedy.WAITS and until is not None:
        sentence = words.gettext("Nothing to do: it is tried again by itself, until %(until)s.")
        return sentence % {"until": words.short_moment(until)}
    return {
        Remedy.SENDERS: words.gettext("Whoever runs the service: look at the senders."),
        Remedy.TEXT: words.gettext("Whoever wrote it: change the text, and send it to them anew."),
        Remedy.TOWN_HALL: words.gettext("The town hall: check the address, and ask for the right one."),
        Remedy.RESIDENT: words.gettext("Only the person can change it: ask them to, when they call."),
        Remedy.OTHERWISE: words.gettext("Where it matters, reach them in another way."),
        Remedy.UNSURE: words.gettext(
            "It may have arrived. Where it matters, reach them in another way as well."
        ),
        Remedy.WAITS: words.gettext("Nothing to do: it is tried again by itself."),
        Remedy.MEANT: words.gettext("Nothing to do: this was meant so."),
    }[remedy]  # fmt: skip
