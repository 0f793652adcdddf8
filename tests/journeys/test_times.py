"""What goes out when: later, never, to those who come late, not to those who left."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tests.journeys.processes import until
from tests.journeys.world import Refused, World


def test_a_scheduled_broadcast_waits_for_its_time_and_a_recalled_one_never_goes(
    world: World,
) -> None:
    world.readers(3)
    later = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    scheduled = world.send("announcement", send_at=later)
    recalled = world.send("announcement", send_at=later)
    at_once = world.send("announcement")
    world.post(f"/api/v1/broadcasts/{recalled}/cancel", {})
    world.at_rest(at_once)
    assert len(world.box.books("email", brief=True)) == 3
    assert world.look(scheduled)["status"] == "scheduled"

    world.change(
        "UPDATE broadcasts SET send_at = now() WHERE id = ANY(%(ids)s)",
        ids=[UUID(scheduled), UUID(recalled)],
    )
    world.at_rest(scheduled)

    assert set(world.reached("email").values()) == {2}
    assert world.look(recalled)["status"] == "cancelled"
    assert sum(sum(of.values()) for of in world.look(recalled)["progress"].values()) == 0


def test_whoever_joins_while_an_alert_is_in_force_gets_it_and_news_do_not(world: World) -> None:
    world.readers(2)
    alert, news = world.send(), world.send("announcement")
    world.at_rest(alert)
    world.at_rest(news)

    world.resident(email=world.mail(99))

    until(lambda: world.reached("email")[world.mail(99)], why=world.everything)
    world.at_rest(alert)
    assert world.reached("email") == {world.mail(0): 2, world.mail(1): 2, world.mail(99): 1}


def test_without_consent_only_the_question_comes_until_a_button_says_yes_and_one_click_ends_it(
    world: World,
) -> None:
    world.resident(email=world.mail(), consent=None)
    question = until(lambda: world.box.books("email"))[0]
    first = world.send("announcement")
    world.at_rest(first)
    link = _path(re.search(r"https?://\S+/confirm/\S+", question["text"]))

    assert world.look(first)["skips"] == {"email": {"unverified": 1}}
    world.fetch("GET", link)
    second = world.send("announcement")
    world.at_rest(second)
    assert len(world.box.books("email")) == 1

    world.fetch("POST", link)
    world.at_rest(world.send("announcement"))
    news = world.box.books("email")
    assert len(news) == 2

    headers = {name.lower(): value for name, value in news[-1]["headers"]}
    assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    leave = _path(re.search(r"https?://[^>]+", headers["list-unsubscribe"]))
    world.fetch("GET", leave)
    world.at_rest(world.send("announcement"))
    assert len(world.box.books("email")) == 3

    world.fetch("POST", leave, "List-Unsubscribe=One-Click")
    world.at_rest(world.send("announcement"))
    world.at_rest(world.send("alert"))

    subjects = [mail["subject"] for mail in world.box.books("email")]
    assert len(subjects) == 4  # the question, two announcements and the alert


def test_a_recall_of_what_is_over_changes_nothing(world: World) -> None:
    world.readers(1)
    sent = world.send()
    world.at_rest(sent)

    with pytest.raises(Refused, match="409"):
        world.post(f"/api/v1/broadcasts/{sent}/cancel", {})

    assert dict(world.statuses()) == {("email", "sent"): 1}


def _path(found: "re.Match[str] | None") -> str:
    assert found is not None
    return "/" + found.group().split("/", 3)[3]
