"""The list of who needs help after an alert that asked, and the page of a poll that runs."""

from urllib.parse import quote
from uuid import UUID

import pytest
from aiohttp import ClientSession

from notify.domain.grants import Role
from notify.domain.poll import Ask, How, Question, Shape, Shown, Wording
from notify.domain.words import Kind
from notify.services import auditing, closing_polls, helping
from tests.polled import ASK, Polled, poll
from tests.town import Town
from tests.web.officer import Officer, enrol, hidden, href, turned

SAFE = Ask(
    (
        Question(
            Shape.SINGLE,
            {
                "de": Wording("Sind Sie in Sicherheit?", ("Ja", "Ich brauche Hilfe")),
                "en": Wording("Are you safe?", ("Yes", "I need help")),
            },
        ),
    ),
    secret=False, shown=Shown.STAFF, urgent=2,
)  # fmt: skip


@pytest.fixture
async def operator(site: ClientSession, town: Town) -> Officer:
    district = await town.group("district")
    await town.group("elbtal", parent=district)
    await town.group("bergdorf", parent=district)
    return Officer(site, await enrol(town, Role.OPERATOR, "district", email="op@example.org"))


async def asked(town: Town, **people: int) -> Polled:
    """An alert that asks; each is called by a number in their group, and has a phone."""
    polled = await poll(town, people or {"elbtal": 5}, ask=SAFE, kind=Kind.ALERT)
    await town.change(
        "UPDATE residents r SET name = g.slug || ' ' || v.n FROM (SELECT resident_id, group_id,"
        " row_number() OVER (PARTITION BY group_id ORDER BY id) AS n FROM voters) v"
        " JOIN groups g ON g.id = v.group_id WHERE r.id = v.resident_id"
    )
    await town.change(
        "INSERT INTO addresses (resident_id, channel, value, hash, state, proven_at)"
        " SELECT r.id, 'sms', '+49151' || lpad((row_number() OVER (ORDER BY r.name))::text, 8, '0'),"
        " sha256(r.id::text::bytea), 'proven', now() FROM residents r WHERE r.name IS NOT NULL"
    )
    return polled


def path(polled: Polled) -> str:
    return f"/staff/messages/{polled.id}/answers"


def named(page: str, *names: str) -> list[int]:
    """Where each of them stands on a page; -1 where not at all."""
    return [page.find(f"<h2>{name}</h2>") for name in names]


async def deeds(town: Town) -> list[str]:
    return [line.deed async for line, _ in auditing.lines(town.db)]


async def test_who_needs_help_comes_first_and_who_waits_longest(
    town: Town, operator: Officer
) -> None:
    polled = await asked(town)
    one, two, three, _, _ = polled.everybody
    await polled.vote(one, 1, 1)
    await polled.vote(three, 1, 2, after=-60, how=How.PAGE)
    await polled.vote(two, 1, 2)

    code, page = await operator.get(path(polled))

    assert code == 200
    third, second, first = named(page, "elbtal 3", "elbtal 2", "elbtal 1")
    assert 0 < third < second
    assert first == -1  # is safe, and not called
    assert "Brauchen noch Hilfe: <strong>2</strong>" in page
    assert "Noch keine Antwort: <strong>2</strong> von 5" in page
    assert "elbtal 4" not in page
    assert "Anders geantwortet: 1" in page
    _, others = await operator.get(f"{path(polled)}?show=rest")
    assert "elbtal 1: Ja" in others
    assert named(others, "elbtal 2", "elbtal 3") == [-1, -1]
    assert 'href="tel:+4915100000003"' in page
    assert "Ich brauche Hilfe" in page
    assert (await deeds(town)).count("answers.viewed") == 1
    await operator.get(path(polled))
    assert (await deeds(town)).count("answers.viewed") == 1  # once in ten minutes


