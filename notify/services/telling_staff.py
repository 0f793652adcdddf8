"""Tells staff by note, over their own channels, of what waits for them: approvers of what was
submitted or sent by somebody alone, authors of what was returned or overtaken.

Approvers are reminded of a warning that still waits, as often as settings say. Whoever approves for a
group above is told with the others from the first time on; who is left to call on are administrators,
from the second reminder on: they can make somebody an approver.

What they are to be told of stands in the database, and is marked as told in the transaction that puts
the notes in their way: whoever is ended in between leaves it to the next look, and nobody is told twice.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from notify.domain.grants import DEEDS, Deed
from notify.domain.words import Kind, NoteKind
from notify.log import get
from notify.settings import Settings
from notify.store import decisions, overtaken, staff_notes
from notify.store.database import Connection, Database, Row

log = get(__name__)

ABOVE_FROM: Final = 2
"""The reminder from which on administrators are told too."""
WORTH: Final = timedelta(hours=12)
"""How long a note is worth sending: whoever comes to work sees what waits."""
MOST_AN_HOUR: Final = 60
"""Notes of one kind to one address that one author, or one key, may cause; of SMS only MOST_SMS, for
a program may submit without end."""
MOST_SMS: Final = 12
_SIZE: Final = 20
_LISTED: Final = 200


async def approvers(
    connection: Connection, group_ids: Sequence[int], *, but: Collection[UUID] = ()
) -> list[Row]:
    """`id` and `name` of staff who may approve something for all these groups. `but`: those who
    wrote it."""
    return await _entitled(connection, group_ids, Deed.APPROVE, but)


async def authors(connection: Connection, group_ids: Sequence[int]) -> list[Row]:
    """The same of those who may write to all these groups."""
    return await _entitled(connection, group_ids, Deed.WRITE, ())


async def tell(db: Database, *, settings: Settings, channels: Sequence[str]) -> int:
    """Put notes in the way of whoever is to be told of something; how many. `channels` are those
    that are open."""
    after = timedelta(minutes=settings.remind_minutes)
    async with db.transaction() as connection:
        told = 0
        for row in await staff_notes.untold(connection, size=_SIZE):
            put = await _of_waiting(connection, row, channels=channels, again=False)
            await (staff_notes.told if put is not None else staff_notes.capped)(
                connection, row["id"]
            )
            told += put or 0
        for row in await staff_notes.still_waiting(
            connection, after=after, most=settings.reminders, size=_SIZE
        ):
            put = await _of_waiting(connection, row, channels=channels, again=True)
            await (staff_notes.reminded if put is not None else staff_notes.capped)(
                connection, row["id"]
            )
            told += put or 0
        for row in await staff_notes.decided(connection, size=_SIZE):
            put = await _of_decision(connection, row, channels=channels)
            await (staff_notes.decision_told if put is not None else staff_notes.decision_capped)(
                connection, row["decision_id"]
            )
            told += put or 0
        for row in await overtaken.untold(connection, size=_SIZE):
            put = await _of_overtaken(connection, row, channels=channels)
            await (overtaken.told if put is not None else staff_notes.capped)(connection, row["id"])
            told += put or 0
    return told


async def tell_again(connection: Connection, staff_id: UUID) -> None:
    """Have whoever may approve from now on told of what waits already, in the caller's transaction."""
    await staff_notes.tell_again(connection, staff_id, roles=_roles(Deed.APPROVE))


async def unreached(
    connection: Connection, broadcast_id: UUID, group_ids: Sequence[int], *, but: Collection[UUID]
) -> list[Row]:
    """`name` of approvers whom no note about it reached, and whether it `came_back`."""
    who = await approvers(connection, group_ids, but=but)
    return await staff_notes.unreached(connection, broadcast_id, {one["id"] for one in who})


@dataclass(frozen=True, slots=True)
class Telling:
    """Who was told at one moment: `again` where it was a reminder. `who` has a `name`, the `channels`
    and whether they were told as somebody who `administers`."""

    at: datetime
    again: bool
    who: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Told:
    """All tellings of what waits so far, the first first; `next_at` when they are reminded, None where
    they are not any more."""

    tellings: Sequence[Telling]
    next_at: datetime | None


async def told_of(db: Database, broadcast_id: UUID, *, settings: Settings) -> Told:
    """Who was told so far that it waits for approval."""
    async with db.statement() as connection:
        rows = await staff_notes.told_of(connection, broadcast_id, limit=_LISTED)
        last = await staff_notes.last_told(connection, broadcast_id)
    tellings = [
        Telling(at, again, [*those])
        for (at, again), those in groupby(rows, key=lambda row: (row["at"], row["again"]))
    ]
    goes_on = last and last["kind"] == Kind.ALERT and last["times"] < settings.reminders
    next_at = last["at"] + timedelta(minutes=settings.remind_minutes) if last and goes_on else None
    return Told(tellings, next_at)


