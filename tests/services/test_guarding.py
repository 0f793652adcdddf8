"""A resident is told at their other addresses what became of one, and the one that is let go of too."""

from uuid import UUID

import pytest

from channels import segments
from channels.memory import MemoryChannel
from channels.messages import Email, Sms
from notify.domain.broadcast import Identity
from notify.domain.words import Channel, Lane
from notify.rendering import changes
from notify.rendering.messages import Renderer
from notify.services import confirming, guarding, reaching
from tests.services.test_joining import address, prove
from tests.town import Town

OLD, NEW, PHONE, OTHER = (
    "old@example.org",
    "anna.neu@example.com",
    "+4915112345678",
    "+4915187654321",
)


async def told(town: Town) -> dict[str, str]:
    """What was sent, by the address it went to."""
    mails, texts = MemoryChannel[Email](), MemoryChannel[Sms]()
    for channel, carrier in ((Channel.EMAIL, mails), (Channel.SMS, texts)):
        pump = await town.pump(carrier, channel=channel, lane=Lane.NOTE)
        while await pump.round():
            pass
    said = {mail.to: f"{mail.form.subject}\n{mail.form.text}" for mail in mails.taken}
    said |= {sms.to: sms.body.replace("...", "…") for sms in texts.taken}  # as GSM spells it
    return {to: text for to, text in said.items() if "Code" not in text}


async def settled(town: Town, **given: str) -> UUID:
    """A resident of long ago, with their page open."""
    anna = await town.resident(await town.group(), **given)
    await town.change("UPDATE residents SET created_at = now() - interval '2 hours'")
    return anna


async def add(town: Town, resident: UUID, channel: str, value: str) -> None:
    """Ask for an address on the page and prove it there."""
    await town.change(
        "INSERT INTO addresses (resident_id, channel, value, hash, state)"
        " VALUES (%(r)s, %(c)s, %(v)s, %(h)s, 'asked')",
        r=resident, c=channel, v=value, h=town.keyring.address_hash(channel, value),
    )  # fmt: skip
    assert await prove(town, await address(town, resident, channel), here=resident)


async def test_of_a_new_address_the_others_are_told_and_never_the_whole_of_it(town: Town) -> None:
    anna = await settled(town, email=OLD)

    await add(town, anna, "sms", PHONE)

    said = await told(town)
    assert set(said) == {OLD}
    assert "Neue Adresse auf Ihrer Seite" in said[OLD]
    assert "…678" in said[OLD]
    assert PHONE[3:] not in said[OLD].replace(" ", "")
    assert f"{town.settings.public_url}/my" in said[OLD]


async def test_an_address_that_another_takes_the_place_of_is_told_though_it_is_gone(
    town: Town,
) -> None:
    anna = await settled(town, email=OLD, phone=PHONE)

    await add(town, anna, "email", NEW)

    said = await told(town)
    assert set(said) == {OLD, PHONE}
    assert all("a…@example.com" in text for text in said.values())
    assert not any(NEW in text for text in said.values())
    assert "statt einer anderen Adresse" in said[OLD]
    assert said[PHONE].startswith(f"{town.settings.town}: Auf Ihrer Seite ersetzt")


async def test_an_address_that_is_removed_is_told_and_the_rest_are(town: Town) -> None:
    anna = await settled(town, email=OLD, phone=PHONE)

    assert await reaching.let_go(
        town.db, settings=town.settings, resident=anna, address_id=await address(town, anna, "sms")
    )

    said = await told(town)
    assert set(said) == {OLD, PHONE}
    assert all("entfernt" in text for text in said.values())


async def test_whose_address_moves_to_another_page_is_told_where_they_are_left(town: Town) -> None:
    bert = await town.resident(email="bert@example.org", phone=PHONE)
    anna = await settled(town, email=OLD)

    await add(town, anna, "sms", PHONE)

    said = await told(town)
    assert set(said) == {OLD, "bert@example.org"}
    assert "wurde von Ihrer Seite entfernt" in said["bert@example.org"]
    assert bert != anna


async def test_of_what_staff_took_down_and_its_owner_confirms_the_others_are_told(
    town: Town,
) -> None:
    anna = await settled(town, phone=PHONE)
    await town.change(
        "INSERT INTO addresses (resident_id, channel, value, hash, state)"
        " VALUES (%(r)s, 'email', %(v)s, %(h)s, 'unverified')",
        r=anna, v=NEW, h=town.keyring.address_hash("email", NEW),
    )  # fmt: skip
    token = confirming.seal(town.keyring, address_id=await address(town, anna))

    for _ in range(2):
        assert await confirming.confirm(town.db, town.keyring, token, settings=town.settings)

    said = await told(town)
    assert set(said) == {PHONE}
    assert "a…@example.com" in said[PHONE]
    assert len(await town.rows("SELECT FROM deliveries")) == 1


