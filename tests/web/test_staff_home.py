"""The first page and the senders' page of the staff."""

import re
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from notify import clock
from notify.domain.broadcast import Text
from notify.domain.grants import Role
from notify.domain.words import Relation
from notify.services import overseeing
from notify.store import alarms, decisions
from notify.store.database import Row
from tests.services.test_overseeing import waiting
from tests.town import Town
from tests.web.officer import Officer, enrol, hidden


async def _fault(town: Town) -> None:
    async with town.db.transaction() as connection:
        facts = {
            "sender": "smtp://relay:25",
            "channel": "email",
            "reason": "credentials_refused, 535",
        }
        await alarms.see(
            connection, keys=["sender_stopped:smtp://relay:25"], levels=["alarm"], facts=[facts],
            since=[None],
        )  # fmt: skip
    await town.change("UPDATE alarms SET raised_at = now()")


async def test_what_waits_runs_and_is_wrong_is_seen_at_once(
    site: ClientSession, town: Town
) -> None:
    await town.group("elbtal")
    await town.group("bergdorf")
    alert, other = await waiting(town, "elbtal"), await waiting(town, "bergdorf")
    running = await town.broadcast("elbtal", send_at=None)
    await _fault(town)
    operator = Officer(site, await enrol(town, Role.OPERATOR, "elbtal"))

    _, page = await operator.get("/staff")

    assert page.index(f"/staff/messages/{alert}") < page.index(f"/staff/messages/{running}")
    assert str(other) not in page
    assert "smtp://relay:25 weist uns ab" in page
    assert "/staff/senders" not in page  # not theirs
    assert '"/staff/inbox"' in page.split("<main")[1].split("</main>")[0]
    assert "Neue Warnung" not in page


async def test_a_warning_in_force_stands_first_until_its_all_clear(
    site: ClientSession, town: Town
) -> None:
    await town.readers(1)
    alert, later = await town.broadcast("town"), clock.now() + timedelta(hours=2)
    await town.plan()
    await town.change("UPDATE broadcasts SET status = 'dispatched', dispatched_at = now()")
    scheduled = await town.broadcast("town", send_at=later)
    author = Officer(site, await enrol(town, Role.AUTHOR))

    for path in ("/staff", "/staff/messages"):
        _, page = await author.get(path)
        first = page.index(">Gilt gerade<")
        assert (
            first < page.index(f"/staff/messages/{alert}") < page.index("Wartet auf den Zeitpunkt")
        )
        assert page.index("Wartet auf den Zeitpunkt") < page.index(f"/staff/messages/{scheduled}")
    _, page = await author.get("/staff")
    given = {"follows": hidden(page, "follows"), "relation": "all_clear"}
    code, _, leads = await author.post("/staff/drafts", given)
    assert (code, leads.startswith("/staff/drafts/")) == (303, True)
    assert given["follows"] == str(alert)

    words = {"de": Text("Entwarnung: Sturm", "Die Gefahr ist vorbei.")}
    await town.broadcast("town", follows=alert, relation=Relation.ALL_CLEAR, texts=words)
    await town.plan()

    _, page = await author.get(f"/staff/messages/{alert}")
    thread = re.sub(r"<[^>]+>", "", page[page.index("Was zusammengehört") :])
    assert "Warnung: Sturm" in thread
    assert "Entwarnung: Sturm" in thread
    assert "Entwarnung: Entwarnung" not in thread
    for path in ("/staff", "/staff/messages"):
        assert ">Gilt gerade<" not in (await author.get(path))[1]


