"""Who answered what in a poll that is not secret, as its operators see it."""

from itertools import pairwise
from typing import Any

import pytest

from notify.domain.grants import OutOfReach, Role
from notify.domain.poll import How
from notify.domain.words import Kind
from notify.errors import NotFound
from notify.services import auditing, closing_polls, staff_sessions, votes
from notify.services.paging import Mark
from notify.store import poll_names
from tests.polled import NAMED, Polled, poll
from tests.services.test_overseeing import officer
from tests.town import Town
from tests.web.officer import enrol
from tests.web.test_staff_answers import SAFE


async def named(town: Town, **people: int) -> Polled:
    """A poll that is not secret; each is called by a number in their group."""
    polled = await poll(town, people or {"elbtal": 4}, ask=NAMED)
    await town.change(
        "UPDATE residents r SET name = g.slug || ' ' || v.n FROM (SELECT resident_id, group_id,"
        " row_number() OVER (PARTITION BY group_id ORDER BY id) AS n FROM voters) v"
        " JOIN groups g ON g.id = v.group_id WHERE r.id = v.resident_id"
    )
    return polled


async def log(town: Town) -> list[tuple[str, dict[str, Any]]]:
    """What was looked at, and taken along."""
    return [
        (line.deed, dict(line.about))
        async for line, _ in auditing.lines(town.db)
        if line.deed.startswith("votes.")
    ]


async def test_each_is_named_with_all_that_they_answered(town: Town) -> None:
    polled = await named(town)
    one, two, *_ = polled.everybody
    await polled.vote(two, 1, 3)
    await polled.vote(one, 1, 1)
    await polled.vote(one, 1, 2, after=5, how=How.PAGE)  # changed their mind
    await polled.vote(one, 2, 1, 4, after=9, how=How.PAGE)
    vera = await officer(town, Role.OPERATOR)

    found = await votes.look(town.db, vera, polled.id, chosen=None)

    assert [(row["name"], row["said"], row["how"]) for row in found.rows] == [
        ("elbtal 1", {"1": [2], "2": [1, 4]}, "page"),
        ("elbtal 2", {"1": [3]}, "sms"),
    ]
    assert (found.total, found.page.last) == (2, 2)
    ballots = await town.rows("SELECT max(at) AS at FROM ballots WHERE question = 2")
    assert found.rows[0]["at"] == ballots[0]["at"]


async def test_those_who_gave_an_answer_are_found_by_it(town: Town) -> None:
    polled = await named(town)
    for voter, days in zip(polled.everybody, ((1,), (1, 2), (2, 3), (4,)), strict=True):
        await polled.vote(voter, 2, *days)
        await polled.vote(voter, 3, 1)
    vera = await officer(town, Role.OPERATOR)

    async def names(chosen: tuple[int, int]) -> list[str]:
        found = await votes.look(town.db, vera, polled.id, chosen=chosen)
        assert found.chosen == chosen
        return [row["name"] for row in found.rows]

    assert await names((2, 2)) == ["elbtal 2", "elbtal 3"]
    assert await names((2, 4)) == ["elbtal 4"]
    assert await names((1, 1)) == []
    assert await names((3, 1)) == ["elbtal 1", "elbtal 2", "elbtal 3", "elbtal 4"]


@pytest.mark.parametrize("chosen", [(0, 1), (4, 1), (1, 0), (1, 4), (3, 6)])
async def test_an_answer_that_is_none_of_this_poll_asks_for_everybody(
    town: Town, chosen: tuple[int, int]
) -> None:
    polled = await named(town)
    await polled.vote(polled.everybody[0], 1, 1)
    vera = await officer(town, Role.OPERATOR)

    found = await votes.look(town.db, vera, polled.id, chosen=chosen)

    assert (found.chosen, found.total) == (None, 1)


