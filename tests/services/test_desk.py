"""Signing up at the town hall: paper says what somebody wants, a code proves that they are reached."""

from uuid import UUID, uuid4

import pytest

from notify.bootstrap import push_hosts
from notify.domain.residents import NewResident
from notify.domain.words import Channel, Source
from notify.errors import Conflict, Invalid, NotFound
from notify.rates import Rates
from notify.services import asking, confirming, desk, proving, residents
from notify.services.asking import BY_ADDRESS, Elsewhere, Spent, TooMany
from notify.services.desk import Counter
from tests.town import Town

PHONE = "+4915112345678"


async def signed_up(
    town: Town, *groups: str, consent: str | None = "form 17", counter: Counter | None = None,
    **more: str,
) -> UUID:  # fmt: skip
    given = [("email", more.get("email")), ("sms", more.get("phone"))]
    return await residents.create(
        town.db, town.keyring, settings=town.settings, hosts=push_hosts(town.settings),
        source=Source.DESK, counter=counter or Counter(Rates()),
        request=NewResident(
            addresses=[(channel, value) for channel, value in given if value], consent=consent,
            language=more.get("language"), wording=more.get("wording"),
            subscriptions=[(slug, ["email", "sms"], ["email"]) for slug in groups],
        ),
    )  # fmt: skip


async def again(
    town: Town, resident: UUID, *, counter: Counter | None = None, within: int | None = None
) -> int:
    """Other codes are sent."""
    return await desk.send_codes(
        town.db, town.keyring, resident, settings=town.settings,
        counter=counter or Counter(Rates()), within=within,
    )  # fmt: skip


async def digits(town: Town, channel: str) -> str:
    (row,) = await town.rows(
        "SELECT c.id FROM codes c JOIN addresses a ON a.id = c.address_id"
        " WHERE a.channel = %(c)s AND c.valid_until > now()",
        c=channel,
    )
    return proving.digits(town.keyring, row["id"])


async def test_the_paper_is_on_record_and_the_code_proves(town: Town) -> None:
    closed = await town.group("kita")
    await town.change("UPDATE groups SET closed = true WHERE id = %(g)s", g=closed)
    anna = await signed_up(town, "kita", email="anna@example.org", phone=PHONE)

    states = {row["state"] for row in await town.rows("SELECT state FROM addresses")}
    assert states == {"unverified"}
    (paper,) = await town.rows("SELECT source, reference FROM consents")
    assert (paper["source"], paper["reference"]) == ("desk", "form 17")
    assert [row["state"] for row in await town.rows("SELECT state FROM subscriptions")] == [
        "active"
    ]
    broadcast = await town.broadcast("kita")
    await town.plan()
    skips = await town.rows("SELECT reason FROM skips WHERE broadcast_id = %(b)s", b=broadcast)
    assert {row["reason"] for row in skips} == {"unverified"}

    assert (
        await desk.confirm(
            town.db, town.keyring, anna, await digits(town, "sms"), settings=town.settings
        )
        is Channel.SMS
    )
    assert (
        await desk.confirm(
            town.db, town.keyring, anna, await digits(town, "email"), settings=town.settings
        )
        is Channel.EMAIL
    )

    states = {row["state"] for row in await town.rows("SELECT state FROM addresses")}
    assert states == {"proven"}
    rows = await town.rows("SELECT source, channel FROM consents ORDER BY id")
    assert [(row["source"], row["channel"]) for row in rows] == [
        ("desk", None), ("desk", "sms"), ("desk", "email"),
    ]  # fmt: skip


async def test_without_a_paper_there_is_no_desk(town: Town) -> None:
    await town.group("town")
    for consent in (None, "  "):
        with pytest.raises(Invalid, match="paper form"):
            await signed_up(town, "town", consent=consent, email="anna@example.org")
    assert not await town.rows("SELECT FROM residents")


