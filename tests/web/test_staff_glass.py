"""Warning alone: from the first page to the message, and its review by somebody else."""

import asyncio
import re
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession

from notify.domain.grants import Role
from tests.services.test_breaking_glass import broken, ended
from tests.services.test_preparing import approved
from tests.town import Town
from tests.web.officer import Officer, enrol, hidden

GAPS = {"gap-0": "Elbtal", "gap-1": "Keime & <i>mehr</i>"}


@pytest.fixture
async def group(town: Town) -> int:
    return await town.group("elbtal")


@pytest.fixture
async def author(site: ClientSession, town: Town, group: int) -> Officer:
    await town.resident(group, email="r@example.org", alerts=["email"])
    return Officer(site, await enrol(town, Role.AUTHOR, "elbtal", email="anna@example.org"))


@pytest.fixture
async def water(town: Town, group: int) -> UUID:
    return await approved(town)


async def _look(author: Officer, where: str, **more: Any) -> tuple[int, str]:
    code, page, _ = await author.post(
        where, {"version": "1", "group": "elbtal", "hours": "3"} | GAPS | more
    )
    return code, page


def _fields(page: str) -> dict[str, str]:
    """What the form that sends holds, as the browser posts it."""
    form = page[: page.index('name="send"')]
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))


async def test_three_pages_from_the_template_to_the_message(
    town: Town, author: Officer, water: UUID
) -> None:
    _, page = await author.get("/staff")
    assert 'href="/staff/break-glass"' in page
    _, page = await author.get("/staff/break-glass")
    where = f"/staff/break-glass/{water}"
    assert where in page
    _, page = await author.get(where)
    assert '<option value="12" selected>' in page
    assert re.search(r'value="elbtal" checked', page)

    code, page = await _look(author, where)
    assert code == 200
    for said in ("Wasser abkochen in Elbtal", "Warnung allein an 0 Menschen senden", "Schritt 2 von 2",
                 "Niemand folgt diesen Gruppen"):  # fmt: skip
        assert said in page  # no channel is open in this installation
    assert await town.rows("SELECT FROM broadcasts") == []
    given = _fields(page) | {"reason": "Niemand hebt ab", "alone": "1", "send": "1"}
    code, _, leads = await author.post(where, given)

    (row,) = await town.rows("SELECT id, status, texts FROM broadcasts")
    assert (code, leads) == (303, f"/staff/messages/{row['id']}?done=alone")
    assert row["status"] == "approved"
    assert row["texts"]["en"]["body"] == r"Boil your water: Keime \& \<i\>mehr\</i\>"
    _, page = await author.get(leads)
    assert "Sie haben das allein gesendet" in page
    assert "Allein gesendet von Vera Amt" in page
    assert "Jemand anderes muss es noch prüfen" in page
    assert f"{row['id']}/review" not in page


async def test_pressing_twice_sends_once(town: Town, author: Officer, water: UUID) -> None:
    where = f"/staff/break-glass/{water}"
    _, page = await _look(author, where)
    given = _fields(page) | {"reason": "Niemand hebt ab", "alone": "1", "send": "1"}

    ends = await asyncio.gather(*(author.post(where, given) for _ in range(3)))

    assert {code for code, _, _ in ends} == {303}
    assert len({leads for _, _, leads in ends}) == 1
    assert len(await town.rows("SELECT FROM broadcasts")) == 1


async def test_back_and_on_again_sends_once_and_another_form_only_when_they_insist(
    town: Town, author: Officer, water: UUID
) -> None:
    where = f"/staff/break-glass/{water}"
    _, page = await author.get(where)
    token = hidden(page, "token")
    _, page = await _look(author, where, token=token)
    given = _fields(page) | {"reason": "Niemand hebt ab", "alone": "1", "send": "1"}
    _, _, leads = await author.post(where, given)
    _, page = await _look(author, where, token=token, edit="1")
    _, page = await _look(author, where, token=hidden(page, "token"))
    assert hidden(page, "token") == token
    assert (await author.post(where, given | _fields(page)))[2] == leads

    _, page = await author.get(where)
    _, page = await _look(author, where, token=hidden(page, "token"))
    code, page, _ = await author.post(where, given | _fields(page))

    assert code == 409
    assert "Nicht noch einmal gesendet" in page
    assert leads.partition("?")[0] in page
    assert len(await town.rows("SELECT FROM broadcasts")) == 1
    insists = given | _fields(page) | {"again": "1"}
    assert [(await author.post(where, insists))[0] for _ in range(2)] == [303, 303]
    assert len(await town.rows("SELECT FROM broadcasts")) == 2


