"""Signing in: right only where all of it is, bounded without locking the officer out."""

import asyncio
import contextlib
from collections.abc import Callable, MutableMapping
from typing import Any

import pytest
from pwdlib import PasswordHash

from notify.rates import Rate, Rates
from notify.services import proofs, renewing, signing_in, staff_sessions, staffing
from notify.services.asking import TooMany
from notify.services.signing_in import Wrong
from tests.town import Town
from tests.web.officer import EVERYWHERE, PASSWORD, Person, code, enrol, sign_in


@pytest.fixture
async def vera(town: Town) -> Person:
    return await enrol(town)


async def test_all_of_it_right_opens_a_session_with_the_grants(town: Town, vera: Person) -> None:
    done = await sign_in(town, vera, email=" Vera@Example.ORG ".strip())

    officer = await staff_sessions.find(town.db, done.word)
    assert officer is not None
    assert (officer.id, officer.name) == (vera.id, "Vera Amt")
    assert [grant.role for grant in officer.grants] == ["administrator"]
    sessions = await staff_sessions.every(town.db, officer)
    assert [row["browser"] for row in sessions] == ["Chrome, Android", "Firefox, Linux"]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"password": PASSWORD + " "}, id="password"),
        pytest.param({"password": ""}, id="no password"),
        pytest.param({"email": "vera@example.com"}, id="address"),
        pytest.param({"email": "no address"}, id="no address"),
        pytest.param({"code": "000000"}, id="code"),
        pytest.param({"code": ""}, id="no code"),
        pytest.param({"code": "abcd-efgh-ijkl-mnop-qrst-uvwx"}, id="recovery code"),
        pytest.param({"code": "x" * 5_000}, id="long code"),
        pytest.param({"password": "x" * 60_000}, id="long password"),
    ],
)
async def test_one_of_it_wrong_is_told_like_any_other(
    town: Town, vera: Person, given: dict[str, str]
) -> None:
    with pytest.raises(Wrong) as told:
        await sign_in(town, vera, **given)
    assert told.value.message == Wrong().message


async def test_a_code_is_taken_once_even_at_the_same_moment(town: Town, vera: Person) -> None:
    this = code(vera.secret)
    several = await asyncio.gather(
        *(sign_in(town, vera, code=this) for _ in range(3)), return_exceptions=True
    )

    assert [type(one) for one in several].count(signing_in.SignedIn) == 1
    assert sum(isinstance(one, Wrong) for one in several) == 2
    with pytest.raises(Wrong):
        await sign_in(town, vera, code=code(vera.secret, later=-1))  # an earlier one as well
    await sign_in(town, vera, code=code(vera.secret, later=1))


async def test_a_code_wasted_on_a_wrong_password_is_still_good(town: Town, vera: Person) -> None:
    this = code(vera.secret)
    with pytest.raises(Wrong):
        await sign_in(town, vera, code=this, password="falsch")
    await sign_in(town, vera, code=this)


@pytest.mark.parametrize("later", [-2, 2, 20])
async def test_a_code_of_another_time_is_none(town: Town, vera: Person, later: int) -> None:
    with pytest.raises(Wrong):
        await sign_in(town, vera, code=code(vera.secret, later=later))


async def test_a_recovery_code_works_once_however_it_is_typed(town: Town, vera: Person) -> None:
    typed = vera.recovery[3].upper().replace("-", " ").replace("O", "0")

    await sign_in(town, vera, code=typed)
    with pytest.raises(Wrong):
        await sign_in(town, vera, code=vera.recovery[3])
    await sign_in(town, vera, code=vera.recovery[4])


async def test_who_guesses_all_night_locks_out_strangers_and_not_the_officer(
    town: Town, vera: Person
) -> None:
    rates = Rates()
    for _ in range(signing_in.BY_STRANGER[0].most):
        with pytest.raises(Wrong):
            await sign_in(town, vera, password="geraten", rates=rates, network="10.0.0.0/24")

    with pytest.raises(TooMany):
        await sign_in(town, vera, rates=rates, network="10.0.0.0/24")
    await sign_in(town, vera, rates=rates, mark=vera.mark, network="10.0.0.0/24")


async def test_nor_a_new_phone_of_the_officer(town: Town, vera: Person) -> None:
    rates = Rates()
    for _ in range(signing_in.BY_STRANGER[0].most):
        with pytest.raises(Wrong):
            await sign_in(town, vera, password="geraten", rates=rates, network="10.0.0.0/24")

    await sign_in(town, vera, rates=rates, network="10.1.0.0/24")


async def test_who_guesses_from_many_networks_is_bounded_too(
    town: Town, vera: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "BY_ACCOUNT", (Rate(3, 86_400),))
    rates = Rates()
    for number in range(3):
        with pytest.raises(Wrong):
            await sign_in(
                town, vera, password="geraten", rates=rates, network=f"10.0.{number}.0/24"
            )

    with pytest.raises(TooMany):
        await sign_in(town, vera, rates=rates, network="10.1.0.0/24")
    await sign_in(town, vera, rates=rates, mark=vera.mark)


