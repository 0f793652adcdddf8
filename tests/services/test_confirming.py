"""Unverified addresses are asked once, and their owner's yes proves them."""

import pytest
from itsdangerous import URLSafeSerializer

from channels.memory import MemoryChannel
from channels.messages import Email
from notify.domain.codes import Purpose
from notify.domain.words import Channel, Lane
from notify.services import confirming, proving
from notify.services.joining import NotHere
from tests.conftest import SECRET
from tests.town import ALL, Town


async def _states(town: Town) -> list[str]:
    return [row["state"] for row in await town.rows("SELECT state FROM addresses ORDER BY id")]


async def _token(town: Town) -> str:
    (row,) = await town.rows("SELECT id FROM addresses ORDER BY id LIMIT 1")
    return confirming.seal(town.keyring, address_id=row["id"])


async def test_each_unverified_address_is_asked_once(town: Town) -> None:
    await town.resident(email="a@example.org", phone="+4915112345678", state="unverified")
    await town.resident(email="b@example.org")

    assert await confirming.ask(town.db, channels=ALL) == 2
    assert await confirming.ask(town.db, channels=ALL) == 0

    rows = await town.rows("SELECT channel, lane FROM deliveries ORDER BY channel")
    assert [(r["channel"], r["lane"]) for r in rows] == [("email", "note"), ("sms", "note")]


async def test_only_channels_that_are_open_are_asked_over(town: Town) -> None:
    await town.resident(email="a@example.org", phone="+4915112345678", state="unverified")

    assert await confirming.ask(town.db, channels=["sms"]) == 1


async def test_a_suppressed_address_is_not_asked(town: Town) -> None:
    await town.resident(email="a@example.org", state="unverified")
    await town.change(
        "INSERT INTO suppressions (channel, hash, reason) SELECT channel, hash, 'bounced'"
        " FROM addresses"
    )

    await confirming.ask(town.db, channels=ALL)

    assert await town.rows("SELECT 1 FROM deliveries") == []


async def test_the_link_in_the_mail_proves_the_address(town: Town) -> None:
    await town.resident(email="a@example.org", state="unverified")
    await confirming.ask(town.db, channels=ALL)
    carrier = MemoryChannel[Email]()
    await (await town.pump(carrier, channel=Channel.EMAIL, lane=Lane.NOTE)).round()
    (mail,) = carrier.taken
    token = mail.form.text.partition("/confirm/")[2].split()[0]

    assert await confirming.confirm(town.db, town.keyring, token, settings=town.settings)
    assert await confirming.confirm(town.db, town.keyring, token, settings=town.settings)

    assert await _states(town) == ["proven"]


@pytest.mark.parametrize("address_id", [7, 42, 123456])
async def test_a_link_from_a_mail_of_the_first_version_still_proves(
    town: Town, address_id: int
) -> None:
    await town.change("SELECT setval('addresses_id_seq', %(id)s, false)", id=address_id)
    await town.resident(email="a@example.org", state="unverified")
    old = URLSafeSerializer([SECRET], salt="notify.confirm").dumps({"a": address_id})

    assert await confirming.confirm(town.db, town.keyring, str(old), settings=town.settings)
    assert await _states(town) == ["proven"]


async def test_forged_and_foreign_tokens_prove_nothing(town: Town) -> None:
    await town.resident(email="a@example.org", state="unverified")
    good = await _token(town)
    leave = town.keyring.seal("leave", good.encode())
    odd = town.keyring.seal("confirm", b"1")

    for token in (good[:-2], leave, odd, "", "\0"):
        assert not await confirming.confirm(town.db, town.keyring, token, settings=town.settings)

    assert await _states(town) == ["unverified"]


async def test_an_address_that_is_gone_stays_gone(town: Town) -> None:
    await town.resident(email="a@example.org", state="gone")

    assert not await confirming.confirm(
        town.db, town.keyring, await _token(town), settings=town.settings
    )

    assert await _states(town) == ["gone"]


async def test_the_first_yes_is_on_record_once_with_its_words(town: Town) -> None:
    await town.resident(email="a@example.org", state="unverified")
    token = await _token(town)
    said = {"language": "de", "wording": "Dann drücken Sie.", "version": "1"}

    for _ in range(2):
        assert await confirming.confirm(
            town.db, town.keyring, token, settings=town.settings, **said
        )

    (row,) = await town.rows("SELECT source, channel, language, wording, version FROM consents")
    assert dict(row) == {"source": "page", "channel": "email", **said}


async def test_the_first_yes_lifts_what_stood_against_the_address_and_a_second_does_not(
    town: Town,
) -> None:
    await town.resident(email="a@example.org", state="unverified")
    token = await _token(town)
    stop = (
        "INSERT INTO suppressions (channel, hash, reason) SELECT channel, hash, 'opted_out'"
        " FROM addresses"
    )
    await town.change(stop)

    assert await confirming.confirm(town.db, town.keyring, token, settings=town.settings)

    assert not await town.rows("SELECT FROM suppressions")
    (row,) = await town.rows("SELECT version FROM addresses")
    assert row["version"] > 1

    await town.change(stop)
    assert await confirming.confirm(town.db, town.keyring, token, settings=town.settings)
    assert await town.rows("SELECT FROM suppressions")


async def test_a_link_that_a_page_asked_for_since_proves_nothing(town: Town) -> None:
    await town.resident(email="a@example.org", state="asked")

    assert not await confirming.confirm(
        town.db, town.keyring, await _token(town), settings=town.settings
    )

    assert await _states(town) == ["asked"]


async def _code(town: Town, *, state: str) -> int:
    """Somebody with a proven phone; a code is on its way to their mail address, which is not."""
    anna = await town.resident(phone="+4915112345678")
    async with town.db.transaction() as connection:
        row = await connection.row(
            "INSERT INTO addresses (resident_id, channel, value, hash, state)"
            " VALUES (%(r)s, 'email', 'a@example.org', %(hash)s, %(state)s) RETURNING id",
            r=anna, hash=town.keyring.address_hash("email", "a@example.org"), state=state,
        )  # fmt: skip
        assert row is not None
        code = await proving.send(connection, row["id"], purpose=Purpose.PROVE)
    assert code is not None
    return code


async def test_the_link_of_a_code_proves_what_staff_took_down_and_opens_no_page(town: Town) -> None:
    code = await _code(town, state="unverified")

    assert await confirming.by_code(town.db, town.keyring, code, settings=town.settings)
    assert not await confirming.by_code(town.db, town.keyring, code, settings=town.settings)

    assert await _states(town) == ["proven", "proven"]
    rows = await town.rows("SELECT channel, reference FROM consents")
    assert rows == [{"channel": "email", "reference": "code"}]
    assert not await town.rows("SELECT FROM sessions")


async def test_what_a_page_asked_for_is_not_proven_by_it_and_the_code_still_holds(
    town: Town,
) -> None:
    code = await _code(town, state="asked")

    with pytest.raises(NotHere):
        await confirming.by_code(town.db, town.keyring, code, settings=town.settings)

    assert await _states(town) == ["proven", "asked"]
    assert await town.rows("SELECT FROM codes WHERE used_at IS NULL")
