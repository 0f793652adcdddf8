"""Invites staff: a link, once, by which they choose a password and a second factor.

The same link lets back in whoever lost both: what they had before ends with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Final
from uuid import UUID

from notify.domain.keyring import Keyring
from notify.domain.passwords import judge_password
from notify.domain.words import Channel, NoteKind
from notify.errors import Invalid
from notify.rendering.accounts import Became
from notify.services import auditing, proofs, signing_in, staff_sessions, telling_staff
from notify.services.signing_in import SignedIn
from notify.settings import Settings
from notify.store import staff, staff_notes
from notify.store import staff_sessions as sessions
from notify.store.database import Connection, Database, Row

LIFE: Final = timedelta(days=3)
_MOST: Final = 20  # notes to one person within an hour
_WORD: Final = 32  # bytes of chance
_LONGEST_WORD: Final = 64  # characters


@dataclass(frozen=True, slots=True)
class Enrolled:
    """They are signed in. `recovery` are codes that are shown this once."""

    signed_in: SignedIn
    recovery: list[str] = field(repr=False)


async def invite(connection: Connection, settings: Settings, staff_id: UUID) -> str:
    """The link, to be handed to the person; earlier ones end. In the caller's transaction."""
    word = token_urlsafe(_WORD)
    await staff.invite(connection, staff_id, _hash(word), life=LIFE)
    return f"{settings.public_url}/staff/welcome/{word}"


async def tell(
    connection: Connection, staff_id: UUID, became: Became, *, channels: Sequence[str]
) -> None:
    """Tell them by mail, at the address that they sign in with, what became of their account.
    `channels` are those that are open."""
    await staff_notes.tell(
        connection, [staff_id], str(NoteKind.ACCOUNT), {"became": str(became)},
        channels=[one for one in channels if one == Channel.EMAIL], worth=LIFE, most=_MOST,
        most_sms=0, source="account",
    )  # fmt: skip


async def look(db: Database, word: str) -> Row | None:
    """Whom an invitation is for: `id`, `email`, `name`, `language`, whether they
    are `enrolled`. Changes nothing."""
    if len(word) > _LONGEST_WORD:
        return None
    async with db.statement() as connection:
        return await staff.invited(connection, _hash(word))


async def answer(
    db: Database,
    keyring: Keyring,
    *,
    settings: Settings,
    word: str,
    secret: str,
    password: str,
    code: str,
    browser: str,
    channels: Sequence[str] = (Channel.EMAIL,),
) -> Enrolled | None:
    """Take the password, and the second factor whose `secret` was shown and whose `code` was typed.

    Signs out wherever they were signed in, and whoever had an account before is told by mail, where
    that is among the open `channels`. None where the invitation holds no more. Raises Invalid
    for the fields `password` and `code`.
    """
    person = await look(db, word)
    if person is None:
        return None
    judge_password(password, about=(person["email"], person["name"], settings.town))
    step = proofs.step_of(secret, code)
    if step is None:
        raise Invalid("This is not the code that the app shows now.", field="code")
    kept = await proofs.hash_password(password)
    recovery = proofs.new_recovery_codes()
    async with db.transaction() as connection:
        staff_id = await staff.answer(
            connection, _hash(word), password=kept, step=step,
            totp=proofs.hide(keyring, secret, staff=person["id"]),
        )  # fmt: skip
        if staff_id is None:
            return None
        await staff.renew_recovery(connection, staff_id, map(proofs.recovery_hash, recovery))
        await sessions.close_others(connection, staff_id, but=None)
        await telling_staff.tell_again(connection, staff_id)
        opened = await staff_sessions.open_(connection, staff_id, browser=browser)
        if person["enrolled"]:
            await tell(connection, staff_id, Became.ENROLLED, channels=channels)
        await auditing.record(connection, staff_id, "staff.enrolled")
    mark = signing_in.mark(keyring, person["email"])
    return Enrolled(SignedIn(staff_id, opened, mark, person["language"]), recovery)


def _hash(word: str) -> bytes:
    return sha256(word.encode()).digest()
