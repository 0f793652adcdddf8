"""Between plan and hand-over things change: recalled, expired, left, suppressed."""

import asyncio
from uuid import UUID

from faults.scenario import Scenario
from faults.stage import Stage
from notify.domain.words import Lane
from notify.services import leaving
from notify.store.database import Database
from rig.planned import plan

SHARE = 0.2  # of the deliveries each


def changed_since(stage: Stage) -> None:
    """Three alerts are planned while no worker is there. One is recalled, one's time passes, and
    of the third some leave by the link in the message before, others are suppressed."""
    stage.people()
    recalled, expired, stays = (stage.send() for _ in range(3))
    plan(stage.world, Lane.ALERT)
    stage.ask("POST", f"/api/v1/broadcasts/{recalled}/cancel", {})
    stage.world.change(
        "UPDATE broadcasts SET valid_until = now() WHERE id = %(id)s", id=UUID(expired)
    )
    stage.barred |= stage.deliveries(recalled) | stage.deliveries(expired)
    rows = stage.world.rows(
        "SELECT d.id, d.resident_id, d.address_id FROM deliveries d"
        " WHERE d.broadcast_id = %(id)s ORDER BY d.id",
        id=UUID(stays),
    )
    stage.dice.shuffle(rows)
    count = int(len(rows) * SHARE)
    gone, suppressed = rows[:count], rows[count : 2 * count]
    asyncio.run(_leave(stage, gone, UUID(stays)))
    stage.world.change(
        "INSERT INTO suppressions (channel, hash, reason)"
        " SELECT channel, hash, 'complained' FROM addresses WHERE id = ANY(%(ids)s)",
        ids=[row["address_id"] for row in suppressed],
    )
    left = {row["resident_id"] for row in gone}
    stage.barred |= {row["id"] for row in suppressed}
    stage.barred |= {row["id"] for row in rows if row["resident_id"] in left}
    stage.figures["barred"] = len(stage.barred)
    stage.mended()
    stage.worker()


async def _leave(stage: Stage, rows: list[dict[str, object]], broadcast: UUID) -> None:
    db = Database(stage.world.database_url, size=1)
    await db.open()
    try:
        for row in rows:
            token = leaving.seal(
                stage.world.keyring, resident=UUID(str(row["resident_id"])),
                address_id=int(str(row["address_id"])), broadcast=broadcast,
            )  # fmt: skip
            await leaving.leave(db, stage.world.keyring, token, "all")
    finally:
        await db.close()


SCENARIOS = [
    Scenario("changed between plan and hand-over", changed_since, short=100, breaks=("recheck",))
]
