"""Changes what somebody of the staff proves themselves with; they prove it first."""

from notify.domain.keyring import Keyring
from notify.domain.passwords import judge_password
from notify.rates import Rates
from notify.services import auditing, proofs, signing_in
from notify.services import staff_sessions as sessions
from notify.services.signing_in import Wrong
from notify.services.staff_sessions import Officer
from notify.settings import Settings
from notify.store import staff, staff_sessions
from notify.store.database import Connection, Database


async def change_password(
    db: Database,
    keyring: Keyring,
    rates: Rates,
    officer: Officer,
    *,
    settings: Settings,
    password: str,
    code: str,
    new: str,
) -> str:
    """Take a new password, and sign out all other browsers; gives the new word of this one.

    Raises Wrong where the present password or the code is not right, Invalid for the field
    `password` where the new one will not do, TooMany.
    """
    judge_password(new, about=(officer.email, officer.name, settings.town))
    kept = await proofs.hash_password(new)
    async with db.transaction() as connection:
        await _prove(connection, keyring, rates, officer, password=password, code=code)
        await staff.set_password(connection, officer.id, kept)
        await staff_sessions.close_others(connection, officer.id, but=officer.session)
        word = await sessions.renew(connection, officer)
        await auditing.record(connection, officer.id, "staff.password_changed")
    return word


async def renew_recovery(
    db: Database, keyring: Keyring, rates: Rates, officer: Officer, *, password: str, code: str
) -> tuple[list[str], str]:
    """New recovery codes, to be shown once, and the new word of this browser; the codes before end.
    Raises Wrong, TooMany."""
    made = proofs.new_recovery_codes()
    async with db.transaction() as connection:
        await _prove(connection, keyring, rates, officer, password=password, code=code)
        await staff.renew_recovery(connection, officer.id, map(proofs.recovery_hash, made))
        word = await sessions.renew(connection, officer)
        await auditing.record(connection, officer.id, "staff.recovery_renewed")
    return made, word


async def close_session(
    db: Database, rates: Rates, officer: Officer, *, password: str, session: int | None
) -> None:
    """Sign out one browser of theirs, all but this one where `session` is None.

    Raises Wrong where the password is not right, TooMany.
    """
    async with db.transaction() as connection:
        await signing_in.bound_session(rates, officer.session)
        person = await staff.by_id(connection, officer.id)
        if not await proofs.is_password(password, person["password"] if person else None):
            raise Wrong
        if session is None:
            await staff_sessions.close_others(connection, officer.id, but=officer.session)
        else:
            await staff_sessions.close(connection, officer.id, session)
        await auditing.record(
            connection,
            officer.id,
            "staff.signed_out",
            staff=officer.id,
            session=session or "others",
        )


async def recovery_left(db: Database, officer: Officer) -> int:
    """How many recovery codes they have not used."""
    async with db.statement() as connection:
        return await staff.recovery_left(connection, officer.id)


async def _prove(
    connection: Connection,
    keyring: Keyring,
    rates: Rates,
    officer: Officer,
    *,
    password: str,
    code: str,
) -> None:
    await signing_in.bound_session(rates, officer.session)
    person = await staff.by_id(connection, officer.id)
    right = await proofs.is_password(password, person["password"] if person else None)
    factor = proofs.factor(keyring, person, code)
    if person is None or not right or factor is None:
        raise Wrong
    await signing_in.use(connection, person, factor)
