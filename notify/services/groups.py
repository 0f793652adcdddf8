"""Makes groups, and says who speaks for one."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from notify.domain.broadcast import Identity
from notify.domain.grants import OutOfReach, Reach
from notify.domain.groups import Group, check_about, check_identity, check_names, check_slug
from notify.errors import Conflict, Forbidden, Invalid, NotFound
from notify.services import auditing
from notify.settings import Settings
from notify.store import groups as store
from notify.store import sms_spending
from notify.store.database import Connection, Database, Row

MOST_SEGMENTS = 1_000_000_000


async def create(
    db: Database,
    *,
    slug: str,
    names: Mapping[str, str],
    parent: str | None = None,
    closed: bool = False,
    carries_parent_news: bool = False,
    identity: Mapping[str, str] | None = None,
    sms_cap: int | None = None,
    about: Mapping[str, Mapping[str, str]] | None = None,
    within: int | None = None,
    key_id: int | None = None,
) -> Group:
    """Make a group below `parent`, or at the top.

    `within` is the group at which the caller's grant was given: it may make groups below that
    one only; `key_id` the program that asks. `sms_cap` is in SMS segments a month, for announcements to the group and those
    below it; `about` is what it says at sign-up. Raises Invalid, Conflict for a slug that is taken, Forbidden.
    """
    slug = check_slug(slug)
    names = check_names(names)
    identity = check_identity(identity or {})
    about = check_about(about or {})
    async with db.transaction() as connection:
        await _check_parent(connection, parent, within=within)
        group = await store.add(
            connection,
            slug=slug,
            parent=parent,
            names=names,
            closed=closed,
            carries_parent_news=carries_parent_news,
            identity=identity,
            sms_cap=sms_cap,
            about=about,
        )
        if group is None:
            raise Conflict("There is a group with this slug already.", ids={"group": slug})
        await auditing.record(
            connection, None, "group.made", group=slug, parent=parent, by_key=key_id
        )
    return group


async def describe(
    db: Database,
    slug: str,
    about: Mapping[str, Mapping[str, str]],
    *,
    within: int | None = None,
    key_id: int | None = None,
) -> Group:
    """Say at sign-up what a group sends, how often, with an example, by language; what was said
    before goes. Raises Invalid, NotFound, Forbidden."""
    about = check_about(about)
    async with db.transaction() as connection:
        group = await store.describe(connection, slug, about)
        if group is None:
            raise NotFound(f"There is no group {slug!r}.")
        if within is not None:
            await check_reach(connection, [group.id], within=within)
        await auditing.record(
            connection, None, "group.changed", group=slug, part="about", by_key=key_id
        )
    return group


async def cap_sms(db: Database, slug: str, segments: int | None) -> None:
    """Set the SMS segments a month that announcements to a group may cost, None for no cap.

    Alerts are never stopped by it, but count. Raises Invalid, NotFound.
    """
    if segments is not None and not 0 <= segments <= MOST_SEGMENTS:
        raise Invalid(f"Write a number from 0 to {MOST_SEGMENTS:,}.", field="sms_cap")
    async with db.transaction() as connection:
        if not await sms_spending.cap(connection, slug, segments):
            raise NotFound(
                f"There is no group {slug!r}. `notify group list` shows those there are."
            )
        await auditing.record(connection, None, "group.changed", group=slug, part="cap")


async def need_approval(
    db: Database, slug: str, needed: bool, *, within: Reach | None = None, by: UUID | None = None
) -> None:
    """Say whether what staff announce to a group, or to those below it, waits for a second person.
    Raises NotFound, OutOfReach."""
    async with db.transaction() as connection:
        await _check_there(connection, slug, within=within)
        await store.need_approval(connection, slug, needed)
        await auditing.record(connection, by, "group.approval", group=slug, needed=needed)


async def mark_drill(
    db: Database, slug: str, drill: bool, *, within: Reach | None = None, by: UUID | None = None
) -> None:
    """Say whether drills may be sent to a group. Raises NotFound, OutOfReach."""
    async with db.transaction() as connection:
        await _check_there(connection, slug, within=within)
        await store.mark_drill(connection, slug, drill)
        await auditing.record(connection, by, "group.drill", group=slug, drill=drill)


async def sms_spent(db: Database, *, month: date) -> Mapping[str, Row]:
    """By slug: groups with an SMS cap, or with SMS costs in `month` (its first day)."""
    async with db.transaction() as connection:
        return {row["slug"]: row for row in await sms_spending.spent(connection, month=month)}


async def tree(db: Database, *, within: int | None = None) -> list[Group]:
    """Every group the caller's grant reaches, parents before children."""
    async with db.transaction() as connection:
        return await store.tree(connection, top=within)


async def reached(db: Database, *, within: Reach) -> list[Group]:
    """Every group that a deed of staff reaches, parents before children."""
    async with db.transaction() as connection:
        every = await store.tree(connection)
        if within.everywhere:
            return every
        ids = set(await store.below(connection, sorted(within.groups)))
        return [group for group in every if group.id in ids]


async def identity(
    connection: Connection, group_ids: Sequence[int], *, settings: Settings
) -> Identity:
    """Who speaks to these groups: each thing is said by the nearest group that says it.

    The first group counts where there are several; the town speaks where no group does.
    """
    said: dict[str, str] = {"sender_name": settings.town, "mail_from": settings.mail_from}
    if group_ids:
        for words in reversed(await store.line(connection, group_ids[0])):
            said.update(words)
    return Identity(
        sender_name=said["sender_name"],
        mail_from=said["mail_from"],
        imprint=said.get("imprint"),
        privacy=said.get("privacy"),
        colour=said.get("colour"),
        contact=said.get("contact"),
        accessibility=said.get("accessibility"),
        enforcement=said.get("enforcement"),
    )


async def check_reach(connection: Connection, group_ids: Sequence[int], *, within: int) -> None:
    """Raise Forbidden unless a grant at the group `within` reaches all these groups."""
    if not set(group_ids) <= set(await store.below(connection, [within])):
        raise Forbidden("This key may act only at its own group and those below it.")


async def check_reaches(connection: Connection, group_ids: Sequence[int], *, within: Reach) -> None:
    """Raise OutOfReach unless what a member of staff reaches holds all these groups."""
    if within.everywhere:
        return
    if not set(group_ids) <= set(await store.below(connection, sorted(within.groups))):
        raise OutOfReach


async def _check_there(connection: Connection, slug: str, *, within: Reach | None) -> None:
    group = await store.by_slug(connection, slug)
    if group is None:
        raise NotFound(f"There is no group {slug!r}. `notify group list` shows those there are.")
    if within is not None:
        await check_reaches(connection, [group.id], within=within)


async def _check_parent(connection: Connection, slug: str | None, *, within: int | None) -> None:
    if slug is None:
        if within is not None:
            raise Forbidden("This key may make groups only below its own; name a parent.")
        return
    parent = await store.by_slug(connection, slug)
    if parent is None:
        raise Invalid("There is no group with this slug; make the parent first.", field="parent")
    if within is not None:
        await check_reach(connection, [parent.id], within=within)
