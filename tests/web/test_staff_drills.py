"""A drill on the staff's pages: no button of it is called what a real one is, and all of it is framed."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession

from notify import clock
from notify.domain.grants import Role
from notify.domain.words import Relation
from tests.services.test_overseeing import waiting
from tests.town import Town
from tests.web.officer import Officer, enrol

BOTH = {"Alle Zustellungen als Tabelle (CSV)"}
"""What does nothing to a message is called alike."""


@pytest.fixture
async def chief(site: ClientSession, town: Town) -> Officer:
    """Who may do everything, with a group for drills and one that is for none."""
    await town.group("elbtal")
    crew = await town.group("crew")
    await town.change("UPDATE groups SET drill = true WHERE id = %(id)s", id=crew)
    person = await enrol(town, Role.AUTHOR)
    for role in ("approver", "operator"):
        await town.change(
            "INSERT INTO grants (staff_id, role) VALUES (%(who)s, %(role)s)",
            who=person.id,
            role=role,
        )
    return Officer(site, person)


def _main(page: str) -> str:
    return page[page.index("<main") : page.index("</main>")]


def buttons(page: str) -> set[str]:
    """What the buttons of a page say, and its links that look like one."""
    found = re.findall(r"<button[^>]*>(.*?)</button>|<a class=\"button[^>]*>(.*?)</a>", _main(page), re.DOTALL)  # fmt: skip
    return {re.sub("<[^>]+>", "", one or other).strip() for one, other in found}


@pytest.mark.parametrize("state", ["waits", "returned", "scheduled", "sent", "asked", "overtaken", "overtaken waits"])  # fmt: skip
async def test_no_button_of_a_drill_says_what_a_real_one_says(
    town: Town, chief: Officer, state: str
) -> None:
    said = []
    for group, drill in (("elbtal", False), ("crew", True)):
        broadcast = await _in(town, chief, state, group, drill=drill)
        where = f"/staff/messages/{broadcast}"
        if state == "asked":
            _, page, _ = await chief.post(f"{where}/recall")
        else:
            _, page = await chief.get(where)
        assert ('<div class="whole drill">' in page) == drill
        assert ("Das ist nur eine Übung" in page) == drill
        said.append(buttons(page))

    real, exercise = said
    assert real - BOTH, state
    assert len(real) == len(exercise)
    assert not (real & exercise) - BOTH


async def _in(town: Town, chief: Officer, state: str, group: str, *, drill: bool) -> UUID:
    more: dict[str, Any] = {"drill": drill}
    if state in {"waits", "returned"}:
        broadcast = await waiting(town, group, **more)
        if state == "returned":
            await town.change(
                "UPDATE broadcasts SET status = 'returned' WHERE id = %(id)s", id=broadcast
            )
        who = await town.rows("SELECT id FROM staff LIMIT 1")
        await town.change(
            "INSERT INTO drafts (id, content, editors, changed_by, submitted_at)"
            " VALUES (%(id)s, '{\"groups\": []}', ARRAY[%(who)s::uuid], %(who)s, now())",
            id=broadcast, who=who[0]["id"],
        )  # fmt: skip
        return broadcast
    if state == "scheduled":
        return await town.broadcast(group, send_at=clock.now() + timedelta(hours=1), **more)
    broadcast = await town.broadcast(group, **more)
    await town.plan()
    if not state.startswith("overtaken"):
        return broadcast
    follows: dict[str, Any] = {"follows": broadcast, "relation": Relation.UPDATE}
    if state == "overtaken waits":
        late = await waiting(town, group, in_reply_to=broadcast, relation=Relation.CORRECTION)
    else:
        late = await town.broadcast(group, send_at=clock.now() + timedelta(hours=1), **follows)
    await town.broadcast(group, **follows)
    await town.plan()
    return late


async def test_in_lists_drills_under_way_stand_apart_with_an_all_clear_of_their_own(
    town: Town, chief: Officer
) -> None:
    alert = await town.broadcast("elbtal")
    drill = await town.broadcast("crew", drill=True)
    await town.plan()

    for path in ("/staff", "/staff/messages"):
        _, page = await chief.get(path)
        main = _main(page)
        apart = main.index(">Laufende Übungen<")
        assert main.index(">Gilt gerade<") < main.index(str(alert)) < apart
        assert apart < main.index(str(drill))
        assert main.index(">Übungsentwarnung geben") > apart
        assert main.index(">Entwarnung geben") < apart
        assert 'class="exercise-button"' in main[apart:]
        assert 'class="drill-entry"' in main[apart:]
        assert "exercise-button" not in main[:apart]
    await town.change("UPDATE broadcasts SET valid_until = now() WHERE NOT drill")
    for path in ("/staff", "/staff/messages"):
        assert ">Gilt gerade<" not in (await chief.get(path))[1]


async def test_a_follow_up_of_a_drill_is_written_as_one(town: Town, chief: Officer) -> None:
    drill = await town.broadcast("crew", drill=True)
    await town.plan()

    _, _, leads = await chief.post("/staff/drafts", {"follows": str(drill), "relation": "update"})
    _, page = await chief.get(leads)

    assert "<h1>Übung schreiben</h1>" in page
    assert "Das ist nur eine Übung" in page

    _, page = await chief.get("/staff/messages")
    assert "ÜBUNG: Sturm</a>" in page[page.index(">Entwürfe<") :]
