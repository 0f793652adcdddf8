"""Redis is a bell: whatever is wrong with it, the service starts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis as redis_py

from notify.embedded.account import Account
from notify.embedded.place import Place, find_place, make_data_dir
from notify.embedded.programs import redis_program
from notify.embedded.redis import Redis


@pytest.fixture
def place(plain_dir: Path) -> Place:
    return find_place(make_data_dir(plain_dir), throwaway=False)


@contextmanager
def started(redis: Redis) -> Iterator[str]:
    redis.start()
    try:
        assert redis.url is not None
        yield redis.url
    finally:
        redis.stop()


def program(account: Account | None) -> Path:
    found = redis_program(account)
    if found is None:
        pytest.skip("there is no Redis for this Python")
    return found


def test_what_was_written_survives_a_restart(place: Place) -> None:
    with (
        started(Redis(place, program(place.account))) as url,
        redis_py.Redis.from_url(url) as client,
    ):
        client.set("bell", "rung")

    with (
        started(Redis(place, program(place.account))) as url,
        redis_py.Redis.from_url(url) as client,
    ):
        assert client.get("bell") == b"rung"


def test_damaged_data_is_set_aside_and_redis_starts_empty(place: Place) -> None:
    with started(Redis(place, program(place.account))):
        pass
    for file in (place.base / "redis" / "appendonlydir").glob("*.manifest"):
        file.write_text("this is no manifest\n")

    with (
        started(Redis(place, program(place.account))) as url,
        redis_py.Redis.from_url(url) as client,
    ):
        assert client.ping() is True
    assert (place.base / "redis.old" / "appendonlydir").exists()


def test_without_a_program_there_is_no_url_and_nothing_to_revive(place: Place) -> None:
    redis = Redis(place, None)

    redis.start()

    assert redis.url is None
    assert redis.alive()


@pytest.mark.parametrize("path", ["/bin/false", "/no/such/redis-server"])
def test_a_program_that_does_not_run_is_only_a_warning(place: Place, path: str) -> None:
    redis = Redis(place, Path(path))

    redis.start()

    assert not redis.alive()
