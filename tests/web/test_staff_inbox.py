"""The inbox on the staff's pages: read, answered, handed over, done with."""

import pytest
from aiohttp import ClientSession

from notify.domain.grants import Role
from tests.services.test_inbound import PHONE, said, suppress, take
from tests.town import Town
from tests.web.officer import Officer, enrol, hidden


@pytest.fixture
async def text(town: Town) -> int:
    await town.resident(await town.group("elbtal"), phone=PHONE)
    await take(town, said("Ist die <b>Brücke</b> offen?"))
    return int((await town.rows("SELECT id FROM inbound"))[0]["id"])


@pytest.fixture
async def officer(site: ClientSession, town: Town) -> Officer:
    return Officer(site, await enrol(town, Role.OPERATOR))


async def test_a_text_is_read_answered_and_done_with(
    town: Town, text: int, officer: Officer
) -> None:
    _, page = await officer.get("/staff/inbox")
    assert "Ist die <b>Brücke</b> offen?" in page  # unescaped by the reader, not by the page
    assert "…678" in page
    assert PHONE not in page
    assert "niemand kümmert sich darum" in page
    where = f"/staff/inbox/{text}"
    _, page = await officer.get(where)
    assert PHONE not in page
    assert PHONE.removeprefix("+") not in page

    code, _, leads = await officer.post(
        f"{where}/answer", {"seen": hidden(page, "seen"), "text": "Ja, seit 8 Uhr."}
    )

    assert (code, leads) == (303, f"{where}?done=answered")
    _, page = await officer.get(leads)
    assert "Ihre Antwort ist unterwegs." in page
    assert "Ja, seit 8 Uhr." in page
    assert "Erledigt, keine Antwort nötig" not in page
    _, page = await officer.get("/staff/inbox")
    assert "Keine SMS wartet" in page
    _, page = await officer.get("/staff/inbox?show=done")
    assert where in page
    (row,) = await town.rows("SELECT data FROM notes WHERE kind = 'answer'")
    assert row["data"]["text"] == "Ja, seit 8 Uhr."


async def test_the_words_of_a_stranger_are_words_and_nothing_else(
    site: ClientSession, text: int, officer: Officer
) -> None:
    cookie = {"cookie": f"notify-staff={officer.cookies['notify-staff']}"}
    for path in ("/staff/inbox", f"/staff/inbox/{text}"):
        async with site.get(path, headers=cookie) as answer:
            raw = await answer.text()
        assert "&lt;b&gt;Br" in raw
        assert "<b>Br" not in raw


async def test_what_was_written_stays_when_the_answer_cannot_go(
    town: Town, text: int, officer: Officer
) -> None:
    where = f"/staff/inbox/{text}"
    _, page = await officer.get(where)
    given = {"seen": hidden(page, "seen"), "text": "Meine lange Antwort"}
    await take(town, said("Hat sich erledigt", at=30))

    code, page, _ = await officer.post(f"{where}/answer", given)

    assert code == 409
    assert "Was Sie geschrieben haben, steht noch hier." in page
    assert "Meine lange Antwort</textarea>" in page
    assert "Hat sich erledigt" in page
    code, page, _ = await officer.post(
        f"{where}/answer", {"seen": hidden(page, "seen"), "text": " "}
    )
    assert code == 422
    assert 'href="#f-text"' in page
    await suppress(town, "opted_out", code="21610")
    code, page, _ = await officer.post(f"{where}/answer", given | {"seen": hidden(page, "seen")})
    assert code == 409
    assert "Mit START geht es wieder." in page
    assert await town.rows("SELECT FROM notes WHERE kind = 'answer'") == []


async def test_it_is_handed_over_and_taken_back(
    site: ClientSession, town: Town, text: int, officer: Officer
) -> None:
    bert = await enrol(town, Role.OPERATOR, email="bert@example.org")
    where = f"/staff/inbox/{text}"

    _, _, leads = await officer.post(f"{where}/assign", {"to": str(bert.id)})

    _, page = await officer.get(leads)
    assert "Vera Amt kümmert sich jetzt darum." in page
    _, page = await officer.get("/staff/inbox?show=mine")
    assert where not in page
    _, page = await Officer(site, bert).get("/staff/inbox?show=mine")
    assert where in page
    for wrong in ("x", "00000000-0000-0000-0000-000000000000"):
        assert (await officer.post(f"{where}/assign", {"to": wrong}))[0] == 404
    _, _, leads = await officer.post(f"{where}/assign", {"to": ""})
    assert "Jetzt kümmert sich niemand darum." in (await officer.get(leads))[1]


@pytest.mark.parametrize("text_id", ["0", "-1", "x", "99999999999999999999", "123456"])
async def test_a_text_that_there_is_not_is_not_found(
    town: Town, officer: Officer, text_id: str
) -> None:
    code, _ = await officer.get(f"/staff/inbox/{text_id}")

    assert code in {404, 422}
