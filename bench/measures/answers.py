"""Answers to a poll by SMS: signed webhooks, each counted, once, as what it said."""

from collections import Counter
from collections.abc import Collection
from typing import Any, LiteralString
from uuid import UUID, uuid4

from bench import end_to_end
from bench.end_to_end import Wrong
from bench.gauges import cpu_seconds
from bench.stand import Stand
from bench.words import ask
from notify.services.voting import ballot_name
from rig.flood import Texted, texts
from rig.votes import BALLOTS, VOTERS

NUMBER = "+4915735990000"

WRITTEN = ("{}", "{}.", " {} ", "Nr. {}", "{} bitte", "Ich nehme die {}")

READ: LiteralString = (
    "SELECT count(*) AS n FROM inbound WHERE body <> '' AND provider_id = ANY(%(sids)s)"
)

UNTOLD: LiteralString = (
    "SELECT count(*) AS n FROM deliveries WHERE lane = 'note' AND status IN ('pending', 'sending')"
)


def answers(stand: Stand) -> None:
    """Answers a second, while the workers say to each that it counts."""
    stand.workers()
    n = stand.scale.answers
    poll = _asked(stand, n)
    voters = stand.world.rows(VOTERS, id=poll)
    if len(voters) != n:
        raise Wrong(f"{len(voters)} of {n} people were asked")
    wanted = {row["phone"]: number % 3 + 1 for number, row in enumerate(voters)}
    sent = [
        Texted(phone, NUMBER, WRITTEN[place % len(WRITTEN)].format(choice), f"SM{uuid4().hex}")
        for place, (phone, choice) in enumerate(wanted.items())
    ]
    stand.world.sinks["sms"].take()
    stand.world.change("CHECKPOINT")
    pids = {"api": stand.world.api.pid, "postgres": stand.world.postmaster()}
    before = {who: cpu_seconds(pid) for who, pid in pids.items()}
    done = texts(stand.world, sent)
    cpu = {who: cpu_seconds(pid) - before[who] for who, pid in pids.items()}
    compare(stand, poll, voters, wanted)
    if kept := stand.world.rows(READ, sids=[one.sid for one in sent])[0]["n"]:
        raise Wrong(f"{kept} answers are kept as texts")
    _told_once(stand, wanted)
    stand.note("answers", done.rate, "answers/s", n=n)
    for who, seconds in cpu.items():
        stand.note(f"answers_cpu_{who}", seconds / n * 1e6, "µs of CPU each", n=n)


def _told_once(stand: Stand, wanted: Collection[str]) -> None:
    """Wait until each phone was told. Raises Wrong where one was not, or twice."""
    end_to_end.wait(stand.world, lambda: stand.world.rows(UNTOLD)[0]["n"] == 0)
    told = Counter(stand.world.sinks["sms"].take().read_text().split())
    if told != Counter(list(wanted)):
        raise Wrong(f"{len(told)} of {len(wanted)} phones were told, in {told.total()} texts")


def _asked(stand: Stand, n: int) -> UUID:
    """A secret poll, put to so many phones."""
    town = stand.town("sms", n)
    poll = stand.world.send(town, kind="poll", ask=ask())
    end_to_end.settled(stand.world, poll, n)
    return poll


def compare(stand: Stand, poll: UUID, voters: list[dict[str, Any]], wanted: dict[str, int]) -> None:
    """Hold the ballots against what each phone texted. Raises Wrong."""
    rows = stand.world.rows(BALLOTS, id=poll)
    counted = {row["name"]: row["choices"] for row in rows}
    meant = {ballot_name(row["key"], row["resident_id"]): [wanted[row["phone"]]] for row in voters}
    lost = len(meant.keys() - counted.keys())
    strange = len(counted.keys() - meant.keys()) + len(rows) - len(counted)
    other = sum(counted.get(name, choices) != choices for name, choices in meant.items())
    silent = sum(row["answered"] != [1] for row in stand.world.rows(VOTERS, id=poll))
    if lost or strange or other or silent:
        raise Wrong(
            f"of {len(meant)} answers {lost} are lost, {other} count as something else, {strange} "
            f"are nobody's, {silent} voters are not marked"
        )
