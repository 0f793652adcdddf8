"""What residents choose on their page: groups, channels, language, quiet hours."""

import re
from datetime import time
from typing import Any

import pytest
from aiohttp import ClientSession

from notify.domain.words import Kind, Lane
from notify.queue import Bell
from tests.town import Town
from tests.web.visitor import Visitor

Form = list[tuple[str, str]]


@pytest.fixture
async def anna(site: ClientSession, town: Town) -> Visitor:
    """Follows town and kita by e-mail, has a phone, and has her page open."""
    groups = [await town.group("town"), await town.group("kita")]
    await town.change("UPDATE groups SET names = jsonb_build_object('de', 'Gruppe ' || slug)")
    resident = await town.resident(
        *groups, email="anna@example.org", phone="+4915112345678", alerts=["email"], news=["email"]
    )
    return await Visitor.of(site, town, resident)


async def wishes(visitor: Visitor) -> dict[str, Any]:
    rows = await visitor.town.rows(
        "SELECT g.slug, s.alerts, s.news, s.state FROM subscriptions s"
        " JOIN groups g ON g.id = s.group_id WHERE resident_id = %(id)s",
        id=visitor.resident,
    )
    return {row["slug"]: (row["alerts"], row["news"], row["state"]) for row in rows}


def agreed_to(html: str) -> tuple[str, str]:
    """The version of the text that a page shows, as its form carries it."""
    found = re.search(r'name="shown" value="(\w{12})"', html)
    assert found, html
    return "shown", found[1]


async def test_the_page_shows_each_group_with_what_comes_over_what(anna: Visitor) -> None:
    status, html = await anna.get("/my")

    assert status == 200
    assert html.count("<legend>") == 2
    assert (
        '<input type="checkbox" id="f-alerts.kita-email" name="alerts.kita" value="email" checked'
        in html
    )
    assert '<input type="checkbox" id="f-alerts.kita-sms" name="alerts.kita" value="sms">' in html
    assert "f-alerts.kita-push" not in html
    assert "auch in Ihrer Ruhezeit" in html


async def test_choices_are_taken_for_each_group_apart_and_reach_what_is_queued(
    anna: Visitor,
) -> None:
    town = anna.town
    news = await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    await town.plan(Lane.BULK)
    form: Form = [
        ("shown", "town"), ("shown", "kita"), ("alerts.town", "sms"), ("alerts.kita", "email"),
        ("alerts.kita", "sms"), ("news.kita", "email"), ("alerts.kita", "nonsense"),
        ("alerts.choir", "email"),
    ]  # fmt: skip

    status, _, place = await anna.post("/my/groups", form)

    assert (status, place) == (303, "/my?done=saved")
    assert "Ihre Auswahl ist gespeichert." in (await anna.get(place))[1]
    assert await wishes(anna) == {
        "town": (["sms"], [], "active"),
        "kita": (["email", "sms"], ["email"], "active"),
    }
    from channels.memory import MemoryChannel
    from channels.messages import Email

    carrier = MemoryChannel[Email]()
    pump = await town.pump(carrier, lane=Lane.BULK)
    while await pump.round():
        pass
    assert not carrier.taken
    assert await town.statuses(news) == ["cancelled"]
    assert (await anna.post("/my/groups", form))[2] == "/my?done=same"


async def test_no_way_for_warnings_is_possible_and_warned_of_first(anna: Visitor) -> None:
    form: Form = [("shown", "town"), ("shown", "kita"), ("alerts.town", "email"),
                  ("news.kita", "sms")]  # fmt: skip
    before = await wishes(anna)

    status, html, _ = await anna.post("/my/groups", form)

    assert status == 422
    assert "bekämen Sie keine Warnungen mehr" in html
    assert "Gruppe kita" in html
    assert 'name="news.kita" value="sms" checked' in html  # what was ticked is kept
    assert await wishes(anna) == before
    assert (await anna.post("/my/groups", [*form, ("sure", "1")]))[0] == 303
    assert (await wishes(anna))["kita"] == ([], ["sms"], "active")
    # It is said on the page as long as it is so, and not asked for again.
    assert "keine Warnungen vor Gefahr: Gruppe kita." in (await anna.get("/my"))[1]
    assert (await anna.post("/my/groups", form))[0] == 303


