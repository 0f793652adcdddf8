"""Takes a broadcast in, approves it, recalls it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from notify.domain.broadcast import Broadcast, BroadcastStatus, Text, recalled_from
from notify.domain.poll import to_json
from notify.domain.submission import (
    Submission,
    check_ask,
    check_severity,
    check_texts,
    check_times,
    moment,
)
from notify.domain.words import Kind
from notify.errors import Conflict, Invalid, NotFound
from notify.services import auditing, drills, letting_go, measuring, threads
from notify.services.groups import check_reach
from notify.services.watching import visible
from notify.settings import Settings
from notify.store import broadcasts, groups, holding, result_notes
from notify.store.database import Connection, Database, Row
from notify.store.rows import to_broadcast

TWIN_WITHIN = 600.0  # seconds; who wants to say the same again means it after ten minutes


@dataclass(frozen=True, slots=True)
class Submitted:
    """A broadcast taken in. `replaced` tells the author, for each language, which characters the
    SMS will carry instead of theirs; `segments` how many parts it has."""

    id: UUID
    status: BroadcastStatus
    kind: Kind
    segments: Mapping[str, int]
    replaced: Mapping[str, list[tuple[str, str]]]


async def submit(
    connection: Connection,
    submission: Submission,
    *,
    settings: Settings,
    now: datetime,
    may_alert: bool,
    within: int | None,
    key_id: int | None,
    draft_id: UUID | None = None,
    editors: Sequence[UUID] = (),
) -> Submitted:
    """Check everything, then write the broadcast, inside the caller's transaction.

    What an author who may not send alerts writes stops at `submitted` where it is an alert, and
    where its groups want their news approved. `draft_id` is that of the draft that staff wrote it
    in: one that was returned is taken in anew. `editors` wrote it, and do not approve it. Raises
    Invalid, NotFound, Forbidden or Conflict, and then nothing has been written.
    """
    check_texts(submission.texts, first_language=settings.default_language)
    check_ask(submission, first_language=settings.default_language)
    check_severity(submission)
    row = await _followed(connection, submission)
    root = to_broadcast(row) if row else None
    submission = _inherit(submission, root, settings=settings, now=now)
    # Held from here on: no other joins the thread, and adds groups to it, meanwhile.
    sequence = await threads.place(connection, root.thread_id) if root else 0
    group_ids = await _groups(connection, submission, root=root, within=within)
    send_at = check_times(submission, now=now, zone=settings.zone)
    if row is not None:
        await threads.refuse(connection, row, submission.relation, send_at=send_at)
    draft = _draft(
        submission, group_ids, root=root, send_at=send_at, now=now, id_=draft_id or uuid4()
    )
    await _check_drill(connection, submission, group_ids, drill=draft.drill)
    segments, replaced = await measuring.check(connection, draft, settings=settings)
    if not may_alert and await needs_approval(connection, draft.kind, group_ids):
        status = BroadcastStatus.SUBMITTED
    else:
        status = BroadcastStatus.SCHEDULED if send_at else BroadcastStatus.APPROVED
    values: dict[str, Any] = {
        "id": draft.id, "kind": str(draft.kind), "status": str(status),
        "severity": str(draft.severity) if draft.severity else None, "sms_segments": segments,
        "texts": {language: _as_json(text) for language, text in submission.texts.items()},
        "group_ids": group_ids, "valid_until": draft.valid_until, "send_at": send_at,
        "drill": draft.drill, "editors": list(editors), "sequence": sequence,
        "asks": to_json(draft.ask) if draft.ask else None,
    }  # fmt: skip
    if draft_id is not None and await broadcasts.get(connection, draft_id) is not None:
        if not await broadcasts.insert_again(connection, **values):
            raise Conflict("It is not returned any more, and cannot be submitted again.")
    else:
        await broadcasts.insert(
            connection, thread_id=draft.thread_id, in_reply_to=draft.in_reply_to, key_id=key_id,
            relation=str(draft.relation) if draft.relation else None, **values,
        )  # fmt: skip
    return Submitted(draft.id, status, draft.kind, segments, replaced)


async def speaks_to(
    connection: Connection, submission: Submission, *, send_at: datetime | None, settings: Settings,
    now: datetime,
) -> list[int]:  # fmt: skip
    """The groups that it would go to, by id, the one that speaks first: those it names, and all that
    the thread it follows went to. Raises Invalid, NotFound, Forgotten and Ended as `submit` does."""
    row = await _followed(connection, submission)
    root = to_broadcast(row) if row else None
    if row is not None:
        await threads.refuse(connection, row, submission.relation, send_at=send_at)
    ids = await _groups(connection, submission, root=root, within=None)
    submission = _inherit(submission, root, settings=settings, now=now)
    draft = _draft(submission, ids, root=root, send_at=send_at, now=now, id_=uuid4())
    await _check_drill(connection, submission, ids, drill=draft.drill)
    await measuring.check(connection, draft, settings=settings)
    return ids


async def needs_approval(connection: Connection, kind: Kind, group_ids: Sequence[int]) -> bool:
    """Whether a second person has to let such a broadcast to these groups go."""
    return kind is Kind.ALERT or await groups.news_need_approval(connection, group_ids)


async def refuse_twin(connection: Connection, done: Submitted, *, settings: Settings) -> None:
    """For people, who press a key twice and send no Idempotency-Key.

    Raises Conflict in the transaction of `submit`, and then nothing has been written, where the
    same was taken in a few minutes before.
    """
    twin = await broadcasts.twin(connection, done.id, seconds=TWIN_WITHIN)
    if twin is not None:
        at = twin["created_at"].astimezone(settings.zone)
        raise Conflict(
            f"The same was taken in at {at:%H:%M:%S}: {twin['id']}, {twin['status']}. Look how it "
            f"goes with `notify status {twin['id']}`. To send it once more, add --again.",
            ids={"broadcast": str(twin["id"])},
        )


async def approve(db: Database, broadcast_id: UUID, *, at_once: bool = False) -> Row:
    """Let a submitted broadcast go. Raises NotFound, and Conflict as `letting_go` does."""
    async with db.transaction() as connection:
        await broadcasts.lock_thread_of(connection, broadcast_id)
        row = await broadcasts.get(connection, broadcast_id)
        if row is None:
            raise NotFound("There is no such broadcast.")
        await letting_go.let_go(connection, row, at_once=at_once)
        await auditing.record(connection, None, "broadcast.approved", broadcast=broadcast_id)
        return row


async def cancel(db: Database, broadcast_id: UUID, *, within: int | None) -> Row:
    """Recall a broadcast: what is not handed over yet stays unsent. Saying it twice is fine.

    Raises NotFound, or Conflict when everything is handed over already.
    """
    async with db.transaction() as connection:
        return await recall(connection, await visible(connection, broadcast_id, within=within))


async def recall(connection: Connection, row: Row) -> Row:
    """The same for a broadcast that was read in this transaction. Raises Conflict alike. What was to
    tell the result of a poll stays unsent, too."""
    kind = Kind(row["kind"])
    done = await broadcasts.cancel(connection, row["id"], allowed=recalled_from(kind))
    if kind is Kind.POLL:
        await result_notes.recall(connection, row["id"])
    done = done or await holding.recall(connection, row["id"])
    if not done and row["cancelled_at"] is None:
        raise Conflict(
            "It is too late to recall this broadcast: it has ended. Send an all-clear or a "
            "correction instead."
        )
    fresh = await broadcasts.get(connection, row["id"])
    assert fresh is not None  # noqa: S101 - read in this transaction before
    return fresh


async def _followed(connection: Connection, submission: Submission) -> Row | None:
    """The broadcast this one follows, or None when it follows none."""
    if submission.in_reply_to is None:
        return None
    row = await broadcasts.get(connection, submission.in_reply_to)
    if row is None:
        raise NotFound("in_reply_to names no broadcast. Use the id its POST answered with.")
    if row["kind"] != submission.kind:
        raise Invalid(
            f"It follows an {row['kind']}, so it must be an {row['kind']} too.", field="kind"
        )
    return row


def _inherit(
    submission: Submission, followed: Broadcast | None, *, settings: Settings, now: datetime
) -> Submission:
    """A follow-up that names no end holds as long as what it follows, if that is still ahead; one
    of a drill is a drill."""
    until = submission.valid_until
    if until is not None:
        until = moment(until, zone=settings.zone, field="valid_until")
    if until is None and followed and followed.valid_until and followed.valid_until > now:
        until = followed.valid_until
    if followed and submission.drill and not followed.drill:
        raise Invalid("It follows a real broadcast, so it cannot be a drill.", field="drill")
    drill = followed.drill if followed else submission.drill
    return replace(submission, valid_until=until, drill=drill)


async def _groups(
    connection: Connection,
    submission: Submission,
    *,
    root: Broadcast | None,
    within: int | None,
) -> list[int]:
    known = await groups.by_slugs(connection, submission.groups)
    for index, slug in enumerate(submission.groups):
        if slug not in known:
            raise Invalid(
                f"There is no group {slug!r}. Create it first, or correct the name.",
                field=f"groups.{index}",
            )
    ids = list(dict.fromkeys(known[slug].id for slug in submission.groups))
    if root is not None:
        thread = await threads.groups_of(connection, root.thread_id, root.group_ids)
        ids = list(dict.fromkeys([*thread, *ids]))
    if not ids:
        raise Invalid("Name at least one group: who should get this?", field="groups")
    if within is not None:
        await check_reach(connection, ids, within=within)
    return ids


def _draft(
    submission: Submission,
    group_ids: list[int],
    *,
    root: Broadcast | None,
    send_at: datetime | None,
    now: datetime,
    id_: UUID,
) -> Broadcast:
    return Broadcast(
        id=id_, kind=submission.kind, status=BroadcastStatus.DRAFT, texts=submission.texts,
        severity=submission.severity, group_ids=tuple(group_ids),
        valid_until=submission.valid_until, send_at=send_at,
        thread_id=root.thread_id if root else id_, sequence=1 if root else 0,
        in_reply_to=submission.in_reply_to, relation=submission.relation, created_at=now,
        drill=submission.drill, ask=submission.ask,
    )  # fmt: skip


async def _check_drill(
    connection: Connection, submission: Submission, group_ids: Sequence[int], *, drill: bool
) -> None:
    """Raise Invalid where a drill would reach followers of a group that is not for drills."""
    real = drill and await drills.refused(
        connection, submission.kind, group_ids, relation=submission.relation
    )
    if real:
        raise Invalid(
            f"A drill goes to drill groups only, and {', '.join(real[:5])} is none. Choose others, "
            f"or say `notify group drill {real[0]} on`.",
            field="groups",
        )


def _as_json(text: Text) -> dict[str, Any]:
    made = {"title": text.title, "body": text.body}
    return made | ({"sms": text.sms} if text.sms is not None else {})
