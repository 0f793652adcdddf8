"""Turns a draft into a broadcast: once, as it was seen, under its own id."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from notify.domain.broadcast import BroadcastStatus
from notify.domain.draft import Content
from notify.domain.draft_check import NotReady, Problem, Wrong, check, submission
from notify.domain.draft_questions import OF_ALERT
from notify.domain.draft_questions_check import Flaw
from notify.domain.grants import Deed
from notify.domain.submission import check_times
from notify.domain.words import Kind
from notify.errors import Conflict, Invalid, NotFound
from notify.services import auditing, drafting, submitting, threads
from notify.services.drafting import Draft, Stale
from notify.services.groups import check_reaches
from notify.services.staff_sessions import Officer
from notify.settings import Settings
from notify.store import broadcasts, drafts, groups
from notify.store.database import Connection, Database


@dataclass(frozen=True, slots=True)
class Ready:
    """A draft that can be submitted: the ids of the groups it goes to, among them all that the thread
    it follows went to, and whether it `waits` for a second person to let it go."""

    draft: Draft
    group_ids: Sequence[int]
    waits: bool


async def look(
    db: Database, officer: Officer, draft_id: UUID, *, settings: Settings, now: datetime
) -> Ready:
    """What would be submitted. Raises NotFound, NotReady, OutOfReach, and Conflict where it was
    already."""
    async with db.transaction() as connection:
        draft = await drafting.read(connection, officer, draft_id)
        if draft.submitted_at is not None:
            raise Conflict("It was submitted already.")
        _check(draft.content, settings=settings, now=now)
        with _told_at_its_field(draft.content):
            asked = submission(draft.content)
            at = check_times(asked, now=now, zone=settings.zone)
            ids = await submitting.speaks_to(
                connection, asked, send_at=at, settings=settings, now=now
            )
        await check_reaches(connection, ids, within=officer.require(Deed.WRITE))
        await _check_thread(connection, draft.content, ids)
        waits = await submitting.needs_approval(connection, Kind(draft.content.kind), ids)
        return Ready(draft, ids, waits)


async def submit(
    db: Database,
    officer: Officer,
    draft_id: UUID,
    *,
    version: int,
    settings: Settings,
    now: datetime,
) -> BroadcastStatus | None:
    """Submit it as it was at `version`; where it stands then, None where it was submitted before.

    Raises NotFound, NotReady, Stale, OutOfReach, and Conflict where it was recalled meanwhile.
    """
    async with db.transaction() as connection:
        closed = await drafts.submit(connection, draft_id, version=version, staff=officer.id)
        draft = await drafting.read(connection, officer, draft_id)
        if not closed and draft.submitted_at is None:
            raise Stale(draft)
        if not closed:
            return None  # the second of two clicks
        _check(draft.content, settings=settings, now=now)
        status = await _submit(connection, officer, draft, settings=settings, now=now)
        await auditing.record(
            connection, officer.id, "broadcast.submitted", broadcast=draft_id, version=version,
            status=status,
        )  # fmt: skip
    return status


async def _submit(
    connection: Connection, officer: Officer, draft: Draft, *, settings: Settings, now: datetime
) -> BroadcastStatus:
    with _told_at_its_field(draft.content):
        done = await submitting.submit(
            connection, submission(draft.content), settings=settings, now=now, may_alert=False,
            within=None, key_id=None, draft_id=draft.id,
            editors=draft.editors,
        )  # fmt: skip
    row = await broadcasts.get(connection, draft.id)
    assert row is not None  # noqa: S101 - written in this transaction
    # What it follows may be to groups that its author does not reach.
    await check_reaches(connection, row["group_ids"], within=officer.require(Deed.WRITE))
    await _check_thread(connection, draft.content, row["group_ids"])
    return done.status


async def _check_thread(connection: Connection, content: Content, ids: Sequence[int]) -> None:
    """Raise NotReady where it would go to more groups than the draft names, and its authors read."""
    if not set(await groups.slugs(connection, ids)) <= set(content.groups):
        raise NotReady(Problem("groups", Wrong.THREAD_GREW))


def _check(content: Content, *, settings: Settings, now: datetime) -> None:
    problems = check(content, first_language=settings.default_language, zone=settings.zone, now=now)
    if problems:
        raise NotReady(*problems)


_FIELDS: Final[Mapping[str, tuple[str, Wrong]]] = {
    "in_reply_to": ("kind", Wrong.FOLLOWS_NOTHING),
    "drill": ("drill", Wrong.OTHER),
    "kind": ("kind", Wrong.OTHER),
    "valid_until": ("valid_until", Wrong.PASSED),
    "send_at": ("send_at", Wrong.PASSED),
}
"""Where in the form something is wrong that another part of the house finds."""


@contextmanager
def _told_at_its_field(content: Content) -> Iterator[None]:
    """Raises NotReady, with the field of the form, for what another part of the house refuses."""
    try:
        yield
    except Invalid as wrong:
        raise NotReady(_at_its_field(wrong, alert=content.kind == Kind.ALERT)) from None
    except threads.Ended:
        raise NotReady(Problem("kind", Wrong.ENDED)) from None
    except threads.Forgotten:
        raise NotReady(Problem("kind", Wrong.FORGOTTEN)) from None
    except NotFound:
        raise NotReady(Problem("kind", Wrong.FOLLOWS_NOTHING)) from None


def _at_its_question(wrong: Invalid, field: str, *, alert: bool) -> Problem:
    """`ask.questions.0.wordings.de.ask` at that question of the form."""
    parts = field.split(".")
    if len(parts) < 5:
        return Problem(
            "asks" if alert else "count", Wrong.QUESTION, flaw=Flaw.NO_RECEIVER, said=wrong.message
        )
    number, language = (OF_ALERT if alert else int(parts[2]) + 1), parts[4]
    return Problem(
        f"ask{number}-{language}", Wrong.QUESTION, language, wrong.message, flaw=Flaw.LONG_SMS
    )


def _at_its_field(wrong: Invalid, *, alert: bool) -> Problem:
    field = wrong.field or ""
    if field.startswith("groups"):
        # One that there is not has its place in the list; what is left is for drills.
        kind = Wrong.NO_DRILL_GROUP if field == "groups" else Wrong.MISSING
        return Problem("groups", kind, said=wrong.message)
    if field.partition(".")[0] == "ask":
        return _at_its_question(wrong, field, alert=alert)
    if field.startswith("texts."):
        language, _, part = field.removeprefix("texts.").rpartition(".")
        kind = Wrong.SMS_TOO_LONG if part == "sms" else Wrong.OTHER
        return Problem(f"{part}-{language}", kind, language, wrong.message)
    name, kind = _FIELDS.get(field, ("kind", Wrong.OTHER))
    return Problem(name, kind, said=wrong.message)
