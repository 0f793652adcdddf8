"""What is measured, in the order in which it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.measures import (
    alerts,
    answers,
    channels,
    filling,
    growth,
    memory,
    pages,
    planning,
    receipts,
    tracked,
)
from bench.stand import Stand


@dataclass(frozen=True, slots=True)
class Measure:
    """`names`: the figures of `bench.figures.NAMES` that come of it."""

    names: Sequence[str]
    run: Callable[[Stand], None]


MEASURES = (
    Measure(("email_channel",), channels.email),
    Measure(("push_channel",), channels.push),
    Measure(("sms_channel",), channels.sms),
    Measure(("plan",), planning.plan),
    Measure(("push_tracked",), tracked.push),
    Measure(("sms_tracked",), tracked.sms),
    Measure(("receipts",), receipts.receipts),
    Measure(("answers",), answers.answers),
    Measure(("pages",), pages.pages),
    Measure(("email_tracked",), tracked.email),
    Measure(("growth",), growth.growth),
    Measure(("alert_first_idle",), alerts.idle),
    Measure(("alert_first_loaded", "alert_p95_loaded"), alerts.loaded),
    Measure(("growth_sms", "growth_push", "growth_receipts", "growth_plan"), filling.filling),
    Measure(("rss_max",), memory.memory),
)
