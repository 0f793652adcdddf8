"""Takes one guarantee of the service away, so that the harness can show that it would notice."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

from faults.crashpoints import Gone
from notify.services import handing_over, sending
from notify.store import claiming, polls, pump

_OURS = (
    r" AND t\.worker = %\(worker\)s",
    r"\s+AND t\.settled_at IS NULL",
    r"\s+AND t\.lease_until > now\(\)",
    r" AND d\.attempt_id = t\.id",
    r"\s+AND d\.status = 'sending'",
)


def fence() -> None:
    """Start and settle whatever they are given, whoever holds it by now."""
    _cut(pump, "START", *_OURS)
    _cut(
        pump, "SETTLE", r" AND t\.worker = %\(worker\)s AND t\.settled_at IS NULL",
        r" AND d\.attempt_id = s\.id AND d\.status = 'sending'",
    )  # fmt: skip


def lease() -> None:
    """Call providers however long ago the lease ended."""
    may_begin = _method(handing_over.HandOver, "_may_begin")
    may_go_on = _method(sending.Pump, "_may_go_on")

    def begin(self: Any, group: Any, claimed: Any) -> Any:
        return may_begin(self, replace(group, until=math.inf), claimed)

    def go_on(self: Any, sender: Any, *, began: float) -> Any:  # noqa: ARG001 - that is the point
        return may_go_on(self, sender, began=math.inf)

    _put(handing_over.HandOver, "_may_begin", begin)
    _put(sending.Pump, "_may_go_on", go_on)


def ledger() -> None:
    """Call providers without writing down before that we do."""
    _change(
        pump, "START", r"(?s)UPDATE attempts t SET started_at.*RETURNING t\.id",
        "SELECT id FROM attempts WHERE id = ANY(%(attempts)s)",
    )  # fmt: skip


def recheck() -> None:
    """Claim and start whatever is pending, whether or not it may still go."""
    verdict = r"(?s)CASE\s+WHEN b\.cancelled_at IS NOT NULL.*?END AS verdict"
    found = [name for name, text in vars(claiming).items()
             if isinstance(text, str) and re.search(verdict, text)]  # fmt: skip
    if not found:
        raise Gone("notify.store.claiming judges nothing")
    for name in found:
        _change(claiming, name, verdict, "'go' AS verdict")
    _cut(pump, "START", r" AND b\.cancelled_at IS NULL", r"(?s)\s+AND \(coalesce\(.*> now\(\)\)")


def order() -> None:
    """Count whichever answer reaches us last, however long ago it was sent."""
    _cut(polls, "CAST", r" WHERE b\.at <= excluded\.at")


BREAKS: Mapping[str, Callable[[], None]] = {
    "fence": fence,
    "lease": lease,
    "ledger": ledger,
    "recheck": recheck,
    "order": order,
}


def _method(owner: type, name: str) -> Callable[..., Any]:
    found = vars(owner).get(name)
    if found is None:
        raise Gone(f"{owner.__name__} has no {name}")
    method: Callable[..., Any] = found
    return method


def _put(owner: Any, name: str, method: Callable[..., Any]) -> None:
    setattr(owner, name, method)


def _cut(module: ModuleType, name: str, *patterns: str) -> None:
    for pattern in patterns:
        _change(module, name, pattern, "")


def _change(module: ModuleType, name: str, pattern: str, new: str) -> None:
    """Raises Gone where the text is not there: the guarantee would stay, and nobody know."""
    text = getattr(module, name, None)
    if not isinstance(text, str) or not re.search(pattern, text):
        raise Gone(f"{module.__name__}.{name} does not say {pattern}")
    setattr(module, name, re.sub(pattern, lambda _: new, text))