async def test_a_group_is_left_and_what_was_ticked_for_others_is_taken_too(anna: Visitor) -> None:
    form: Form = [("shown", "town"), ("shown", "kita"), ("alerts.town", "sms"), ("leave", "kita")]

    assert (await anna.post("/my/groups", form))[2] == "/my?done=left"

    assert await wishes(anna) == {"town": (["sms"], [], "active")}
    await anna.post("/my/groups", [("leave", "town")])
    assert await wishes(anna) == {}
    assert "Sie folgen keiner Gruppe" in (await anna.get("/my"))[1]


async def test_more_groups_are_added_and_a_closed_one_asked_for(anna: Visitor) -> None:
    town = anna.town
    choir, sport = await town.group("choir"), await town.group("sport")
    await town.change("UPDATE groups SET closed = true WHERE id = %(id)s", id=choir)

    _, html = await anna.get("/my/join")
    assert "choir" in html
    assert 'value="town"' not in html
    assert "Eine geschlossene Gruppe" in html
    shown = agreed_to(html)
    for form, said in (
        ([("alerts", "email")], "Wählen Sie mindestens eine Gruppe."),
        ([("group", "sport")], "Wählen Sie mindestens einen Weg"),
        ([("group", "sport"), ("news", "email"), shown], "nicht einmal von Lebensgefahr"),
    ):
        status, html, _ = await anna.post("/my/join", form)
        assert status == 422
        assert said in html
    assert 'value="sport" checked' in html
    joined: Form = [("group", "sport"), ("group", "choir"), ("group", "none"),
                    ("alerts", "sms"), ("news", "email"), shown]  # fmt: skip
    assert (await anna.post("/my/join", joined))[2] == "/my?done=joined"

    found = await wishes(anna)
    assert found["sport"] == (["sms"], ["email"], "active")
    assert found["choir"] == (["sms"], ["email"], "requested")
    assert found["town"] == (["email"], ["email"], "active")
    assert "Die Verwaltung entscheidet" in (await anna.get("/my"))[1]
    assert sport


async def test_what_was_agreed_to_with_more_groups_is_kept(anna: Visitor) -> None:
    town = anna.town
    await town.group("sport")
    await town.group("choir")
    _, html = await anna.get("/my/join")
    ticked: Form = [("group", "sport"), ("group", "choir"), ("group", "town"), ("alerts", "email")]

    assert "<h2>Ihre Einwilligung</h2>" in html
    for changed in ([], [("shown", "0123456789ab")]):
        status, html, _ = await anna.post("/my/join", ticked + changed)
        assert status == 422
        assert "Dieser Text hat sich inzwischen geändert" in html
        assert 'href="#f-agree"' in html
        assert 'value="sport" checked' in html
    assert await town.rows("SELECT FROM consents") == []
    _, version = agreed_to(html)
    await anna.post("/my/join", [*ticked, ("shown", version)])
    await anna.post("/my/join", [*ticked, ("shown", version)])  # twice

    (kept,) = await town.rows("SELECT * FROM consents")
    assert kept["resident_id"] == anna.resident
    assert (kept["source"], kept["language"]) == ("page", "de")
    assert kept["reference"] == "/my/join choir sport"
    assert kept["version"] == version
    assert kept["wording"] in html
    assert kept["given_at"] is not None


async def test_the_last_group_posted_twice_is_added_once_and_nothing_is_wrong(
    anna: Visitor,
) -> None:
    await anna.town.group("sport")
    _, html = await anna.get("/my/join")
    form: Form = [("group", "sport"), ("alerts", "email"), agreed_to(html)]

    for _ in range(2):
        status, _, place = await anna.post("/my/join", form)
        assert (status, place) == (303, "/my?done=joined")

    assert len(await anna.town.rows("SELECT FROM consents")) == 1
    nowhere: Form = [("group", "nowhere"), ("alerts", "email")]
    assert (await anna.post("/my/join", nowhere))[2] == "/my/join"


