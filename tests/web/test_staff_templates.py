"""Templates on the staff's pages: written, changed, approved in advance, used."""

from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession

from notify.domain.grants import Role
from tests.services.test_preparing import approved, officer, prepared
from tests.town import Town
from tests.web.officer import Officer, enrol, hidden

FORM = {
    "name": "Rohrbruch", "place": "elbtal", "kind": "alert", "severity": "moderate", "hours": "6",
    "group": "elbtal", "title-de": "Kein Wasser in ((Straße))", "body-de": "Bis ((Uhrzeit)).",
    "title-en": "No water in ((Straße))", "body-en": "Until ((Uhrzeit)).",
}  # fmt: skip


@pytest.fixture
async def group(town: Town) -> int:
    return await town.group("elbtal")


@pytest.fixture
async def author(site: ClientSession, town: Town, group: int) -> Officer:
    return Officer(site, await enrol(town, Role.AUTHOR, "elbtal", email="anna@example.org"))


async def _id(town: Town) -> UUID:
    return UUID(str((await town.rows("SELECT id FROM templates"))[0]["id"]))


async def test_a_template_is_written_changed_and_shows_what_changed(
    town: Town, author: Officer
) -> None:
    code, _, leads = await author.post("/staff/templates", FORM)
    where = f"/staff/templates/{await _id(town)}"
    assert (code, leads) == (303, f"{where}?done=written")
    _, page = await author.get(leads)
    for said in ("Rohrbruch", "((Straße))", "Fassung 1", "nicht im Voraus freigegeben"):
        assert said in page
    _, page = await author.get(f"{where}/change")
    assert 'value="Kein Wasser in ((Straße))"' in page

    code, _, leads = await author.post(
        f"{where}/change", FORM | {"version": hidden(page, "version"), "hours": "12"}
    )

    assert code == 303
    _, page = await author.get(leads)
    assert "Fassung 2" in page
    assert '<dd class="verbatim"><del>6</del></dd>' in page
    assert '<dd class="verbatim"><ins>12</ins></dd>' in page
    _, page = await author.get("/staff/templates")
    assert where in page


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"name": ""}, "name", "Geben Sie der Vorlage einen Namen."),
        ({"severity": ""}, "severity", "Sagen Sie, wie schlimm es ist."),
        ({"hours": "viele"}, "hours", "1 bis 720"),
        ({"title-de": ""}, "title-de", "Schreiben Sie einen Titel"),
        ({"body-de": "(("}, "body-de", "zwei Klammern"),
        ({"body-en": "Until ((Time))."}, "body-en", "Time, Uhrzeit"),
        ({"body-en": ""}, "body-en", "English"),
        ({"group": "nowhere"}, "group", "mindestens eine Gruppe"),
        ({"place": "nowhere", "group": ""}, "place", "wofür die Vorlage gilt"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    town: Town, author: Officer, change: dict[str, str], field: str, said: str
) -> None:
    code, page, _ = await author.post("/staff/templates", FORM | change)

    assert code == 422
    assert f'href="#f-{field}"' in page
    assert f'id="said-{field}"' in page
    assert f'id="f-{field}"' in page
    assert said in page
    assert "No water in ((Straße))" in page
    assert await town.rows("SELECT FROM templates") == []


async def test_a_template_is_written_in_plain_german_as_a_draft_is(
    town: Town, author: Officer
) -> None:
    _, page = await author.get("/staff/templates/new")
    assert 'name="title-de-x-simple"' in page
    plain = {"title-de-x-simple": "((Straße)): kein Wasser", "body-de-x-simple": "Bis ((Uhrzeit))."}

    await author.post("/staff/templates", FORM | plain)

    _, page = await author.get(f"/staff/templates/{await _id(town)}")
    assert "((Straße)): kein Wasser" in page


async def test_who_comes_second_is_shown_the_other_s_and_keeps_their_own(
    town: Town, author: Officer
) -> None:
    await author.post("/staff/templates", FORM)
    where = f"/staff/templates/{await _id(town)}/change"
    given = FORM | {"version": "1"}
    await author.post(where, given | {"body-de": "Von der anderen ((Uhrzeit))"})

    code, page, _ = await author.post(where, given | {"body-de": "Von mir ((Uhrzeit))"})

    assert code == 409
    assert "Von der anderen" in page
    assert "Von mir" in page
    assert hidden(page, "version") == "2"
    code, _, _ = await author.post(where, given | {"version": "2"})
    assert code == 303


async def test_another_approves_it_in_advance_and_takes_it_back(
    site: ClientSession, town: Town, author: Officer
) -> None:
    await author.post("/staff/templates", FORM)
    where = f"/staff/templates/{await _id(town)}"
    vera = Officer(site, await enrol(town, Role.APPROVER))
    _, page = await author.get(where)
    assert f"{where}/approve" not in page
    _, page = await vera.get(where)

    code, _, leads = await vera.post(f"{where}/approve", {"read": hidden(page, "read")})

    assert (code, leads) == (303, f"{where}?done=approved")
    _, page = await vera.get(leads)
    assert "Eine Person allein darf sie senden bis" in page
    code, _, _ = await vera.post(f"{where}/approve", {"read": "0" * 64})
    assert code == 409
    await author.post(f"{where}/change", FORM | {"version": "1", "hours": "1"})
    _, page = await vera.get(where)
    assert "nicht im Voraus freigegeben" in page
    await vera.post(f"{where}/approve", {"read": hidden(page, "read")})
    await vera.post(f"{where}/withdraw")
    _, page = await vera.get(where)
    assert "nicht im Voraus freigegeben" in page


