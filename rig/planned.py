"""Plans what was sent without a worker, so that a scenario may change the world before one comes."""

import asyncio

from notify.domain.words import Lane
from notify.services.planning import Planner
from notify.settings import Settings
from notify.store.database import Database
from rig.service import Rig


def plan(rig: Rig, lane: Lane) -> None:
    """Plan everything that waits in a lane."""
    asyncio.run(_plan(rig, lane))


async def _plan(rig: Rig, lane: Lane) -> None:
    db = Database(rig.database_url, size=1)
    await db.open()
    try:
        settings = Settings(database_url=rig.database_url)
        planner = Planner(db, lane=lane, settings=settings, channels=("email", "sms", "push"))
        while await planner.plan_slice():
            pass
    finally:
        await db.close()