async def test_a_wrong_code_proves_nothing_and_another_one_can_be_sent(town: Town) -> None:
    await town.group("town")
    anna = await signed_up(town, "town", phone=PHONE)
    right = await digits(town, "sms")
    wrong = f"{(int(right) + 1) % 10**6:06}"
    for _ in range(6):
        with pytest.raises(Conflict):
            await desk.confirm(town.db, town.keyring, anna, wrong, settings=town.settings)
    with pytest.raises(Conflict):
        await desk.confirm(town.db, town.keyring, anna, right, settings=town.settings)

    assert await again(town, anna) == 1

    fresh = await digits(town, "sms")
    assert (
        await desk.confirm(town.db, town.keyring, anna, fresh, settings=town.settings)
        is Channel.SMS
    )
    assert await again(town, anna) == 0
    with pytest.raises(Conflict):
        await desk.confirm(town.db, town.keyring, anna, fresh, settings=town.settings)


async def test_who_goes_home_without_typing_it_is_asked_once_more(town: Town) -> None:
    """By the request to confirm, whose link holds for two weeks; not before the code is over."""
    await town.group("town")
    await signed_up(town, "town", email="anna@example.org")
    assert await confirming.ask(town.db, channels=["email"]) == 0

    await town.change("UPDATE codes SET valid_until = now()")

    assert await confirming.ask(town.db, channels=["email"]) == 1
    rows = await town.rows("SELECT kind FROM notes ORDER BY id")
    assert [row["kind"] for row in rows] == ["code", "confirm"]


async def test_a_grant_reaches_who_follows_its_groups_only(town: Town) -> None:
    north, _ = await town.group("north"), await town.group("south")
    anna = await signed_up(town, "south", phone=PHONE)
    ben = await signed_up(town, "north", phone="+4915112345679")

    for work in (
        again(town, anna, within=north),
        desk.confirm(town.db, town.keyring, anna, "123456", within=north, settings=town.settings),
    ):
        with pytest.raises(NotFound):
            await work
    assert await again(town, ben, within=north) == 1
    with pytest.raises(NotFound):
        await again(town, uuid4())


async def _rows(town: Town) -> dict[str, int]:
    """How many rows there are of what a sign-up makes."""
    names = ("residents", "addresses", "subscriptions", "consents", "codes", "notes", "deliveries")
    return {name: (await town.rows(f"SELECT count(*) AS n FROM {name}"))[0]["n"] for name in names}


async def test_an_address_gets_few_codes_from_the_desk_and_then_none_goes_anywhere(
    town: Town,
) -> None:
    await town.group("town")
    counter = Counter(Rates())
    anna = await signed_up(town, "town", email="anna@example.org", phone=PHONE, counter=counter)
    for _ in range(BY_ADDRESS[0].most - 1):
        assert await again(town, anna, counter=counter) == 2
    before = await _rows(town)

    with pytest.raises(TooMany, match="Try again in 15 minutes"):
        await again(town, anna, counter=counter)
    assert await _rows(town) == before

    await town.change("DELETE FROM residents")
    before = await _rows(town)
    with pytest.raises(TooMany):
        await signed_up(town, "town", phone=PHONE, counter=counter)
    assert await _rows(town) == before


async def test_what_is_refused_uses_up_no_codes(town: Town) -> None:
    await town.group("town")
    await town.resident(phone="+4915112345679")
    counter = Counter(Rates())
    for _ in range(BY_ADDRESS[0].most):
        with pytest.raises(Invalid, match="no group"):
            await signed_up(town, "twon", phone=PHONE, counter=counter)
        with pytest.raises(Conflict):
            await signed_up(
                town, "town", email="anna@example.org", phone="+4915112345679", counter=counter
            )
        with pytest.raises(Elsewhere):
            await signed_up(
                town, "town", email="anna@example.org", phone="+12025550123", counter=counter
            )

    await signed_up(town, "town", email="anna@example.org", phone=PHONE, counter=counter)


