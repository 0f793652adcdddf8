"""Lets staff work through what residents texted: see who looks after what, answer, be done with it.

A number is shown by its last digits. Two who answer the same at once: the second is shown what the
first wrote, and nothing is sent twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from notify.domain.addresses import masked
from notify.domain.grants import DEEDS, Deed
from notify.domain.keyring import Keyring
from notify.domain.lines import many_lines
from notify.domain.replying import in_countries, is_phone
from notify.domain.submission import MOST_SEGMENTS
from notify.domain.words import Channel
from notify.errors import Conflict, Invalid, NotFound
from notify.rendering import answers
from notify.rendering.languages import negotiate
from notify.services import auditing
from notify.services.asking import afford, countries
from notify.services.groups import identity
from notify.services.replying import NEWCOMER
from notify.services.staff_sessions import Officer
from notify.settings import Settings
from notify.store import inbound, inbox, phones, staff, suppressions
from notify.store.database import Connection, Database, Row

LONGEST: Final = 900  # characters of an answer
_SHOWN: Final = 100
_LIFE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Line:
    """One text of a conversation, ours where `by` names who wrote it. `status` is that of its
    delivery; the words of ours are None once they were deleted."""

    at: datetime
    body: str | None
    by: str | None = None
    status: str | None = None
    word: str | None = None
    answered: bool = False  # by itself
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """All that was said with one number, the first first. `seen` stands for what it holds; `barred`
    says why no answer can go there: `no_phone`, `abroad` or `stopped`."""

    text_id: int
    number: str
    lines: list[Line]
    assigned_to: UUID | None
    assigned_name: str | None
    barred: str | None
    seen: str

    @property
    def waits(self) -> bool:
        return any(line.waits for line in self.lines)


class Moved(Conflict):
    """Something was said since the page was read."""

    def __init__(self) -> None:
        super().__init__("Something was said since. Read it, then answer.")


class Barred(Conflict):
    """No answer can go to this number; `why` as in `Conversation`, or `budget`."""

    def __init__(self, why: str) -> None:
        super().__init__("No SMS can go to this number.")
        self.why = why


async def every(db: Database, officer: Officer, *, show: str) -> list[Row]:
    """Conversations within reach: those that wait, of them `mine`, or those that are `done`; the
    `number` of each by its last digits."""
    tops = officer.require(Deed.OPERATE).tops
    async with db.transaction() as connection:
        if show == "done":
            rows = await inbox.handled(connection, tops=tops, limit=_SHOWN)
        else:
            mine = officer.id if show == "mine" else None
            rows = await inbox.waiting(connection, tops=tops, mine=mine, limit=_SHOWN)
    await auditing.looked(db, officer.id, "inbox.viewed")
    return [{**row, "number": masked(Channel.SMS, row["sender"])} for row in rows]


async def look(
    db: Database, keyring: Keyring, officer: Officer, text: int, *, settings: Settings
) -> Conversation:
    """Raises NotFound, also where the grants do not reach."""
    async with db.transaction() as connection:
        row = await _one(connection, officer, text)
        found = await _conversation(connection, keyring, text, row, settings=settings)
    await auditing.looked(db, officer.id, "text.viewed", text=text)
    return found


async def colleagues(db: Database, officer: Officer) -> list[Row]:
    """Those who look after texts where the officer does, by name: `id`, `name`."""
    async with db.statement() as connection:
        return await _colleagues(connection, officer)


async def answer(
    db: Database,
    keyring: Keyring,
    officer: Officer,
    text: int,
    *,
    settings: Settings,
    seen: str,
    words: str,
) -> None:
    """Put an answer in the way, from the number that was texted, and be done with what it answers.

    Raises NotFound, Invalid for the field `text`, Moved, and Barred.
    """
    words = many_lines(words, field="text", limit=LONGEST)
    if not words:
        raise Invalid("Write an answer.", field="text")
    async with db.transaction() as connection:
        row = await _held(connection, officer, text, seen=seen)
        barred = await _barred(connection, keyring, row["sender"], settings=settings)
        if barred:
            raise Barred(barred)
        phone = await phones.find(connection, row["sender"])
        if phone is None:
            phone = await phones.add(
                connection, row["sender"], language=settings.default_language, life=NEWCOMER,
                hash_=keyring.address_hash(Channel.SMS, row["sender"]),
            )  # fmt: skip
        await phones.stay(connection, phone.resident, life=NEWCOMER)
        last = (await inbox.texts(connection, row["sender"], limit=1))[0]
        data = {
            "text": words, "sender": await _speaker(connection, phone, settings=settings),
            "from": last["recipient"] if is_phone(last["recipient"]) else None,
        }  # fmt: skip
        sms = answers.sms(data, town=settings.town)
        if sms.segments > MOST_SEGMENTS:
            raise Invalid("It is too long for an SMS.", field="text")
        language = negotiate(
            [phone.language], offered=settings.languages, default=settings.default_language
        )
        done = await inbox.answer(
            connection, phone.address_id, inbound=last["id"], staff=officer.id, data=data,
            language=language, life=_LIFE,
        )  # fmt: skip
        if not done:
            raise Moved
        await inbox.handle(connection, row["sender"], staff=officer.id)
        if not await afford(connection, settings=settings, segments=sms.segments):
            raise Barred("budget")
        await auditing.record(connection, officer.id, "text.answered", text=text)


async def handle(db: Database, officer: Officer, text: int, *, seen: str) -> None:
    """It needs no answer, or none any more. Raises NotFound, Moved."""
    async with db.transaction() as connection:
        row = await _held(connection, officer, text, seen=seen)
        await inbox.handle(connection, row["sender"], staff=officer.id)
        await auditing.record(connection, officer.id, "text.handled", text=text)


async def assign(db: Database, officer: Officer, text: int, *, to: UUID | None) -> None:
    """Say who looks after it, None for nobody. Raises NotFound."""
    async with db.transaction() as connection:
        row = await _one(connection, officer, text)
        if to is not None and to not in {
            one["id"] for one in await _colleagues(connection, officer)
        }:
            raise NotFound("There is nobody like that among your staff.")
        await inbox.assign(connection, row["sender"], to)
        await auditing.record(connection, officer.id, "text.assigned", text=text, to=to or "nobody")


async def _colleagues(connection: Connection, officer: Officer) -> list[Row]:
    roles = [role for role, deeds in DEEDS.items() if Deed.OPERATE in deeds]
    tops = officer.require(Deed.OPERATE).tops
    return await staff.colleagues(connection, roles=roles, tops=tops)


async def _one(connection: Connection, officer: Officer, text: int) -> Row:
    row = await inbox.one(connection, text, tops=officer.require(Deed.OPERATE).tops)
    if row is None:
        raise NotFound("There is no such text.")
    return row


async def _held(connection: Connection, officer: Officer, text: int, *, seen: str) -> Row:
    """The same, its sender's words held until the transaction ends. Raises Moved where they are not
    those that were seen."""
    row = await _one(connection, officer, text)
    await inbound.lock(connection, [row["sender"]])
    if await _seen(connection, row["sender"]) != seen:
        raise Moved
    return row


async def _seen(connection: Connection, sender: str) -> str:
    came = await inbox.texts(connection, sender, limit=1)
    said = await inbox.answers(connection, sender, limit=1)
    return f"{came[0]['id'] if came else 0}.{said[0]['id'] if said else 0}"


async def _conversation(
    connection: Connection, keyring: Keyring, text: int, row: Row, *, settings: Settings
) -> Conversation:
    sender = row["sender"]
    lines = [
        Line(
            one["sent_at"], one["body"], word=one["word"], answered=one["answered"],
            waits=one["handled_at"] is None,
        )
        for one in await inbox.texts(connection, sender, limit=_SHOWN)
    ] + [
        Line(one["answered_at"], one["body"], by=one["name"], status=one["status"])
        for one in await inbox.answers(connection, sender, limit=_SHOWN)
    ]  # fmt: skip
    return Conversation(
        text, masked(Channel.SMS, sender), sorted(lines, key=lambda line: line.at),
        row["assigned_to"], row["assigned_name"],
        await _barred(connection, keyring, sender, settings=settings),
        await _seen(connection, sender),
    )  # fmt: skip


async def _barred(
    connection: Connection, keyring: Keyring, sender: str, *, settings: Settings
) -> str | None:
    if not is_phone(sender):
        return "no_phone"
    if not in_countries(sender, countries(settings)):
        return "abroad"
    address_hash = keyring.address_hash(Channel.SMS, sender)
    stopped = await suppressions.reason(connection, channel=Channel.SMS, address_hash=address_hash)
    return "stopped" if stopped else None


async def _speaker(
    connection: Connection, phone: phones.Phone, *, settings: Settings
) -> str | None:
    """The town of what they follow, where that is not the installation's own."""
    first = next(iter(await phones.followed(connection, phone.resident)), None)
    if not phone.proven or first is None:
        return None
    return (await identity(connection, [first.group.id], settings=settings)).sender_name
