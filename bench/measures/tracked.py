"""End to end: from the request to the last settlement, every delivery tracked, each held against
what the sink got. By one worker process a lane, then by two."""

import re
from typing import Any

from bench.end_to_end import Run, Wrong
from bench.stand import Stand

BESIDE = "the channel alone"
SAID = re.compile(r"(Lage|Report) \d{4}: ")


def email(stand: Stand) -> None:
    scale = stand.scale
    stand.tracked = _one_and_two(stand, "email", "mails/s", one=scale.tracked, two=scale.two)


def push(stand: Stand) -> None:
    others = stand.scale.others
    _one_and_two(stand, "push", "messages/s", one=others, two=others)
    _read(stand.world.sinks["push"].ask("count"))


def sms(stand: Stand) -> None:
    others = stand.scale.others
    _one_and_two(stand, "sms", "messages/s", one=others, two=others)


def _one_and_two(stand: Stand, channel: str, unit: str, *, one: int, two: int) -> Run:
    """Send `one` deliveries by one worker process a lane and `two` by two; the first run."""
    stand.workers()
    name = f"{channel}_tracked"
    first = stand.send(channel, one)
    _note(stand, name, unit, first, peer=BESIDE, value=stand.value(f"{channel}_channel"))
    more = stand.world.add_workers(1)
    try:
        second = stand.send(channel, two)
    finally:
        stand.world.end_workers(more)
    _note(stand, f"{name}_two", unit, second, peer="one process a lane", value=first.rate)
    return first


def _read(said: dict[str, Any]) -> None:
    """What the push service opened must be what was said. Raises Wrong."""
    if said["broken"]:
        raise Wrong(f"{said['broken']} push messages could not be decrypted")
    strange = [title for title in said["titles"] if not SAID.search(title)]
    if strange:
        raise Wrong(f"{len(strange)} push messages said something else")


def _note(stand: Stand, name: str, unit: str, done: Run, *, peer: str, value: float | None) -> None:
    """With its cost, which stays comparable on a machine that does other things as well."""
    stand.note(name, done.rate, unit, n=done.n, peer=peer, peer_value=value)
    for who in done.cpu:
        stand.note(f"{name}_cpu_{who}", done.each(who), "µs of CPU each", n=done.n)
