"""A worker of several processes: looked after, drained together, gone together."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.journeys.processes import Process, command, until
from tests.journeys.world import World

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    with World(database_url, tmp_path) as world:
        world.start("api")
        yield world


def children(process: Process) -> list[int]:
    """The processes it started that live, by the kernel's own list."""
    with contextlib.suppress(FileNotFoundError):
        listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]
    return []


def seats(world: World) -> int:
    return int(world.rows("SELECT count(*) AS n FROM workers")[0]["n"])


def alive(pids: list[int]) -> list[int]:
    found = []
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, 0)
            found.append(pid)
    return found


def test_one_that_dies_is_started_again_and_a_stop_drains_all(world: World) -> None:
    worker = world.start("worker", "--processes", "2")
    world.ready(world.processes[0], worker)
    # A seat is taken before it is told: one killed in between would not be counted below.
    until(lambda: worker.said().count("worker.started") == 2, why=world.everything)
    assert seats(world) == 6
    first = children(worker)
    assert len(first) == 2

    os.kill(first[0], signal.SIGKILL)
    until(lambda: len(set(children(worker)) - {first[0]}) == 2, why=world.everything)
    assert first[1] in children(worker)
    until(lambda: worker.said().count("worker.started") == 3, why=world.everything)

    world.new_town()
    world.box.rules([{"channel": "email", "do": "slow", "seconds": 0.1}])
    world.readers(100)
    sent = world.send()
    until(lambda: world.counts(sent, "email").get("sent"), why=world.everything)
    running = children(worker)
    worker.send(signal.SIGTERM)

    assert worker.wait() == 0, worker.said()
    assert alive(running) == []
    assert "child.ended" in worker.said()
    assert worker.said().count("worker.stopped") == 2
    assert seats(world) == 3  # of the one that was killed; it is forgotten in a day
    counts = world.counts(sent, "email")
    assert set(counts) <= {"sent", "pending"}
    assert counts["sent"] == len(world.box.books("email"))
    assert world.rows("SELECT id FROM attempts WHERE settled_at IS NULL") == []


def test_children_of_one_that_is_killed_end_by_themselves(world: World) -> None:
    worker = world.start("worker", "--lane", "bulk", "--processes", "2")
    until(lambda: seats(world) == 2, why=world.everything)
    running = children(worker)

    worker.kill()

    until(lambda: alive(running) == [], why=world.everything)
    assert seats(world) == 0  # they drained


@pytest.mark.parametrize(
    ("words", "setting", "said"),
    [
        pytest.param(("--processes", "0"), {}, "--processes", id="none"),
        pytest.param(("--processes", "-1"), {}, "--processes", id="less than none"),
        pytest.param((), {"WORKER_PROCESSES": "0"}, "NOTIFY_WORKER_PROCESSES", id="set to none"),
        pytest.param(("--processes", "2"), {"SMTP_URLS": "smtp://"}, "SMTP_URLS", id="no relay"),
        pytest.param(("--processes", "64"), {}, "max_connections", id="too many"),
    ],
)
def test_what_no_process_could_work_with_is_told_before_any_begins(
    world: World, words: tuple[str, ...], setting: dict[str, str], said: str
) -> None:
    more = {f"NOTIFY_{name}": value for name, value in setting.items()}

    done = command("worker", *words, environment={**world.environment, **more}, folder=world.folder)

    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_check_says_when_the_connections_do_not_suffice(world: World) -> None:
    more = {"NOTIFY_WORKER_PROCESSES": "60"}
    with psycopg.connect(world.database_url) as connection:
        row = connection.execute("SHOW max_connections").fetchone()
        assert row is not None

    done = command("check", environment={**world.environment, **more}, folder=world.folder)

    assert done.returncode == 2, done.stdout
    assert str(int(row[0]) - 3) in done.stderr
    assert "NOTIFY_WORKER_PROCESSES" in done.stderr


def test_who_starts_says_when_there_is_no_room_for_all_and_works_all_the_same(
    database_url: str, tmp_path: Path
) -> None:
    with World(database_url, tmp_path) as world:
        world.environment["NOTIFY_WORKER_PROCESSES"] = "60"
        api, worker = world.start("api"), world.start("worker", "--processes", "1")

        world.ready(api, worker)

        assert "connections.scarce" in api.said()
        assert "connections.scarce" in worker.said()