async def test_where_counting_takes_too_long_it_can_be_sent_all_the_same(
    author: Officer, water: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notify.services.breaking_glass.COUNT_FOR", 0.1)
    monkeypatch.setattr(
        "notify.store.glass.REACHED",
        "SELECT pg_sleep(5), 1 AS n WHERE %(groups)s::bigint[] IS NOT NULL AND %(channels)s::text[] IS NOT NULL",
    )

    code, page = await _look(author, f"/staff/break-glass/{water}")

    assert code == 200
    assert "Wie viele sie erreicht, ist so schnell nicht zu zählen" in page
    assert "Warnung allein senden" in page


@pytest.mark.parametrize(
    ("change", "field"),
    [({"reason": ""}, "reason"), ({"alone": ""}, "alone"), ({"reason": "x" * 501}, "reason")],
)
async def test_without_reason_or_tick_nothing_is_sent_and_the_page_says_so(
    town: Town, author: Officer, water: UUID, change: dict[str, str], field: str
) -> None:
    where = f"/staff/break-glass/{water}"
    _, page = await _look(author, where)
    given = _fields(page) | {"reason": "Allein <b>hier</b>", "alone": "1", "send": "1"}

    code, again, _ = await author.post(where, given | change)

    assert code == 422
    assert f'href="#f-{field}"' in again
    assert hidden(again, "token") == hidden(page, "token")
    if field == "alone":
        assert 'value="Allein <b>hier</b>"' in again
    assert await town.rows("SELECT FROM broadcasts") == []


@pytest.mark.parametrize(
    ("change", "field"),
    [({"gap-1": " "}, "gap-1"), ({"hours": "0"}, "hours"), ({"group": ""}, "group"),
     ({"group": "nowhere"}, "group")],
)  # fmt: skip
async def test_what_is_not_filled_is_said_at_its_field(
    author: Officer, water: UUID, change: dict[str, str], field: str
) -> None:
    code, page = await _look(author, f"/staff/break-glass/{water}", **change)

    assert code == 422
    assert f'href="#f-{field}"' in page
    assert f'id="f-{field}"' in page
    assert 'value="Elbtal"' in page


async def test_back_to_the_fields_keeps_what_was_typed(author: Officer, water: UUID) -> None:
    code, page = await _look(author, f"/staff/break-glass/{water}", edit="1", hours="24")

    assert code == 200
    assert 'value="Elbtal"' in page
    assert '<option value="24" selected>' in page


async def test_a_form_of_an_old_version_sends_nothing(
    town: Town, author: Officer, water: UUID
) -> None:
    code, page = await _look(
        author, f"/staff/break-glass/{water}", version="7", send="1", reason="x", alone="1"
    )

    assert code == 409
    assert "Diese Vorlage hat sich geändert" in page
    assert await town.rows("SELECT FROM broadcasts") == []


async def test_the_all_clear_of_it_is_sent_alone_from_its_own_page(
    site: ClientSession, town: Town, author: Officer
) -> None:
    (me,) = await town.rows("SELECT id FROM staff WHERE email = 'anna@example.org'")
    clear = await ended(town, await broken(town, "elbtal"), by=me["id"])
    where = f"/staff/messages/{clear}"
    vera = Officer(site, await enrol(town, Role.APPROVER))
    _, page = await vera.get(where)
    assert f"{where}/alone" not in page
    _, page = await author.get(where)
    assert "Entwarnung allein senden" in page
    assert f"{where}/recall" in page
    given = {"seen": hidden(page, "seen"), "reason": "Niemand <b>da</b>"}

    code, page, _ = await author.post(f"{where}/alone", given)
    assert (code, 'href="#f-alone"' in page, 'value="Niemand <b>da</b>"' in page) == (
        422,
        True,
        True,
    )
    code, _, leads = await author.post(f"{where}/alone", given | {"alone": "1"})

    assert (code, leads) == (303, f"{where}?done=alone")
    _, page = await author.get(leads)
    assert "Allein gesendet von Vera Amt" in page
    assert f"{where}/alone" not in page
    assert (await author.post(f"{where}/alone", given | {"alone": "1"}))[0] == 409


async def test_without_anything_approved_the_page_says_what_to_do(author: Officer) -> None:
    _, page = await author.get("/staff/break-glass")

    assert "Lassen Sie eine schreiben und freigeben" in page


async def test_an_approver_finds_it_on_the_first_page_and_reviews_it(
    site: ClientSession, town: Town, author: Officer
) -> None:
    alert = await broken(town, "elbtal")
    vera = Officer(site, await enrol(town, Role.APPROVER))
    where = f"/staff/messages/{alert}/review"
    _, page = await vera.get("/staff")
    assert "Allein gesendet, noch nicht geprüft" in page
    assert where in page
    _, page = await author.get("/staff")
    assert "Allein gesendet, noch nicht geprüft" in page
    assert where not in page
    _, page = await vera.get(f"/staff/messages/{alert}")
    assert where in page
    _, page = await vera.get(where)
    assert "Grund: Niemand hebt ab." in page

    code, page, _ = await vera.post(where, {"text": "  "})
    assert (code, 'href="#f-text"' in page) == (422, True)
    code, _, leads = await vera.post(where, {"text": "War richtig."})

    assert (code, leads) == (303, f"/staff/messages/{alert}")
    _, page = await vera.get(leads)
    assert "Geprüft von Vera Amt" in page
    assert "War richtig." in page
    assert where not in page
    _, page = await vera.get("/staff")
    assert "noch nicht geprüft" not in page
    code, page, _ = await vera.post(where, {"text": "Noch einmal"})
    assert (code, "Hier ist nichts zu prüfen" in page) == (409, True)


async def test_it_is_practised_from_the_same_page_and_nothing_looks_real(
    town: Town, author: Officer, group: int, water: UUID
) -> None:
    where = f"/staff/break-glass/{water}"
    _, page = await author.get("/staff/break-glass")
    assert 'href="/staff/break-glass?drill=1"' in page
    assert "Das ist nur eine Übung" not in page
    _, page = await author.get("/staff/break-glass?drill=1")
    assert f"{where}?drill=1" in page
    assert "Es gibt keine Übungsgruppe" in page
    crew = await town.group("crew", parent=group)
    await town.change("UPDATE groups SET drill = true WHERE id = %(id)s", id=crew)
    _, page = await author.get(f"{where}?drill=1")
    assert 'value="crew" checked' in page
    assert 'value="elbtal"' not in page[page.index("<fieldset") : page.index("</fieldset>")]
    assert '<div class="whole drill">' in page

    code, page = await _look(author, where, drill="1")
    assert (code, 'href="#f-group"' in page) == (422, True)  # a village is no group for drills
    code, page = await _look(author, where, drill="1", group="crew")
    assert code == 200
    assert "Übungswarnung allein an 0 Menschen senden" in page
    assert "ÜBUNG: Wasser abkochen in Elbtal" in page
    assert "tone-severe" not in page
    assert ">Diese Warnung" not in page
    given = _fields(page) | {"reason": "Ich übe", "alone": "1", "send": "1"}
    assert given["drill"] == "1"
    code, _, leads = await author.post(where, given)

    (row,) = await town.rows("SELECT id, drill FROM broadcasts")
    assert (code, leads) == (303, f"/staff/messages/{row['id']}?done=alone")
    assert row["drill"]
    _, page = await author.get(leads)
    assert '<div class="whole drill">' in page
    assert "noch prüfen" not in page


async def test_an_exercise_is_written_from_a_template_and_names_no_group_yet(
    town: Town, author: Officer, water: UUID
) -> None:
    code, _, leads = await author.post(
        f"/staff/templates/{water}/use", {"version": "1", "begin": "drill"} | GAPS
    )

    assert code == 303
    _, page = await author.get(leads)
    assert "<h1>Übung schreiben</h1>" in page
    (row,) = await town.rows("SELECT content FROM drafts")
    assert (row["content"]["drill"], row["content"]["groups"]) == (True, [])


async def test_why_it_is_not_sent_alone_is_said_on_its_page_and_in_the_answer(
    town: Town, author: Officer
) -> None:
    (me,) = await town.rows("SELECT id FROM staff WHERE email = 'anna@example.org'")
    clear = await ended(town, await broken(town, "elbtal"), by=me["id"])
    where = f"/staff/messages/{clear}"
    _, page = await author.get(where)
    given = {"seen": hidden(page, "seen"), "reason": "Niemand da", "alone": "1"}
    await town.change("UPDATE broken_glass SET broken_at = now() - interval '25 hours'")

    code, page, _ = await author.post(f"{where}/alone", given)

    said = "Ihre Warnung ist mehr als 24 Stunden her"
    assert code == 409
    assert f"Es wurde nichts gesendet. Sie können das nicht mehr allein senden: {said}" in page
    _, page = await author.get(where)
    assert said in page
    assert f"{where}/alone" not in page
    _, page = await author.get(f"{where}?done=alone_often")  # an address alone refuses nothing
    assert "Es wurde nichts gesendet" not in page


async def test_what_is_sent_alone_for_later_does_not_say_that_it_is_on_its_way(
    town: Town, author: Officer
) -> None:
    (me,) = await town.rows("SELECT id FROM staff WHERE email = 'anna@example.org'")
    clear = await ended(town, await broken(town, "elbtal"), by=me["id"])
    await town.change(
        "UPDATE broadcasts SET send_at = now() + interval '1 hour' WHERE id = %(id)s", id=clear
    )
    where = f"/staff/messages/{clear}"
    _, page = await author.get(where)
    assert "Sie wird nicht sofort gesendet" in page
    given = {"seen": hidden(page, "seen"), "reason": "Niemand da", "alone": "1"}

    _, _, leads = await author.post(f"{where}/alone", given)

    _, page = await author.get(leads)
    assert re.search(r"Sie haben das allein gesendet\.\s+Die Nachricht wird am .+ gesendet\.", page)
    assert "unterwegs" not in page[page.index("<main") : page.index("</main>")]
    await town.change(
        "UPDATE broadcasts SET status = 'cancelled', cancelled_at = now() WHERE id = %(id)s",
        id=clear,
    )
    _, page = await author.get(leads)
    assert "Die Nachricht wird am" not in page
