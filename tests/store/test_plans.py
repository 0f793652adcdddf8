"""What PostgreSQL makes of statements whose cost must not grow with what was done before."""

from uuid import uuid4

from notify.services.planning import BEFORE_ALL
from notify.store import planning
from notify.store.database import Database

DELIVERIES = """
-- A broadcast that the statistics of the table know nothing of yet.
INSERT INTO deliveries (broadcast_id, resident_id, address_id, address_version, channel, lane,
  language)
SELECT %(id)s, gen_random_uuid(), n, 1, 'email', 'alert', 'de' FROM generate_series(1, 2000) AS n
"""


async def test_whoever_is_left_out_is_looked_up_by_resident_not_among_all_that_is_planned(
    db: Database,
) -> None:
    values = {
        "id": uuid4(), "after": BEFORE_ALL, "span": 5000, "audience": [1], "alert": True,
        "channels": ["email"], "lane": "alert", "languages": ["de"], "default_language": "de",
        "restored_at": None,
    }  # fmt: skip
    async with db.transaction() as connection:
        await connection.run("ANALYZE deliveries")
        await connection.run(DELIVERIES, id=values["id"])
        await connection.run("SET LOCAL enable_seqscan = off")
        rows = await connection.rows("EXPLAIN " + planning.FOLLOWERS, **values)

    plan = "\n".join(row["QUERY PLAN"] for row in rows)
    assert "deliveries_resident" in plan
    assert "deliveries_broadcast" not in plan
    assert "deliveries_once on" not in plan
