"""The page of a result: for whom and when the poll says, with nothing on it that finds somebody out."""

import asyncio
import csv
import json
from dataclasses import replace
from io import StringIO
from uuid import uuid4

import pytest
from aiohttp import ClientSession

from notify.domain.keyring import Keyring
from notify.domain.poll import Ask, How, Shown
from notify.rendering.links import shorten
from notify.services import closing_polls, counting
from notify.web.pages import results_kept
from tests.polled import ASK, NAMED, Polled, poll
from tests.town import Town
from tests.web.visitor import Visitor

DE = {"accept-language": "de"}
EN = {"accept-language": "en"}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results_kept, "FRESH", -1.0)


async def read(site: ClientSession, path: str, headers: dict[str, str] = DE) -> tuple[int, str]:
    async with site.get(path, headers=headers) as answer:
        return answer.status, await answer.text()


async def answered(town: Town, *, ask: Ask = ASK, **people: int) -> Polled:
    polled = await poll(town, people or {"north": 14, "south": 12}, ask=ask)
    for place, voter in enumerate(polled.everybody):
        await polled.vote(voter, 1, 1 + place % 2, how=How.SMS)
    return polled


async def test_everyone_sees_it_after_the_close(site: ClientSession, town: Town) -> None:
    polled = await answered(town)
    path = f"/polls/{polled.id}"
    assert (await read(site, path))[0] == 404
    await closing_polls.close(town.db, polled.id)

    status, html = await read(site, path)

    assert status == 200
    assert "26 von 26 Befragten haben mitgemacht" in html
    for said in ("Was bauen wir?", "Schwimmbad", "Nach Gruppen", "north", "An welchen Tagen?",
                 "26 per SMS von der eigenen Nummer", "Was „geheim“ hier heißt",
                 "vertraulich, aber nicht anonym", "entscheidet nichts von selbst"):  # fmt: skip
        assert said in html
    assert html.count('<svg class="chart"') == 3
    assert (await read(site, f"/polls/{shorten(polled.id)}"))[0] == 200
    assert "What do we build?" in (await read(site, path, EN))[1]
    async with site.head(path) as head:
        assert head.status == 200


async def test_it_says_until_when_answers_counted_not_when_somebody_came_to_close_it(
    site: ClientSession, town: Town
) -> None:
    polled = await answered(town)
    await closing_polls.close(town.db, polled.id)
    for change in ("close_at = '2026-03-02 17:00Z', closed_at = '2026-03-04 06:30Z'",
                   "close_at = '2026-03-04 06:30Z', closed_at = '2026-03-02 17:00Z'"):  # fmt: skip
        await town.change(f"UPDATE polls SET {change}")

        _, html = await read(site, f"/polls/{polled.id}")

        assert "Beendet am Montag, 2. März 2026, 18:00 Uhr." in html


async def test_there_is_nothing_where_there_is_no_such_poll(
    site: ClientSession, town: Town
) -> None:
    await town.group()
    alert = await town.broadcast("town")
    for name in (str(alert), "nothing", "A" * 22, "0", "%00", "a" * 3_000):
        for rest in ("", "/result.csv", "/result.json"):
            assert (await read(site, f"/polls/{name}{rest}"))[0] == 404


async def test_a_poll_that_shows_itself_says_so_far_and_hides_what_few_said(
    site: ClientSession, town: Town
) -> None:
    polled = await poll(town, {"town": 30}, ask=replace(ASK, live=True))
    await polled.all_vote(polled.everybody[:12], 1, 2)
    await polled.all_vote(polled.everybody[:9], 2, 2)

    _, html = await read(site, f"/polls/{polled.id}")
    _, told = await read(site, f"/polls/{polled.id}/result.json")

    assert "Stand bisher" in html
    assert "Bisher haben weniger als zehn Menschen geantwortet" in html
    assert "Wer Zugriff auf die ganze Datenbank hat" in html
    first, second, _ = json.loads(told)["questions"]
    assert [choice["n"] for choice in first["choices"]] == [0, 12, 0]
    assert (second["answered"], second["choices"]) == (9, [])
    _, table = await read(site, f"/polls/{polled.id}/result.csv")
    (line,) = (line for line in table.splitlines() if "An welchen Tagen?" in line)
    assert "Noch nicht: Weniger als zehn haben geantwortet" in line
    assert line.endswith(';"";"";""')  # no number at all