async def test_strangers_use_up_none_of_the_desk_s_codes_nor_the_desk_those_of_strangers(
    town: Town,
) -> None:
    await town.group("town")
    counter = Counter(Rates(), "n")

    async def stranger() -> None:
        await asking.ask(
            counter.rates, settings=town.settings, keyring=town.keyring, channel=Channel.SMS,
            value=PHONE, network="n",
        )  # fmt: skip

    for _ in range(BY_ADDRESS[0].most):
        await stranger()
    anna = await signed_up(town, "town", phone=PHONE, counter=counter)
    with pytest.raises(TooMany):
        await stranger()

    assert await again(town, anna, counter=counter) == 1


async def test_one_desk_signs_up_a_hall_and_not_a_whole_country(town: Town) -> None:
    counter = Counter(Rates(), "n")
    hall = [(Channel.EMAIL, f"r{number}@example.org") for number in range(asking.AT_DESK[0].most)]
    await desk.ask(town.keyring, hall, settings=town.settings, counter=counter)

    with pytest.raises(TooMany):
        await desk.ask(
            town.keyring, [(Channel.EMAIL, "x@example.org")], settings=town.settings,
            counter=counter,
        )  # fmt: skip


async def test_the_desk_sends_no_sms_to_other_countries(town: Town) -> None:
    await town.group("town")

    with pytest.raises(Elsewhere, match="DE, AT, CH"):
        await signed_up(town, "town", phone="+12025550123", email="anna@example.org")

    assert set((await _rows(town)).values()) == {0}


async def test_without_sms_left_the_clerk_reads_what_to_do_and_nothing_is_half_done(
    town: Town,
) -> None:
    town.settings = town.settings.model_copy(
        update={"sms_daily_budget": 2, "twilio_account_sid": "AC1",
                "twilio_senders": ("+4915735980001@1",)}
    )  # fmt: skip
    await town.group("town")
    anna = await signed_up(town, "town", phone=PHONE, email="anna@example.org")
    ben = await signed_up(town, "town", phone="+4915112345679")
    before = await _rows(town)

    with pytest.raises(Spent) as refusal:
        await signed_up(town, "town", phone="+4915112345670", email="cem@example.org")
    with pytest.raises(Spent):
        await again(town, anna)

    assert "text JOIN and the group's short name to +4915735980001" in refusal.value.message
    assert "e-mail address" in refusal.value.message
    assert await _rows(town) == before
    assert [row["n"] for row in await town.rows("SELECT n FROM sms_asked")] == [2]
    # What was sent before holds still.
    assert (
        await desk.confirm(town.db, town.keyring, ben, await _of(town, ben), settings=town.settings)
        is Channel.SMS
    )
    # A mail needs no SMS.
    await signed_up(town, "town", email="cem@example.org")


async def _of(town: Town, resident: UUID) -> str:
    (row,) = await town.rows("SELECT id FROM codes WHERE resident_id = %(r)s", r=resident)
    return proving.digits(town.keyring, row["id"])


@pytest.mark.parametrize(("language", "begins"), [("de", "Ich möchte"), ("en", "I want")])
async def test_what_the_paper_said_is_kept_with_its_language_and_version(
    town: Town, language: str, begins: str
) -> None:
    await town.group("town")
    anna = await signed_up(town, "town", phone=PHONE, language=language)
    await desk.confirm(town.db, town.keyring, anna, await _of(town, anna), settings=town.settings)

    rows = await town.rows("SELECT language, wording, version, channel FROM consents ORDER BY id")

    said = desk.sentence(language, settings=town.settings)
    assert said.startswith(begins)
    assert town.settings.town in said
    assert [row["channel"] for row in rows] == [None, "sms"]
    assert len({row["version"] for row in rows}) == 1
    for row in rows:
        assert (row["language"], row["wording"]) == (language, said)
        assert row["version"]


async def test_a_form_of_the_town_s_own_is_kept_as_it_reads(town: Town) -> None:
    await town.group("town")
    await signed_up(town, "town", phone=PHONE, wording="Ja, bitte.\nAuch nachts.")
    await signed_up(town, "town", email="b@example.org", wording="Ja.")

    rows = await town.rows("SELECT wording, version FROM consents ORDER BY id")

    assert [row["wording"] for row in rows] == ["Ja, bitte.\nAuch nachts.", "Ja."]
    assert rows[0]["version"] != rows[1]["version"]
