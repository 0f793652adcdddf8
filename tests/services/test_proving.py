"""Codes: sent to an address, typed or opened, counted, used once."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from channels.messages import Email, Sms
from notify import clock
from notify.domain.codes import TRIES, Purpose, Verdict, tidy
from notify.domain.keyring import Keyring
from notify.domain.words import Channel, Lane
from notify.services import opening, proving
from notify.store import claiming
from notify.store.database import Database
from tests.town import Town


async def asked(town: Town, *, state: str = "asked", **address: str) -> int:
    """An address that somebody said is theirs; its id."""
    await town.resident(**address, state=state)
    async with town.db.transaction() as c:
        row = await c.row("SELECT max(id) AS id FROM addresses")
    assert row is not None
    return int(row["id"])


async def sent(town: Town, address: int, purpose: Purpose = Purpose.PROVE) -> int:
    async with town.db.transaction() as connection:
        code = await proving.send(connection, address, purpose=purpose)
    assert code is not None
    return code


async def test_a_right_code_is_used_once(town: Town, db: Database, keyring: Keyring) -> None:
    address = await asked(town, email="a@example.org")
    code = await sent(town, address)

    verdict = await proving.check(db, keyring, code, proving.digits(keyring, code))
    async with db.transaction() as connection:
        proven = await proving.use(connection, code)
        again = await proving.use(connection, code)

    assert verdict is Verdict.RIGHT
    assert proven is not None
    assert (proven.purpose, proven.address_id) == (Purpose.PROVE, address)
    assert again is None
    assert await proving.check(db, keyring, code, proving.digits(keyring, code)) is Verdict.OVER


async def test_wrong_ones_are_counted_and_then_even_the_right_one_is_over(
    town: Town, db: Database, keyring: Keyring
) -> None:
    code = await sent(town, await asked(town, phone="+4915112345678"))
    right = proving.digits(keyring, code)
    wrong = f"{(int(right) + 1) % 10**6:06}"

    said = [await proving.check(db, keyring, code, wrong) for _ in range(TRIES)]

    assert set(said) == {Verdict.WRONG}
    assert await proving.check(db, keyring, code, right) is Verdict.OVER


async def test_guesses_at_the_same_time_are_all_counted(
    town: Town, db: Database, keyring: Keyring
) -> None:
    code = await sent(town, await asked(town, email="a@example.org"))
    right = int(proving.digits(keyring, code))
    guesses = [f"{(right + n) % 10**6:06}" for n in range(1, 3 * TRIES)]

    said = await asyncio.gather(*(proving.check(db, keyring, code, guess) for guess in guesses))

    assert said.count(Verdict.WRONG) == TRIES
    assert said.count(Verdict.OVER) == len(guesses) - TRIES


async def test_a_try_is_written_down_whether_there_is_a_code_or_not(
    town: Town, db: Database, keyring: Keyring
) -> None:
    code = await sent(town, await asked(town, email="a@example.org"))

    async def commits() -> int:
        """The number of the next transaction that writes."""
        (row,) = await town.rows("SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS next")
        return int(row["next"])

    for number in (code, opening.NOBODY):
        before = await commits()
        await proving.check(db, keyring, number, "000000")
        assert await commits() > before


async def test_only_the_latest_code_for_an_address_holds(
    town: Town, db: Database, keyring: Keyring
) -> None:
    address = await asked(town, email="a@example.org")
    first, second = await sent(town, address), await sent(town, address)

    assert await proving.check(db, keyring, first, proving.digits(keyring, first)) is Verdict.OVER
    assert (
        await proving.check(db, keyring, second, proving.digits(keyring, second)) is Verdict.RIGHT
    )


async def test_a_code_runs_out_however_it_comes_back(
    town: Town, db: Database, keyring: Keyring
) -> None:
    code = await sent(town, await asked(town, email="a@example.org"))
    async with db.transaction() as connection:
        await connection.run("UPDATE codes SET valid_until = now()")

    assert await proving.check(db, keyring, code, proving.digits(keyring, code)) is Verdict.OVER
    async with db.transaction() as connection:
        assert await proving.use(connection, code) is None


async def test_a_code_holds_while_keys_rotate(town: Town, db: Database, keyring: Keyring) -> None:
    code = await sent(town, await asked(town, email="a@example.org"))
    rotated = Keyring(["a new one", "a-key-for-tests-only"])

    assert await proving.check(db, rotated, code, proving.digits(keyring, code)) is Verdict.RIGHT
    assert proving.unseal(rotated, proving.seal(keyring, code)) == code


@pytest.mark.parametrize(
    ("typed", "known"),
    [("123456", "123456"), (" 123 456 ", "123456"), ("123-456", "123456"),
     ("１２３４５６", "123456"), ("١٢٣٤٥٦", "123456"), ("12345", None), ("1234567", None),
     ("", None), ("abc", None), ("²²²²²²", "222222")],
)  # fmt: skip
def test_a_code_is_read_as_people_type_it(typed: str, known: str | None) -> None:
    assert tidy(typed) == known


@pytest.mark.parametrize("state", ["asked", "proven"])
@pytest.mark.parametrize("suppressed", [False, True])
async def test_a_code_reaches_its_address_whatever_stands_against_news(
    town: Town, keyring: Keyring, state: str, *, suppressed: bool
) -> None:
    mail = await sent(town, await asked(town, email="a@example.org", state=state))
    phone = await sent(town, await asked(town, phone="+4915112345678", state=state), Purpose.OPEN)
    if suppressed:
        async with town.db.transaction() as c:
            await c.run(
                "INSERT INTO suppressions (channel, hash, reason)"
                " SELECT channel, hash, 'opted_out' FROM addresses"
            )

    letter, text = [await composed(town, channel) for channel in (Channel.EMAIL, Channel.SMS)]

    assert isinstance(letter, Email)
    assert isinstance(text, Sms)
    digits = proving.digits(keyring, mail)
    assert letter.form.subject == f"{digits} ist Ihr Code zum Anmelden"
    assert digits in letter.form.text
    assert "/code/" in letter.form.text
    assert proving.digits(keyring, phone) in text.body
    assert text.validity is not None
    assert text.validity <= timedelta(minutes=15).total_seconds()


@pytest.mark.parametrize(
    ("reason", "state", "leave"),
    [("complained", "asked", 1), ("complained", "proven", 3), ("bounced", "asked", 3)],
)
async def test_whoever_complained_is_sent_a_code_a_day_for_strangers(
    town: Town, reason: str, state: str, leave: int
) -> None:
    async def code() -> None:
        if state == "proven":
            await sent(town, proven, Purpose.OPEN)
        else:  # each time by somebody else
            await sent(town, await asked(town, email="a@example.org"))

    proven = await asked(town, email="a@example.org", state=state)
    await town.change(
        "INSERT INTO suppressions (channel, hash, reason)"
        " SELECT channel, hash, %(reason)s FROM addresses LIMIT 1",
        reason=reason,
    )
    await code()
    await code()
    together = len(await claimed(town, Channel.EMAIL))
    await code()
    later = len(await claimed(town, Channel.EMAIL))

    assert together + later == leave
    assert together >= 1
    await town.change("UPDATE deliveries SET created_at = created_at - interval '25 hours'")
    await code()
    assert len(await claimed(town, Channel.EMAIL)) == 1


async def claimed(town: Town, channel: Channel) -> list[claiming.Claimed]:
    """The notes that wait on a channel and may leave."""
    async with town.db.transaction() as connection:
        return await claiming.claim(
            connection, lane=Lane.NOTE, channel=channel, sender="s", worker=uuid4(), size=5,
            lease=60, allowed=["pending"],
        )  # fmt: skip


async def composed(town: Town, channel: Channel) -> Email | Sms | object:
    """What the one note that waits on a channel says."""
    from notify.services.composing import Composer

    batch = await claimed(town, channel)
    (one,) = batch
    composer = Composer(settings=town.settings, keyring=town.keyring)
    compose = await composer.prepare(town.db, batch)
    return compose(one, channel=channel, now=clock.now())
