"""The named moments at which a process may die, and how it is made to: the table of crash points.

Each is a function of the service; the process is killed before or after its n-th call. Nothing
in the service knows of it, and a function that is gone stops the launcher.
"""

import inspect
import itertools
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from typing import Any, Literal

from notify.store.database import Connection


class Gone(Exception):
    """What was to be wrapped or changed is not there: the table is out of date."""


@dataclass(frozen=True, slots=True)
class CrashPoint:
    """`function` of `module` (a method as Class.name), and when `command` dies at it. `calls`:
    the latest call that surely comes, in a run of a few hundred recipients. `uncommitted`: what
    the call wrote, a statement on the connection it is given, was never committed."""

    module: str
    function: str
    when: Literal["before", "after", "uncommitted"]
    command: Literal["api", "worker"] = "worker"
    calls: int = 1


CRASH_POINTS: dict[str, CrashPoint] = {
    "before accept commit": CrashPoint("notify.store.keys", "keep_answer", "after", "api"),
    "after accept, before the bell": CrashPoint("notify.queue", "Bell.ring", "before", "api"),
    "before a plan slice commits": CrashPoint("notify.store.planning", "advance", "after", calls=2),
    "between plan slices": CrashPoint(
        "notify.services.planning", "Planner.plan_slice", "after", calls=2
    ),
    "after claim commit, before start": CrashPoint("notify.store.pump", "start", "before", calls=3),
    "before start commit": CrashPoint("notify.store.pump", "start", "uncommitted", calls=3),
    "after start commit, before the call": CrashPoint(
        "notify.services.handing_over", "_call", "before", calls=40
    ),
    "after the answer, before settlement": CrashPoint(
        "notify.store.pump", "settle", "before", calls=3
    ),
    "before settlement commits": CrashPoint("notify.store.pump", "settle", "uncommitted", calls=3),
    "after settlement, before the round ends": CrashPoint(
        "notify.services.settling", "Settler._write", "after", calls=3
    ),
    "receipt recorded, hook not answered": CrashPoint(
        "notify.services.receiving", "take", "after", "api", calls=2
    ),
    "sweeper: before a repeat": CrashPoint("notify.store.sweep", "resend", "before"),
    "sweeper: between look-up and its write": CrashPoint("notify.store.sweep", "found", "before"),
}


def arm(point: CrashPoint, *, call: int) -> None:
    """Let this process die at the `call`-th call. Raises Gone."""
    owner, name = find(point)
    original = getattr(owner, name)
    count = itertools.count(1)

    def due() -> bool:
        return next(count) == call

    if point.when == "uncommitted":
        setattr(owner, name, _wrap_statement(original, due))
        return
    wrap = _wrap_coroutine if inspect.iscoroutinefunction(original) else _wrap
    setattr(owner, name, wrap(original, due, before=point.when == "before"))


def find(point: CrashPoint) -> tuple[Any, str]:
    """The module or class that holds the function, and its name there. Raises Gone."""
    owner: Any = import_module(point.module)
    *classes, name = point.function.split(".")
    try:
        for part in classes:
            owner = getattr(owner, part)
        getattr(owner, name)
    except AttributeError:
        raise Gone(f"{point.module} has no {point.function}") from None
    return owner, name


def _wrap(original: Callable[..., Any], due: Callable[[], bool], *, before: bool) -> Any:
    @wraps(original)
    def dying(*values: Any, **named: Any) -> Any:
        now = due()
        if now and before:
            _die()
        result = original(*values, **named)
        if now:
            _die()
        return result

    return dying


def _wrap_coroutine(
    original: Callable[..., Awaitable[Any]], due: Callable[[], bool], *, before: bool
) -> Any:
    @wraps(original)
    async def dying(*values: Any, **named: Any) -> Any:
        now = due()
        if now and before:
            _die()
        result = await original(*values, **named)
        if now:
            _die()
        return result

    return dying


def _wrap_statement(original: Callable[..., Awaitable[Any]], due: Callable[[], bool]) -> Any:
    @wraps(original)
    async def dying(connection: Connection, *values: Any, **named: Any) -> Any:
        now = due()
        if now:
            await connection.run("BEGIN")
        result = await original(connection, *values, **named)
        if now:
            _die()
        return result

    return dying


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