async def _of_waiting(
    connection: Connection, row: Row, *, channels: Sequence[str], again: bool
) -> int | None:
    """Approvers; where there are none, administrators, who can make somebody one."""
    who = await approvers(connection, row["group_ids"], but=row["editors"])
    nobody = not who
    if nobody:
        who = await _entitled(connection, row["group_ids"], Deed.ADMINISTER, ())
    log.info("staff.told_of_waiting", broadcast=str(row["id"]), staff=len(who), again=again,
             nobody=nobody)  # fmt: skip
    more = {"again": again, "nobody": nobody}
    if not again:
        return await _put(connection, row, who, NoteKind.WAITS, more, channels=channels)
    more |= {"minutes": round(row["waited"] / 60)}
    source = f"{row['source']}.again"
    put = await _put(
        connection, row | {"source": source}, who, NoteKind.WAITS, more, channels=channels
    )
    if nobody or row["approvers_reminders"] + 1 < ABOVE_FROM:
        return put
    above = await _entitled(
        connection, row["group_ids"], Deed.ADMINISTER, {one["id"] for one in who}
    )
    put_above = await _put(
        connection, row | {"source": f"{row['source']}.above"}, above, NoteKind.WAITS,
        more | {"above": True}, channels=channels,
    )  # fmt: skip
    return put_above or None if put is None else put + (put_above or 0)


async def _of_decision(connection: Connection, row: Row, *, channels: Sequence[str]) -> int | None:
    at = row["later"] and row["later"].isoformat()
    by = {"by": row["name"], "reason": row["reason"] or "", "at": at}
    if row["decision"] == "returned":
        who = await _wrote(connection, row, but=(row["staff_id"],))
        return await _put(connection, row, who, NoteKind.RETURNED, by, channels=channels)
    but = (row["staff_id"],)
    who = [
        *await approvers(connection, row["group_ids"], but=but),
        *await _entitled(connection, row["group_ids"], Deed.ADMINISTER, but),
    ]
    say = log.info if row["drill"] else log.warning
    say("staff.told_of_broken_glass", broadcast=str(row["id"]), staff=len(who), drill=row["drill"])
    return await _put(connection, row, who, NoteKind.BROKE_GLASS, by, channels=channels)


async def _of_overtaken(connection: Connection, row: Row, *, channels: Sequence[str]) -> int | None:
    who = await _wrote(connection, row)
    log.info("staff.told_of_overtaken", broadcast=str(row["id"]), staff=len(who))
    over = {"over": row["over"]}
    return await _put(connection, row, who, NoteKind.OVERTAKEN, over, channels=channels)


async def _wrote(connection: Connection, row: Row, *, but: Collection[UUID] = ()) -> list[Row]:
    """Those who wrote it, as far as they still may: a note says what is in it."""
    able = await _entitled(connection, row["group_ids"], Deed.WRITE, but)
    return [one for one in able if one["id"] in row["editors"]]


async def _entitled(
    connection: Connection, group_ids: Sequence[int], deed: Deed, but: Collection[UUID]
) -> list[Row]:
    return await staff_notes.entitled(connection, group_ids, roles=_roles(deed), but=but)


def _roles(deed: Deed) -> list[str]:
    return [str(role) for role, deeds in DEEDS.items() if deed in deeds]


async def _put(
    connection: Connection, row: Row, who: Sequence[Row], kind: NoteKind, more: dict[str, Any], *,
    channels: Sequence[str],
) -> int | None:  # fmt: skip
    """How many notes; None where all were too many by now."""
    rows = await decisions.group_names(connection, row["group_ids"])
    data = {
        "broadcast": str(row["id"]), "kind": row["kind"], "severity": row["severity"],
        "relation": row["relation"], "drill": row["drill"],
        "titles": {language: text["title"] for language, text in row["texts"].items()},
        "groups": [one["names"] or {"und": one["slug"]} for one in rows],
    } | more  # fmt: skip
    staff = {one["id"] for one in who}
    put, ways = await staff_notes.tell(
        connection, staff, str(kind), data, channels=channels, worth=WORTH, most=MOST_AN_HOUR,
        most_sms=MOST_SMS, source=row["source"],
    )  # fmt: skip
    if ways and not put:
        log.warning("staff.told_too_much", broadcast=str(row["id"]), source=row["source"])
        return None
    return put
