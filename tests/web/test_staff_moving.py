"""Moving a group on the staff's pages: where to, what changes, and then the button."""

import pytest
from aiohttp import ClientSession

from notify.domain.grants import Role
from tests.town import Town
from tests.web.officer import Officer, enrol, hidden

PATH = "/staff/groups/elbtal"


@pytest.fixture
async def villages(town: Town) -> None:
    nord, sued = await town.group("nord"), await town.group("sued")
    elbtal = await town.group("elbtal", parent=nord)
    await town.group("kita", parent=elbtal)
    await town.resident(elbtal, email="a@example.org")
    await town.resident(sued, email="b@example.org")


async def test_it_is_shown_what_changes_and_then_it_is_moved(
    site: ClientSession, town: Town, villages: None
) -> None:
    vera = Officer(site, await enrol(town))
    _, page = await vera.get(PATH)
    assert f'href="{PATH}/move"' in page
    _, page = await vera.get(f"{PATH}/move")
    assert '<option value="sued"' in page
    for none in ("elbtal", "kita", "nord"):
        assert f'<option value="{none}"' not in page

    _, page = await vera.get(f"{PATH}/move?to=sued")
    told = " ".join(page.split())
    assert ">nord</th><td>1</td><td>0</td>" in told
    assert ">sued</th><td>1</td><td>2</td>" in told
    code, _, leads = await vera.post(f"{PATH}/move", {"to": "sued", "seen": hidden(page, "seen")})

    assert (code, leads) == (303, f"{PATH}?done=moved")
    _, page = await vera.get(leads)
    assert "Die Gruppe ist verschoben." in page
    assert "Unter sued." in page


async def test_what_changed_meanwhile_is_shown_again(
    site: ClientSession, town: Town, villages: None
) -> None:
    vera = Officer(site, await enrol(town))
    _, page = await vera.get(f"{PATH}/move?to=sued")
    await enrol(town, Role.APPROVER, "sued", email="bert@example.org")

    code, again, _ = await vera.post(f"{PATH}/move", {"to": "sued", "seen": hidden(page, "seen")})

    assert code == 409
    assert "Es wurde nichts verschoben" in again
    code, _, _ = await vera.post(f"{PATH}/move", {"to": "sued", "seen": hidden(again, "seen")})
    assert code == 303


@pytest.mark.parametrize("to", ["kita", "elbtal", "nord", "nowhere"])
async def test_a_place_that_is_none_is_told_at_its_field(
    site: ClientSession, town: Town, villages: None, to: str
) -> None:
    vera = Officer(site, await enrol(town))

    code, page = await vera.get(f"{PATH}/move?to={to}")

    assert code == 422
    assert 'id="said-to"' in page
    code, page, _ = await vera.post(f"{PATH}/move", {"to": to, "seen": "x"})
    assert (code, 'id="said-to"' in page) == (422, True)


async def test_who_administers_the_group_alone_is_offered_no_move(
    site: ClientSession, town: Town, villages: None
) -> None:
    village = Officer(site, await enrol(town, Role.ADMINISTRATOR, "elbtal"))

    _, page = await village.get(PATH)
    code, _ = await village.get(f"{PATH}/move")

    assert f"{PATH}/move" not in page
    assert code == 403