async def test_whom_strangers_locked_out_of_a_new_browser_gets_in_with_a_recovery_code(
    town: Town, vera: Person
) -> None:
    """The attack from as many networks as it takes, with every bound met in the officer's network too,
    and the way past it that a stranger does not have."""
    rates = Rates()
    bound, each = signing_in.BY_ACCOUNT[0].most, signing_in.BY_STRANGER[0].most
    for number in range(bound // each + 1):
        for _ in range(each):
            with contextlib.suppress(Wrong, TooMany):
                await _guess(town, vera, rates, network=f"10.{number // 250}.{number % 250}.0/24")

    with pytest.raises(TooMany):
        await sign_in(town, vera, rates=rates, network="10.9.9.0/24")
    for typed in ("abcd-efgh-ijkl-mnop-qrst-uvwx", vera.recovery[0][:-1]):
        with pytest.raises(TooMany):  # none of hers: as any stranger
            await sign_in(town, vera, rates=rates, network="10.9.9.0/24", code=typed)
    done = await sign_in(
        town, vera, rates=rates, network="10.0.0.0/24", code=vera.recovery[0].upper()
    )

    # The code is used up, and this browser is known from now on.
    with pytest.raises(TooMany):
        await sign_in(town, vera, rates=rates, network="10.9.9.0/24", code=vera.recovery[0])
    await sign_in(town, vera, rates=rates, network="10.9.9.0/24", mark=done.mark)


async def _guess(town: Town, vera: Person, rates: Rates, **given: str) -> None:
    """As a stranger does, without what a password costs to look at."""

    async def none(password: str, kept: str | None) -> bool:
        return False

    with pytest.MonkeyPatch.context() as quick:
        quick.setattr(proofs, "is_password", none)
        await sign_in(town, vera, password="geraten", code="000000", rates=rates, **given)


async def test_who_found_a_recovery_code_is_bounded_by_it_and_uses_up_none_of_the_others(
    town: Town, vera: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = Rates()
    looked: list[str] = []
    is_password = proofs.is_password

    async def watched(password: str, kept: str | None) -> bool:
        looked.append(password)
        return await is_password(password, kept)

    monkeypatch.setattr(proofs, "is_password", watched)
    for number in range(signing_in.BY_RECOVERY[0].most):
        with pytest.raises(Wrong):
            await sign_in(
                town, vera, password="geraten", rates=rates, code=vera.recovery[0],
                network=f"10.0.{number}.0/24",
            )  # fmt: skip
    for _ in range(3):
        with pytest.raises(TooMany):
            await sign_in(town, vera, rates=rates, code=vera.recovery[0], network="10.1.0.0/24")

    assert len(looked) == signing_in.BY_RECOVERY[0].most
    await sign_in(town, vera, rates=rates, code=vera.recovery[1])


async def test_a_recovery_code_of_one_opens_no_bound_of_another(town: Town, vera: Person) -> None:
    bert = await enrol(town, email="bert@example.org")
    rates = Rates()
    for _ in range(signing_in.BY_STRANGER[0].most):
        with pytest.raises(Wrong):
            await sign_in(town, vera, password="geraten", rates=rates, code=bert.recovery[0])

    with pytest.raises(TooMany):
        await sign_in(town, vera, rates=rates, code=bert.recovery[0])


async def test_a_known_browser_is_bounded_too_and_known_for_its_account_only(
    town: Town, vera: Person
) -> None:
    bert = await enrol(town, email="bert@example.org")
    rates = Rates()
    for _ in range(signing_in.BY_BROWSER[0].most):
        with pytest.raises(Wrong):
            await sign_in(town, vera, password="geraten", rates=rates, mark=vera.mark)
    with pytest.raises(TooMany):
        await sign_in(town, vera, rates=rates, mark=vera.mark)

    for _ in range(signing_in.BY_STRANGER[0].most):
        with pytest.raises(Wrong):
            await sign_in(town, vera, password="x", rates=rates, mark=bert.mark)
    with pytest.raises(TooMany):
        await sign_in(town, vera, rates=rates, mark=bert.mark)


async def test_a_network_is_bounded_over_all_accounts(town: Town, vera: Person) -> None:
    rates = Rates()
    bound = signing_in.BY_NETWORK[0].most
    for number in range(bound):
        with pytest.raises(Wrong):
            await sign_in(town, vera, email=f"a{number}@example.org", password="", rates=rates)
    with pytest.raises(TooMany):
        await sign_in(town, vera, rates=rates)


async def test_there_is_nobody_before_somebody_is_added(town: Town) -> None:
    assert await town.rows("SELECT FROM staff") == []
    for name in ("admin", "root", "admin@example.org"):
        with pytest.raises(Wrong):
            await signing_in.sign_in(
                town.db, town.keyring, Rates(), email=name, password=name, code="000000",
                network="1.2.3.0/24", mark=None, browser="",
            )  # fmt: skip


async def test_a_password_does_not_age(town: Town, vera: Person) -> None:
    await town.change("UPDATE staff SET created_at = now() - interval '10 years'")
    columns = await town.rows(
        "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'staff'"
    )

    await sign_in(town, vera)

    # Nothing says since when a password is theirs, so nothing can end it.
    assert {row["name"] for row in columns} == {
        "id", "email", "name", "language", "password", "totp", "totp_step", "created_at", "ended_at",
    }  # fmt: skip


async def test_what_ends_a_session_ends_it_at_once(town: Town, vera: Person) -> None:
    bert = await enrol(town, email="bert@example.org")
    there = await staff_sessions.find(town.db, vera.word)
    assert there is not None

    await staffing.end(town.db, bert.id, within=EVERYWHERE)
    assert await staff_sessions.find(town.db, bert.word) is None
    with pytest.raises(Wrong):
        await sign_in(town, bert)
    await staff_sessions.close(town.db, there)
    assert await staff_sessions.find(town.db, vera.word) is None


async def test_a_new_password_needs_the_old_one_and_signs_out_all_others(
    town: Town, vera: Person
) -> None:
    other = await sign_in(town, vera)
    here = await staff_sessions.find(town.db, vera.word)
    assert here is not None
    new = "sandkuchen turbine moosgrün leiter"

    async def change(password: str, typed: str) -> str:
        return await renewing.change_password(
            town.db, town.keyring, Rates(), here, settings=town.settings, password=password,
            code=typed, new=new,
        )  # fmt: skip

    with pytest.raises(Wrong):
        await change("falsch", code(vera.secret, later=1))
    with pytest.raises(Wrong):
        await change(PASSWORD, code(vera.secret))  # used to sign in
    word = await change(PASSWORD, code(vera.secret, later=1))

    assert await staff_sessions.find(town.db, other.word) is None
    assert await staff_sessions.find(town.db, vera.word) is None  # this browser has a new one
    assert await staff_sessions.find(town.db, word) == here
    with pytest.raises(Wrong):
        await sign_in(town, vera, code=vera.recovery[0])
    await sign_in(town, vera, code=vera.recovery[0], password=new)


async def test_new_recovery_codes_end_the_old_ones(town: Town, vera: Person) -> None:
    here = await staff_sessions.find(town.db, vera.word)
    assert here is not None
    made, word = await renewing.renew_recovery(
        town.db, town.keyring, Rates(), here, password=PASSWORD, code=vera.recovery[0]
    )
    assert await staff_sessions.find(town.db, vera.word) is None
    assert await staff_sessions.find(town.db, word) == here

    assert len(set(made)) == 10
    assert await renewing.recovery_left(town.db, here) == 10
    with pytest.raises(Wrong):
        await sign_in(town, vera, code=vera.recovery[1])
    await sign_in(town, vera, code=made[0])


async def test_nothing_that_proves_anybody_is_stored_or_logged(
    town: Town, vera: Person, events: list[MutableMapping[str, Any]]
) -> None:
    done = await sign_in(town, vera)
    with pytest.raises(Wrong):
        await sign_in(town, vera, password="falsch")

    rows = [
        await town.rows(query)
        for query in (
            "SELECT * FROM staff", "SELECT * FROM staff_sessions", "SELECT * FROM recovery_codes",
            "SELECT * FROM invitations",
        )
    ]  # fmt: skip
    kept = repr(rows) + repr([bytes(row["hash"]) for row in rows[1] + rows[2]])
    for secret in (PASSWORD, vera.secret, done.word, *vera.recovery):
        assert secret not in kept
    assert "staff.signed_in" in {event.get("deed") for event in events}
    for secret in (PASSWORD, vera.secret, done.word, vera.email, "falsch"):
        assert secret not in repr(events)


async def test_a_second_factor_of_one_is_of_no_use_in_the_row_of_another(
    town: Town, vera: Person
) -> None:
    bert = await enrol(town, email="bert@example.org")
    await town.change(
        "UPDATE staff SET totp = (SELECT totp FROM staff WHERE id = %(from)s) WHERE id = %(to)s",
        **{"from": bert.id, "to": vera.id},
    )
    with pytest.raises(Wrong):
        await sign_in(town, vera, code=code(bert.secret))


async def test_a_session_ends_after_rest_and_after_a_shift(town: Town, vera: Person) -> None:
    used = await sign_in(town, vera)
    await town.change(
        "UPDATE staff_sessions SET seen_at = now() - interval '2 minutes',"
        " opened_at = now() - interval '13 hours 50 minutes'"
    )

    assert await staff_sessions.find(town.db, used.word) is not None
    rows = await town.rows(
        "SELECT valid_until < now() + interval '11 minutes' AS short FROM staff_sessions"
    )
    assert sorted(row["short"] for row in rows) == [False, True]
    await town.change("UPDATE staff_sessions SET valid_until = now()")
    assert await staff_sessions.find(town.db, used.word) is None


def test_a_password_is_kept_at_the_cost_that_guessing_shall_have(
    at_full_cost: Callable[[], PasswordHash],
) -> None:
    """RFC 9106, the second of its choices: 64 MB, three rounds, four lanes."""
    assert at_full_cost().hash(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
