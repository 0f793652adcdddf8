"""Many answers that come at once: each counted as it would be alone, and told so, once."""

from itertools import count
from uuid import UUID

import pytest

from channels.inbound import Inbound
from notify import clock
from notify.rendering import replies
from notify.services import inbound
from notify.services.texts import Means
from tests.services.test_answering import HOW, PARK, WHEN, ballots, code_of, poll
from tests.services.texter import OURS, Texter
from tests.town import Town

PHONES = [f"+49151123456{number:02}" for number in range(12)]

_IDS = count()


@pytest.fixture
async def group(town: Town) -> int:
    made = await town.group("town")
    for phone in PHONES:
        await town.resident(made, phone=phone)
    return made


async def take(town: Town, *texts: tuple[str, str]) -> inbound.Taken:
    """All of these in one batch, as (phone, body)."""
    means = Means(town.settings, town.keyring)
    messages = [
        Inbound("twilio", f"SM{next(_IDS)}", phone, OURS, body, None) for phone, body in texts
    ]
    async with town.db.transaction() as connection:
        return await inbound.take(connection, means, messages, how=inbound.HOOK)


async def told(town: Town) -> dict[str, str]:
    """What is on its way to each phone."""
    rows = await town.rows(
        "SELECT a.value, n.data ->> 'say' AS say FROM notes n JOIN deliveries d ON d.note_id = n.id"
        " JOIN addresses a ON a.id = d.address_id WHERE n.kind = 'reply' ORDER BY n.id"
    )
    assert len({row["value"] for row in rows}) == len(rows)
    return {row["value"]: row["say"] for row in rows}


async def test_each_is_counted_as_what_it_says_and_told_with_a_receipt_of_its_own(
    town: Town, group: int
) -> None:
    asked = await poll(town, PARK, secret=False)

    taken = await take(town, *((phone, str(n % 3 + 1)) for n, phone in enumerate(PHONES)))

    assert (taken.new, taken.answers) == (12, 12)
    rows = await town.rows(
        "SELECT a.value, b.choices FROM ballots b JOIN addresses a USING (resident_id)"
        " WHERE broadcast_id = %(id)s",
        id=asked,
    )
    assert {row["value"]: row["choices"] for row in rows} == {
        phone: [n % 3 + 1] for n, phone in enumerate(PHONES)
    }
    assert await told(town) == dict.fromkeys(PHONES, "counted")
    receipts = await town.rows("SELECT DISTINCT receipt FROM voters WHERE answered = '{1}'")
    assert len(receipts) == 12
    kept = await town.rows(
        "SELECT DISTINCT body, word, say, erase_due IS NULL AS kept FROM inbound"
    )
    assert kept == [{"body": "", "word": "answer", "say": "counted", "kept": False}]


async def test_each_is_asked_its_own_next_question(town: Town, group: int) -> None:
    asked = await poll(town, PARK, WHEN, HOW)
    await take(town, (PHONES[0], "1"), (PHONES[1], "2"))

    await take(town, (PHONES[0], "1 2"), (PHONES[1], "2"), (PHONES[2], "3"))

    rows = await town.rows(
        "SELECT question, answered FROM voters WHERE answered <> '{}' ORDER BY 1"
    )
    assert [(row["question"], row["answered"]) for row in rows] == [
        (2, [1]), (3, [1, 2]), (3, [1, 2])
    ]  # fmt: skip
    assert sorted(await ballots(town, asked)) == [
        (1, [1]), (1, [2]), (1, [3]), (2, [1, 2]), (2, [2])
    ]  # fmt: skip


async def test_two_polls_answered_in_one_batch_are_kept_apart(town: Town, group: int) -> None:
    first = await poll(town, PARK)
    second = await poll(town, HOW)
    code = await code_of(town, first)

    await take(town, (PHONES[0], "5"), (PHONES[1], f"{code} 3"), (PHONES[2], f"{code} 1"))

    assert sorted(await ballots(town, first)) == [(1, [1]), (1, [3])]
    assert await ballots(town, second) == [(1, [5])]


async def test_who_texts_twice_in_a_batch_has_one_vote_beside_the_others(
    town: Town, group: int
) -> None:
    asked = await poll(town, PARK)

    await take(town, (PHONES[0], "1"), (PHONES[1], "2"), (PHONES[2], "2"), (PHONES[0], "3"))

    assert sorted(await ballots(town, asked)) == [(1, [2]), (1, [2]), (1, [3])]


@pytest.mark.parametrize("secret", [True, False])
async def test_one_that_cannot_be_counted_takes_no_other_with_it(
    town: Town, group: int, *, secret: bool
) -> None:
    """Of a secret answer that failed there stays that it came; who wrote it is told, and a named one
    is for people to read."""
    asked = await poll(town, PARK, secret=secret)
    await town.change("ALTER TABLE ballots ADD CONSTRAINT trouble CHECK (choices <> '{3}')")

    taken = await take(town, (PHONES[0], "1"), (PHONES[1], "3"), (PHONES[2], "2"))

    assert taken.new == 3
    assert sorted(await ballots(town, asked)) == [(1, [1]), (1, [2])]
    await town.change("ALTER TABLE ballots DROP CONSTRAINT trouble")
    counted = {PHONES[0]: "counted", PHONES[2]: "counted"}
    assert await told(town) == counted | ({PHONES[1]: "unclear"} if secret else {})
    (left,) = await town.rows("SELECT sender, body, word FROM inbound WHERE handled_at IS NULL")
    assert left == {
        "sender": PHONES[1], "body": "" if secret else "3", "word": "answer" if secret else None,
    }  # fmt: skip


async def test_a_secret_answer_that_failed_is_sent_again(town: Town, group: int) -> None:
    asked = await poll(town, PARK)
    texter = Texter(town, phone=PHONES[0])
    await town.change("ALTER TABLE ballots ADD CONSTRAINT trouble CHECK (choices <> '{3}')")

    (said,) = await texter.text("3", sid="SMfailed")
    await town.change("ALTER TABLE ballots DROP CONSTRAINT trouble")

    assert "Bitte senden Sie sie in ein paar Minuten noch einmal." in said
    assert replies.is_ours(said)
    (kept,) = await town.rows("SELECT body, erase_due IS NOT NULL AS erased FROM inbound")
    assert kept == {"body": "", "erased": True}
    found_again = texter.message("3", sid="SMfailed", at=clock.now())
    assert (await texter.take(found_again, how=inbound.PULL)).new == 0
    assert await ballots(town, asked) == []
    assert "Ihre Antwort zählt" in (await texter.text("3"))[0]
    assert await ballots(town, asked) == [(1, [3])]


async def test_those_who_are_late_are_told_so_together(town: Town, group: int) -> None:
    asked: UUID = await poll(town, PARK)
    await town.change("UPDATE polls SET close_at = now() - interval '1 minute'")

    await take(town, (PHONES[0], "1"), (PHONES[1], "3"))

    assert await ballots(town, asked) == []
    assert await told(town) == dict.fromkeys(PHONES[:2], "poll_closed")