async def test_pages_follow_each_other_and_the_table_has_them_all(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    polled = await named(town)
    await polled.all_vote(polled.everybody, 1, 1)
    vera = await officer(town, Role.OPERATOR)
    monkeypatch.setattr(votes, "SHOWN", 3)

    found = await votes.look(town.db, vera, polled.id, chosen=None)

    assert (len(found.rows), found.total, found.page.first, found.page.last) == (3, 4, 1, 3)
    rest = await votes.look(town.db, vera, polled.id, chosen=None, mark=Mark(found.rows[-1]["id"]))
    assert [row["name"] for row in rest.rows] == ["elbtal 4"]
    assert (rest.page.first, rest.page.last, rest.total) == (4, 4, 4)
    back = await votes.look(
        town.db, vera, polled.id, chosen=None, mark=Mark(rest.rows[0]["id"], back=True)
    )
    assert back.rows == found.rows
    taken = await votes.take_along(town.db, vera, polled.id, chosen=None)
    assert (len(taken.rows), taken.total) == (4, 4)


async def test_every_page_in_a_row_shows_each_once_also_those_of_one_name_or_none(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    polled = await named(town, elbtal=9)
    await polled.all_vote(polled.everybody, 1, 1)
    await town.change("UPDATE residents SET name = 'Ärger' WHERE name IN ('elbtal 2', 'elbtal 7')")
    await town.change("UPDATE residents SET name = NULL WHERE name IN ('elbtal 4', 'elbtal 9')")
    await town.change("UPDATE residents SET name = '' WHERE name = 'elbtal 5'")
    vera = await officer(town, Role.OPERATOR)
    everybody = [
        row["id"] for row in (await votes.take_along(town.db, vera, polled.id, chosen=None)).rows
    ]
    monkeypatch.setattr(votes, "SHOWN", 2)

    pages: list[votes.Votes] = []
    mark = None
    while not pages or pages[-1].page.last < pages[-1].total:
        pages.append(await votes.look(town.db, vera, polled.id, chosen=None, mark=mark))
        mark = Mark(pages[-1].rows[-1]["id"])
    assert [row["id"] for one in pages for row in one.rows] == everybody
    assert [one.page.first for one in pages] == [1, 3, 5, 7, 9]
    for before, page in pairwise(pages):
        back = Mark(page.rows[0]["id"], back=True)
        again = await votes.look(town.db, vera, polled.id, chosen=None, mark=back)
        assert again.rows == before.rows

    # Who comes before a page meanwhile moves nobody on it; who is gone leads to the beginning.
    (first,) = await town.rows("SELECT resident_id FROM voters WHERE id = %(id)s", id=everybody[8])
    await town.change(
        "UPDATE residents SET name = 'Aal' WHERE id = %(id)s", id=first["resident_id"]
    )
    page = await votes.look(town.db, vera, polled.id, chosen=None, mark=Mark(everybody[3]))
    assert [row["id"] for row in page.rows] == everybody[4:6]
    assert page.page.first == 6
    gone = await votes.look(town.db, vera, polled.id, chosen=None, mark=Mark(10**15))
    assert gone.page.first == 1


async def test_the_operator_of_a_village_sees_its_people_and_nobody_else(town: Town) -> None:
    polled = await named(town, elbtal=2, bergdorf=3)
    await polled.all_vote(polled.everybody, 1, 1)
    await town.change(  # asked through Elbtal, and follows Bergdorf as well
        "INSERT INTO subscriptions (resident_id, group_id, alerts, news)"
        " SELECT resident_id, %(group)s, ARRAY['sms'], ARRAY['sms'] FROM voters WHERE id = %(id)s",
        group=polled.groups["bergdorf"], id=polled.voters["elbtal"][0],
    )  # fmt: skip
    person = await enrol(town, Role.OPERATOR, "bergdorf", email="berta@example.org")
    berta = await staff_sessions.find(town.db, person.word)
    assert berta is not None
    with pytest.raises(NotFound):  # the poll went to others, too: its page is not theirs
        await votes.look(town.db, berta, polled.id, chosen=None)
    await town.change(
        "INSERT INTO grants (staff_id, role) VALUES (%(who)s, 'viewer')", who=berta.id
    )
    berta = await staff_sessions.find(town.db, person.word)
    assert berta is not None

    shown = await votes.look(town.db, berta, polled.id, chosen=None)
    taken = await votes.take_along(town.db, berta, polled.id, chosen=None)

    names = ["bergdorf 1", "bergdorf 2", "bergdorf 3", "elbtal 1"]
    assert [row["name"] for row in shown.rows] == [row["name"] for row in taken.rows] == names
    assert (shown.total, taken.total) == (4, 4)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUTHOR, Role.APPROVER])
async def test_whoever_only_looks_at_messages_sees_no_names(town: Town, role: Role) -> None:
    polled = await named(town)
    who = await officer(town, role)

    with pytest.raises(OutOfReach):
        await votes.look(town.db, who, polled.id, chosen=None)
    with pytest.raises(OutOfReach):
        await votes.take_along(town.db, who, polled.id, chosen=None)
    assert await log(town) == []


async def test_each_look_is_kept_with_the_answer_that_was_asked_for(town: Town) -> None:
    polled = await named(town)
    await polled.all_vote(polled.everybody, 1, 1)
    vera = await officer(town, Role.OPERATOR)

    for chosen in (None, (1, 1), (1, 1), (1, 2)):
        await votes.look(town.db, vera, polled.id, chosen=chosen)
    await votes.take_along(town.db, vera, polled.id, chosen=(1, 1))

    poll_ = {"broadcast": str(polled.id)}
    assert await log(town) == [
        ("votes.viewed", poll_),
        ("votes.viewed", poll_ | {"question": "1", "choice": "1"}),  # twice: one look
        ("votes.viewed", poll_ | {"question": "1", "choice": "2"}),
        ("votes.exported", poll_ | {"question": "1", "choice": "1"}),
    ]


async def test_of_a_secret_poll_a_warning_and_news_there_is_nothing(town: Town) -> None:
    secret = await poll(town, {"elbtal": 2})
    await secret.vote(secret.everybody[0], 1, 1)
    warning = await poll(town, {"elbtal": 2}, ask=SAFE, kind=Kind.ALERT)
    await warning.vote(warning.everybody[0], 1, 1)
    news = await town.broadcast("elbtal", kind=Kind.ANNOUNCEMENT)
    waits = await town.broadcast("elbtal", kind=Kind.POLL, ask=NAMED)
    vera = await officer(town, Role.OPERATOR)

    for broadcast in (secret.id, warning.id, news, waits):
        with pytest.raises(NotFound):
            await votes.look(town.db, vera, broadcast, chosen=None)
        with pytest.raises(NotFound):
            await votes.take_along(town.db, vera, broadcast, chosen=None)
    assert await log(town) == []


async def test_once_names_are_gone_nobody_is_shown(town: Town) -> None:
    polled = await named(town)
    await polled.all_vote(polled.everybody, 1, 1)
    await closing_polls.close(town.db, polled.id)
    vera = await officer(town, Role.OPERATOR)
    assert (
        await votes.look(town.db, vera, polled.id, chosen=None)
    ).total == 4  # the close keeps them

    while True:
        async with town.db.transaction() as connection:
            if not await poll_names.forget(connection, days=-1, size=3):
                break

    found = await votes.look(town.db, vera, polled.id, chosen=None)
    assert found.unnamed_at is not None
    assert (found.total, list(found.rows)) == (0, [])
    with pytest.raises(NotFound):
        await votes.take_along(town.db, vera, polled.id, chosen=None)
