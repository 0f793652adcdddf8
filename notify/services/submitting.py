"""Takes a broadcast in, approves it, recalls it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from notify.domain.broadcast import Broadcast, BroadcastStatus, Text, broadcast_from
from notify.domain.submission import (
    MOST_SEGMENTS,
    Submission,
    check_texts,
    check_times,
    moment,
)
from notify.domain.words import Kind
from notify.errors import Conflict, Invalid, NotFound
from notify.rendering.messages import Renderer
from notify.services.groups import check_reach, identity
from notify.services.watching import visible
from notify.settings import Settings
from notify.store import broadcasts, groups, holding
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
) -> Submitted:
    """Check everything, then write the broadcast, inside the caller's transaction.

    An alert whose author may not send alerts stops at `submitted`. Raises Invalid, NotFound or
    Forbidden, and then nothing has been written.
    """
    if submission.kind is Kind.POLL:
        raise Invalid("Polls cannot be sent yet. Use kind 'announcement'.", field="kind")
    check_texts(submission.texts, first_language=settings.default_language)
    root = await _followed(connection, submission)
    submission = _inherit(submission, root, settings=settings, now=now)
    group_ids = await _groups(connection, submission, root=root, within=within)
    send_at = check_times(submission, now=now, zone=settings.zone)
    draft = _draft(submission, group_ids, root=root, send_at=send_at, now=now)
    segments, replaced = await _check_sms(connection, draft, settings=settings)
    if submission.kind is Kind.ALERT and not may_alert:
        status = BroadcastStatus.SUBMITTED
    else:
        status = BroadcastStatus.SCHEDULED if send_at else BroadcastStatus.APPROVED
    sequence = await _place(connection, draft.thread_id) if root else 0
    await broadcasts.insert(
        connection, id=draft.id, kind=str(draft.kind), status=str(status),
        severity=str(draft.severity) if draft.severity else None,
        sms_segments=segments,
        texts={language: _as_json(text) for language, text in submission.texts.items()},
        group_ids=group_ids, valid_until=draft.valid_until, send_at=send_at,
        thread_id=draft.thread_id, sequence=sequence, in_reply_to=draft.in_reply_to,
        relation=str(draft.relation) if draft.relation else None, key_id=key_id,
    )  # fmt: skip
    return Submitted(draft.id, status, draft.kind, segments, replaced)


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


async def approve(db: Database, broadcast_id: UUID) -> Row:
    """Let a submitted broadcast go. Raises NotFound, or Conflict when it waits for nothing."""
    async with db.transaction() as connection:
        row = await broadcasts.get(connection, broadcast_id)
        if row is None:
            raise NotFound("There is no such broadcast.")
        done = await broadcasts.approve(
            connection, broadcast_id, allowed=[str(BroadcastStatus.SUBMITTED)]
        )
        if not done:
            raise Conflict(f"It is {row['status']}, not waiting for approval, or its time passed.")
        return row


async def cancel(db: Database, broadcast_id: UUID, *, within: int | None) -> Row:
    """Recall a broadcast: what is not handed over yet stays unsent. Saying it twice is fine.

    Raises NotFound, or Conflict when everything is handed over already.
    """
    async with db.transaction() as connection:
        row = await visible(connection, broadcast_id, within=within)
        done = await broadcasts.cancel(
            connection, broadcast_id, allowed=broadcast_from(BroadcastStatus.CANCELLED)
        )
        done = done or await holding.recall(connection, broadcast_id)
        if not done and row["cancelled_at"] is None:
            raise Conflict(
                "It is too late to recall this broadcast: it has ended. Send an all-clear or a "
                "correction instead."
            )
        fresh = await broadcasts.get(connection, broadcast_id)
        assert fresh is not None  # noqa: S101 - read in this transaction before
        return fresh


async def _followed(connection: Connection, submission: Submission) -> Broadcast | None:
    """The broadcast this one follows, or None when it follows none."""
    if submission.in_reply_to is None:
        return None
    row = await broadcasts.get(connection, submission.in_reply_to)
    if row is None:
        raise NotFound("in_reply_to names no broadcast. Use the id its POST answered with.")
    followed = to_broadcast(row)
    if followed.kind is not submission.kind:
        raise Invalid(
            f"It follows an {followed.kind}, so it must be an {followed.kind} too.", field="kind"
        )
    # What was waiting in a backup may have begun since.
    if row["dispatching_at"] is None and row["restored_at"] is None:
        raise Invalid(
            f"The broadcast it follows has reached nobody yet ({followed.status}). Cancel that "
            "one instead.",
            field="in_reply_to",
        )
    return followed


async def _place(connection: Connection, thread_id: UUID) -> int:
    """The next place in a thread. Raises Conflict where it is over, and nobody knows any more whom
    it reached. What is in force must be ended all the same: it then goes to who follows today."""
    thread = await broadcasts.last_in_thread(connection, thread_id)
    if thread["forgotten"] and not thread["in_force"]:
        raise Conflict(
            "It is too long ago: who got what this follows was deleted since. Send a new broadcast "
            "instead."
        )
    return int(thread["last"]) + 1


def _inherit(
    submission: Submission, followed: Broadcast | None, *, settings: Settings, now: datetime
) -> Submission:
    """A follow-up that names no end holds as long as what it follows, if that is still ahead."""
    until = submission.valid_until
    if until is not None:
        until = moment(until, zone=settings.zone, field="valid_until")
    if until is None and followed and followed.valid_until and followed.valid_until > now:
        until = followed.valid_until
    return replace(submission, valid_until=until)


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
        ids = list(dict.fromkeys([*root.group_ids, *ids]))
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
) -> Broadcast:
    new = uuid4()
    return Broadcast(
        id=new, kind=submission.kind, status=BroadcastStatus.DRAFT, texts=submission.texts,
        severity=submission.severity, group_ids=tuple(group_ids),
        valid_until=submission.valid_until, send_at=send_at,
        thread_id=root.thread_id if root else new, sequence=1 if root else 0,
        in_reply_to=submission.in_reply_to, relation=submission.relation, created_at=now,
    )  # fmt: skip


async def _check_sms(
    connection: Connection, draft: Broadcast, *, settings: Settings
) -> tuple[dict[str, int], dict[str, list[tuple[str, str]]]]:
    who = await identity(connection, list(draft.group_ids), settings=settings)
    renderer = Renderer(settings)
    segments: dict[str, int] = {}
    replaced: dict[str, list[tuple[str, str]]] = {}
    for language in draft.texts:
        text = renderer.sms(draft, language=language, identity=who)
        segments[language] = text.segments
        if text.replaced:
            replaced[language] = list(text.replaced)
        if text.segments > MOST_SEGMENTS:
            raise Invalid(
                f"The SMS in {language!r} would take {text.segments} parts, more than "
                f"{MOST_SEGMENTS}. Write a shorter text for SMS under texts.{language}.sms.",
                field=f"texts.{language}.sms",
            )
    return segments, replaced


def _as_json(text: Text) -> dict[str, Any]:
    made = {"title": text.title, "body": text.body}
    return made | ({"sms": text.sms} if text.sms is not None else {})
