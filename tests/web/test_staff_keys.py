"""Keys are made and ended by administrators, within reach, and shown once."""

import re

import pytest
from aiohttp import ClientSession

from notify.domain.grants import Role
from notify.domain.scopes import Scope
from notify.services import keys
from tests.town import Town
from tests.web.caller import Caller
from tests.web.officer import Officer, Person, enrol, hidden

FORM = {"name": "Wetterkasten", "group": "elbtal", "scope": "broadcasts:read"}


@pytest.fixture
async def vera(town: Town) -> Person:
    await town.group("elbtal")
    await town.group("berg")
    return await enrol(town, Role.ADMINISTRATOR, "elbtal")


async def test_a_key_is_shown_once_works_and_is_ended_after_asking(
    site: ClientSession, town: Town, vera: Person
) -> None:
    officer = Officer(site, vera)

    _, page, _ = await officer.post("/staff/keys", FORM)
    found = re.search(r'class="secret">(notify_[\w-]{43})<', page)
    assert found
    _, again = await officer.get("/staff/keys")
    assert found[1] not in again
    assert "noch nicht verwendet" in again
    key = await keys.recognise(town.db, found[1])
    assert key is not None
    assert key.scopes == {"broadcasts:read"}
    _, used = await officer.get("/staff/keys")
    assert "zuletzt verwendet" in used

    _, asked, _ = await officer.post(f"/staff/keys/{key.id}/end")
    assert 'name="sure"' in asked
    assert await keys.recognise(town.db, found[1])
    _, _, leads = await officer.post(f"/staff/keys/{key.id}/end", {"sure": "1"})
    assert leads == "/staff/keys?done=ended"
    assert await keys.recognise(town.db, found[1]) is None
    deeds = await town.rows("SELECT deed, about FROM audit WHERE deed LIKE 'key.%%' ORDER BY id")
    assert [row["deed"] for row in deeds] == ["key.made", "key.ended"]
    assert found[1] not in str(deeds)


async def test_that_a_key_was_used_is_written_down_once_an_hour(town: Town) -> None:
    token = await keys.create(town.db, name="x", scopes=[Scope.BROADCASTS_READ], group=None)
    await keys.recognise(town.db, token)
    (first,) = await town.rows("SELECT used_at FROM keys")
    await keys.recognise(town.db, token)
    assert await town.rows("SELECT used_at FROM keys") == [first]
    await town.change("UPDATE keys SET used_at = now() - interval '61 min'")
    await keys.recognise(town.db, token)
    (later,) = await town.rows("SELECT used_at FROM keys")
    assert later["used_at"] > first["used_at"]


@pytest.mark.parametrize(
    ("given", "status"),
    [({"group": "berg"}, 403), ({"group": ""}, 403), ({"group": "nowhere"}, 404),
     ({"name": ""}, 422), ({"name": "x" * 201}, 422), ({"scope": ""}, 422),
     ({"scope": "alerts:send"}, 422), ({"scope": "residents:read"}, 422)],
)  # fmt: skip
async def test_no_key_goes_beyond_reach_nor_sends_warnings_alone_nor_shows_addresses(
    site: ClientSession, town: Town, vera: Person, given: dict[str, str], status: int
) -> None:
    assert (await Officer(site, vera).post("/staff/keys", FORM | given))[0] == status
    assert await town.rows("SELECT FROM keys") == []


async def test_keys_beyond_reach_are_not_seen(
    site: ClientSession, town: Town, vera: Person
) -> None:
    for name, group in (("hier", "elbtal"), ("daneben", "berg"), ("weltweit", None)):
        await keys.create(town.db, name=name, scopes=[], group=group)
    officer = Officer(site, vera)

    _, page = await officer.get("/staff/keys")

    assert "hier" in page
    assert "daneben" not in page
    assert "weltweit" not in page
    for row in await town.rows("SELECT id FROM keys WHERE name <> 'hier'"):
        for form in ({}, {"sure": "1"}):
            assert (await officer.post(f"/staff/keys/{row['id']}/end", form))[0] == 404
    assert (await officer.post(f"/staff/keys/{10**30}/end", {"sure": "1"}))[0] == 404


async def test_nobody_approves_what_their_own_key_submitted(
    site: ClientSession, town: Town, vera: Person
) -> None:
    officer = Officer(site, vera)
    form = FORM | {"scope": "broadcasts:write"}
    _, page, _ = await officer.post("/staff/keys", form)
    found = re.search(r'class="secret">(notify_[\w-]{43})<', page)
    assert found
    await town.change(
        "INSERT INTO grants (staff_id, role, group_id) SELECT %(id)s, 'approver', id FROM groups"
        " WHERE slug = 'elbtal'", id=vera.id,
    )  # fmt: skip

    sent = await Caller(site, town.db, found[1]).send(groups=["elbtal"])
    where = f"/staff/messages/{sent.body['id']}"
    other = Officer(site, await enrol(town, Role.APPROVER, "elbtal", email="a@example.org"))
    _, page = await other.get(where)
    seen = {"seen": hidden(page, "seen")}

    assert (await officer.post(f"{where}/approve", seen))[0] == 403
    assert await town.rows("SELECT status FROM broadcasts") == [{"status": "submitted"}]
    assert (await other.post(f"{where}/approve", seen))[0] == 303
