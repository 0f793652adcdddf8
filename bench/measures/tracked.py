"""End to end: from the request to the last settlement, every delivery tracked, each held against
what the sink got."""

import re
from typing import Any

from bench.end_to_end import Run, Wrong
from bench.stand import Stand

BESIDE = "the channel alone"
SAID = re.compile(r"(Lage|Report) \d{4}: ")


def email(stand: Stand) -> None:
    """By one worker process a lane, then by two."""
    stand.workers()
    one = stand.tracked = stand.send("email", stand.scale.tracked)
    _note(stand, "email_tracked", "mails/s", one, peer=BESIDE, value=stand.value("email_channel"))
    _costs(stand, "email_tracked", one)
    more = stand.world.add_workers(1)
    try:
        two = stand.send("email", stand.scale.two)
    finally:
        stand.world.end_workers(more)
    _note(stand, "email_tracked_two", "mails/s", two, peer="one process a lane", value=one.rate)
    _costs(stand, "email_tracked_two", two)


def push(stand: Stand) -> None:
    stand.workers()
    done = stand.send("push", stand.scale.others)
    _read(stand.world.sinks["push"].ask("count"))
    _note(stand, "push_tracked", "messages/s", done, peer=BESIDE, value=stand.value("push_channel"))
    _costs(stand, "push_tracked", done)


def sms(stand: Stand) -> None:
    stand.workers()
    done = stand.send("sms", stand.scale.others)
    _note(stand, "sms_tracked", "messages/s", done, peer=BESIDE, value=stand.value("sms_channel"))
    _costs(stand, "sms_tracked", done)


def _read(said: dict[str, Any]) -> None:
    """What the push service opened must be what was said. Raises Wrong."""
    if said["broken"]:
        raise Wrong(f"{said['broken']} push messages could not be decrypted")
    strange = [title for title in said["titles"] if not SAID.search(title)]
    if strange:
        raise Wrong(f"{len(strange)} push messages said something else")


def _note(stand: Stand, name: str, unit: str, done: Run, *, peer: str, value: float | None) -> None:
    stand.note(name, done.rate, unit, n=done.n, peer=peer, peer_value=value)


def _costs(stand: Stand, name: str, done: Run) -> None:
    """What stays comparable on a machine that does other things as well."""
    for who in done.cpu:
        stand.note(f"{name}_cpu_{who}", done.each(who), "µs of CPU each", n=done.n)
