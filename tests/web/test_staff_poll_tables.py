"""The result of a poll as files for staff, also where the public does not see it yet, or ever."""

import csv
import json
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from aiohttp import ClientSession

from notify.domain.grants import Role
from notify.domain.poll import How, Question, Shape, Shown, Wording
from notify.services import auditing, closing_polls
from tests.polled import ASK, NAMED, Polled, poll
from tests.town import Town
from tests.web.officer import Officer, enrol

RISKY = Question(Shape.SINGLE, {"de": Wording("=1+1?", ("@SUM(A1)", "Nein"))})


@pytest.fixture
async def viewer(site: ClientSession, town: Town) -> Officer:
    """May look at what goes to Elbtal and do nothing."""
    await town.group("elbtal")
    return Officer(site, await enrol(town, Role.VIEWER, "elbtal"))


async def table(viewer: Officer, polled: Polled) -> list[dict[str, str]]:
    code, text, _ = await viewer.post(f"/staff/messages/{polled.id}/result.csv")
    assert code == 200
    return list(csv.DictReader(StringIO(text.removeprefix("\ufeff")), delimiter=";"))


async def document(viewer: Officer, polled: Polled) -> dict[str, Any]:
    code, text, _ = await viewer.post(f"/staff/messages/{polled.id}/result.json")
    assert code == 200
    return dict(json.loads(text))


async def test_what_only_staff_see_is_taken_along_live_and_says_that_it_runs(
    town: Town, viewer: Officer
) -> None:
    polled = await poll(town, {"elbtal": 5}, ask=replace(NAMED, shown=Shown.STAFF))
    one, two, three, *_ = polled.everybody
    await polled.vote(one, 1, 2)
    await polled.vote(one, 1, 1, after=3)  # people are counted, not messages
    await polled.vote(two, 1, 2)
    await polled.vote(three, 2, 1, 3)

    _, page = await viewer.get(f"/staff/messages/{polled.id}")
    rows, said = await table(viewer, polled), await document(viewer, polled)

    assert f'formaction="/staff/messages/{polled.id}/result.csv"' in page
    assert "Zwischenstand als Tabelle" in page
    assert {row["Stand"].partition(",")[0] for row in rows} == {"läuft noch"}
    assert [row["Menschen"] for row in rows if row["Frage"] == "1"] == ["1", "1", "0"]
    assert [row["Menschen"] for row in rows if row["Frage"] == "2"] == ["1", "0", "1", "0"]
    assert (said["running"], said["asked"], said["answered"]) == (True, 5, 3)
    assert said["as_of"] >= said["opened_at"]
    assert all("T" in said[moment] for moment in ("as_of", "opened_at"))
    assert [one["n"] for one in said["questions"][0]["choices"]] == [1, 1, 0]


async def test_after_the_close_it_says_when_that_was(town: Town, viewer: Officer) -> None:
    polled = await poll(town, {"elbtal": 12}, ask=replace(ASK, shown=Shown.STAFF))
    await polled.all_vote(polled.everybody, 1, 3)
    await polled.run_out()
    await closing_polls.close(town.db, polled.id)

    _, page = await viewer.get(f"/staff/messages/{polled.id}")
    rows, said = await table(viewer, polled), await document(viewer, polled)

    assert "Ergebnis als Tabelle" in page
    assert all(row["Stand"].startswith("beendet 20") for row in rows)
    assert [(row["Antwort"], row["Menschen"]) for row in rows[:3]] == [
        ("Schwimmbad", "0"), ("Bücherei", "0"), ("Nichts", "12"),
    ]  # fmt: skip
    assert said["running"] is False
    assert said["closed_at"]


