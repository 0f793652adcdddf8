"""Votes on paper: whose it is, what it says, and one vote over all ways."""

from uuid import UUID

import pytest
from aiohttp import ClientSession

from notify.domain.grants import Role
from notify.domain.keyring import Keyring
from notify.settings import Settings
from notify.store.database import Database
from tests.services.test_answering import PARK, WHEN
from tests.town import Town
from tests.web.officer import Officer, enrol
from tests.web.test_pages_answering import MAIL, Asked, asks, post


@pytest.fixture
def town(db: Database, keyring: Keyring, settings: Settings) -> Town:
    return Town(db, keyring, settings)


@pytest.fixture
async def anna(town: Town) -> Asked:
    return await asks(town, PARK, WHEN)


@pytest.fixture
async def operator(site: ClientSession, town: Town) -> Officer:
    return Officer(site, await enrol(town, Role.OPERATOR))


def desk(asked: Asked) -> str:
    return f"/staff/messages/{asked.broadcast}/desk"


async def deeds(town: Town) -> list[dict[str, object]]:
    return await town.rows(
        "SELECT * FROM audit WHERE deed LIKE 'ballot%%' OR deed LIKE 'resident%%' ORDER BY id"
    )


async def find(operator: Officer, asked: Asked, typed: str = MAIL) -> str:
    status, _, where = await operator.post(desk(asked), {"named": typed})
    assert status == 303
    return where


async def test_a_paper_is_entered_counted_and_logged_without_what_it_says(
    operator: Officer, town: Town, anna: Asked
) -> None:
    paper = await find(operator, anna)
    _, form = await operator.get(paper)
    status, page, _ = await operator.post(paper, {"q1": "2", "q2": "1"})

    voter = await anna.voter()
    assert paper == f"{desk(anna)}/{voter['id']}"
    assert "Wohin soll der Spielplatz?" in form
    assert MAIL not in form
    assert "Es gibt schon eine Stimme" not in form
    assert status == 200
    assert "Vom Papier eingetragen. Die Stimme zählt." in page
    assert voter["receipt"] in page
    assert (sorted(voter["answered"]), voter["how"]) == ([1, 2], "desk")
    assert await anna.ballots() == [(1, [2]), (2, [1])]
    found, entered = await deeds(town)
    assert (found["deed"], entered["deed"]) == ("resident.found", "ballot.entered")
    assert str(anna.resident) in str(entered)
    assert str(anna.broadcast) in str(entered)
    assert "Neustadt" not in str(entered)


async def test_one_resident_has_one_vote_over_all_ways(
    operator: Officer, site: ClientSession, anna: Asked
) -> None:
    await post(site, await anna.mail(), ("q1", "1"))
    paper = await find(operator, anna, str(anna.resident))

    _, form = await operator.get(paper)
    _, page, _ = await operator.post(paper, {"q1": "3"})
    await post(site, await anna.sms(), ("q1", "2"))

    assert (
        "Es gibt schon eine Stimme dieser Person (über den persönlichen Link in einer Mail" in form
    )
    assert "checked" not in form
    assert "Die vorige Antwort zählt nicht mehr." in page
    assert await anna.ballots() == [(1, [2])]
    assert (await anna.voter())["how"] == "sms"


async def test_only_who_was_asked_when_it_opened_counts(
    operator: Officer, town: Town, anna: Asked
) -> None:
    (group,) = await town.rows("SELECT id FROM groups")
    await town.resident(group["id"], email="ben@example.org")

    status, page, _ = await operator.post(desk(anna), {"named": "ben@example.org"})

    assert status == 422
    assert "Diese Person ist nicht gefragt" in page
    assert 'value="ben@example.org"' in page


@pytest.mark.parametrize(
    ("typed", "said"),
    [("nobody@example.org", "Niemand, für den Sie zuständig sind, hat genau diese Adresse, Nummer oder Kennung."), ("anna@", "Schreiben Sie die ganze E-Mail-Adresse, Telefonnummer oder Kennung einer Person."), ("", "Schreiben Sie die ganze E-Mail-Adresse, Telefonnummer oder Kennung einer Person.")],
)  # fmt: skip
async def test_whoever_is_not_found_is_told(
    operator: Officer, anna: Asked, typed: str, said: str
) -> None:
    status, page, _ = await operator.post(desk(anna), {"named": typed})

    assert status == 422
    assert said in page


async def test_what_is_no_answer_is_told_and_kept(
    operator: Officer, town: Town, anna: Asked
) -> None:
    paper = await find(operator, anna)

    nothing, page, _ = await operator.post(paper, {})
    wrong, kept, _ = await operator.post(paper, {"q1": "9", "q2": "2"})

    assert (nothing, wrong) == (422, 422)
    assert "Bitte wählen Sie eine Antwort." in page
    assert 'name="q2" value="2" checked' in kept
    assert await anna.ballots() == []
    assert [row["deed"] for row in await deeds(town)] == ["resident.found"]


async def test_after_the_close_no_paper_counts(operator: Officer, town: Town, anna: Asked) -> None:
    paper = await find(operator, anna)
    await town.change("UPDATE polls SET closed_at = now()")

    _, form = await operator.get(paper)
    _, late, _ = await operator.post(paper, {"q1": "1"})

    for page in (form, late):
        assert "Papiere zählen nicht mehr." in page
    assert await anna.ballots() == []


async def test_who_is_beyond_reach_is_not_there(
    site: ClientSession, operator: Officer, town: Town, anna: Asked
) -> None:
    await town.group("elsewhere")
    paper = await find(operator, anna)
    other = Officer(site, await enrol(town, Role.OPERATOR, "elsewhere", email="o@example.org"))
    viewer = Officer(site, await enrol(town, Role.VIEWER, email="v@example.org"))

    for path in (desk(anna), paper):
        assert (
            (await other.get(path))[0]
            == (await other.post(path, {"q1": "1", "named": MAIL}))[0]
            == 404
        )
        assert (
            (await viewer.get(path))[0]
            == (await viewer.post(path, {"q1": "1", "named": MAIL}))[0]
            == 403
        )
    assert await anna.ballots() == []


async def test_a_voter_of_another_poll_is_none_of_this(
    operator: Officer, town: Town, anna: Asked
) -> None:
    paper = await find(operator, anna)
    second = await asks(town, resident=anna.resident)
    number = paper.rpartition("/")[2]

    for path in (
        f"{desk(second)}/{number}",
        f"{desk(anna)}/x",
        f"{desk(anna)}/{'9' * 30}",
        f"{desk(anna)}/0",
    ):
        assert (await operator.get(path))[0] == 404
    no_poll: UUID = await town.broadcast("town")
    assert (await operator.get(f"/staff/messages/{no_poll}/desk"))[0] == 404


async def test_the_page_of_the_poll_leads_there(operator: Officer, anna: Asked) -> None:
    _, page = await operator.get(f"/staff/messages/{anna.broadcast}")

    assert f'href="{desk(anna)}"' in page
