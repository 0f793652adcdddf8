"""The cheap way round: the page shows a code, and the phone texts it to us."""

import pytest

from notify.domain.codes import TRIES, Purpose
from notify.domain.keyring import Keyring
from notify.domain.replying import Say
from notify.services import proving, texting, visiting
from notify.settings import Settings
from notify.store.database import Database
from tests.services.test_joining import address, newcomer, prove
from tests.town import Town

PHONE, OTHER = "+4915112345678", "+4915187654321"


async def shown(town: Town, address_id: int) -> int:
    async with town.db.transaction() as connection:
        code = await texting.show(connection, address_id)
    assert code is not None
    return code


async def text(town: Town, sender: str, body: str) -> Say | None:
    async with town.db.transaction() as connection:
        return await texting.texted(connection, town.keyring, sender, body, settings=town.settings)


async def state(town: Town, value: str = PHONE) -> list[str]:
    rows = await town.rows("SELECT state FROM addresses WHERE value = %(v)s ORDER BY id", v=value)
    return [row["state"] for row in rows]


async def test_the_phone_that_texts_the_code_is_proven_and_its_page_goes_on(town: Town) -> None:
    anna = await newcomer(town, await town.group(), phone=PHONE)
    code = await shown(town, await address(town, anna, "sms"))
    word = texting.word(town.keyring, code)
    assert await visiting.find(town.db, word) is None

    assert await text(town, PHONE, texting.digits(town.keyring, code)) is Say.PROVED

    assert await state(town) == ["proven"]
    session = await visiting.find(town.db, word)
    assert session is not None
    assert session.resident == anna
    (row,) = await town.rows("SELECT source, channel, reference FROM consents")
    assert (row["source"], row["channel"], row["reference"]) == ("page", "sms", "texted code")
    assert not await text(town, PHONE, texting.digits(town.keyring, code))


@pytest.mark.parametrize("prepared", [False, True])
async def test_whoever_texts_the_code_of_another_s_page_gives_away_nothing(
    town: Town, *, prepared: bool
) -> None:
    """Mallory has a page show a code for Anna's number, and gets her to text it to the town. He may
    have proven a mail of his own on that page before."""
    group = await town.group()
    anna = await town.resident(group, phone=PHONE)
    mallory = await newcomer(town, await town.group("his"), email="m@example.org", phone=PHONE)
    code = await shown(town, await address(town, mallory, "sms"))
    if prepared:
        await prove(town, await address(town, mallory), here=mallory)

    assert await text(town, PHONE, texting.digits(town.keyring, code)) is Say.TAKEN

    assert await visiting.find(town.db, texting.word(town.keyring, code)) is None
    rows = await town.rows("SELECT resident_id, state FROM addresses WHERE value = %(v)s", v=PHONE)
    assert {(row["resident_id"], row["state"]) for row in rows} == {
        (anna, "proven"), (mallory, "asked"),
    }  # fmt: skip
    follows = await town.rows(
        "SELECT group_id FROM subscriptions WHERE resident_id = %(a)s", a=anna
    )
    assert [row["group_id"] for row in follows] == [group]
    assert await town.rows("SELECT FROM consents WHERE reference = 'texted code'") == []


async def test_a_number_that_a_list_claims_is_whose_phone_texts_the_code(town: Town) -> None:
    await town.resident(phone=PHONE, state="unverified")
    anna = await newcomer(town, phone=PHONE)
    code = await shown(town, await address(town, anna, "sms"))

    assert await text(town, PHONE, texting.digits(town.keyring, code)) is Say.PROVED

    assert [row["resident_id"] for row in await town.rows("SELECT resident_id FROM addresses")] == [
        anna
    ]


async def test_a_page_that_is_open_already_gets_no_second_session(town: Town) -> None:
    anna = await town.resident(email="anna@example.org")
    await town.change(
        "INSERT INTO addresses (resident_id, channel, value, hash, state)"
        " VALUES (%(r)s, 'sms', %(v)s, 'x', 'asked')",
        r=anna, v=PHONE,
    )  # fmt: skip
    async with town.db.transaction() as connection:
        hers = await visiting.open_(connection, anna)
    code = await shown(town, await address(town, anna, "sms"))

    assert await text(town, PHONE, texting.digits(town.keyring, code)) is Say.PROVED

    assert await state(town) == ["proven"]
    assert await visiting.find(town.db, hers) is not None
    assert len(await town.rows("SELECT FROM sessions")) == 1


async def test_another_phone_proves_nothing(town: Town) -> None:
    anna = await newcomer(town, phone=PHONE)
    code = await shown(town, await address(town, anna, "sms"))

    assert not await text(town, OTHER, texting.digits(town.keyring, code))
    assert await state(town) == ["asked"]


async def test_the_digits_shown_prove_nothing_when_typed(
    town: Town, db: Database, keyring: Keyring
) -> None:
    """Whoever sees the page need not have the phone."""
    anna = await newcomer(town, phone=PHONE)
    code = await shown(town, await address(town, anna, "sms"))

    verdict = await proving.check(db, keyring, code, texting.digits(keyring, code))

    assert verdict.value == "wrong"
    assert texting.digits(keyring, code) != proving.digits(keyring, code)


async def test_a_code_that_was_sent_may_be_texted_back(town: Town) -> None:
    anna = await newcomer(town, phone=PHONE)
    async with town.db.transaction() as connection:
        code = await proving.send(
            connection, await address(town, anna, "sms"), purpose=Purpose.PROVE
        )
    assert code is not None

    assert await text(town, PHONE, proving.digits(town.keyring, code))
    assert await state(town) == ["proven"]