async def test_who_took_part_and_how_is_in_it_as_in_the_table_for_everybody(
    site: ClientSession, town: Town, viewer: Officer
) -> None:
    polled = await poll(town, {"elbtal": 12})
    await polled.all_vote(polled.everybody[:7], 1, 3)
    await polled.vote(polled.everybody[7], 1, 2, how=How.DESK)
    running = await table(viewer, polled)
    await polled.run_out()
    await closing_polls.close(town.db, polled.id)

    staff = await table(viewer, polled)
    async with site.get(
        f"/polls/{polled.id}/result.csv", headers={"accept-language": "de"}
    ) as said:
        shown = (await said.text()).removeprefix("\ufeff")

    everybody = list(csv.DictReader(StringIO(shown), delimiter=";"))
    assert [{name: row[name] for name in row if name != "Stand"} for row in staff] == everybody
    assert [(row["Antwort"], row["Menschen"]) for row in running[-4:]] == [
        ("Gefragt", "12"), ("Mitgemacht", "8"),
        ("per SMS von der eigenen Nummer", "7"), ("auf Papier, vom Rathaus eingetragen", "1"),
    ]  # fmt: skip
    assert all(row["Stand"] for row in staff)


async def test_a_close_that_came_late_does_not_move_the_end(town: Town, viewer: Officer) -> None:
    polled = await poll(town, {"elbtal": 1}, ask=NAMED)
    await polled.run_out()
    await closing_polls.close(town.db, polled.id)
    await town.change(
        "UPDATE polls SET close_at = '2026-03-01 12:00Z', closed_at = '2026-03-01 15:30Z'"
    )

    rows = await table(viewer, polled)

    assert {row["Stand"] for row in rows} == {"beendet 2026-03-01 13:00:00"}


async def test_few_answers_in_secret_are_told_to_nobody_while_it_runs(
    town: Town, viewer: Officer
) -> None:
    polled = await poll(town, {"elbtal": 12})
    await polled.all_vote(polled.everybody[:9], 1, 3)

    rows, said = await table(viewer, polled), await document(viewer, polled)

    assert all(row["Stand"].startswith("läuft noch") for row in rows)
    (first,) = (row for row in rows if row["Frage"] == "1")
    assert first["Antwort"].startswith("Noch nicht")
    assert first["Menschen"] == first["Geantwortet haben"] == ""
    assert said["questions"][0]["choices"] == []
    assert said["questions"][0]["withheld"]
    await polled.vote(polled.everybody[9], 1, 3)
    assert [row["Menschen"] for row in await table(viewer, polled)][:3] == ["0", "0", "10"]


async def test_no_cell_is_a_formula(town: Town, viewer: Officer) -> None:
    polled = await poll(town, {"elbtal": 1}, ask=replace(NAMED, questions=(RISKY,)))

    rows = await table(viewer, polled)

    assert rows[0]["Wortlaut"] == "'=1+1?"
    assert rows[0]["Antwort"] == "'@SUM(A1)"


async def test_each_file_stands_in_the_log_and_is_kept_by_nobody(
    site: ClientSession, town: Town, viewer: Officer
) -> None:
    polled = await poll(town, {"elbtal": 1})
    cookie = {"cookie": f"notify-staff={viewer.cookies['notify-staff']}"}

    for ending in ("csv", "json"):
        where = f"/staff/messages/{polled.id}/result.{ending}"
        async with site.post(where, headers=cookie) as answer:
            assert answer.headers["cache-control"] == "no-store"
            name = f'attachment; filename="{polled.id}-so-far.{ending}"'
            assert answer.headers["content-disposition"] == name

    told = [
        dict(line.about)
        async for line, _ in auditing.lines(town.db)
        if line.deed == "result.exported"
    ]
    assert told == [{"broadcast": str(polled.id)}] * 2


async def test_what_asks_nothing_or_is_beyond_reach_has_none(town: Town, viewer: Officer) -> None:
    elsewhere = await poll(town, {"bergdorf": 1})
    silent = await town.broadcast("elbtal")

    for broadcast in (elsewhere.id, silent):
        code, _, _ = await viewer.post(f"/staff/messages/{broadcast}/result.csv")
        assert code == 404
    assert not [1 async for line, _ in auditing.lines(town.db) if line.deed == "result.exported"]
