"""Signs staff in: a password and a second factor together, one answer for all that is wrong.

Guessing is bounded by network and by account. The bounds of an account hold for browsers in which
nobody signed in as them before; each other one has its own. The narrow one counts the tries from one
network: whoever guesses at an officer's account all night locks out their own network, and neither the
officer's browser nor a new phone. The wide one is for whoever guesses from many networks.

Whoever types one of the account's recovery codes is no stranger: all that strangers used up does not hold
for them. Only tries with that very code are counted, so nobody without it uses them up.
"""

from dataclasses import dataclass
from secrets import token_bytes
from typing import Final
from uuid import UUID

from notify.domain.addresses import normalise_email
from notify.domain.keyring import Keyring
from notify.errors import Invalid
from notify.log import get
from notify.rates import Rate, Rates
from notify.services import auditing, proofs, staff_sessions
from notify.services.asking import TooMany
from notify.services.proofs import Factor
from notify.store import staff
from notify.store.database import Connection, Database, Row

log = get(__name__)

BY_NETWORK: Final = (Rate(60, 3_600), Rate(300, 86_400))
"""A town hall signs in from one network in the morning."""

BY_STRANGER: Final = (Rate(10, 900), Rate(40, 86_400))
"""At one account from one network, from browsers in which nobody signed in as them before."""

BY_ACCOUNT: Final = (Rate(1_000, 86_400),)
"""The same from all networks together. A second factor is not guessed by so few."""

BY_BROWSER: Final = (Rate(10, 900),)

BY_RECOVERY: Final = (Rate(10, 900), Rate(40, 86_400))
"""With one recovery code, which is right; for whoever found it, and guesses at the password."""

_MARK: Final = 16  # bytes by which a browser is known


class Wrong(Invalid):
    """The address, the password or the code; which of them is not said."""

    def __init__(self) -> None:
        super().__init__("The address, the password or the code is not right.")


class CodeTooOften(TooMany):
    """Too many tries with this recovery code, which is right. Another one has a bound of its own."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`word` is for the session's cookie, `mark` for the one by which the browser is known again.
    `language` is theirs."""

    staff_id: UUID
    word: str
    mark: str
    language: str


async def sign_in(
    db: Database,
    keyring: Keyring,
    rates: Rates,
    *,
    email: str,
    password: str,
    code: str,
    network: str,
    mark: str | None,
    browser: str,
) -> SignedIn:
    """Open a session. `mark` is what the browser was given when somebody signed in with it.

    Raises Wrong, and TooMany (CodeTooOften) before a password is looked at.
    """
    try:
        tidy = normalise_email(email)
    except Invalid:
        tidy = ""
    known = _known(keyring, mark, tidy)
    recovery = await _recovery(db, tidy, code)
    if recovery is not None:
        try:
            await _hit(rates, "recovery", recovery.hex(), *BY_RECOVERY)
        except TooMany as wait:
            raise CodeTooOften(wait.retry_after) from None
    else:
        await _bound(rates, keyring, network=network, email=tidy, known=known)
    async with db.statement() as connection:
        person = await staff.by_email(connection, tidy)
    right = await proofs.is_password(password, person["password"] if person else None)
    factor = proofs.factor(keyring, person, code)
    if person is None or not right or factor is None:
        log.info("staff.refused", staff=str(person["id"]) if person else None)
        raise Wrong
    async with db.transaction() as connection:
        await use(connection, person, factor)
        word = await staff_sessions.open_(connection, person["id"], browser=browser)
        way = "app" if factor.recovery is None else "recovery code"
        await auditing.record(connection, person["id"], "staff.signed_in", by=way)
    return SignedIn(person["id"], word, known or _mark(keyring, tidy), person["language"])


async def use(connection: Connection, person: Row, factor: Factor) -> None:
    """Use the second factor up, in the caller's transaction. Raises Wrong where it was used, or the
    person has changed since it was read."""
    fresh = await staff.by_id(connection, person["id"])
    if fresh is None or fresh["password"] != person["password"]:
        raise Wrong
    if factor.step is not None:
        used = await staff.use_step(connection, person["id"], factor.step)
    else:
        used = await staff.use_recovery(connection, person["id"], factor.recovery or b"")
    if not used:
        log.info("staff.refused", staff=str(person["id"]))
        raise Wrong


async def bound_session(rates: Rates, session: int) -> None:
    """Count that whoever is signed in proves again who they are. Raises TooMany."""
    await _hit(rates, "session", str(session), *BY_BROWSER)


def mark(keyring: Keyring, email: str) -> str:
    """What a browser is given in which somebody has proved to be this person."""
    return _mark(keyring, email)


def _mark(keyring: Keyring, email: str) -> str:
    return keyring.seal("browser", token_bytes(_MARK) + _whom(keyring, email))


def _known(keyring: Keyring, given: str | None, email: str) -> str | None:
    """The mark, if it is one of this account's."""
    payload = keyring.unseal("browser", given) if given else None
    if payload is None or payload[_MARK:] != _whom(keyring, email):
        return None
    return given


def _whom(keyring: Keyring, email: str) -> bytes:
    return keyring.address_hash("staff", email)


async def _recovery(db: Database, email: str, typed: str) -> bytes | None:
    """The hash of a recovery code of theirs that they have not used, if one was typed. It has too much
    chance in it to be guessed, so looking for it needs no bound; a password is not looked at yet."""
    found = proofs.recovery_typed(typed)
    if found is None:
        return None
    async with db.statement() as connection:
        return found if await staff.has_recovery(connection, email, found) else None


async def _bound(
    rates: Rates, keyring: Keyring, *, network: str, email: str, known: str | None
) -> None:
    if known:
        await _hit(rates, "browser", keyring.address_hash("browser", known).hex(), *BY_BROWSER)
        return
    await _hit(rates, "network", keyring.address_hash("network", network).hex(), *BY_NETWORK)
    here = keyring.address_hash("stranger", f"{network} {email}").hex()
    await _hit(rates, "stranger", here, *BY_STRANGER)
    await _hit(rates, "account", _whom(keyring, email).hex(), *BY_ACCOUNT)


async def _hit(rates: Rates, name: str, key: str, *several: Rate) -> None:
    for rate in several:
        wait = await rates.hit(f"staff/{name}/{rate.seconds}", key, rate)
        if wait is not None:
            log.warning("staff.bounded", by=name)
            raise TooMany(wait)