async def test_of_many_the_first_are_shown_with_how_many_more_and_where(
    site: ClientSession, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no more are read than are shown."""
    read: list[int] = []
    overseen = decisions.overseen

    async def watched(*args: Any, **given: Any) -> list[Row]:
        rows = await overseen(*args, **given)
        read.append(len(rows))
        return rows

    monkeypatch.setattr(decisions, "overseen", watched)
    await town.group("elbtal")
    await town.group("bergdorf")
    for number in range(overseeing.AT_ONCE_IN_FORCE + 3):
        await town.broadcast("elbtal", texts={"de": Text(f"Sturm {number}", "B")})
    await town.change("UPDATE broadcasts SET status = 'dispatched', dispatched_at = now()")
    waits = [
        await waiting(town, "elbtal", texts={"de": Text(f"Probe {number}", "B")})
        for number in range(overseeing.AT_ONCE + 2)
    ]
    await waiting(town, "bergdorf")
    author = Officer(site, await enrol(town, Role.AUTHOR, "elbtal"))

    _, page = await author.get("/staff")

    assert read == [overseeing.AT_ONCE_IN_FORCE + overseeing.AT_ONCE]
    for more, part in ((3, "in_force"), (2, "waiting")):
        assert f'href="/staff/messages#{part}">Und {more} weitere</a>' in page
    assert [str(one) in page for one in waits] == [False] * 2 + [True] * overseeing.AT_ONCE
    _, every = await author.get("/staff/messages")
    assert 'id="in_force"' in every
    assert 'id="waiting"' in every
    assert all(str(one) in every for one in waits)


async def test_many_drills_push_out_no_warning_in_force(site: ClientSession, town: Town) -> None:
    await town.group("elbtal")
    crew = await town.group("crew")
    await town.change("UPDATE groups SET drill = true WHERE id = %(id)s", id=crew)
    real = await town.broadcast("elbtal", texts={"de": Text("Sturm", "B")})
    for number in range(overseeing.AT_ONCE_IN_FORCE + 2):
        await town.broadcast("crew", texts={"de": Text(f"Probe {number}", "B")}, drill=True)
    await town.change("UPDATE broadcasts SET status = 'dispatched', dispatched_at = now()")
    author = Officer(site, await enrol(town, Role.AUTHOR))

    _, page = await author.get("/staff")

    assert page.index(">Gilt gerade<") < page.index(f"/staff/messages/{real}")
    assert page.index(f"/staff/messages/{real}") < page.index(">Laufende Übungen<")
    assert page.count('href="/staff/messages#in_force">Und 3 weitere</a>') == 1
    _, every = await author.get("/staff/messages")
    assert every.index(f"/staff/messages/{real}") < every.index(">Laufende Übungen<")


async def test_who_writes_begins_with_one_press(site: ClientSession, town: Town) -> None:
    author = Officer(site, await enrol(town, Role.AUTHOR))

    _, page = await author.get("/staff")

    button = page.index('<button class="main" name="kind" value="alert">Neue Warnung')
    assert button < page.index('class="calm"') < page.index('class="doors"')
    assert page.count("<form", 0, button) == 1  # of the page's own, the first
    assert "keine Störung ist bekannt" in page


async def test_senders_say_what_is_wrong_and_what_to_do(site: ClientSession, town: Town) -> None:
    await _fault(town)
    await town.change(
        "INSERT INTO senders (name, channel, rate, stopped_at, reason, code)"
        " VALUES ('smtp://relay:25', 'email', NULL, now(), 'credentials_refused', '535')"
    )
    await town.change(
        "INSERT INTO senders (name, channel, rate, failures, down_since, down_until, down_reason)"
        " VALUES ('twilio:+49', 'sms', 20, 3, now(), now() + interval '9 s', 'timed_out')"
    )
    operator = Officer(site, await enrol(town, Role.OPERATOR))

    _, page = await operator.get("/staff/senders")

    for said in ("angehalten seit", "Er weist uns ab", "geht seit", "nächster Versuch um",
                 "(535)", "niemand an der Arbeit", "Nichts Fälliges wartet"):  # fmt: skip
        assert said in page
    code, _, leads = await operator.post("/staff/senders/resume", {"sender": "smtp://relay:25"})
    assert (code, leads) == (303, "/staff/senders?done=resumed")
    _, page = await operator.get(leads)
    assert "Er wird wieder benutzt" in page
    assert "angehalten seit" not in page


@pytest.mark.parametrize("lane", ["alert", "bulk"])
async def test_what_waits_is_said_with_how_long(site: ClientSession, town: Town, lane: str) -> None:
    await town.readers(2)
    await town.broadcast("town")
    await town.plan()
    await town.change(
        "UPDATE deliveries SET lane = %(lane)s, due_at = now() - %(age)s",
        lane=lane, age=timedelta(minutes=3),
    )  # fmt: skip
    operator = Officer(site, await enrol(town, Role.OPERATOR))

    _, page = await operator.get("/staff/senders")

    called = {"alert": "Warnungen", "bulk": "Neuigkeiten"}[lane]
    assert f"<strong>{called}, E-Mail:</strong> die älteste wartet schon 3 Minuten" in page
