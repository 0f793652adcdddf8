"""A mail that asks: what it says, and the link in it, which is its reader's own."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from channels import mime
from channels.memory import MemoryChannel
from channels.messages import Email
from notify.domain.words import Kind, Lane
from notify.rates import Rates
from notify.services import answering_pages
from tests.services.test_answering import HOW, PARK, SAFE, WHEN, poll
from tests.town import Town


async def mails(town: Town, lane: Lane = Lane.BULK) -> dict[str, tuple[str, str]]:
    """What has come, by reader, as text and as HTML."""
    carrier = MemoryChannel[Email]()
    pump = await town.pump(carrier, lane=lane)
    while await pump.round():
        pass
    came = {}
    for mail in carrier.taken:
        built = mime.build(mail, date=datetime(2026, 11, 22, tzinfo=UTC))
        read = message_from_bytes(built, policy=policy.default)
        text, html = (read.get_body([kind]) for kind in ("plain", "html"))
        assert text is not None
        assert html is not None
        came[mail.to] = (text.get_content().replace("\r\n", "\n"), html.get_content())
    return came


def link(text: str) -> str:
    (token,) = re.findall(r"https?://\S+/answer/(\S+)", text)
    return str(token)


async def test_each_reader_has_a_link_of_their_own_that_answers(town: Town) -> None:
    group = await town.group("town")
    readers = {f"{name}@example.org" for name in ("anna", "ben")}
    who = {mail: await town.resident(group, email=mail) for mail in readers}
    await poll(town, PARK)

    came = await mails(town)

    tokens = {mail: link(text) for mail, (text, _) in came.items()}
    assert came.keys() == readers
    assert len(set(tokens.values())) == 2
    for mail, token in tokens.items():
        assert f'/answer/{token}"' in came[mail][1]
        assert f"/leave/{token}" in came[mail][0]
        found = answering_pages.by_link(town.keyring, token)
        await answering_pages.answer(town.db, Rates(), found, {1: {2}})
    rows = await town.rows("SELECT resident_id, how FROM voters WHERE answered = '{1}'")
    assert {row["resident_id"] for row in rows} == set(who.values())
    assert {row["how"] for row in rows} == {"mail"}


async def test_it_says_what_is_asked_until_when_and_who_learns_of_it(town: Town) -> None:
    await town.resident(await town.group("town"), email="anna@example.org")
    await poll(town, PARK, WHEN, HOW)

    ((text, html),) = (await mails(town)).values()

    assert "1. Wohin soll der Spielplatz?\n- Altstadt\n- Neustadt\n- Park\n" in text
    assert "3. Wie gut ist der Bus?\n1 – schlecht · 2 · 3 · 4 · 5 – sehr gut\n" in text
    for part in (text, html):
        assert "Jetzt antworten" in part
        assert "Antworten bis " in part
        assert "Gültig bis" not in part
        assert "Die Umfrage auf unserer Seite" in part
        assert "jetzt gilt" not in part
        assert "Geheim: Wir sagen niemandem" in part
        assert "gehört nur Ihnen" in part
    assert "Die Umfrage auf unserer Seite:\nhttp" in text


async def test_an_alert_that_asks_asks_by_mail_too(town: Town) -> None:
    await town.resident(await town.group("town"), email="anna@example.org")
    await poll(town, SAFE, kind=Kind.ALERT, urgent=2, secret=False)

    ((text, html),) = (await mails(town, Lane.ALERT)).values()

    assert "\nSind Sie in Sicherheit?\n- Ja\n- Ich brauche Hilfe\n" in text
    assert "Gültig bis" in text
    assert "Mit Ihrem Namen" in text
    assert html.count("/answer/") == 1


@pytest.mark.parametrize("kind", [Kind.ALERT, Kind.ANNOUNCEMENT])
async def test_what_asks_nothing_has_no_such_link(town: Town, kind: Kind) -> None:
    await town.resident(await town.group("town"), email="anna@example.org")
    made = await town.broadcast("town", kind=kind)
    lane = Lane.ALERT if kind is Kind.ALERT else Lane.BULK
    await town.plan(lane)

    ((text, html),) = (await mails(town, lane)).values()

    assert str(made) in text
    assert "/answer/" not in text + html
