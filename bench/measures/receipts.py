"""Receipts: signed callbacks posted to the HTTP server, each recorded and applied, each once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import LiteralString

from bench.end_to_end import Run, Wrong
from bench.gauges import cpu_seconds
from bench.stand import Stand
from rig.flood import flood

SENT: LiteralString = """
SELECT d.attempt_id AS id FROM deliveries d
WHERE d.broadcast_id = %(id)s AND d.status = 'sent' ORDER BY d.id
"""

APPLIED: LiteralString = """
SELECT count(*) FILTER (WHERE d.status = 'delivered') AS delivered,
  (SELECT count(*) FROM receipts r WHERE r.attempt_id = ANY(%(attempts)s)) AS recorded
FROM deliveries d WHERE d.broadcast_id = %(id)s
"""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """Receipts a second, and the seconds of CPU they cost."""

    rate: float
    cpu: Mapping[str, float]


def receipts(stand: Stand) -> None:
    stand.workers()
    sent = stand.send("sms", stand.scale.receipts)
    done = taken_in(stand, sent)
    stand.note("receipts", done.rate, "receipts/s", n=sent.n)
    for who, seconds in done.cpu.items():
        stand.note(f"receipts_cpu_{who}", seconds / sent.n * 1e6, "µs of CPU each", n=sent.n)


def taken_in(stand: Stand, sent: Run) -> TakenIn:
    """Report each message of a broadcast as delivered. Raises Wrong where one was not recorded or
    not applied."""
    attempts = [row["id"] for row in stand.world.rows(SENT, id=sent.id)]
    stand.world.change("CHECKPOINT")
    pids = {"api": stand.world.api.pid, "postgres": stand.world.postmaster()}
    before = {who: cpu_seconds(pid) for who, pid in pids.items()}
    done = flood(stand.world, attempts, times=1)
    cpu = {who: cpu_seconds(pid) - before[who] for who, pid in pids.items()}
    row = stand.world.rows(APPLIED, id=sent.id, attempts=attempts)[0]
    if {row["delivered"], row["recorded"]} != {sent.n}:
        raise Wrong(f"of {sent.n} receipts {row['recorded']} are kept, {row['delivered']} applied")
    return TakenIn(done.rate, cpu)