async def test_a_privacy_text_that_changed_meanwhile_is_another_version(anna: Visitor) -> None:
    town = anna.town
    await town.group("sport")
    before = agreed_to((await anna.get("/my/join"))[1])
    await town.change("UPDATE groups SET identity = '{\"privacy\": \"Neu.\"}' WHERE slug = 'sport'")

    status, html, _ = await anna.post("/my/join", [("group", "sport"), ("alerts", "email"), before])

    assert status == 422
    assert "Neu." in html
    assert agreed_to(html) != before


async def test_who_joins_while_an_alert_is_in_force_gets_it(anna: Visitor) -> None:
    town = anna.town
    await town.group("sport")
    alert = await town.broadcast("sport")
    await town.plan()
    assert await town.statuses(alert) == []

    _, html = await anna.get("/my/join")
    await anna.post("/my/join", [("group", "sport"), ("alerts", "email"), agreed_to(html)])
    from notify.services.planning import Planner

    planner = Planner(town.db, lane=Lane.ALERT, settings=town.settings, channels=("email",))
    assert await planner.plan_latecomers() == 1
    # And over a channel that is added.
    await anna.post("/my/groups", [("shown", "sport"), ("alerts.sport", "email"),
                                   ("alerts.sport", "sms")])  # fmt: skip
    planner = Planner(town.db, lane=Lane.ALERT, settings=town.settings, channels=("email", "sms"))
    assert await planner.plan_latecomers() == 1


async def test_language_and_quiet_hours_are_kept(anna: Visitor) -> None:
    _, html = await anna.get("/my/settings")
    assert "Warnungen kommen trotzdem" in html
    assert 'value="de-x-simple"' in html
    form = {"language": "de-x-simple", "begin": "22:00", "until": "6:30"}

    assert (await anna.post("/my/settings", form))[2] == "/my/settings?done=1"

    (row,) = await anna.town.rows("SELECT language, quiet_from, quiet_until FROM residents")
    assert row == {"language": "de-x-simple", "quiet_from": time(22), "quiet_until": time(6, 30)}
    _, html = await anna.get("/my/settings")
    assert 'value="22:00"' in html
    assert 'value="06:30"' in html
    await anna.post("/my/settings", {"language": "en", "begin": "", "until": " "})
    (row,) = await anna.town.rows("SELECT language, quiet_from, quiet_until FROM residents")
    assert row == {"language": "en", "quiet_from": None, "quiet_until": None}


@pytest.mark.parametrize(
    ("begin", "until", "field"),
    [("22:00", "", "until"), ("", "6:00", "begin"), ("22:00", "22:00", "until"),
     ("25:00", "6:00", "begin"), ("22:00", "<b>", "until"), ("22:60", "6:00", "begin")],
)  # fmt: skip
async def test_quiet_hours_that_are_none_are_told_beside_the_field(
    anna: Visitor, begin: str, until: str, field: str
) -> None:
    form = {"language": "en", "begin": begin, "until": until}

    status, html, _ = await anna.post("/my/settings", form)

    assert status == 422
    assert f'href="#f-{field}"' in html
    assert f'id="said-{field}"' in html
    assert "<b>" not in html
    (row,) = await anna.town.rows("SELECT language, quiet_from FROM residents")
    assert row == {"language": "de", "quiet_from": None}


async def test_a_language_that_is_not_offered_is_refused(anna: Visitor) -> None:
    status, html, _ = await anna.post("/my/settings", {"language": "xx"})

    assert status == 422
    assert "Wählen Sie eine Sprache." in html


async def test_what_waits_is_judged_by_the_hours_that_hold_now(
    anna: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = anna.town
    rung: list[Lane] = []
    monkeypatch.setattr(Bell, "ring", lambda _, lane: rung.append(lane))
    await town.change("UPDATE residents SET quiet_from = '00:00', quiet_until = '23:59:59'")
    news = await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    await town.plan(Lane.BULK)
    rows = await town.rows("SELECT due_at > now() AS waits FROM deliveries")
    assert [row["waits"] for row in rows] == [True]

    await anna.post("/my/settings", {"language": "de", "begin": "", "until": ""})

    rows = await town.rows("SELECT due_at <= now() AS due, reason FROM deliveries")
    assert rows == [{"due": True, "reason": None}]
    assert await town.statuses(news) == ["pending"]
    assert rung == [Lane.BULK]
