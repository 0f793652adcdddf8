"""What is said of a configuration before anything runs by it."""

from collections.abc import MutableMapping
from typing import Any

import psycopg
import pytest

from notify.bootstrap import running, tell_of_connections
from notify.errors import Misconfigured
from notify.settings import Settings


async def _said(
    settings: Settings, needed: int, events: list[MutableMapping[str, Any]]
) -> MutableMapping[str, Any] | None:
    async with running(settings) as app:
        await tell_of_connections(app, needed)
    return next((event for event in events if event["event"] == "connections.scarce"), None)


async def test_nothing_is_said_where_there_is_room(
    settings: Settings, events: list[MutableMapping[str, Any]]
) -> None:
    assert await _said(settings, 1, events) is None


@pytest.mark.parametrize(
    ("processes", "needed"),
    [
        pytest.param(64, 10, id="all that Compose starts together"),
        pytest.param(1, 100_000, id="this one alone"),
    ],
)
async def test_room_that_does_not_suffice_is_told_with_its_figures(
    settings: Settings, events: list[MutableMapping[str, Any]], processes: int, needed: int
) -> None:
    more = settings.model_copy(update={"worker_processes": processes})

    said = await _said(more, needed, events)

    assert said is not None
    assert said["needed"] == needed
    assert said["installation"] == 20 + 30 * processes
    assert 0 <= said["free"] <= said["allowed"]


async def test_connections_that_others_have_are_not_free(
    settings: Settings, database_url: str, events: list[MutableMapping[str, Any]]
) -> None:
    async with running(settings) as app:
        others = [psycopg.connect(database_url) for _ in range(5)]
        allowed, taken = await app.db.room()
        for other in others:
            other.close()
        assert taken >= 5
        await tell_of_connections(app, allowed - taken + 100)

    assert events[-1]["event"] == "connections.scarce"


async def test_a_colour_that_cannot_be_read_is_refused_at_start(settings: Settings) -> None:
    with pytest.raises(Misconfigured, match=r"NOTIFY_COLOUR: This colour is too light"):
        async with running(settings.model_copy(update={"colour": "#ffcc00"})):
            pass
