"""Looks every few seconds whether something is wrong with the service, and raises alarms.

An alarm that lasts no longer than a hiccup is forgotten; one that is raised is told once, once a
day while it lasts, and once when it is over.
"""

from collections.abc import Sequence
from typing import Any

from notify.domain.alarms import (
    CALM,
    DOWN,
    LATE,
    PATIENCE,
    REMIND,
    UNREAD,
    WORTH_TELLING,
    Condition,
    Level,
    State,
    Waiting,
    What,
    empty_lanes,
    lateness,
    off_duty,
)
from notify.domain.duty import RingResult
from notify.domain.words import Kind, Lane
from notify.log import get
from notify.rendering import alarms as wording
from notify.rendering.languages import Words
from notify.services.pulling import LONGEST_WAIT
from notify.services.ringing import Duty
from notify.services.watching import LATELY
from notify.store import alarms, duty, holding, inbound, tellings, workers
from notify.store.database import Connection, Database, Row

log = get(__name__)

LOOK_EVERY = 4.0


class Lookout:
    """Sees what is wrong. `channels` are those that are open, `senders` the names in use,
    `targets` pairs of way and target, everybody who is to be told."""

    def __init__(
        self,
        db: Database,
        *,
        channels: Sequence[str],
        senders: Sequence[str],
        on_duty: Duty,
        targets: Sequence[tuple[str, str]],
    ) -> None:
        self._db = db
        self._channels = channels
        self._senders = senders
        self._on_duty = on_duty
        self._targets = targets

    async def look(self, *, redis: bool, every: float = LOOK_EVERY) -> bool:
        """One look at everything; False where another process has just had one. `redis` says
        whether it answers, or is not wanted."""
        async with self._db.transaction() as connection:
            if not await alarms.take_look(connection, every=every):
                return False
            seen = await self._conditions(connection)
            if not redis:
                seen.append(Condition(What.REDIS))
            await self._note(connection, seen)
        return True

    async def _conditions(self, connection: Connection) -> list[Condition]:
        seen = {row["lane"] for row in await workers.lately(connection, seconds=LATELY)}
        return [
            *await self._lateness(connection),
            *empty_lanes(seen),
            *(
                _sender(row)
                for row in await alarms.bad_senders(connection, self._senders, down=DOWN)
            ),
            *await self._rings(connection),
            *_unread(await inbound.unread(connection, silent=UNREAD, tried=LONGEST_WAIT)),
            *_held(await holding.held(connection)),
            *off_duty(
                sorted(await duty.used(connection, self._channels)),
                await duty.reached(connection, self._on_duty),
            ),
        ]

    async def _lateness(self, connection: Connection) -> list[Condition]:
        rows = await alarms.waiting(connection, seconds=min(LATE.values()))
        now = await alarms.clock(connection)
        waiting = [
            Waiting(
                Lane(row["lane"]), row["channel"], row["due_at"], row["moved_at"],
                row["tried_since"], row["left"],
            )
            for row in rows
        ]  # fmt: skip
        return lateness(waiting, now=now)

    async def _rings(self, connection: Connection) -> list[Condition]:
        return [
            Condition(
                What.RING, row["channel"],
                {"channel": row["channel"], "result": row["result"], "reason": row["reason"]},
                row["rung_at"],
            )
            for row in await duty.latest(connection)
            if row["result"] != RingResult.OK and row["channel"] in self._channels
        ]  # fmt: skip

    async def _note(self, connection: Connection, seen: Sequence[Condition]) -> None:
        keys = [one.key for one in seen]
        await alarms.see(
            connection,
            keys=keys,
            levels=[str(one.level) for one in seen],
            facts=[dict(one.facts) for one in seen],
            since=[one.since for one in seen],
        )
        remind = REMIND.total_seconds()
        again = await alarms.remind(connection, remind=remind)
        new = await alarms.raise_(
            connection, keys=keys, patience=[PATIENCE[one.what] for one in seen], remind=remind
        )
        over = await alarms.end(connection, calm=CALM)
        await tellings.withdraw(connection, [row["id"] for row in over])
        for state, rows in ((State.RAISED, new), (State.REMINDER, again), (State.OVER, over)):
            await self._have_told(connection, rows, state)
        await tellings.give_up(connection, worth=WORTH_TELLING.total_seconds())

    async def _have_told(self, connection: Connection, rows: Sequence[Row], state: State) -> None:
        for row in rows:
            say = log.info if state is State.OVER else log.error
            say(f"alarm.{state}", alarm=row["key"], level=row["level"])
        told = [row["id"] for row in rows if row["level"] == Level.ALARM]
        if told and self._targets:
            await tellings.add(connection, told, state=state, targets=self._targets)


def _unread(row: Row | None) -> list[Condition]:
    return (
        [Condition(What.PULL, facts={"numbers": row["numbers"]}, since=row["since"])] if row else []
    )


def _held(rows: Sequence[Row]) -> list[Condition]:
    if not rows:
        return []
    alerts = sum(row["kind"] == Kind.ALERT for row in rows)
    facts = {"broadcasts": len(rows), "alerts": alerts}
    return [Condition(What.HELD, facts=facts, since=min(row["held_at"] for row in rows))]


def _sender(row: Row) -> Condition:
    stopped = row["stopped_at"] is not None
    reason, code = (
        (row["reason"], row["code"]) if stopped else (row["down_reason"], row["down_code"])
    )
    facts = {
        "sender": row["name"],
        "channel": row["channel"],
        "reason": f"{reason}, {code}" if code else reason or "",
    }
    what = What.SENDER_STOPPED if stopped else What.SENDER_DOWN
    return Condition(what, row["name"], facts, row["stopped_at"] or row["down_since"])


async def in_force(db: Database) -> list[Row]:
    """Alarms and warnings that were raised and are not over, the oldest first."""
    async with db.transaction() as connection:
        return await alarms.in_force(connection)


def said(words: Words, row: Row) -> wording.Said:
    """What an alarm of `in_force` says."""
    facts: dict[str, Any] = row["facts"]
    return wording.say(words, What(row["key"].partition(":")[0]), facts)