async def test_what_is_dealt_with_says_by_whom_and_can_be_taken_back(
    town: Town, operator: Officer
) -> None:
    polled = await asked(town)
    one, two, *_ = polled.everybody
    for voter in (one, two):
        await polled.vote(voter, 1, 2, after=-60)

    code, _, leads = await operator.post(f"{path(polled)}/{one}", {"show": "open"})
    assert (code, leads) == (303, f"{path(polled)}?show=open&done=settled")
    await operator.post(f"{path(polled)}/{one}")  # the second of two clicks

    _, page = await operator.get(leads)
    assert named(page, "elbtal 1") == [-1]
    assert named(page, "elbtal 2") > [0]
    assert "Brauchen noch Hilfe: <strong>1</strong>" in page
    _, page = await operator.get(f"{path(polled)}?show=done")
    assert named(page, "elbtal 1") > [0]
    assert named(page, "elbtal 2") == [-1]
    assert "Erledigt von Vera Amt" in page
    _, page = await operator.get(f"{path(polled)}?show=all")
    assert min(named(page, "elbtal 1", "elbtal 2")) > 0
    await operator.post(f"{path(polled)}/{one}", {"again": "1", "show": "done"})
    _, page = await operator.get(path(polled))
    assert min(named(page, "elbtal 1", "elbtal 2")) > 0
    said = await deeds(town)
    assert [deed for deed in said if deed.startswith("answer.")] == [
        "answer.settled", "answer.reopened",
    ]  # fmt: skip


async def test_whoever_asks_for_help_again_is_open_again(town: Town, operator: Officer) -> None:
    polled = await asked(town)
    one = polled.everybody[0]
    await polled.vote(one, 1, 2, after=-60)
    await operator.post(f"{path(polled)}/{one}")
    await polled.vote(one, 1, 2, after=60)

    _, page = await operator.get(path(polled))

    assert named(page, "elbtal 1") > [0]
    assert "Bittet erneut um Hilfe. Erledigt hatte es Vera Amt" in page
    await polled.vote(one, 1, 1, after=120)  # and is safe by now
    _, page = await operator.get(f"{path(polled)}?show=all")
    assert named(page, "elbtal 1") == [-1]
    assert "Bisher hat niemand um Hilfe gebeten" in page


async def test_who_calls_again_keeps_their_place_until_somebody_saw_to_it(
    town: Town, operator: Officer
) -> None:
    polled = await asked(town)
    one, two, *_ = polled.everybody
    await polled.vote(one, 1, 2, after=-90)
    await polled.vote(two, 1, 2, after=-80)
    await polled.vote(one, 1, 2, after=-70)

    _, page = await operator.get(path(polled))
    first, second = named(page, "elbtal 1", "elbtal 2")
    assert 0 < first < second

    await operator.post(f"{path(polled)}/{one}")
    await polled.vote(one, 1, 2, after=60)
    _, page = await operator.get(path(polled))
    first, second = named(page, "elbtal 1", "elbtal 2")
    assert 0 < second < first

    await polled.vote(two, 1, 1, after=70)  # is safe by now, and then is not
    await polled.vote(two, 1, 2, after=80)
    _, page = await operator.get(path(polled))
    first, second = named(page, "elbtal 1", "elbtal 2")
    assert 0 < first < second


async def test_pages_go_on_where_the_one_before_ended_whoever_is_dealt_with_meanwhile(
    town: Town, operator: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helping, "SHOWN", 2)
    polled = await asked(town, elbtal=8)
    for place, voter in enumerate(polled.everybody[:5]):
        await polled.vote(voter, 1, 2, after=place - 60)
    for voter in polled.everybody[5:]:
        await polled.vote(voter, 1, 1)

    _, first = await operator.get(path(polled))
    assert min(named(first, "elbtal 1", "elbtal 2")) > 0
    assert "Zu sehen: 1 bis 2 von 5." in first
    assert turned(first) == ["next"]
    # A colleague deals with the first: nobody is left out of the second page for that.
    await operator.post(f"{path(polled)}/{polled.everybody[0]}")
    _, second = await operator.get(href(first, "next"))
    assert min(named(second, "elbtal 3", "elbtal 4")) > 0
    assert "Zu sehen: 2 bis 3 von 4." in second
    assert turned(second) == ["prev", "next"]
    _, third = await operator.get(href(second, "next"))
    assert named(third, "elbtal 5") > [0]
    assert turned(third) == ["prev"]
    _, back = await operator.get(href(third, "prev"))
    assert min(named(back, "elbtal 3", "elbtal 4")) > 0

    # Whoever deals with somebody stays on their page.
    behind = hidden(second, "behind")
    given = {"show": "open", "behind": behind}
    _, _, leads = await operator.post(f"{path(polled)}/{polled.everybody[2]}", given)
    _, page = await operator.get(leads)
    assert named(page, "elbtal 2") == [-1]
    assert min(named(page, "elbtal 4", "elbtal 5")) > 0
    _, page = await operator.get(f"{path(polled)}?show=done")
    assert min(named(page, "elbtal 1", "elbtal 3")) > 0
    _, page = await operator.get(f"{path(polled)}?show=rest")
    assert "Zu sehen: 1 bis 2 von 3." in page
    assert "show=rest" in href(page, "next")


