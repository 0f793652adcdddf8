"""The database's clock jumps: every time that is written down is suddenly an hour off."""

from collections.abc import Collection
from datetime import timedelta

import psycopg
from psycopg import sql

from faults.scenario import Scenario
from faults.stage import Stage

HOUR = timedelta(hours=1)
AT_ONCE = 10.0  # seconds for an alert to begin, counted from the jump
ALWAYS = sql.SQL("true")
COLUMNS = {
    "deliveries": (("due_at",), sql.SQL("status IN ('pending', 'sending', 'unknown')")),
    "attempts": (("lease_until",), sql.SQL("settled_at IS NULL")),
    "senders": (("free_at", "seen_at", "down_since", "down_until", "probing_until"), ALWAYS),
    "workers": (("seen_at",), ALWAYS),
    "clock_mark": (("seen_at",), ALWAYS),
    "broadcasts": (("latecomers_through",), ALWAYS),
}


def back(stage: Stage) -> None:
    """What was written just now lies an hour ahead; alerts still leave at once."""
    stage.people()
    stage.worker()
    stage.send("announcement")

    def jump(stage: Stage) -> None:
        _shift(stage, HOUR)
        stage.mid_call = stage.planned()  # the leases of the time before say nothing any more
        stage.note()
        alert = stage.send()
        began = stage.until_begun(alert)
        stage.figures["alert_begins_s"] = round(began, 1)
        stage.expect("an alert begins at once", began < AT_ONCE)

    stage.in_the_middle(jump, times=1)


def forward(stage: Stage) -> None:
    """Every lease lapses at once, while those who hold them are at work."""
    stage.people()
    for _ in range(2):
        stage.worker()
    stage.send()

    def jump(stage: Stage) -> None:
        _shift(stage, -HOUR)
        stage.mid_call = stage.planned()
        stage.note()

    stage.in_the_middle(jump, times=1)


def _shift(stage: Stage, by: timedelta) -> None:
    """All at once, as a clock does it; of columns that there are. Workers lock rows in an order of
    their own meanwhile: should the two wait for each other crosswise, it is tried again."""
    known = {
        (row["table_name"], row["column_name"])
        for row in stage.world.rows(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public'"
        )
    }
    stage.until(lambda: _move(stage, by, known), away=(psycopg.errors.DeadlockDetected,))


def _move(stage: Stage, by: timedelta, known: Collection[tuple[str, str]]) -> bool:
    with psycopg.connect(stage.world.database_url) as connection:
        for table, (names, condition) in COLUMNS.items():
            moves = [
                sql.SQL("{0} = {0} + {1}").format(sql.Identifier(name), sql.Literal(by))
                for name in names
                if (table, name) in known
            ]
            query = sql.SQL("UPDATE {} SET {} WHERE {}")
            connection.execute(
                query.format(sql.Identifier(table), sql.SQL(", ").join(moves), condition)
            )
    return True


SCENARIOS = [
    Scenario("clock goes back an hour", back, short=300, long=5_000),
    Scenario("clock goes forward an hour", forward, short=300, long=5_000),
]
