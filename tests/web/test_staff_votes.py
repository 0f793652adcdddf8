"""The page that says who answered what in a poll that is not secret, and its table."""

import csv
import re
from io import StringIO

import pytest
from aiohttp import ClientSession

from notify.domain.grants import Role
from notify.domain.poll import How
from notify.services import auditing, votes
from tests.polled import Polled, poll
from tests.services.test_votes import named
from tests.town import Town
from tests.web.officer import Officer, enrol, href, turned


@pytest.fixture
async def operator(site: ClientSession, town: Town) -> Officer:
    return Officer(site, await enrol(town, Role.OPERATOR, email="op@example.org"))


def path(polled: Polled) -> str:
    return f"/staff/messages/{polled.id}/votes"


def listed(page: str) -> list[str]:
    """What the list says of each, from above."""
    return page.partition('<ul class="votes">')[2].partition("</ul>")[0].split("<li>")[1:]


def people(page: str) -> list[str]:
    """Their names."""
    return re.findall(r"<strong>(.*?)</strong>", "".join(listed(page)))


async def test_the_answers_stand_there_in_words_beside_the_name(
    town: Town, operator: Officer
) -> None:
    polled = await named(town)
    one, two, *_ = polled.everybody
    await polled.vote(one, 1, 2, how=How.DESK)
    await polled.vote(one, 2, 1, 3, how=How.DESK)
    await polled.vote(one, 3, 5, how=How.DESK)
    await polled.vote(two, 1, 1)

    code, page = await operator.get(path(polled))

    assert code == 200
    assert people(page) == ["elbtal 1", "elbtal 2"]
    first, second = listed(page)
    for said in ("Bücherei", "Montag, Samstag", "5 (sehr gut)", "auf Papier"):
        assert said in first
        assert said not in second
    assert "Schwimmbad" in second
    assert second.count("Keine Antwort") == 2
    assert "Personen: <strong>2</strong>" in page


async def test_a_question_and_its_answer_are_picked_from_a_list(
    town: Town, operator: Officer
) -> None:
    polled = await named(town)
    for place, voter in enumerate(polled.everybody):
        await polled.vote(voter, 1, 1 + place % 2)

    _, page = await operator.get(f"{path(polled)}?answer=1.2")

    assert people(page) == ["elbtal 2", "elbtal 4"]
    assert '<option value="1.2" selected>Bücherei</option>' in page
    # Questions may have answers that are called alike.
    assert "Was bauen wir? <strong>Bücherei</strong>" in page
    assert '<input type="hidden" name="answer" value="1.2">' in page
    _, page = await operator.get(f"{path(polled)}?answer=1.3")
    assert "Diese Antwort hat bisher niemand gegeben" in page


@pytest.mark.parametrize("answer", ["", "1", "9.9", "1.2.3", "²", "1.%00", "-1.1", "9" * 40, "<b>"])
async def test_an_answer_that_is_none_shows_everybody(
    town: Town, operator: Officer, answer: str
) -> None:
    polled = await named(town)
    await polled.all_vote(polled.everybody, 1, 1)

    code, page = await operator.get(f"{path(polled)}?answer={answer}")

    assert (code, len(people(page))) == (200, 4)
    assert 'name="answer" value=""' in page


async def test_more_than_a_page_holds_follow_on_the_next(
    town: Town, operator: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(votes, "SHOWN", 3)
    polled = await named(town)
    await polled.all_vote(polled.everybody, 1, 1)

    _, page = await operator.get(path(polled))

    assert len(people(page)) == 3
    assert "Zu sehen: 1 bis 3 von 4." in page
    assert turned(page) == ["next"]
    _, second = await operator.get(href(page, "next"))
    assert people(second) == ["elbtal 4"]
    assert turned(second) == ["prev"]
    assert "elbtal" not in href(second, "prev")  # names stay out of addresses
    _, first = await operator.get(href(second, "prev"))
    assert people(first) == people(page)
    # With an answer that is picked, it goes on being picked.
    await polled.vote(polled.everybody[0], 1, 2)
    _, page = await operator.get(f"{path(polled)}?answer=1.1&behind={polled.everybody[1]}")
    assert people(page) == ["elbtal 3", "elbtal 4"]
    assert "answer=1.1" in href(page, "prev")
    for odd in ("x", "-1", "9" * 40, "²", "%00"):
        code, page = await operator.get(f"{path(polled)}?behind={odd}")
        assert (code, len(people(page))) == (200, 3)


async def test_the_table_has_what_is_shown_and_calculates_nothing(
    town: Town, operator: Officer
) -> None:
    polled = await named(town)
    for place, voter in enumerate(polled.everybody):
        await polled.vote(voter, 1, 1 + place % 2)
        await polled.vote(voter, 2, 1, 2)
    await town.change("UPDATE residents SET name = '=1+1' WHERE name = 'elbtal 2'")

    code, text, _ = await operator.post(f"{path(polled)}.csv")

    assert code == 200
    head, *lines = csv.reader(StringIO(text.lstrip("\ufeff")), delimiter=";")
    assert head == [
        "Name", "Gruppe", "Was bauen wir?", "An welchen Tagen?", "Wie gut ist der Bus?",
        "Geantwortet", "Wie nachgewiesen",
    ]  # fmt: skip
    assert [line[0] for line in lines] == ["'=1+1", "elbtal 1", "elbtal 3", "elbtal 4"]
    assert lines[1][2:5] == ["Schwimmbad", "Montag, Mittwoch", ""]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", lines[1][5])
    _, text, _ = await operator.post(f"{path(polled)}.csv", {"answer": "1.1"})
    assert [line.split(";")[0] for line in text.splitlines()[1:]] == ['"elbtal 1"', '"elbtal 3"']
    said = [line.deed async for line, _ in auditing.lines(town.db)]
    assert said.count("votes.exported") == 2


async def test_the_page_of_a_named_poll_leads_there_and_that_of_a_secret_one_does_not(
    site: ClientSession, town: Town, operator: Officer
) -> None:
    polled = await named(town)
    secret = await poll(town, {"elbtal": 2})
    viewer = Officer(site, await enrol(town, Role.VIEWER, email="look@example.org"))

    assert path(polled) in (await operator.get(f"/staff/messages/{polled.id}"))[1]
    assert path(polled) not in (await viewer.get(f"/staff/messages/{polled.id}"))[1]
    assert path(secret) not in (await operator.get(f"/staff/messages/{secret.id}"))[1]
    assert (await operator.get(path(secret)))[0] == 404
    assert (await operator.post(f"{path(secret)}.csv"))[0] == 404


async def test_once_names_are_gone_the_page_says_so(town: Town, operator: Officer) -> None:
    polled = await named(town)
    await polled.all_vote(polled.everybody, 1, 1)
    await town.change("UPDATE polls SET unnamed_at = now(), closed_at = now()")

    code, page = await operator.get(path(polled))

    assert code == 200
    assert "ist nicht mehr gespeichert, wer was geantwortet hat" in page
    assert "elbtal 1" not in page
    assert "votes.csv" not in page
    assert (await operator.post(f"{path(polled)}.csv"))[0] == 404
