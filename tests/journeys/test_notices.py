"""Somebody notices: the test ring over the real road, and whoever is told when it does not come."""

import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from tests.journeys.processes import Process, command, until
from tests.journeys.redis_server import RedisServer
from tests.journeys.world import Refused, World

MakeWorld = Callable[..., World]
OFFICE = "it@rathaus.example"


class Outside:
    """A service elsewhere: takes heartbeats at /beat and news at /news."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.beats = 0
        self.news: list[dict[str, Any]] = []

    def said(self, key: str) -> list[str]:
        return [one["state"] for one in self.news if one["key"] == key]


@contextmanager
def listening() -> Iterator[Outside]:
    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            there.beats += self.path == "/beat"
            self._fine()

        def do_POST(self) -> None:
            there.news.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._fine()

        def _fine(self) -> None:
            self.send_response(204)
            self.end_headers()

        @override
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    there = Outside(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture
def outside() -> Iterator[Outside]:
    with listening() as found:
        yield found


def test_the_ring_comes_over_three_channels_and_its_silence_and_a_dead_worker_are_noticed(
    make_world: MakeWorld, redis: RedisServer, outside: Outside
) -> None:
    officer, phone = "erika@town-1.example", "+4915110010000"
    world = make_world(
        REDIS_URL=redis.url, DUTY=officer, RING_AT="00:00", TOWN="Musterstadt", LANGUAGES="de,en",
        ALARM_MAIL=OFFICE, ALARM_WEBHOOK=f"{outside.url}/news", HEARTBEAT_URL=f"{outside.url}/beat",
    )  # fmt: skip
    worker = world.begin()
    until(lambda: outside.beats, why=world.everything)
    browser = world.browsers(1)[0]
    world.resident(email=officer, phone=phone, browser=browser)

    # Midnight is over, so today's ring is made up for as soon as somebody is on duty.
    until(lambda: len(_rung(world)) == 3, why=world.everything)
    until(lambda: _statuses(world) == {"email": "sent", "sms": "delivered", "push": "delivered"},
          why=world.everything)  # fmt: skip
    _let_time_pass(world)
    until(lambda: _results(world) == dict.fromkeys(("email", "push", "sms"), "ok"),
          why=world.everything)  # fmt: skip
    (mail,), (sms,), (push,) = (world.box.books(one) for one in ("email", "sms", "push"))
    assert mail["subject"] == "Testnachricht, nichts zu tun"
    assert "Es besteht keine Gefahr" in mail["text"]
    assert sms["body"].startswith("Musterstadt: Testnachricht")
    assert json.loads(push["payload"])["title"] == "Testnachricht, nichts zu tun"

    # By hand, while the phone's receipts stay away.
    world.box.clear()
    world.box.rules([{"channel": "sms", "do": "callbacks", "how": "none"}])
    done = command("ring", "--wait", "8", environment=world.environment, folder=world.folder)
    assert done.returncode == 1, done.stderr
    assert "email: handed over" in done.stdout
    assert "push: arrived" in done.stdout
    assert "sms: no receipt yet (sent 1)" in done.stdout
    _let_time_pass(world)
    alarm = until(lambda: _mails_to(world, OFFICE), why=world.everything)[0]
    until(lambda: outside.said("ring:sms") == ["raised"], why=world.everything)
    assert alarm["subject"].startswith("Störung: Für die Testnachricht per SMS kam keine")
    assert officer not in alarm["text"]
    assert phone not in json.dumps(outside.news)

    # Mended, and rung again by hand: the alarm is over, and told to be.
    world.box.rules([])
    again = command("ring", environment=world.environment, folder=world.folder)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "sms: arrived" in again.stdout
    until(lambda: _results(world)["sms"] == "ok", why=world.everything)
    until(lambda: outside.said("ring:sms") == ["raised", "over"] or _forget_calm(world),
          why=world.everything)  # fmt: skip

    # The worker dies: the heartbeat stays away, and the HTTP server says so.
    worker.kill()
    world.change("UPDATE workers SET seen_at = seen_at - interval '20 s'")
    before = outside.beats
    world.change("UPDATE watch SET beaten_at = now() - interval '5 min'")
    _be_impatient(world, "no_worker:alert")
    until(lambda: outside.said("no_worker:alert") == ["raised"], why=world.everything)
    assert outside.beats == before
    assert "alarm no_worker:alert" in _warnings(world)

    back = world.start("worker")
    until(lambda: outside.beats > before or _forget_calm(world), why=world.everything)
    assert _ends(back) == 0


def _rung(world: World) -> list[dict[str, Any]]:
    return world.rows("SELECT channel, status FROM deliveries WHERE note_id IS NOT NULL")


def _statuses(world: World) -> dict[str, str]:
    return {row["channel"]: row["status"] for row in _rung(world)}


def _results(world: World) -> dict[str, str | None]:
    """The last result of each channel."""
    rows = world.rows("SELECT channel, result FROM rings ORDER BY id")
    return {row["channel"]: row["result"] for row in rows}


def _mails_to(world: World, to: str) -> list[dict[str, Any]]:
    return [mail for mail in world.box.books("email") if mail["to"] == to]


def _let_time_pass(world: World) -> None:
    """Put the clock forward for what waits for receipts."""
    world.change("UPDATE rings SET check_at = now() WHERE result IS NULL")


def _forget_calm(world: World) -> int:
    """Put the clock forward for alarms that nobody sees any more; gives 0."""
    world.change(
        "UPDATE alarms SET seen_at = seen_at - interval '1 min'"
        " WHERE seen_at < now() - interval '6 s' AND over_at IS NULL"
    )
    return 0


def _be_impatient(world: World, key: str) -> None:
    """Put the clock forward for an alarm that might be a hiccup."""
    until(
        lambda: world.change(
            "UPDATE alarms SET noticed_at = noticed_at - interval '1 min' WHERE key = %(key)s",
            key=key,
        ),
        why=world.everything,
    )


def _warnings(world: World) -> str:
    with pytest.raises(Refused) as refused:
        world.get("/readyz")
    return str(refused.value)


def _ends(process: Process) -> int:
    process.send(signal.SIGTERM)
    return process.wait()
