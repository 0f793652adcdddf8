"""Says who operates the service and what they may do where; ends it again.

Whoever gives out grants reaches only so far themselves (`within`): they see those who have a grant
there, give and withdraw grants there, and look after a person as a whole only where all of that
person's grants lie there. Else an administrator of a village could get into a district's account.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from notify.domain.addresses import normalise_email
from notify.domain.grants import OutOfReach, Reach, Role
from notify.domain.lines import one_line
from notify.domain.words import Channel
from notify.errors import Conflict, Invalid, NotFound
from notify.rendering.accounts import Became
from notify.services import auditing, inviting, telling_staff
from notify.services.groups import check_reaches
from notify.settings import Settings
from notify.store import groups, staff, staff_sessions
from notify.store.database import Connection, Database, Row


@dataclass(frozen=True, slots=True)
class Added:
    """`link` is the invitation; None where they had signed in before, and only got a grant."""

    staff_id: UUID
    link: str | None


class Elsewhere(Conflict):
    """They were invited with grants beyond reach, and did not sign in yet."""

    def __init__(self) -> None:
        super().__init__(
            "Somebody else invited them, and they have not signed in yet. Add them once they have."
        )


async def add(
    db: Database,
    *,
    settings: Settings,
    within: Reach,
    email: str,
    name: str,
    role: Role,
    group: str | None,
    language: str | None = None,
    by: UUID | None = None,
) -> Added:
    """Give somebody a role at a group (None: everywhere), and an invitation where they are new.

    Raises Invalid, NotFound for an unknown group, OutOfReach, Elsewhere, and Conflict where they
    have it.
    """
    try:
        tidy = normalise_email(email)
    except Invalid as problem:
        raise Invalid(problem.message, field="email") from None
    name = one_line(name, field="name")
    if not name:
        raise Invalid("Write the name by which colleagues know them.", field="name")
    async with db.transaction() as connection:
        place = await _place(connection, group, within=within)
        known = await staff.by_email(connection, tidy)
        staff_id = known["id"] if known else None
        if staff_id is None:
            staff_id = await staff.add(
                connection, email=tidy, name=name, language=language or settings.default_language
            )
        elif known and known["ended_at"]:
            await staff.come_back(connection, staff_id)
        if staff_id is None:
            raise Conflict("Somebody else adds them just now. Look again.")
        if not await staff.grant(connection, staff_id, role=role, group=place):
            raise Conflict("They have this grant already.", ids={"staff": str(staff_id)})
        await telling_staff.tell_again(connection, staff_id)
        new = known is None or known["password"] is None
        link = await _invitation(connection, settings, staff_id, new=new, within=within)
        await auditing.record(
            connection, by, "staff.granted", staff=staff_id, role=role, group=group,
            invited=new or None,
        )  # fmt: skip
    return Added(staff_id, link)


async def every(db: Database, *, within: Reach) -> list[Row]:
    """Those with a grant within reach, each with their grants; `mine` says whether all of them are."""
    async with db.statement() as connection:
        return await staff.every(connection, tops=within.tops)


async def one(db: Database, staff_id: UUID, *, within: Reach) -> Row:
    """The same of one. Raises NotFound."""
    async with db.statement() as connection:
        return await _one(connection, staff_id, within=within)


async def by_email(db: Database, email: str) -> UUID:
    """Raises NotFound."""
    async with db.statement() as connection:
        row = await staff.by_email(connection, normalise_email(email))
    if row is None:
        raise NotFound("Nobody signs in with this address.")
    return UUID(str(row["id"]))


async def invite(
    db: Database, staff_id: UUID, *, settings: Settings, within: Reach, by: UUID | None = None,
    channels: Sequence[str] = (Channel.EMAIL,),
) -> str:  # fmt: skip
    """A fresh link for somebody who lost what they prove themselves with. What they have holds
    until it is used, and they are told of it by mail, where that is among the open `channels`.

    Raises NotFound, OutOfReach, Conflict.
    """
    async with db.transaction() as connection:
        row = await _mine(connection, staff_id, within=within)
        if row["ended_at"]:
            raise Conflict("They were ended. Add them again first.")
        link = await inviting.invite(connection, settings, staff_id)
        if row["enrolled"]:
            await inviting.tell(connection, staff_id, Became.INVITED, channels=channels)
        await auditing.record(connection, by, "staff.invited", staff=staff_id)
    return link


async def withdraw(
    db: Database, staff_id: UUID, grant_id: int, *, within: Reach, by: UUID | None = None
) -> None:
    """Take a grant back; it ends at once, also where they are signed in.

    Raises NotFound, OutOfReach, and Conflict for the last administrator of everything.
    """
    async with db.transaction() as connection:
        await staff.lock_all(connection)
        row = await _one(connection, staff_id, within=within)
        held = next((grant for grant in row["grants"] if grant["id"] == grant_id), None)
        if held is None:
            raise NotFound("They have no such grant any more.")
        if not held["within"]:
            raise OutOfReach
        if held["role"] == Role.ADMINISTRATOR and held["slug"] is None:
            await _spare_last(connection, staff_id)
        await staff.withdraw(connection, staff_id, grant_id)
        await auditing.record(
            connection, by, "staff.withdrawn", staff=staff_id, role=held["role"], group=held["slug"]
        )


async def sign_out(db: Database, staff_id: UUID, *, within: Reach, by: UUID | None = None) -> None:
    """Sign somebody out of every browser. Raises NotFound, OutOfReach."""
    async with db.transaction() as connection:
        await _mine(connection, staff_id, within=within)
        await staff_sessions.close_others(connection, staff_id, but=None)
        await auditing.record(connection, by, "staff.signed_out", staff=staff_id)


async def end(db: Database, staff_id: UUID, *, within: Reach, by: UUID | None = None) -> None:
    """Nobody signs in as them any more, and who is signed in is out. Saying it twice is fine.

    Raises NotFound, OutOfReach, and Conflict for the last administrator of everything.
    """
    async with db.transaction() as connection:
        await staff.lock_all(connection)
        await _mine(connection, staff_id, within=within)
        await _spare_last(connection, staff_id)
        await staff.end(connection, staff_id)
        await auditing.record(connection, by, "staff.ended", staff=staff_id)


async def _invitation(
    connection: Connection, settings: Settings, staff_id: UUID, *, new: bool, within: Reach
) -> str | None:
    """For whoever was given a grant and is new. Raises Elsewhere.

    Whoever holds an invitation becomes that person, with every grant they have: so none is given to
    somebody who does not reach all of them, and an open one does not grow by the next grant.
    """
    if not new:
        await staff.uninvite(connection, staff_id)
        return None
    if not (await _one(connection, staff_id, within=within))["mine"]:
        raise Elsewhere
    return await inviting.invite(connection, settings, staff_id)


async def _spare_last(connection: Connection, staff_id: UUID) -> None:
    if await staff.is_last(connection, staff_id):
        raise Conflict(
            "They are the last administrator of everything. Make somebody else one first."
        )


async def _place(connection: Connection, slug: str | None, *, within: Reach) -> int | None:
    """The id of the group where a grant is to hold. Raises NotFound, OutOfReach."""
    if slug is None:
        if not within.everywhere:
            raise OutOfReach
        return None
    group = await groups.by_slug(connection, slug)
    if group is None:
        raise NotFound(f"There is no group {slug!r}.")
    await check_reaches(connection, [group.id], within=within)
    return group.id


async def _one(connection: Connection, staff_id: UUID, *, within: Reach) -> Row:
    found = await staff.every(connection, tops=within.tops, staff_id=staff_id)
    if not found:
        raise NotFound("There is nobody like that among your staff.")
    return found[0]


async def _mine(connection: Connection, staff_id: UUID, *, within: Reach) -> Row:
    row = await _one(connection, staff_id, within=within)
    if not row["mine"]:
        raise OutOfReach
    return row
