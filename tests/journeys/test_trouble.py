"""Parts that die, stop or are not there while an alert is on its way."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from notify.embedded.servers import Embedded
from notify.store.migrate import migrate
from tests.journeys.processes import until
from tests.journeys.redis_server import RedisServer
from tests.journeys.world import SENDER, World

MakeWorld = Callable[..., World]


def test_redis_killed_in_the_middle_loses_nothing_and_ends_no_worker(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    with RedisServer(tmp_path) as redis:
        world = make_world(REDIS_URL=redis.url, TWILIO_SENDERS=f"{SENDER}@10")
        worker = world.begin()
        world.phones(16)
        assert world.ready()["warnings"] == []

        first = world.send()
        until(lambda: world.reached("sms"), why=world.everything)
        redis.kill()
        second = world.send()
        world.at_rest(first)
        world.at_rest(second)

        assert set(world.reached("sms").values()) == {2}
        assert world.ready()["warnings"] == ["redis does not answer"]
        assert worker.running
        redis.start()
        until(lambda: world.ready()["warnings"] == [])
        world.at_rest(world.send())
        assert set(world.reached("sms").values()) == {3}


def test_with_redis_gone_from_the_start_everything_still_leaves(make_world: MakeWorld) -> None:
    world = make_world(REDIS_URL="redis://127.0.0.1:1")
    worker = world.begin()
    world.readers(5)

    alert, news = world.send(), world.send("announcement")
    world.at_rest(alert)
    world.at_rest(news)

    assert set(world.reached("email").values()) == {2}
    assert worker.running


def test_a_worker_killed_in_the_middle_loses_nothing_and_doubles_only_what_collapses(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    worker = world.begin()
    browsers = world.browsers(4)
    world.residents(
        [
            {"email": world.mail(n), "phone": world.phone(n), "browser": browsers[n]}
            for n in range(4)
        ]
    )
    world.box.rules(
        [
            {"channel": "email", "do": "slow", "at": "data", "seconds": 5, "first": 1},
            {"channel": "sms", "do": "silent", "seconds": 5, "first": 1, "how": "none"},
            {"channel": "push", "do": "slow", "seconds": 1, "first": 1, "how": "none"},
        ]
    )
    alert = world.send()
    until(lambda: sum(1 for a in world.attempts() if a["started_at"]) == 12)
    until(lambda: len(world.reached("sms")) == 4 and len(world.reached("email")) == 4)

    worker.kill()
    assert world.lapse() > 0
    world.start("worker")
    world.at_rest(alert)

    assert set(world.reached("sms").values()) == {1}
    mails = world.box.books("email")
    assert len({(mail["to"], mail["message_id"]) for mail in mails}) == 4
    assert set(world.reached("push")) == {browser["endpoint"] for browser in browsers}
    assert len({(p["endpoint"], p["topic"]) for p in world.box.books("push")}) == 4
    repeats = [a["channel"] for a in world.attempts() if a["repeat"]]
    assert repeats.count("email") == 4
    assert "sms" not in repeats
    assert {status for _, status in world.statuses()} <= {"sent", "delivered"}


def test_a_worker_told_to_stop_finishes_what_it_holds_and_hands_back_the_rest(
    make_world: MakeWorld,
) -> None:
    world = make_world(MAIL_CONCURRENCY="8")
    worker = world.begin()
    world.readers(130)  # more than two pumps can have in hand at once
    world.box.rules([{"channel": "email", "do": "slow", "seconds": 0.2}])
    alert = world.send()
    until(lambda: world.reached("email"), why=world.everything)

    worker.send(signal.SIGTERM)

    assert worker.wait() == 0, worker.said()
    statuses = world.statuses()
    assert {status for _, status in statuses} <= {"pending", "sent"}
    assert statuses["email", "pending"] > 0
    assert all(attempt["settled_at"] for attempt in world.attempts())
    assert sum(world.reached("email").values()) == statuses["email", "sent"]
    assert world.rows("SELECT * FROM workers") == []
    world.box.rules([])
    world.start("worker")
    world.at_rest(alert)
    assert set(world.reached("email").values()) == {1}
    world.agree(alert)


def test_a_worker_told_to_stop_while_it_starts_ends_at_once(make_world: MakeWorld) -> None:
    world = make_world()
    codes = []
    for said in ("", "worker.started"):
        worker = world.start("worker")
        until(lambda: said in worker.said())  # noqa: B023 - used here
        worker.send(signal.SIGTERM)
        codes.append(worker.wait(20))

    assert codes[0] in {0, 143, -signal.SIGTERM}
    assert codes[1] == 0


def test_a_relay_that_is_down_is_passed_over_for_the_next_one(make_world: MakeWorld) -> None:
    world = make_world()
    second = world.environment["NOTIFY_SMTP_URLS"]
    world.environment["NOTIFY_SMTP_URLS"] = f"smtp://127.0.0.1:1?tls=none {second}"
    world.begin()
    world.readers(20)

    alert = world.send()
    world.at_rest(alert)

    assert set(world.reached("email").values()) == {1}
    assert len(world.reached("email")) == 20
    assert world.statuses() == {("email", "sent"): 20}
    world.agree(alert)


def test_a_recall_in_the_middle_stops_within_a_second_of_the_rate(make_world: MakeWorld) -> None:
    world = make_world(TWILIO_SENDERS=f"{SENDER}@5")
    world.begin()
    world.phones(40)
    alert = world.send()
    until(lambda: sum(world.reached("sms").values()) >= 4, why=world.everything)

    before = sum(world.reached("sms").values())
    world.post(f"/api/v1/broadcasts/{alert}/cancel", {})
    seen = world.at_rest(alert)

    taken = sum(world.reached("sms").values())
    assert taken - before <= 5 + 2  # a second's worth, and the group in hand
    assert seen["status"] == "cancelled"
    assert seen["progress"]["sms"]["cancelled"] == 40 - taken
    assert seen["progress"]["sms"]["delivered"] == taken
    world.agree(alert)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Embedded]:
    with Embedded(tmp_path / "server", redis=False, throwaway=True) as servers:
        yield servers


def test_postgresql_restarted_in_the_middle_is_waited_for(
    own_server: Embedded, tmp_path: Path
) -> None:
    url = own_server.database_url
    migrate(url)
    with World(url, tmp_path, TWILIO_SENDERS=f"{SENDER}@20", LEASE_SECONDS="50") as world:
        worker = world.begin()
        world.phones(60)
        alert = world.send()
        until(lambda: sum(world.reached("sms").values()) >= 5, why=world.everything)

        for number in (signal.SIGINT, signal.SIGQUIT):  # in good order, then a crash
            taken = sum(world.reached("sms").values())
            os.kill(_postmaster(world), number)
            until(own_server.ensure)
            until(lambda: sum(world.reached("sms").values()) > taken, why=world.everything)  # noqa: B023
        world.at_rest(alert)

        assert worker.running
        repeats = {a["value"] for a in world.attempts() if a["repeat"]}
        assert {to for to, n in world.reached("sms").items() if n > 1} <= repeats
        assert len(world.reached("sms")) == 60
        assert world.statuses() == {("sms", "delivered"): 60}


def _postmaster(world: World) -> int:
    rows = world.rows("SELECT setting AS folder FROM pg_settings WHERE name = 'data_directory'")
    return int((Path(rows[0]["folder"]) / "postmaster.pid").read_text().split("\n")[0])
