"""The servers start for the first process, stop after the last and come back when they die."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis as redis_py
from arq.connections import RedisSettings, create_pool
from yoyo import get_backend

from notify.embedded.postgres import Postgres
from notify.embedded.process import answers, running, wait_until
from notify.embedded.servers import Embedded
from notify.errors import Misconfigured

USER = """
import sys
from pathlib import Path
from notify.embedded.servers import Embedded
with Embedded(Path(sys.argv[1]), redis=False):
    print("in", flush=True)
    sys.stdin.readline()
"""


def ask(url: str, query: str) -> Any:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def postmaster(data_dir: Path) -> int | None:
    return running(data_dir / "postgres" / "postmaster.pid", data_dir / "postgres")


def kill(pid: int | None, socket: Path) -> None:
    """End a server without a word of warning, and wait until nothing of it is left."""
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not answers(socket), seconds=10)


def redis_pid(data_dir: Path) -> int | None:
    return running(data_dir / "redis" / "redis.pid", data_dir / "redis")


def test_data_survives_a_restart_in_a_folder_with_a_space_a_comma_and_an_eszett(
    data_dir: Path,
) -> None:
    with Embedded(data_dir, redis=False) as servers:
        ask(servers.database_url, "CREATE TABLE kept (word text)")
        ask(servers.database_url, "INSERT INTO kept VALUES ('Sturm')")

    with Embedded(data_dir, redis=False) as servers:
        assert ask(servers.database_url, "SELECT upper(word) FROM kept") == "STURM"
        assert ask(servers.database_url, "SELECT upper('ä')") == "Ä"
    assert postmaster(data_dir) is None


@pytest.mark.parametrize("folder", ["data_dir", "plain_dir"])
async def test_every_library_of_the_house_takes_the_urls(
    folder: str, request: pytest.FixtureRequest
) -> None:
    with Embedded(request.getfixturevalue(folder)) as servers:
        assert servers.redis_url is not None

        yoyo = get_backend(  # type: ignore[no-untyped-call]
            servers.database_url.replace("postgresql:", "postgresql+psycopg:")
        )
        yoyo.connection.close()
        with redis_py.Redis.from_url(servers.redis_url) as client:
            persistent = client.config_get("appendonly")
        pool = await create_pool(RedisSettings.from_dsn(servers.redis_url))
        pong = await pool.ping()
        await pool.aclose()

    assert persistent == {"appendonly": "yes"}
    assert pong is True


def test_postgres_is_durable_and_listens_on_its_private_socket_only(plain_dir: Path) -> None:
    with Embedded(plain_dir, redis=False) as servers:
        told = {
            name: ask(servers.database_url, f"SHOW {name}")
            for name in ("fsync", "synchronous_commit", "listen_addresses", "TimeZone", "jit")
        }
        mode = (plain_dir / "run").stat().st_mode & 0o777

    assert told == {
        "fsync": "on",
        "synchronous_commit": "on",
        "listen_addresses": "",
        "TimeZone": "UTC",
        "jit": "off",
    }
    assert mode == 0o700


def test_two_installations_run_side_by_side(ground: Path) -> None:
    with Embedded(ground / "one") as one, Embedded(ground / "two") as two:
        ask(one.database_url, "CREATE TABLE only_here (n int)")

        assert ask(one.database_url, "SELECT to_regclass('only_here') IS NOT NULL") is True
        assert ask(two.database_url, "SELECT to_regclass('only_here') IS NOT NULL") is False
        assert one.redis_url != two.redis_url


def test_many_start_at_once_and_the_last_one_out_stops_the_servers(plain_dir: Path) -> None:
    users = [Embedded(plain_dir) for _ in range(4)]

    with ThreadPoolExecutor(len(users)) as pool:
        list(pool.map(Embedded.start, users))
    # A server answers a moment before its pid is written down.
    wait_until(lambda: None not in {postmaster(plain_dir), redis_pid(plain_dir)}, seconds=5)
    pids = {postmaster(plain_dir), redis_pid(plain_dir)}
    for user in users[1:]:
        user.stop()
    still_there = {postmaster(plain_dir), redis_pid(plain_dir)}
    users[0].stop()

    assert still_there == pids
    assert None not in pids
    assert postmaster(plain_dir) is None
    assert redis_pid(plain_dir) is None


def test_a_killed_user_leaves_a_server_that_the_next_one_uses_and_stops(plain_dir: Path) -> None:
    user = subprocess.Popen(
        [sys.executable, "-c", USER, str(plain_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    with user:
        assert user.stdout is not None
        assert user.stdout.readline() == b"in\n"
        user.kill()
    left = postmaster(plain_dir)

    with Embedded(plain_dir, redis=False):
        found = postmaster(plain_dir)

    assert left is not None
    assert found == left
    assert postmaster(plain_dir) is None


def test_ctrl_c_in_the_terminal_does_not_reach_the_servers(plain_dir: Path) -> None:
    with Embedded(plain_dir):
        sessions = [os.getsid(postmaster(plain_dir) or 0), os.getsid(redis_pid(plain_dir) or 0)]

    assert os.getsid(0) not in sessions


def test_a_user_that_stays_brings_dead_servers_back_with_what_was_committed(
    plain_dir: Path,
) -> None:
    with Embedded(plain_dir) as servers:
        ask(servers.database_url, "CREATE TABLE kept (n int)")
        ask(servers.database_url, "INSERT INTO kept VALUES (7)")
        assert servers.ensure() == ()

        kill(postmaster(plain_dir), plain_dir / "run" / ".s.PGSQL.5432")
        kill(redis_pid(plain_dir), plain_dir / "run" / "redis.sock")
        revived = servers.ensure()

        assert revived == ("postgres", "redis")
        assert ask(servers.database_url, "SELECT n FROM kept") == 7
        assert servers.ensure() == ()


def test_a_hung_server_without_its_socket_is_replaced(plain_dir: Path) -> None:
    with Embedded(plain_dir, redis=False) as servers:
        before = postmaster(plain_dir)
        (plain_dir / "run" / ".s.PGSQL.5432").unlink()

        revived = servers.ensure()

        assert revived == ("postgres",)
        assert postmaster(plain_dir) not in (before, None)


def test_lock_files_whose_number_belongs_to_another_process_now_are_no_hindrance(
    plain_dir: Path,
) -> None:
    with Embedded(plain_dir, redis=False) as servers:
        kill(postmaster(plain_dir), plain_dir / "run" / ".s.PGSQL.5432")
        lock_files = [plain_dir / "postgres" / "postmaster.pid",
                      plain_dir / "run" / ".s.PGSQL.5432.lock"]  # fmt: skip
        # Of the same user: the number of anybody else's process PostgreSQL passes over.
        owner = lock_files[0].stat().st_uid if os.geteuid() == 0 else None
        with subprocess.Popen(["/bin/sleep", "60"], user=owner) as another:
            for file in lock_files:
                file.write_text("\n".join([str(another.pid), *file.read_text().split("\n")[1:]]))

            servers.ensure()
            another.kill()

        assert ask(servers.database_url, "SELECT 1") == 1


def test_half_a_cluster_left_by_a_killed_first_start_is_made_anew(plain_dir: Path) -> None:
    half = plain_dir / "postgres.new"
    half.mkdir(parents=True)
    plain_dir.chmod(0o755)
    (half / "PG_VERSION").write_text("18\n")

    with Embedded(plain_dir, redis=False) as servers:
        assert ask(servers.database_url, "SELECT 1") == 1


def test_a_database_error_leaves_no_address_in_the_log(plain_dir: Path) -> None:
    with Embedded(plain_dir, redis=False) as servers:
        ask(servers.database_url, "CREATE TABLE people (address text UNIQUE)")
        insert = "INSERT INTO people VALUES ('anna@example.org')"
        ask(servers.database_url, insert)
        with pytest.raises(psycopg.errors.UniqueViolation):
            ask(servers.database_url, insert)

    log = (plain_dir / "log" / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "anna@" not in log


def test_a_cluster_of_another_version_is_refused_with_the_way_out(plain_dir: Path) -> None:
    with Embedded(plain_dir, redis=False):
        pass
    (plain_dir / "postgres" / "PG_VERSION").write_text("15\n")

    with pytest.raises(Misconfigured, match="pg_dump"):
        Embedded(plain_dir, redis=False).start()


def test_a_server_that_does_not_start_names_its_log(plain_dir: Path) -> None:
    with Embedded(plain_dir, redis=False):
        pass
    with (plain_dir / "postgres" / "postgresql.auto.conf").open("a") as file:
        file.write("no_such_setting = 1\n")

    with pytest.raises(Misconfigured, match=r"postgres\.log"):
        Embedded(plain_dir, redis=False).start()

    assert postmaster(plain_dir) is None


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        pytest.param("could not write: No space left on device", "disk is full", id="disk"),
        pytest.param("could not fork: Cannot allocate memory", "memory", id="memory"),
        pytest.param("pre-existing shared memory block is still in use", "end it", id="two"),
        pytest.param("data directory has wrong ownership", "another user", id="owner"),
        pytest.param("could not locate a valid checkpoint record", "backup", id="damaged"),
    ],
)
def test_what_postgres_says_becomes_what_to_do(said: str, advice: str) -> None:
    assert advice in Postgres.advice(said, Path("/data"), Path("/log"))


def test_the_urls_are_asked_for_only_after_the_start(plain_dir: Path) -> None:
    servers = Embedded(plain_dir)

    with pytest.raises(RuntimeError):
        _ = servers.database_url

    servers.stop()
    assert servers.ensure() == ()
    assert servers.redis_url is None


def test_nobody_answers_on_a_socket_that_is_not_there(tmp_path: Path) -> None:
    assert not answers(tmp_path / "no.sock")