async def test_a_code_that_was_sent_adds_no_phone_to_somebody_else_s_page(town: Town) -> None:
    """The one whose page it is would not know of it."""
    group = await town.group()
    other = await town.resident(group, email="other@example.org")
    await town.change(
        "INSERT INTO addresses (resident_id, channel, value, hash, state)"
        " VALUES (%(r)s, 'sms', %(v)s, 'x', 'asked')",
        r=other, v=PHONE,
    )  # fmt: skip
    phone = await address(town, other, "sms")
    async with town.db.transaction() as connection:
        code = await proving.send(connection, phone, purpose=Purpose.PROVE)
    assert code is not None

    assert not await text(town, PHONE, proving.digits(town.keyring, code))
    assert await state(town) == ["asked"]
    # The refusal leaves the rest of the transaction alone.
    assert (await town.rows("SELECT used_at FROM codes"))[0]["used_at"] is None


@pytest.mark.parametrize("known", [True, False])
async def test_a_code_shown_is_worth_nothing_once_another_has_proven_that_the_page_is_theirs(
    town: Town, *, known: bool
) -> None:
    """Mallory signs up with Anna's mail and his own phone, and keeps what his page shows; Anna
    presses the button in her mail."""
    if known:
        await town.resident(email="anna@example.org", phone=PHONE)
    mallory = await newcomer(town, email="anna@example.org", phone=OTHER)
    code = await shown(town, await address(town, mallory, "sms"))

    joined = await prove(town, await address(town, mallory))

    assert joined is not None
    assert joined.merged == known
    assert not await text(town, OTHER, texting.digits(town.keyring, code))
    assert await visiting.find(town.db, texting.word(town.keyring, code)) is None
    rows = await town.rows(
        "SELECT value FROM addresses WHERE resident_id = %(r)s AND live ORDER BY channel",
        r=joined.resident,
    )
    assert [row["value"] for row in rows] == ["anna@example.org", *([PHONE] if known else [])]


@pytest.mark.parametrize("known", [True, False])
async def test_a_code_shown_holds_on_where_the_page_itself_proved_the_mail(
    town: Town, *, known: bool
) -> None:
    if known:
        await town.resident(email="anna@example.org")
    anna = await newcomer(town, email="anna@example.org", phone=PHONE)
    code = await shown(town, await address(town, anna, "sms"))

    joined = await prove(town, await address(town, anna), here=anna)

    assert joined is not None
    assert await text(town, PHONE, texting.digits(town.keyring, code)) is Say.PROVED
    rows = await town.rows("SELECT resident_id FROM addresses WHERE value = %(v)s", v=PHONE)
    assert [row["resident_id"] for row in rows] == [joined.resident]


async def test_guesses_are_counted(town: Town) -> None:
    anna = await newcomer(town, phone=PHONE)
    code = await shown(town, await address(town, anna, "sms"))
    right = texting.digits(town.keyring, code)
    wrong = f"{(int(right) + 1) % 10**6:06}"

    for _ in range(TRIES):
        assert not await text(town, PHONE, wrong)
    assert not await text(town, PHONE, right)


@pytest.mark.parametrize("body", ["", "12345", "hello", "1234567", "\0"])
async def test_what_is_no_code_is_no_try(town: Town, body: str) -> None:
    anna = await newcomer(town, phone=PHONE)
    await shown(town, await address(town, anna, "sms"))

    assert not await text(town, PHONE, body)
    assert (await town.rows("SELECT tries FROM codes"))[0]["tries"] == 0


@pytest.mark.parametrize(
    ("senders", "number"),
    [(("+4915735980001@1",), "+4915735980001"), (("TOWN", "MG1@5", "+49157@1"), "+49157"),
     (("TOWN",), None)],
)  # fmt: skip
def test_codes_are_texted_to_a_number_of_ours(
    settings: Settings, senders: tuple[str, ...], number: str | None
) -> None:
    on = settings.model_copy(update={"twilio_account_sid": "AC1", "twilio_senders": senders})

    assert texting.number(on) == number
    assert texting.number(settings) is None


@pytest.mark.parametrize("had", [False, True])
async def test_a_phone_added_to_a_page_brings_warnings_where_it_is_a_new_way(
    town: Town, *, had: bool
) -> None:
    """Whoever had a phone, and chose nothing for it, replaces it and still gets nothing there."""
    anna = await town.resident(
        await town.group(), email="a@example.org", phone=OTHER if had else None, alerts=["email"],
        news=["email"],
    )  # fmt: skip
    await town.change(
        "INSERT INTO addresses (resident_id, channel, value, hash, state)"
        " VALUES (%(id)s, 'sms', %(value)s, %(hash)s, 'asked')",
        id=anna,
        value=PHONE,
        hash=town.keyring.address_hash("sms", PHONE),
    )
    rows = await town.rows("SELECT id FROM addresses WHERE value = %(v)s", v=PHONE)
    code = await shown(town, rows[0]["id"])

    assert await text(town, PHONE, texting.digits(town.keyring, code)) is Say.PROVED

    (row,) = await town.rows("SELECT alerts, news FROM subscriptions")
    assert row["alerts"] == (["email"] if had else ["email", "sms"])
    assert row["news"] == ["email"]
