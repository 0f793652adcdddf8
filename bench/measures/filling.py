"""What an SMS, a push message, a planned row and a receipt cost while the tables are full, against
the same in a fresh installation, one right after the other.

A million SMS alone would take ten minutes. What could make the next one dearer lies in the tables,
whatever channel it is of: so few are sent where the mails of the whole run lie, then as many where
next to nothing does. Planning is followed in one broadcast to everybody, into the same tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import LiteralString

from bench.costs import Cost
from bench.end_to_end import Run
from bench.measures.growth import note
from bench.measures.planning import planned
from bench.measures.receipts import taken_in
from bench.stand import Stand

BESIDE = "in a fresh installation"
SENT: Mapping[str, str] = {"sms": "messages/s", "push": "messages/s", "receipts": "receipts/s"}

REPORTED: LiteralString = """
-- As if each mail had been a text message that its provider reported on.
INSERT INTO receipts (provider, key, attempt_id, delivery_id, report, provider_id)
SELECT 'twilio', sid || ':delivered:delivered', attempt_id, id, 'delivered', sid
FROM (SELECT id, attempt_id, 'SM' || md5(id::text) AS sid FROM deliveries
  WHERE channel = 'email' AND status = 'sent' ORDER BY id DESC LIMIT %(size)s) AS d
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What each kind of work cost, and what lay in the tables before it."""

    costs: Mapping[str, Cost]
    deliveries: int
    receipts: int


def filling(stand: Stand) -> None:
    """Comes last: it leaves nobody and nothing in the tables."""
    stand.workers()
    size = stand.scale.growth
    if _count(stand, "deliveries") < size:
        stand.send("email", size)
    stand.say(f"planting {size:,} receipts …")
    stand.world.change(REPORTED, size=size)
    # What earlier broadcasts left to clear away is not the next one's cost.
    stand.world.change("VACUUM ANALYZE deliveries, attempts, receipts")
    full = _found(stand)
    stand.rest()
    plan = Cost.middle([planned(stand, size)])
    stand.empty()
    fresh_plan = Cost.middle([planned(stand, stand.scale.small) for _ in range(stand.scale.times)])
    stand.empty()
    stand.workers()
    fresh = _found(stand)
    for name, unit in SENT.items():
        n = full.receipts if name == "receipts" else full.deliveries
        note(stand, f"growth_{name}", fresh.costs[name], full.costs[name], unit=unit, n=n, peer=BESIDE)  # fmt: skip
    note(stand, "growth_plan", fresh_plan, plan, unit="rows/s", n=size, peer=f"of {fresh_plan.n:,}")


def _found(stand: Stand) -> Found:
    """The middle one of several, each kind in turn."""
    deliveries, receipts = _count(stand, "deliveries"), _count(stand, "receipts")
    size = stand.scale.others
    costs: dict[str, list[Cost]] = {name: [] for name in SENT}
    for _ in range(stand.scale.times):
        sms = stand.send("sms", size)
        costs["sms"].append(Cost.of(sms))
        costs["push"].append(Cost.of(stand.send("push", size)))
        costs["receipts"].append(_taken_in(stand, sms))
    middle = {name: Cost.middle(several) for name, several in costs.items()}
    return Found(middle, deliveries, receipts)


def _taken_in(stand: Stand, sms: Run) -> Cost:
    done = taken_in(stand, sms)
    return Cost(sms.n, sum(done.cpu.values()) / sms.n * 1e6, done.rate)


def _count(stand: Stand, table: str) -> int:
    counted: Mapping[str, LiteralString] = {
        "deliveries": "SELECT count(*) AS n FROM deliveries",
        "receipts": "SELECT count(*) AS n FROM receipts",
    }
    return int(stand.world.rows(counted[table])[0]["n"])