async def test_what_is_for_those_asked_is_shown_to_them_alone(
    site: ClientSession, town: Town, keyring: Keyring
) -> None:
    polled = await answered(town, ask=replace(ASK, shown=Shown.ASKED))
    other = await poll(town, {"north": 1})
    await closing_polls.close(town.db, polled.id)
    (row,) = await town.rows("SELECT resident_id FROM voters WHERE id = %(id)s",
                             id=polled.everybody[0])  # fmt: skip
    asked = await Visitor.of(site, town, row["resident_id"])
    stranger = await Visitor.of(site, town, await town.resident())
    path = f"/polls/{polled.id}"

    assert (await read(site, path))[0] == 404
    assert (await stranger.get(path))[0] == 404
    assert (await asked.get(path))[0] == 200
    assert (await asked.get(f"{path}/result.csv"))[0] == 200
    good = counting.pass_(keyring, polled.everybody[3])
    status, html = await read(site, f"{path}?by={good}")
    assert status == 200
    assert f"result.csv?by={good}" in html
    assert f'name="by" value="{good}"' in html
    wrong = [
        good[:-1], good[::-1], "1-", "", keyring.mark("answer", polled.everybody[3]),
        counting.pass_(keyring, other.everybody[0]), "%00", "x" * 900,
    ]  # fmt: skip
    for one in wrong:
        assert (await read(site, f"{path}?by={one}"))[0] == 404


async def test_what_is_for_staff_is_shown_to_nobody_else(
    site: ClientSession, town: Town, keyring: Keyring
) -> None:
    polled = await answered(town, ask=replace(ASK, shown=Shown.STAFF, live=True))
    await closing_polls.close(town.db, polled.id)

    good = counting.pass_(keyring, polled.everybody[0])
    assert (await read(site, f"/polls/{polled.id}?by={good}"))[0] == 404


async def test_it_is_gone_when_the_broadcast_is_forgotten(site: ClientSession, town: Town) -> None:
    polled = await answered(town)
    await closing_polls.close(town.db, polled.id)
    await town.change("UPDATE broadcasts SET forgotten_at = now()")

    assert (await read(site, f"/polls/{polled.id}"))[0] == 404


async def test_a_receipt_is_looked_up_by_a_get_that_changes_nothing(
    site: ClientSession, town: Town
) -> None:
    polled = await answered(town)
    receipt = (await polled.vote(polled.everybody[0], 1, 1)).receipt
    await closing_polls.close(town.db, polled.id)

    _, yes = await read(site, f"/polls/{polled.id}?receipt={receipt.lower()}")
    _, no = await read(site, f"/polls/{polled.id}?receipt=%3Cb%3ECDFG")

    assert f"Ja. Die Stimme mit dem Beleg {receipt.lower()} zählt." in yes
    assert "Zum Beleg &lt;b&gt;CDFG gibt es in dieser Umfrage keine Stimme" in no
    assert "<b>CDFG" not in no
    _, plain = await read(site, f"/polls/{polled.id}")
    assert 'role="status"' not in plain


async def test_the_table_and_the_document_say_what_the_page_says(
    site: ClientSession, town: Town
) -> None:
    polled = await answered(town)
    await closing_polls.close(town.db, polled.id)

    async with site.get(f"/polls/{polled.id}/result.csv", headers=DE) as answer:
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"] == f'attachment; filename="{polled.id}.csv"'
        rows = [*csv.reader(StringIO((await answer.text()).removeprefix("\ufeff")), delimiter=";")]
    _, text = await read(site, f"/polls/{polled.id}/result.json")
    found = json.loads(text)

    assert rows[0][:4] == ["Frage", "Wortlaut", "Gruppe", "Nummer"]
    assert rows[1] == ["1", "Was bauen wir?", "Alle", "1", "Schwimmbad", "13", "50", "26"]
    assert ["1", "Was bauen wir?", "north", "2", "Bücherei", "7", "50", "14"] in rows
    for said in (
        ["Wer mitgemacht hat", "Alle", "", "Gefragt", "26"],
        ["Wer mitgemacht hat", "north", "", "Mitgemacht", "14"],
        ["Wie nachgewiesen", "Alle", "", "per SMS von der eigenen Nummer", "26"],
    ):
        assert ["", *said, "", ""] in rows
    assert [choice["n"] for choice in found["questions"][0]["choices"]] == [13, 13, 0]
    assert (found["asked"], found["answered"]) == (26, 26)
    assert [one["answered"] for one in found["groups"]] == [14, 12]
    assert all("T" in found[moment] for moment in ("opened_at", "close_at", "closed_at"))


