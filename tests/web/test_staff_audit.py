"""Administrators of everything read the audit log, have it checked, and take it along."""

import csv
import io
import json
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientSession

from notify.domain.grants import Role
from notify.services import auditing
from tests.town import Town
from tests.web.officer import Officer, Person, enrol

LOOSE = "ALTER TABLE audit DISABLE TRIGGER ALL"


@pytest.fixture
async def vera(town: Town) -> Person:
    return await enrol(town)


async def _write(town: Town, deed: str, by: UUID | None = None, **about: object) -> None:
    async with town.db.transaction() as connection:
        await auditing.record(connection, by, deed, **about)


async def _last(town: Town) -> tuple[str, dict[str, str]]:
    (row,) = await town.rows("SELECT deed, about FROM audit ORDER BY id DESC LIMIT 1")
    return row["deed"], row["about"]


async def test_lines_are_shown_with_names_and_that_they_were_is_the_next_line(
    site: ClientSession, town: Town, vera: Person
) -> None:
    who = uuid4()
    await _write(town, "resident.viewed", vera.id, resident=who, reason="<b>Anruf</b>")
    await _write(town, "staff.ended", None)
    async with site.get("/staff/audit", headers={"cookie": f"notify-staff={vera.word}"}) as answer:
        raw = await answer.text()

    assert "Vera Amt" in raw
    assert str(who) in raw
    assert "&lt;b&gt;Anruf" in raw
    assert "<b>Anruf" not in raw
    assert await _last(town) == ("audit.viewed", {})


async def test_deeds_are_told_in_words_beside_their_code(
    site: ClientSession, town: Town, vera: Person
) -> None:
    await _write(town, "broadcast.approved", vera.id, broadcast=uuid4())
    await _write(town, "horse.shod", vera.id)  # of another version

    _, page = await Officer(site, vera).get("/staff/audit?lang=de")

    line = "<strong>hat eine Nachricht freigegeben</strong> <code>broadcast.approved</code>"
    assert line in page
    assert ">hat eine Nachricht freigegeben (broadcast.approved)</option>" in page
    assert "<strong>horse.shod</strong>" in page
    assert ">horse.shod</option>" in page
    _, page = await Officer(site, vera).get("/staff/audit?lang=en")
    assert "<strong>approved a message</strong> <code>broadcast.approved</code>" in page


async def test_filters_narrow_it_to_a_person_a_deed_a_day_and_a_thing(
    site: ClientSession, town: Town, vera: Person
) -> None:
    bert = await enrol(town, email="bert@example.org")
    thing = uuid4()
    await _write(town, "group.made", bert.id, group="alpha")
    await _write(town, "key.made", vera.id, key=thing)
    officer = Officer(site, vera)

    async def rows(query: str) -> str:
        status, text = await officer.get(f"/staff/audit?{query}")
        assert status == 200
        return text.partition('<ol class="lines log">')[2].partition("</ol>")[0]

    assert "alpha" in await rows(f"staff={bert.id}")
    assert str(thing) not in await rows(f"staff={bert.id}")
    assert await _last(town) == ("audit.viewed", {"staff": str(bert.id)})
    assert str(thing) in await rows("deed=key.made")
    assert "alpha" not in await rows("deed=key.made")
    only = await rows(f"thing={thing}")
    assert only.count("<li>") == 1
    assert await rows("day=2020-02-29") == ""
    for nonsense in ("staff=x", "day=9999-99-99", "before=-1", "before=x", f"before={10**30}"):
        assert "alpha" in await rows(nonsense)
    assert await rows("thing=%00%27%3B--") == ""


async def test_a_hundred_lines_are_a_page_and_older_ones_a_link_away(
    site: ClientSession, town: Town, vera: Person
) -> None:
    for number in range(120):
        await _write(town, "group.made", vera.id, group=f"g-{number}")
    officer = Officer(site, vera)

    _, first = await officer.get("/staff/audit?deed=group.made")
    link = first.partition('href="/staff/audit?deed=group.made&before=')[2].partition('"')[0]
    _, second = await officer.get(f"/staff/audit?deed=group.made&before={link}")

    assert "g-119<" in first
    assert "g-19<" not in first
    assert "g-19<" in second
    assert "g-0<" in second
    assert "&before=" not in second.partition("</form>")[2]


async def test_checking_says_that_it_is_whole_or_which_line_is_not(
    site: ClientSession, town: Town, vera: Person
) -> None:
    officer = Officer(site, vera)
    await _write(town, "group.made", vera.id, group="alpha")
    whole = await auditing.verify(town.db)

    status, text, _ = await officer.post("/staff/audit/verify")
    assert status == 200
    assert whole.head.hex() in text

    async with town.db.transaction() as connection:
        await connection.run(LOOSE)
        await connection.run("UPDATE audit SET deed = 'nothing' WHERE id = 2")
    status, text, _ = await officer.post("/staff/audit/verify")
    assert status == 409
    assert "Zeile 2 oder die davor" in text
    async with town.db.transaction() as connection:
        await connection.run("DELETE FROM audit WHERE id = 2")
    _, text, _ = await officer.post("/staff/audit/verify")
    assert "Zeile 2 fehlt" in text


async def test_it_is_taken_along_as_json_that_can_be_checked_and_as_a_table_that_calculates_nothing(
    site: ClientSession, town: Town, vera: Person
) -> None:
    await _write(town, "resident.viewed", vera.id, reason="=HYPERLINK(1)")
    officer = Officer(site, vera)

    _, lines = await officer.get("/staff/audit/lines.jsonl")
    _, table = await officer.get("/staff/audit/lines.csv")

    read = [json.loads(line) for line in lines.splitlines()]
    assert [line["line"] for line in read] == list(range(1, len(read) + 1))
    assert read[-1]["deed"] == "audit.exported"
    rows = list(csv.DictReader(io.StringIO(table.removeprefix("\ufeff"))))
    assert len(rows) == len(read) + 1
    assert rows[len(read) - 2]["about"] == "reason==HYPERLINK(1)"
    assert not [cell for row in rows for cell in row.values() if cell[:1] in {*"=+-@"}]


async def test_whoever_administers_a_village_reads_none_of_it(
    site: ClientSession, town: Town
) -> None:
    await town.group("elbtal")
    officer = Officer(site, await enrol(town, Role.ADMINISTRATOR, "elbtal"))

    for method, path in (
        ("GET", ""), ("POST", "/verify"), ("GET", "/lines.jsonl"), ("GET", "/lines.csv"),
    ):  # fmt: skip
        assert (await officer.call(method, f"/staff/audit{path}"))[0] == 403
    _, home = await officer.get("/staff")
    assert "/staff/audit" not in home


async def test_what_is_kept_is_told_with_the_times_that_are_set(
    site: ClientSession, town: Town, vera: Person
) -> None:
    _, text = await Officer(site, vera).get("/staff/retention")
    for name in ("delivery", "note", "inbound", "feedback", "draft"):
        days = getattr(town.settings, f"{name}_days")
        assert f"{days} Tage" in text
        assert f"NOTIFY_{name.upper()}_DAYS" in text