async def test_retiring_asks_once_more(town: Town, author: Officer) -> None:
    await author.post("/staff/templates", FORM)
    where = f"/staff/templates/{await _id(town)}"

    code, page, _ = await author.post(f"{where}/retire")
    assert (code, "Diese Vorlage stilllegen?" in page) == (200, True)
    code, _, leads = await author.post(f"{where}/retire", {"sure": "1"})
    assert (code, leads) == (303, "/staff/templates?done=retired")
    _, page = await author.get(leads)
    assert where not in page
    assert (await author.get(f"{where}/use"))[0] == 409


async def test_using_it_shows_how_it_reads_and_begins_a_draft(town: Town, author: Officer) -> None:
    template = await approved(town)
    where = f"/staff/templates/{template}/use"
    _, page = await author.get(where)
    assert ">Ort</label>" in page
    given: dict[str, Any] = {"version": "1", "gap-0": "Elbtal", "gap-1": "Keime <b>im</b> *Netz*"}

    code, page, _ = await author.post(where, given)
    assert code == 200
    assert "Wasser abkochen in Elbtal" in page
    assert 'value="Elbtal"' in page
    assert await town.rows("SELECT FROM drafts") == []
    code, _, leads = await author.post(where, given | {"begin": "1"})

    (draft,) = await town.rows("SELECT id, content FROM drafts")
    assert (code, leads) == (303, f"/staff/drafts/{draft['id']}")
    assert draft["content"]["template"] == f"{template}/1"
    assert draft["content"]["texts"]["de"]["body"].endswith(r"weil *Keime \<b\>im\</b\> \*Netz\**.")


@pytest.mark.parametrize("begin", [{}, {"begin": "1"}])
async def test_a_gap_that_is_left_open_is_said_at_its_field(
    town: Town, author: Officer, begin: dict[str, str]
) -> None:
    template = await prepared(town, await officer(town, Role.AUTHOR))

    code, page, _ = await author.post(
        f"/staff/templates/{template}/use", {"version": "1", "gap-0": "Elbtal"} | begin
    )

    assert code == 422
    assert 'href="#f-gap-1"' in page
    assert "Füllen Sie diese Lücke: Grund" in page
    assert 'value="Elbtal"' in page
    assert await town.rows("SELECT FROM drafts") == []


async def test_a_form_of_an_old_version_fills_nothing(town: Town, author: Officer) -> None:
    await author.post("/staff/templates", FORM)
    where = f"/staff/templates/{await _id(town)}"
    await author.post(f"{where}/change", FORM | {"version": "1", "hours": "1"})

    code, page, _ = await author.post(
        f"{where}/use", {"version": "1", "begin": "1", "gap-0": "x", "gap-1": "y"}
    )

    assert code == 409
    assert "Diese Vorlage hat sich geändert" in page
    assert await town.rows("SELECT FROM drafts") == []


ASKS = {
    "asks": "1", "urgent": "2", "ask0-de": "Sind Sie in Sicherheit?",
    "options0-de": "Ja\r\nIch brauche Hilfe", "ask0-en": "Are you safe?",
    "options0-en": "Yes\r\nI need help",
}  # fmt: skip


async def test_a_template_carries_the_question_into_what_is_written_from_it(
    town: Town, author: Officer
) -> None:
    code, page, _ = await author.post(
        "/staff/templates", FORM | ASKS | {"options0-de": "Ja\r\nHilfe"}
    )
    assert code == 422
    assert 'id="said-options0-de"' in page
    assert "Sind Sie in Sicherheit?" in page
    await author.post("/staff/templates", FORM | ASKS)
    where = f"/staff/templates/{await _id(town)}"
    _, page = await author.get(where)
    for said in ("Sind Sie in Sicherheit?", "Ich brauche Hilfe", "Wer 2 antwortet"):
        assert said in page
    _, page = await author.get(f"{where}/change")
    assert 'name="asks" value="1" checked' in page

    await author.post(
        f"{where}/use", {"version": "1", "gap-0": "Marienstraße", "gap-1": "18 Uhr", "begin": "1"}
    )

    (row,) = await town.rows("SELECT content FROM drafts")
    assert row["content"]["asking"]["on"] is True
    assert row["content"]["asking"]["one"]["wordings"]["en"]["ask"] == "Are you safe?"
    await author.post(f"{where}/change", FORM | ASKS | {"version": "1", "ask0-de": "Alles gut?"})
    _, page = await author.get(where)
    assert "<del>Sind Sie in Sicherheit?\nJa\nIch brauche Hilfe</del>" in page
