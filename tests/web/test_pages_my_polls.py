"""What a resident is asked, on her own page: open, answered, over; and what everybody is told."""

import asyncio
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from notify import clock
from notify.domain.keyring import Keyring
from notify.domain.words import Kind
from notify.rendering.links import shorten
from notify.services import closing_polls
from notify.settings import Settings
from notify.store.database import Database
from tests.services.test_answering import HOW, PARK, SAFE, WHEN, poll
from tests.town import Town
from tests.web.test_pages_answering import Asked, asks, read
from tests.web.visitor import Visitor


@pytest.fixture
def town(db: Database, keyring: Keyring, settings: Settings) -> Town:
    return Town(db, keyring, settings)


async def here(site: ClientSession, asked: Asked) -> Visitor:
    return await Visitor.of(site, asked.town, asked.resident)


def place(asked: Asked) -> str:
    return f"/my/polls/{shorten(asked.broadcast)}"


async def test_an_open_poll_is_answered_on_the_own_page(site: ClientSession, town: Town) -> None:
    anna = await asks(town, PARK, WHEN)
    visitor = await here(site, anna)
    _, before = await visitor.get("/my")
    _, listed = await visitor.get("/my/polls")
    status, form = await visitor.get(place(anna))

    _, counted, _ = await visitor.post(place(anna), {"q1": "3"})

    assert "Ihre Meinung ist gefragt" in before
    assert "Noch nicht beantwortet." in listed
    assert f'href="{place(anna)}"' in listed
    assert (status, "Wohin soll der Spielplatz?" in form) == (200, True)
    assert "Ihre Antwort zählt" in counted
    voter = await anna.voter()
    assert (voter["answered"], voter["how"]) == ([1], "page")
    assert await anna.ballots() == [(1, [3])]
    _, after = await visitor.get("/my/polls")
    assert f"1 von 2 Fragen beantwortet. Beleg: {voter['receipt']}" in after
    assert "Ihre Meinung ist gefragt" not in (await visitor.get("/my"))[1]


async def test_what_is_over_leads_to_its_result(site: ClientSession, town: Town) -> None:
    anna = await asks(town)
    visitor = await here(site, anna)
    await town.change("UPDATE polls SET closed_at = now()")

    _, listed = await visitor.get("/my/polls")

    assert "Zurzeit werden Sie nichts gefragt." in listed
    assert "Sie haben nicht geantwortet." in listed
    assert f'href="/polls/{shorten(anna.broadcast)}"' in listed
    assert "Ihre Meinung ist gefragt" not in (await visitor.get("/my"))[1]
    _, late, _ = await visitor.post(place(anna), {"q1": "3"})
    assert "Sie kam zu spät." in late
    assert await anna.ballots() == []


async def test_a_result_for_staff_alone_is_not_led_to(site: ClientSession, town: Town) -> None:
    anna = await asks(town)
    await town.change("""UPDATE broadcasts SET asks = asks || '{"shown": "staff"}'""")
    await town.change("UPDATE polls SET closed_at = now()")

    _, listed = await (await here(site, anna)).get("/my/polls")

    assert "/polls/" not in re.sub(r"/my/polls", "", listed)


async def test_what_was_withdrawn_is_not_listed(site: ClientSession, town: Town) -> None:
    anna = await asks(town)
    await town.change("UPDATE broadcasts SET cancelled_at = now()")

    _, listed = await (await here(site, anna)).get("/my/polls")

    assert "Ihre Meinung</h" not in listed


async def test_nobody_answers_for_another_or_without_a_session(
    site: ClientSession, town: Town
) -> None:
    anna = await asks(town)
    ben = await Visitor.of(site, town, await town.resident(email="ben@example.org"))

    status, said = await ben.get(place(anna))
    statuses = [status, (await ben.post(place(anna), {"q1": "1"}))[0]]
    assert "Sie sind in dieser Umfrage nicht gefragt" in said
    assert "mit diesem Link" not in said
    for path in ("/my/polls", place(anna)):
        async with site.get(path, allow_redirects=False) as answer:
            assert answer.headers["location"] == "/my?closed=1"
    async with site.post(place(anna), data={"q1": "1"}, allow_redirects=False) as answer:
        assert answer.status == 303

    assert statuses == [404, 404]
    assert (await ben.get("/my/polls/nonsense"))[0] == 404
    assert await anna.ballots() == []


@pytest.mark.parametrize(
    ("questions", "said"),
    [
        ([PARK, HOW], ["1. Wohin soll der Spielplatz?", "<li>Altstadt</li>", "1 – schlecht · 2 ·"]),
        ([SAFE], ["Sind Sie in Sicherheit?", "<li>Ich brauche Hilfe</li>"]),
    ],
    ids=["poll", "alert"],
)
async def test_the_public_page_says_what_is_asked_and_how_to_answer(
    site: ClientSession, town: Town, questions: Sequence[object], said: Sequence[str]
) -> None:
    more: dict[str, Any] = (
        {"kind": Kind.ALERT, "urgent": 2, "secret": False} if SAFE in questions else {}
    )
    anna = await asks(town, *questions, **more)

    status, html = await read(site, f"/b/{shorten(anna.broadcast)}")

    assert status == 200
    for words in (*said, "So antworten Sie", "Mit der Taste in Ihrer E-Mail", 'href="/my/polls"'):
        assert words in html
    assert "/answer/" not in html


async def test_it_says_until_when_and_once_staff_closed_it_that_it_is_over(
    site: ClientSession, town: Town
) -> None:
    await town.group("town")
    until = clock.now() + timedelta(hours=6)
    made = await poll(town, PARK, valid_until=until)
    path = f"/b/{shorten(made)}"

    _, before = await read(site, path)
    await closing_polls.close(town.db, made)

    assert "Antworten bis " in before
    assert "So antworten Sie" in before
    assert "Die Zeit zum Antworten ist vorbei." not in before
    async with asyncio.timeout(10):
        while "Die Zeit zum Antworten ist vorbei." not in (await read(site, path))[1]:  # noqa: ASYNC110 - it is another's cache
            await asyncio.sleep(0.1)
    _, after = await read(site, path)
    assert "So antworten Sie" not in after
    assert "Antworten bis " not in after


async def test_once_it_is_over_it_does_not_say_how(site: ClientSession, town: Town) -> None:
    await town.group("town")
    made = await poll(town, PARK)
    await town.change("UPDATE broadcasts SET valid_until = now() - interval '1 minute'")

    _, html = await read(site, f"/b/{shorten(made)}")

    assert "Was gefragt wird" in html
    assert "So antworten Sie" not in html
