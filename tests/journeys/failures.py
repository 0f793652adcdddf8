"""The ways in which providers fail, a row each: what the world does, and what must come of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

ONCE = {"first": 1}
TWICE = {"first": 2}  # in an SMTP session the first time may only cost a kept connection

AGAIN = ("try_again", "sent")
REPEATED = ("unknown", "sent")


@dataclass(frozen=True)
class Row:
    """`outcomes` are those of the attempts in which the provider was asked, equal neighbours
    told once; `said` is the reason and code of what went wrong, None where nothing did."""

    name: str
    channel: str
    rule: dict[str, Any]
    status: str
    outcomes: tuple[str, ...] = ("sent",)
    said: tuple[str, str | None] | None = None
    suppressed: bool = False
    repeats: int = 0


def _mail(
    name: str,
    rule: dict[str, Any],
    status: str = "sent",
    outcomes: tuple[str, ...] = AGAIN,
    said: tuple[str, str | None] | None = None,
    **more: Any,
) -> Row:
    return Row(name, "email", rule, status, outcomes, said, **more)


def _refuse(
    code: int, text: str, at: str = "rcpt", /, *, first: int | None = None
) -> dict[str, Any]:
    return {"do": "refuse", "code": code, "text": text, "at": at, "first": first}


MAIL = (
    _mail("greylisted", {"do": "greylist"}, said=("greylisted", "451 4.7.1")),
    _mail("450", _refuse(450, "4.2.1 busy", **ONCE), said=("try_later", "450 4.2.1")),
    _mail("452 of a mailbox", _refuse(452, "full", **ONCE), said=("mailbox_full", "452")),
    _mail("452 of a disk", _refuse(452, "4.3.1 no room", **ONCE), said=("relay_busy", "452 4.3.1")),
    _mail("421 mid-session", {"do": "close", **TWICE}, said=("relay_busy", "421 4.3.2")),
    _mail("451 at DATA", _refuse(451, "4.3.0", "ready", **ONCE), said=("relay_busy", "451 4.3.0")),
    _mail("452 after DATA", _refuse(452, "4.3.1", "data", **ONCE), said=("relay_busy", "452 4.3.1")),
    _mail(
        "no relaying",
        _refuse(550, "5.7.1 relaying denied", **ONCE),
        said=("relaying_denied", "550 5.7.1"),
    ),
    _mail("silence", {"do": "hang", "seconds": 0.5, **TWICE}, said=("connection_lost", None)),
    _mail(
        "550 for a recipient", _refuse(550, "5.1.1 no such user"), "failed", ("address_gone",),
        ("no_such_address", "550 5.1.1"), suppressed=True,
    ),
    _mail(
        "550 for a policy", _refuse(550, "5.7.1 not welcome"), "failed", ("rejected",),
        ("refused_by_policy", "550 5.7.1"),
    ),
    _mail(
        "554 at DATA", _refuse(554, "no", "ready"), "failed", ("rejected",),
        ("refused_content", "554"),
    ),
    _mail(
        "554 after DATA", _refuse(554, "5.7.1 spam", "data"), "failed", ("rejected",),
        ("refused_by_policy", "554 5.7.1"),
    ),
    _mail(
        "552 after DATA", _refuse(552, "5.3.4 big", "data"), "failed", ("rejected",),
        ("too_big", "552 5.3.4"),
    ),
    _mail(
        "dropped after DATA", {"do": "drop", **ONCE}, "sent", REPEATED,
        ("no_answer_after_data", None), repeats=1,
    ),
    _mail(
        "dropped each time", {"do": "drop"}, "unknown", ("unknown",),
        ("no_answer_after_data", None), repeats=1,
    ),
    _mail("slow", {"do": "slow", "seconds": 1.5, "at": "data"}, "sent", ("sent",)),
)  # fmt: skip


def _sms(
    name: str,
    rule: dict[str, Any],
    status: str = "delivered",
    outcomes: tuple[str, ...] = ("sent",),
    said: tuple[str, str | None] | None = None,
    **more: Any,
) -> Row:
    return Row(name, "sms", rule, status, outcomes, said, **more)


def _refused_texts() -> Iterator[Row]:
    """What Twilio refuses at once, by its code."""
    for code, reason, gone in (
        (21211, "no_such_number", True),
        (21610, "opted_out", True),
        (21614, "not_a_mobile", True),
        (21408, "region_not_permitted", False),
        (21612, "sender_cannot_reach", False),
    ):
        yield _sms(
            str(code), {"do": "refuse", "code": code}, "failed",
            ("address_gone",) if gone else ("rejected",), (reason, str(code)), suppressed=gone,
        )  # fmt: skip


def _undelivered_texts() -> Iterator[Row]:
    """What Twilio took and could not deliver: told by receipt, and never sent again."""
    for code, reason, gone in (
        (30001, "queue_full", False),
        (30003, "unreachable", False),
        (30005, "no_such_number", True),
        (30006, "not_a_mobile", True),
        (30007, "filtered", False),
        (30008, "unexplained", False),
    ):
        yield _sms(
            str(code), {"do": "undelivered", "code": code}, "failed",
            said=(reason, str(code)), suppressed=gone,
        )  # fmt: skip


_500 = ("provider_error", "20500")

SMS = (
    _sms("429", {"do": "throttle", **ONCE}, outcomes=AGAIN, said=("throttled", "20429")),
    _sms(
        "429 with a wish", {"do": "throttle", "retry_after": 2, **ONCE}, outcomes=AGAIN,
        said=("throttled", "20429"),
    ),
    _sms(
        "queue full", {"do": "refuse", "code": 21611, **ONCE}, outcomes=AGAIN,
        said=("queue_full", "21611"),
    ),
    _sms("500, not taken", {"do": "fail_before", **ONCE}, outcomes=REPEATED, said=_500, repeats=1),
    _sms("500 each time", {"do": "fail_before"}, "unknown", ("unknown",), _500, repeats=1),
    _sms("500, but taken", {"do": "fail_after", "how": "none"}, outcomes=("unknown",), said=_500),
    _sms(
        "taken in silence", {"do": "silent", "seconds": 0.3, "how": "none"},
        outcomes=("unknown",), said=("disconnected", None),
    ),
    _sms(
        "hung up", {"do": "hang", "seconds": 0.3, **ONCE}, outcomes=REPEATED,
        said=("disconnected", None), repeats=1,
    ),
    *_refused_texts(),
    *_undelivered_texts(),
)  # fmt: skip


def _push(
    name: str,
    rule: dict[str, Any],
    status: str = "delivered",
    outcomes: tuple[str, ...] = AGAIN,
    said: tuple[str, str | None] | None = None,
    **more: Any,
) -> Row:
    return Row(name, "push", rule, status, outcomes, said, **more)


def _answered(status: int, **more: Any) -> dict[str, Any]:
    return {"do": "refuse", "status": status, **more}


PUSH = (
    _push("201 late", {"do": "slow", "seconds": 1.5}, outcomes=("sent",)),
    _push("201 without an end", {"do": "stream", "status": 201}, outcomes=("sent",)),
    _push("429", _answered(429, **ONCE), said=("throttled", "429")),
    _push("429 with a wish", _answered(429, retry_after=2, **ONCE), said=("throttled", "429")),
    _push("406", _answered(406, **ONCE), said=("throttled", "406")),
    _push("503", _answered(503, **ONCE), said=("provider_error", "503")),
    _push("503 with a wish", _answered(503, retry_after=2, **ONCE), said=("provider_error", "503")),
    _push("500", _answered(500, **ONCE), said=("provider_error", "500")),
    _push("500 without an end", {"do": "stream", **ONCE}, said=("provider_error", "500")),
    _push(
        "404", _answered(404), "failed", ("address_gone",), ("subscription_gone", "404"),
        suppressed=True,
    ),
    _push(
        "410", _answered(410), "failed", ("address_gone",), ("subscription_gone", "410"),
        suppressed=True,
    ),
    _push("413", _answered(413), "failed", ("rejected",), ("too_big", "413")),
    _push("400", _answered(400), "failed", ("rejected",), ("refused", "400")),
    _push("redirect", {"do": "redirect"}, "failed", ("rejected",), ("redirected", "307")),
    _push(
        "dropped", {"do": "drop", "how": "none", **ONCE}, outcomes=REPEATED,
        said=("no_answer", None), repeats=1,
    ),
    _push(
        "hung up each time", {"do": "hang", "seconds": 0.5}, "unknown", ("unknown",),
        ("no_answer", None), repeats=1,
    ),
)  # fmt: skip

ROWS = (*MAIL, *SMS, *PUSH)
