"""Groups are made and changed by staff, one part at a time, and nobody's change is lost."""

from typing import Any

import pytest
from aiohttp import ClientSession

from notify.domain.grants import Role
from tests.town import Town
from tests.web.officer import Officer, Person, enrol


@pytest.fixture
async def vera(town: Town) -> Person:
    district = await town.group("district")
    await town.group("elbtal", parent=district)
    await town.group("bergdorf", parent=district)
    return await enrol(town, Role.ADMINISTRATOR, "elbtal")


def mark(page: str, part: str) -> str:
    """What a change of this part has to name, as its form carries it."""
    form = page.split(f'/staff/groups/elbtal/{part}"')[1]
    return form.split('name="seen" value="')[1].split('"')[0]


async def _elbtal(town: Town) -> dict[str, Any]:
    (row,) = await town.rows("SELECT * FROM groups WHERE slug = 'elbtal'")
    return row


async def test_an_administrator_sees_the_groups_within_reach(
    site: ClientSession, town: Town, vera: Person
) -> None:
    _, text = await Officer(site, vera).get("/staff/groups")
    assert "/staff/groups/elbtal" in text
    assert "bergdorf" not in text
    assert "district" not in text


async def test_a_group_is_made_below_ones_own_and_nowhere_else(
    site: ClientSession, town: Town, vera: Person
) -> None:
    officer = Officer(site, vera)
    form = {"slug": "kita", "name.de": "Kita", "name.en": "Kindergarten", "closed": "1"}

    made, _, leads = await officer.post("/staff/groups/new", form | {"parent": "elbtal"})
    beside, _, _ = await officer.post("/staff/groups/new", form | {"parent": "bergdorf"})
    top, _, _ = await officer.post("/staff/groups/new", form | {"slug": "oben"})
    twice, text, _ = await officer.post("/staff/groups/new", form | {"parent": "elbtal"})

    assert (made, leads) == (303, "/staff/groups/kita?done=made")
    assert (beside, top, twice) == (403, 403, 422)
    assert 'href="#f-slug"' in text
    assert 'value="Kindergarten"' in text
    rows = await town.rows("SELECT slug, names, closed FROM groups WHERE id > 3 ORDER BY id")
    assert rows == [{"slug": "kita", "names": {"de": "Kita", "en": "Kindergarten"}, "closed": True}]
    (line,) = await town.rows("SELECT about FROM audit WHERE deed = 'group.made'")
    assert line["about"] == {"group": "kita", "parent": "elbtal"}


@pytest.mark.parametrize(
    ("part", "form", "column", "value"),
    [
        ("names", {"name.de": "Elbtal", "name.en": "Elbe valley"}, "names",
         {"de": "Elbtal", "en": "Elbe valley"}),
        ("joining", {"closed": "1", "carries_parent_news": "1"}, "closed", True),
        ("about", {"about.de.sends": "Sturm", "about.en.often": "rarely"}, "about",
         {"de": {"sends": "Sturm"}, "en": {"often": "rarely"}}),
        ("identity", {"identity.sender_name": "Dorf", "identity.colour": "#0b4a8f"}, "identity",
         {"sender_name": "Dorf", "colour": "#0b4a8f"}),
        ("sending", {"news_need_approval": "1"}, "news_need_approval", True),
        ("cap", {"sms_cap": "5.000"}, "sms_cap", 5000),
    ],
)  # fmt: skip
async def test_each_part_is_saved_by_itself_and_recorded(
    site: ClientSession, town: Town, vera: Person, part: str, form: dict[str, str], column: str,
    value: object,
) -> None:  # fmt: skip
    officer = Officer(site, vera)
    before = await _elbtal(town)
    _, page = await officer.get("/staff/groups/elbtal")

    status, _, leads = await officer.post(
        f"/staff/groups/elbtal/{part}", form | {"seen": mark(page, part)}
    )

    assert (status, leads) == (303, f"/staff/groups/elbtal?done={part}")
    after = await _elbtal(town)
    assert after[column] == value
    assert {k for k in before if before[k] != after[k]} <= {column, "carries_parent_news"}
    (line,) = await town.rows("SELECT about FROM audit WHERE deed = 'group.changed'")
    assert line["about"] == {"group": "elbtal", "part": part}