async def test_in_the_resident_s_language(town: Town) -> None:
    anna = await settled(town, email=OLD, phone=PHONE, language="en")

    await add(town, anna, "email", NEW)

    assert "has taken the place of" in (await told(town))[PHONE]


async def test_who_is_still_at_signing_up_is_told_nothing(town: Town) -> None:
    anna = await town.resident(email=OLD)

    await add(town, anna, "sms", PHONE)

    assert await told(town) == {}


async def test_nor_who_proves_again_what_they_have(town: Town) -> None:
    anna = await settled(town, email=OLD, phone=PHONE)

    await prove(town, await address(town, anna, "sms"), here=anna)

    assert await told(town) == {}


async def test_nor_an_address_that_is_stopped(town: Town) -> None:
    anna = await settled(town, email=OLD, phone=PHONE)
    await town.change(
        "INSERT INTO suppressions (channel, hash, reason) VALUES ('email', %(h)s, 'opted_out')",
        h=town.keyring.address_hash("email", OLD),
    )

    await add(town, anna, "sms", OTHER)

    assert set(await told(town)) == {PHONE}


async def test_a_few_a_day_and_no_more(town: Town) -> None:
    anna = await settled(town, email=OLD)

    for number in range(guarding.MOST_A_DAY + 2):
        await add(town, anna, "sms", f"+491511234567{number}")

    rows = await town.rows(
        "SELECT count(*) AS n FROM deliveries d JOIN notes n ON n.id = d.note_id"
        " JOIN addresses a ON a.id = d.address_id WHERE n.kind = 'change' AND a.value = %(v)s",
        v=OLD,
    )
    assert rows[0]["n"] == guarding.MOST_A_DAY


async def test_nor_to_a_number_that_is_removed_and_added_again(town: Town) -> None:
    anna = await settled(town, email=OLD)

    for _ in range(guarding.MOST_A_DAY + 1):
        await add(town, anna, "sms", PHONE)
        await reaching.let_go(
            town.db,
            settings=town.settings,
            resident=anna,
            address_id=await address(town, anna, "sms"),
        )

    rows = await town.rows(
        "SELECT count(*) AS n FROM deliveries d JOIN notes n ON n.id = d.note_id"
        " WHERE n.kind = 'change' AND d.channel = 'sms'"
    )
    assert rows[0]["n"] == guarding.MOST_A_DAY


async def test_an_sms_is_told_while_the_day_has_room_for_it_and_a_mail_always(town: Town) -> None:
    anna = await settled(town, email=OLD, phone=PHONE)
    town.settings = town.settings.model_copy(update={"sms_daily_budget": 1})

    for number in range(2):
        await add(town, anna, "email", f"new{number}@example.org")

    rows = await town.rows(
        "SELECT channel, count(*) AS n FROM deliveries d JOIN notes n ON n.id = d.note_id"
        " WHERE n.kind = 'change' GROUP BY channel ORDER BY channel"
    )
    assert [(row["channel"], row["n"]) for row in rows] == [("email", 2), ("sms", 1)]
    assert [row["n"] for row in await town.rows("SELECT n FROM sms_asked")] == [1]


async def test_the_sms_is_one_segment_for_each_change_and_language(town: Town) -> None:
    who = Identity(sender_name="Stadt Musterstadt", mail_from="a@example.org")
    for language in ("de", "en"):
        for change in changes.Change:
            sms = changes.sms(
                Renderer(town.settings), language=language, identity=who, change=change,
                address="…678", url="https://warnung.musterstadt.de/my",
            )  # fmt: skip
            assert segments.measure(sms.body).segments == sms.segments == 1, sms.body


@pytest.mark.parametrize("language", ["de", "en"])
async def test_the_letter_says_the_same_as_text_and_as_page(town: Town, language: str) -> None:
    who = Identity(sender_name="Stadt <Musterstadt>", mail_from="a@example.org")
    for change in changes.Change:
        letter = changes.letter(
            Renderer(town.settings), language=language, identity=who, change=change,
            address="a…@example.org", url="https://town.example/my",
        )  # fmt: skip
        for part in (letter.text, letter.html):
            assert "a…@example.org" in part
            assert "https://town.example/my" in part
        assert "<Musterstadt>" not in letter.html
