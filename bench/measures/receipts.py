"""Receipts: signed callbacks posted to the HTTP server, each recorded and applied, each once."""

from typing import LiteralString

from bench.end_to_end import Wrong
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


def receipts(stand: Stand) -> None:
    stand.workers()
    sent = stand.send("sms", stand.scale.receipts)
    attempts = [row["id"] for row in stand.world.rows(SENT, id=sent.id)]
    stand.world.change("CHECKPOINT")
    api, postgres = stand.world.api.pid, stand.world.postmaster()
    before = cpu_seconds(api), cpu_seconds(postgres)
    done = flood(stand.world, attempts, times=1)
    spent = cpu_seconds(api) - before[0], cpu_seconds(postgres) - before[1]
    row = stand.world.rows(APPLIED, id=sent.id, attempts=attempts)[0]
    if {row["delivered"], row["recorded"]} != {sent.n}:
        raise Wrong(f"of {sent.n} receipts {row['recorded']} are kept, {row['delivered']} applied")
    stand.note("receipts", done.rate, "receipts/s", n=sent.n)
    for who, seconds in zip(("api", "postgres"), spent, strict=True):
        stand.note(f"receipts_cpu_{who}", seconds / sent.n * 1e6, "µs of CPU each", n=sent.n)