@pytest.mark.parametrize(
    "place", ["", "x", "0.1", "2.1.1", "0.².1", f"0.{'9' * 16}.{'9' * 18}", "0.1.1 OR 1"]
)
async def test_a_place_that_is_none_shows_the_first_page(
    town: Town, operator: Officer, place: str
) -> None:
    polled = await asked(town)
    await polled.vote(polled.everybody[0], 1, 2, after=-60)

    for name in ("behind", "before"):
        code, page = await operator.get(f"{path(polled)}?{name}={quote(place)}")
        assert (code, named(page, "elbtal 1") > [0]) == (200, True)
    code, _, leads = await operator.post(
        f"{path(polled)}/{polled.everybody[0]}", {"behind": "https://x.example"}
    )
    assert (code, leads) == (303, f"{path(polled)}?show=open&done=settled")


async def test_nobody_beyond_reach_is_shown_counted_or_changed(
    site: ClientSession, town: Town, operator: Officer
) -> None:
    polled = await asked(town, elbtal=2, bergdorf=3)
    for voter in polled.everybody:
        await polled.vote(voter, 1, 2, after=-60)
    person = await enrol(town, Role.OPERATOR, "bergdorf", email="berg@example.org")
    await town.change(  # they look after the whole message, and see to residents of theirs
        "INSERT INTO grants (staff_id, role, group_id) SELECT %(who)s, 'viewer', id FROM groups"
        " WHERE slug = 'district'",
        who=person.id,
    )
    there = Officer(site, person)

    code, page = await there.get(path(polled))

    assert code == 200
    assert "Brauchen noch Hilfe: <strong>3</strong>" in page
    assert "elbtal" not in page.partition("<main")[2].partition("</main>")[0]
    await there.post(f"{path(polled)}/{polled.voters['elbtal'][0]}")
    assert await town.rows("SELECT 1 FROM voters WHERE helped_at IS NOT NULL") == []
    code, table, _ = await there.post(f"{path(polled)}.csv")
    assert (code, table.count("bergdorf "), table.count("elbtal ")) == (200, 3, 0)
    _, page = await operator.get(path(polled))
    assert "Brauchen noch Hilfe: <strong>5</strong>" in page


async def test_the_table_has_them_all_and_runs_nothing(town: Town, operator: Officer) -> None:
    polled = await asked(town)
    for voter in polled.everybody[:2]:
        await polled.vote(voter, 1, 2, after=-60)
    await polled.vote(polled.everybody[2], 1, 1)
    await town.change("UPDATE residents SET name = '=1+1' WHERE name = 'elbtal 2'")
    await operator.post(f"{path(polled)}/{polled.everybody[0]}")

    code, table, _ = await operator.post(f"{path(polled)}.csv")

    assert code == 200
    lines = table.splitlines()
    assert len(lines) == 4
    assert '"Ich brauche Hilfe";"\'=1+1"' in lines[1]
    assert lines[2].endswith('"Vera Amt"')
    assert lines[3].startswith('"Ja"')
    assert "answers.exported" in await deeds(town)


@pytest.mark.parametrize("voter", ["0", "x", "-1", "9" * 30, "²", "1%00"])
async def test_an_answer_that_is_none_changes_nothing(
    town: Town, operator: Officer, voter: str
) -> None:
    polled = await asked(town)

    code, _, _ = await operator.post(f"{path(polled)}/{voter}")

    assert code in {303, 404}
    assert await town.rows("SELECT 1 FROM voters WHERE helped_at IS NOT NULL") == []


