"""Plans who gets a broadcast, slice by slice, so that the first leaves before the last is found."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from notify.domain.broadcast import BroadcastStatus, broadcast_from
from notify.domain.delivery import REACHED
from notify.domain.words import Kind, Lane, Relation, lane_of
from notify.log import get
from notify.settings import Settings
from notify.store import groups, latecomers, planning
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
        thread = await planning.thread_groups(connection, row["thread_id"], row["sequence"])
        audience = await groups.audience(connection, group_ids=thread, alert=self._alert)
        phase = "reached" if row["relation"] else "followers"
        begun = await planning.begin(
            connection, id=row["id"], audience=audience, phase=phase,
            allowed=broadcast_from(BroadcastStatus.DISPATCHING),
        )  # fmt: skip
        if not begun:  # its time passed before it began; the sweeper says so
            return None
        if row["late"] > NOTABLY_LATE:
            log.warning("broadcast.late", broadcast=str(row["id"]), seconds=round(row["late"]))
        log.info("broadcast.planning", broadcast=str(row["id"]), groups=len(audience))
        if row["sequence"] > 0:
            # Committed before anybody is looked for: whoever the earlier ones reach is known then.
            await planning.supersede(
                connection, thread_id=row["thread_id"], sequence=row["sequence"]
            )
            return None
        return {**row, "audience": audience, "plan_phase": phase}

    async def _advance(self, connection: Connection, row: Row) -> None:
        reached = row["plan_phase"] == "reached"
        done = await (self._reached if reached else self._followers)(connection, row)
        phase = row["plan_phase"]
        if done.last:
            phase = "followers" if reached and await self._adds(connection, row) else "done"
        await planning.advance(
            connection,
            id=row["id"],
            phase=phase,
            address=done.through if reached else row["planned_address"],
            resident=None if reached else done.through,
        )

    async def _adds(self, connection: Connection, row: Row) -> bool:
        """Whether a follow-up also goes to those who follow today: an update does, and one whose
        thread may have reached more people than is known: after a restore, or once forgotten."""
        return row["relation"] == Relation.UPDATE or await planning.cut_short(
            connection, row["thread_id"], row["sequence"]
        )

    async def _followers(self, connection: Connection, row: Row) -> Slice:
        if row["planned_through"] is None:
            self._span = FIRST_SLICE
        done = await planning.plan_followers(
            connection, **self._values(row), after=row["planned_through"] or BEFORE_ALL,
            span=self._span,
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
                values = {**self._values(row), "since": row["since"]}
                made += await latecomers.begin_anew(connection, **values)
                made += (await planning.plan_latecomers(connection, **values)).planned
                await planning.looked_for_latecomers(connection, row["id"], row["looked_at"])
        return made