async def test_a_part_saves_its_own_fields_and_no_others(
    site: ClientSession, town: Town, vera: Person
) -> None:
    officer = Officer(site, vera)
    before = await _elbtal(town)
    _, page = await officer.get("/staff/groups/elbtal")
    more = {
        "slug": "neu", "parent": "kita", "parent_id": "1", "id": "9", "closed": "1", "drill": "1",
        "news_need_approval": "1", "identity.sender_name": "Dorf", "sms_cap": "7",
    }  # fmt: skip

    status, _, _ = await officer.post(
        "/staff/groups/elbtal/names", more | {"seen": mark(page, "names"), "name.de": "Tal"}
    )

    assert status == 303
    assert await _elbtal(town) == before | {"names": {"de": "Tal"}}


async def test_what_somebody_else_saved_meanwhile_is_shown_beside_and_not_lost(
    site: ClientSession, town: Town, vera: Person
) -> None:
    officer = Officer(site, vera)
    _, page = await officer.get("/staff/groups/elbtal")
    await town.change("UPDATE groups SET names = '{\"de\": \"Das Elbtal\"}' WHERE slug = 'elbtal'")

    stale = {"seen": mark(page, "names"), "name.de": "Mein Elbtal"}
    status, text, _ = await officer.post("/staff/groups/elbtal/names", stale)

    assert status == 409
    assert 'value="Mein Elbtal"' in text
    assert "Das Elbtal" in text
    assert (await _elbtal(town))["names"] == {"de": "Das Elbtal"}
    again, _, _ = await officer.post(
        "/staff/groups/elbtal/names", stale | {"seen": mark(text, "names")}
    )
    assert again == 303
    assert (await _elbtal(town))["names"] == {"de": "Mein Elbtal"}


async def test_a_change_of_one_part_does_not_make_another_stale(
    site: ClientSession, town: Town, vera: Person
) -> None:
    officer = Officer(site, vera)
    _, page = await officer.get("/staff/groups/elbtal")
    await town.change("UPDATE groups SET sms_cap = 7 WHERE slug = 'elbtal'")

    form = {"seen": mark(page, "names"), "name.de": "Neu"}
    assert (await officer.post("/staff/groups/elbtal/names", form))[0] == 303


@pytest.mark.parametrize(
    ("part", "form", "field", "said"),
    [
        ("names", {"name.en": "Only English"}, "name.de", "Schreiben Sie einen Namen"),
        ("names", {"name.de": "x" * 201}, "name.de", "höchstens 200"),
        ("about", {"about.de.sends": "x" * 301}, "about.de.sends", "zu lang"),
        ("identity", {"identity.mail_from": "nobody"}, "identity.mail_from", "E-Mail-Adresse"),
        ("identity", {"identity.colour": "blau"}, "identity.colour", "wie #0b4a8f"),
        ("identity", {"identity.colour": "#ffcc00"}, "identity.colour", "Kontrast ist 1.5"),
        ("cap", {"sms_cap": "-3"}, "sms_cap", "ganze Zahl"),
        ("cap", {"sms_cap": "9999999999"}, "sms_cap", "ganze Zahl"),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_told_at_its_field_and_nothing_is_saved(
    site: ClientSession, town: Town, vera: Person, part: str, form: dict[str, str], field: str,
    said: str,
) -> None:  # fmt: skip
    officer = Officer(site, vera)
    before = await _elbtal(town)
    _, page = await officer.get("/staff/groups/elbtal")

    status, text, _ = await officer.post(
        f"/staff/groups/elbtal/{part}", form | {"seen": mark(page, part)}
    )

    assert status == 422
    assert f'href="#f-{field}"' in text
    assert f'id="said-{field}"' in text
    assert said in text
    assert all(value in text for value in form.values())
    assert await _elbtal(town) == before


async def test_what_is_inherited_is_shown_as_such_and_escaped(
    site: ClientSession, town: Town, vera: Person
) -> None:
    await town.change(
        "UPDATE groups SET identity = '{\"contact\": \"Rufen <b>Sie</b> an\"}' WHERE slug = 'district'"
    )
    async with site.get(
        "/staff/groups/elbtal", headers={"cookie": f"notify-staff={vera.word}"}
    ) as answer:
        raw = await answer.text()

    assert "Sonst von district: Rufen &lt;b&gt;Sie&lt;/b&gt; an" in raw


async def test_saving_what_stands_there_already_leaves_no_trace(
    site: ClientSession, town: Town, vera: Person
) -> None:
    officer = Officer(site, vera)
    _, page = await officer.get("/staff/groups/elbtal")
    await officer.post("/staff/groups/elbtal/cap", {"seen": mark(page, "cap"), "sms_cap": ""})
    assert await town.rows("SELECT FROM audit WHERE deed = 'group.changed'") == []


async def test_there_is_no_such_part(site: ClientSession, town: Town, vera: Person) -> None:
    assert (await Officer(site, vera).post("/staff/groups/elbtal/slug", {}))[0] == 404