async def test_what_staff_wrote_cannot_break_out(site: ClientSession, town: Town) -> None:
    polled = await answered(town)
    await town.change(
        "UPDATE broadcasts SET asks = replace(replace(asks::text, 'Schwimmbad', '=1+1<b>x'),"
        " 'Was bauen wir?', '<script>alert(1)</script>')::jsonb"
    )
    await closing_polls.close(town.db, polled.id)

    _, html = await read(site, f"/polls/{polled.id}")
    _, table = await read(site, f"/polls/{polled.id}/result.csv")

    assert "<script>alert" not in html
    assert "1<b>x" not in html
    assert "\"'=1+1" in table


async def test_a_named_poll_says_that_it_is_not_secret(site: ClientSession, town: Town) -> None:
    polled = await answered(town, ask=NAMED)
    await closing_polls.close(town.db, polled.id)

    _, html = await read(site, f"/polls/{polled.id}")

    assert "Diese Umfrage ist nicht geheim" in html


async def test_the_message_leads_to_the_result_once_there_is_one(
    site: ClientSession, town: Town
) -> None:
    polled = await answered(town)
    link = f'href="/polls/{shorten(polled.id)}"'
    assert link not in (await read(site, f"/b/{polled.id}"))[1]

    await closing_polls.close(town.db, polled.id)

    async with asyncio.timeout(10):
        while link not in (await read(site, f"/b/{polled.id}"))[1]:  # noqa: ASYNC110 - it is another's cache
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(("people", "few"), [(9, True), (10, False)])
async def test_where_a_few_took_part_it_says_what_that_means(
    site: ClientSession, town: Town, people: int, few: bool
) -> None:
    polled = await answered(town, altstadt=people)
    await closing_polls.close(town.db, polled.id)

    _, html = await read(site, f"/polls/{polled.id}")

    assert ("Es haben nur wenige mitgemacht." in html) is few


async def test_a_drill_says_that_it_is_one(site: ClientSession, town: Town) -> None:
    polled = await answered(town)
    await town.change("UPDATE broadcasts SET drill = true")
    await closing_polls.close(town.db, polled.id)

    _, html = await read(site, f"/polls/{polled.id}")

    assert "ÜBUNG: Sturm" in html


@pytest.mark.parametrize("shown", [Shown.EVERYONE, Shown.ASKED])
async def test_many_at_once_cost_one_count(
    site: ClientSession, town: Town, keyring: Keyring, monkeypatch: pytest.MonkeyPatch, shown: Shown
) -> None:
    monkeypatch.setattr(results_kept, "FRESH", 60.0)
    polled = await answered(town, ask=replace(ASK, shown=shown))
    await closing_polls.close(town.db, polled.id)
    count, real = 0, counting._count

    async def counted(*about: object) -> object:
        nonlocal count
        count += 1
        return await real(*about)  # type: ignore[arg-type]

    monkeypatch.setattr(counting, "_count", counted)
    for voter in polled.everybody[:5]:
        by = counting.pass_(keyring, voter)
        assert (await read(site, f"/polls/{polled.id}?by={by}"))[0] == 200

    assert count == 1


async def test_made_up_ids_push_out_nothing_that_is_kept(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results_kept, "FRESH", 60.0)
    monkeypatch.setattr(results_kept, "_MOST", 2)
    polled = await answered(town)
    await closing_polls.close(town.db, polled.id)
    kept = results_kept.Results(town.db)
    first = await kept.find(polled.id)

    for _ in range(5):
        assert await kept.find(uuid4()) is None

    assert first is not None
    assert await kept.find(polled.id) is first
