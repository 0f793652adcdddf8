"""The API in every way its description allows: no 500, nothing undocumented, no other shape."""

from collections.abc import Callable

import pytest

from tests.fuzz.run import fuzz, options, settle
from tests.journeys.world import World

SHORT = ("--phases", "coverage,fuzzing", "--generation-deterministic", "--no-shrink")
EVERY = ("-n", "8")
ONE = ("-n", "100", "--include-path-regex", "broadcast_id}$")
"""One operation, so often that some request surely is for what is there."""


@pytest.mark.timeout(240)
def test_the_api_keeps_to_its_description_and_a_break_of_it_is_found(
    make_world: Callable[..., World],
) -> None:
    world = make_world()
    world.begin()

    there = settle(world)
    described = world.get("/api/v1/openapi.json")["paths"]

    whole = fuzz(world, *SHORT, *EVERY, there=there, seconds=200)
    world.change("ALTER TABLE skip_counts RENAME COLUMN reason TO why")
    broken = fuzz(world, *SHORT, *ONE, there=there, seconds=60)

    assert whole.returncode == 0, whole.stdout[-4000:]
    assert f"{sum(map(len, described.values()))} passed" in whole.stdout
    assert broken.returncode == 1, broken.stdout[-4000:]
    assert "Server error" in broken.stdout


def test_what_is_asked_for_takes_the_place_of_what_is_usual() -> None:
    assert options([], seed=7)[:4] == ["--max-examples", "100", "--seed", "7"]
    given = options(["-n", "3", "--seed=9"], seed=7)
    assert "--max-examples" not in given
    assert given[-3:] == ["-n", "3", "--seed=9"]
    assert "7" not in given
