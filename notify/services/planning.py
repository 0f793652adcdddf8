"""Plans who gets a broadcast, slice by slice, so that the first leaves before the last is found."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from notify.domain.broadcast import BroadcastStatus, broadcast_from
from notify.domain.delivery import REACHED
from notify.domain.words import ENDINGS, Kind, Lane, lane_of
from notify.log import get
from notify.services import opening_polls, threads
from notify.settings import Settings
from notify.store import groups, latecomers, ordering, planning, polls
from notify.store.database import Connection, Database, Row
from notify.store.planning import Slice

log = get(__name__)

FIRST_SLICE = 500  # small, so that the first hand-over does not wait
SLICE = 5_000
LONGEST_SPAN = 100_000  # subscriptions looked through for one slice
NOTABLY_LATE = 60.0  # seconds behind the time it was to begin: nobody was there to begin it
BEFORE_ALL = UUID(int=0)


class Planner:
    """Plans the broadcasts of one lane. Any number may run: the row lock lets one a broadcast
    through, and a restart goes on at the saved cursor."""

    def __init__(
        self, db: Database, *, lane: Lane, settings: Settings, channels: tuple[str, ...]
    ) -> None:
        self._db = db
        self._alert = lane is Lane.ALERT
        self._settings = settings
        self._channels = list(channels)
        self._span = FIRST_SLICE

    async def plan_slice(self) -> bool:
        """Plan one slice of whatever comes next; False when there is nothing to plan."""
        row = None
        try:
            async with self._db.transaction() as connection:
                row = await planning.choose(connection, alert=self._alert)
                if row is not None:
                    await self._plan(connection, row)
        except Exception:
            if row is not None:
                await self._pass_over(row)
            raise
        return row is not None

    async def _plan(self, connection: Connection, row: Row) -> None:
        if row["audience"] is not None:
            await self._advance(connection, row)
        elif (begun := await self._begin(connection, row)) is not None:
            await self._advance(connection, begun)

    async def _pass_over(self, row: Row) -> None:
        """Whatever keeps one broadcast from being planned, the others get their turn."""
        log.error("broadcast.slice_failed", broadcast=str(row["id"]))
        with suppress(Exception):  # the failure of the slice is the one to tell
            async with self._db.transaction() as connection:
                await planning.pass_over(connection, row["id"])

    async def _begin(self, connection: Connection, row: Row) -> Row | None:
        """Freeze the audience; a follow-up takes the place of what the thread still holds. None
        where the next slice is none of this transaction's."""
        if row["status"] == BroadcastStatus.SCHEDULED and row["relation"] in ENDINGS:
            # What was said since it was approved is ended by it, too.
            row = {**row, "sequence": await ordering.move_last(connection, row["id"])}
        thread = await planning.thread_groups(connection, row["thread_id"], row["sequence"])
        # Whoever has a drill is told how it ends, also where the group is for drills no more.
        audience = await groups.audience(
            connection, group_ids=thread, alert=self._alert,
            drill=row["drill"] and row["relation"] not in ENDINGS,
        )  # fmt: skip
        phase = "reached" if row["relation"] else "followers"
        begun = await planning.begin(
            connection, id=row["id"], audience=audience, phase=phase,
            allowed=broadcast_from(BroadcastStatus.DISPATCHING),
        )  # fmt: skip
        if not begun:  # its time passed before it began; the sweeper says so
            return None
        if row["late"] > NOTABLY_LATE:
            log.warning("broadcast.late", broadcast=str(row["id"]), seconds=round(row["late"]))
        if row["asks"] is not None:
            await opening_polls.open_(connection, row["id"], close_at=row["valid_until"])
        log.info("broadcast.planning", broadcast=str(row["id"]), groups=len(audience))
        if row["sequence"] > 0:
            # Committed before anybody is looked for: whoever the earlier ones reach is known then.
            await planning.supersede(
                connection, thread_id=row["thread_id"], sequence=row["sequence"],
                relation=row["relation"],
            )  # fmt: skip
            return None
        return {**row, "audience": audience, "plan_phase": phase}

    async def _advance(self, connection: Connection, row: Row) -> None:
        reached = row["plan_phase"] == "reached"
        done = await (self._reached if reached else self._followers)(connection, row)
        phase = row["plan_phase"]
        if done.last:
            more = reached and await threads.adds(
                connection, row["thread_id"], row["sequence"], row["relation"], begun=row["id"]
            )
            phase = "followers" if more else "done"
        await planning.advance(
            connection,
            id=row["id"],
            phase=phase,
            address=done.through if reached else row["planned_address"],
            resident=None if reached else done.through,
        )

    async def _followers(self, connection: Connection, row: Row) -> Slice:
        if row["planned_through"] is None:
            self._span = FIRST_SLICE
        values = await self._values_now(connection, row)
        after = row["planned_through"] or BEFORE_ALL
        done = await planning.plan_followers(connection, **values, after=after, span=self._span)
        if row["asks"] is not None and isinstance(done.through, UUID):
            await polls.enrol(
                connection, row["id"], audience=values["audience"], after=after,
                through=done.through,
            )  # fmt: skip
        if done.seen < SLICE // 2:  # few of those looked at follow these groups: look further
            self._span = min(2 * self._span, LONGEST_SPAN)
        return done

    async def _reached(self, connection: Connection, row: Row) -> Slice:
        cursor = row["planned_address"]
        return await planning.plan_reached(
            connection, **self._values(row), after=cursor or 0,
            size=FIRST_SLICE if cursor is None else SLICE,
            thread_id=row["thread_id"], sequence=row["sequence"],
            reached=[str(status) for status in REACHED],
        )  # fmt: skip

    async def _values_now(self, connection: Connection, row: Row) -> dict[str, Any]:
        """For those who had nothing of it yet: a drill reaches them only through groups that are for
        drills by now."""
        values = self._values(row)
        if row["drill"]:  # the audience is as it was when it began
            values["audience"] = await groups.drills(connection, row["audience"])
        return values

    def _values(self, row: Row) -> dict[str, Any]:
        texts = row["texts"]
        return {
            "id": row["id"],
            "audience": row["audience"],
            "alert": self._alert,
            "restored_at": row["restored_at"],
            "channels": self._channels,
            "zone": self._settings.timezone,
            "lane": str(lane_of(Kind.ALERT if self._alert else Kind.ANNOUNCEMENT)),
            "languages": list(texts),
            "default_language": self._settings.default_language,
        }

    async def plan_latecomers(self) -> int:
        """Give alerts in force to those who joined since, or can be reached again; returns the
        deliveries made or begun anew."""
        if not self._alert:
            return 0
        made = 0
        async with self._db.transaction() as connection:
            for row in await planning.in_force(connection):
                values = {**await self._values_now(connection, row), "since": row["since"]}
                made += await latecomers.begin_anew(connection, **values)
                made += (await planning.plan_latecomers(connection, **values)).planned
                if row["asks"] is not None:
                    await polls.enrol_late(
                        connection, row["id"], audience=values["audience"], since=row["since"]
                    )
                await planning.looked_for_latecomers(connection, row["id"], row["looked_at"])
        return made