async def test_a_poll_has_no_list_of_names(town: Town, operator: Officer) -> None:
    polled = await poll(town, {"elbtal": 2})

    assert (await operator.get(path(polled)))[0] == 404
    assert (await operator.post(f"{path(polled)}.csv"))[0] == 404


async def page_of(operator: Officer, broadcast: UUID) -> str:
    code, page = await operator.get(f"/staff/messages/{broadcast}")
    assert code == 200
    return page


async def test_of_a_secret_poll_nothing_shows_before_ten_have_answered(
    town: Town, operator: Officer
) -> None:
    polled = await poll(town, {"elbtal": 14})
    await polled.all_vote(polled.everybody[:9], 1, 1)

    page = await page_of(operator, polled.id)

    assert "9 von 14 " in page
    assert page.count("Noch nicht: Weniger als zehn") == 1
    assert "Schwimmbad" not in page.partition('class="standing-poll"')[2].partition("</section>")[0]


async def test_from_ten_answers_on_bars_and_a_table_show_how_it_stands(
    town: Town, operator: Officer
) -> None:
    polled = await poll(town, {"elbtal": 14}, ask=ASK)
    await polled.all_vote(polled.everybody[:9], 1, 1)
    await polled.vote(polled.everybody[9], 1, 2, how=How.DESK)

    page = await page_of(operator, polled.id)

    assert "Noch nicht: Weniger als zehn" not in page
    assert "<svg" in page.partition('class="standing-poll"')[2]
    assert "Schwimmbad" in page
    assert "9 per SMS" in page
    assert "1 auf Papier" in page
    assert 'data-live="' in page


async def test_staff_close_a_poll_once_and_are_asked_before(town: Town, operator: Officer) -> None:
    polled = await poll(town, {"elbtal": 3})
    where = f"/staff/messages/{polled.id}/close"

    code, page, _ = await operator.post(where)
    assert (code, "Diese Umfrage jetzt beenden?" in page) == (200, True)
    assert (await polled.row())["closed_at"] is None
    code, _, leads = await operator.post(where, {"sure": "1"})
    assert (code, leads) == (303, f"/staff/messages/{polled.id}?done=closed")
    _, page = await operator.get(leads)
    assert "Es zählen keine Antworten mehr" in page
    assert "Jetzt beenden" not in page
    assert (await polled.row())["closed_at"] is not None
    code, page, _ = await operator.post(where, {"sure": "1"})
    assert (code, "schon beendet" in page) == (409, True)
    assert (await deeds(town)).count("poll.closed") == 1


async def test_a_poll_that_all_have_is_recalled_after_a_word_of_what_that_means(
    town: Town, operator: Officer
) -> None:
    polled = await poll(town, {"elbtal": 3})
    where = f"/staff/messages/{polled.id}"

    _, page = await operator.get(where)
    _, sure, _ = await operator.post(f"{where}/recall")
    code, _, leads = await operator.post(f"{where}/recall", {"sure": "1"})

    assert "Diese Nachricht zurückrufen" in page
    assert "Diese Umfrage zurückrufen?" in sure
    assert "Dann kann niemand mehr antworten" in sure
    assert (code, leads) == (303, f"{where}?done=recalled")


async def test_a_warning_that_asks_leads_to_the_list(town: Town, operator: Officer) -> None:
    polled = await asked(town)

    page = await page_of(operator, polled.id)

    assert path(polled) in page
    assert "Was die Menschen geantwortet haben" in page


async def test_the_page_says_how_many_were_not_told_the_result_for_the_cap(
    town: Town, operator: Officer
) -> None:
    polled = await poll(town, {"elbtal": 3})
    await polled.run_out()
    await closing_polls.close(town.db, polled.id)
    said = "weil die SMS der Gruppe für diesen Monat aufgebraucht sind"
    assert said not in await page_of(operator, polled.id)
    other = await poll(town, {"elbtal": 3})
    await closing_polls.close(town.db, other.id)
    await town.change("UPDATE polls SET capped = 1234 WHERE broadcast_id = %(id)s", id=other.id)

    assert f"{said}: 1.234 Personen" in await page_of(operator, other.id)
