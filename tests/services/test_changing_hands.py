"""A number that changes hands takes along what is in force, and nothing that was its owner's before."""

from uuid import UUID

from channels.memory import MemoryChannel
from channels.messages import Sms
from notify.domain.words import Channel, Kind, Lane, Relation
from notify.services import erasing, exporting
from tests.services.test_joining import address, prove
from tests.town import Town

PHONE = "+4915112345678"


async def _said(town: Town, word: str, *, ago: str) -> None:
    """A text from the number, and feedback that names it, so long ago."""
    await town.change(
        "INSERT INTO inbound (provider, provider_id, sender, recipient, body, how, sent_at,"
        " received_at) VALUES ('p', %(w)s, %(s)s, '+49151', %(w)s, 'hook',"
        " now() - %(ago)s::interval, now() - %(ago)s::interval)",
        w=word, s=PHONE, ago=ago,
    )  # fmt: skip
    await town.change(
        "INSERT INTO feedback (created_at, message, reply_to, language)"
        " VALUES (now() - %(ago)s::interval, %(w)s, '0151 / 12345678', 'de')",
        w=word, ago=ago,
    )  # fmt: skip


async def _kept(town: Town) -> tuple[list[str], list[str]]:
    texts = await town.rows("SELECT body FROM inbound WHERE body <> '' ORDER BY id")
    feedback = await town.rows("SELECT message FROM feedback ORDER BY id")
    return [row["body"] for row in texts], [row["message"] for row in feedback]


async def _told(town: Town, resident: UUID) -> tuple[list[str], list[str]]:
    found = await exporting.export(town.db, resident, settings=town.settings)
    return [t["body"] for t in found["texts"]], [f["message"] for f in found["feedback"]]


async def _sent(town: Town) -> None:
    pump = await town.pump(MemoryChannel[Sms](), channel=Channel.SMS)
    while await pump.round():
        pass


async def _broadcasts(town: Town, resident: UUID) -> set[UUID]:
    found = await exporting.export(town.db, resident, settings=town.settings)
    return {message["broadcast"] for message in found["messages"] if message["broadcast"]}


async def _two_owners(town: Town, group: int) -> tuple[UUID, UUID]:
    """Bert, of long ago, who has the number, and Anna, who is about to."""
    bert = await town.resident(
        group, email="bert@example.org", phone=PHONE, alerts=["sms"], news=["sms"]
    )
    await town.change("UPDATE addresses SET created_at = now() - interval '1 year'")
    anna = await town.resident(group, email="anna@example.org", alerts=["sms"], news=["sms"])
    return bert, anna


async def _changes_hands(town: Town, anna: UUID) -> None:
    await town.change(
        "INSERT INTO addresses (resident_id, channel, value, hash, state)"
        " VALUES (%(r)s, 'sms', %(v)s, %(h)s, 'asked')",
        r=anna, v=PHONE, h=town.keyring.address_hash("sms", PHONE),
    )  # fmt: skip
    assert await prove(town, await address(town, anna, "sms"), here=anna)


async def test_texts_and_feedback_of_who_had_it_before_are_neither_shown_nor_erased(
    town: Town,
) -> None:
    bert, anna = await _two_owners(town, await town.group())
    await _said(town, "Berts", ago="3 days")
    assert await _told(town, bert) == (["Berts"], ["Berts"])

    await _changes_hands(town, anna)
    await _said(town, "Annas JOIN", ago="50 minutes")
    await _said(town, "Annas", ago="0 s")

    assert await _told(town, anna) == (["Annas JOIN", "Annas"], ["Annas JOIN", "Annas"])
    assert await _told(town, bert) == ([], [])
    await erasing.erase(town.db, anna)
    assert await _kept(town) == (["Berts"], ["Berts"])


async def test_what_is_over_stays_with_whom_it_was_sent_to(town: Town) -> None:
    bert, anna = await _two_owners(town, await town.group())
    over, in_force = await town.broadcast("town"), await town.broadcast("town")
    await town.plan()
    await _sent(town)
    await town.change(
        "UPDATE broadcasts SET valid_until = now() - interval '1 s' WHERE id = %(id)s", id=over
    )
    waiting = await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    await town.plan(Lane.BULK)

    await _changes_hands(town, anna)

    assert await _broadcasts(town, anna) == {in_force, waiting}
    assert await _broadcasts(town, bert) == {over}
    await erasing.erase(town.db, anna)
    assert await _broadcasts(town, bert) == {over}


async def test_a_follow_up_to_what_is_over_does_not_go_to_the_number_as_its_former_owner_s(
    town: Town,
) -> None:
    bert, anna = await _two_owners(town, await town.group())
    over = await town.broadcast("town")
    await town.plan()
    await _sent(town)
    await town.change("UPDATE broadcasts SET valid_until = now() - interval '1 s'")
    await _changes_hands(town, anna)

    clear = await town.broadcast("town", follows=over, relation=Relation.ALL_CLEAR)
    await town.plan()

    assert clear not in await _broadcasts(town, bert)
