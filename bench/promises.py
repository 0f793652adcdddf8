"""The speed promises by figure, as docs/performance.md lists them: the one place for their numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Promise:
    """A bound that a value keeps, in the unit of its figure: `least` from below, else from above.
    `times`: bounds the ratio to the peer, not the value."""

    bound: float
    least: bool = False
    times: bool = False

    def kept(self, value: float) -> bool:
        return value >= self.bound if self.least else value <= self.bound


PROMISES: Mapping[str, Promise] = {
    "email_channel": Promise(10, least=True, times=True),
    "email_tracked": Promise(5_000, least=True),
    "email_tracked_two": Promise(5_000, least=True),
    "push_tracked": Promise(2_000, least=True),
    "push_tracked_two": Promise(2_000, least=True),
    "sms_tracked": Promise(2_000, least=True),
    "sms_tracked_two": Promise(2_000, least=True),
    "receipts": Promise(2_000, least=True),
    "answers": Promise(167, least=True),  # 10,000 a minute
    "alert_first_*": Promise(0.3),
    "alert_p95_*": Promise(10),
    **{
        f"growth{of}{kind}": Promise(1.3)
        for of in ("", "_snapshot", "_sms", "_push", "_receipts", "_plan")
        for kind in ("", "_wall")
    },
    "rss_max": Promise(300),
    "rss_api": Promise(300),
    "rss_worker_*": Promise(300),
    "rss_redis": Promise(300),
    "pss_postgres_largest": Promise(300),
}
"""By the name of a figure; * stands for whatever."""


def promise(name: str) -> Promise | None:
    """What is promised of the figure of this name; None where it is nothing."""
    return next((one for like, one in PROMISES.items() if fnmatchcase(name, like)), None)
