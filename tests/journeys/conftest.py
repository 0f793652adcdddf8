"""A world for each journey, and the means to change it before it begins."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.journeys.world import World


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture
def make_world(database_url: str, tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Makes a world with a database, processes and settings of its own."""
    with ExitStack() as stack:
        yield lambda **more: stack.enter_context(World(database_url, tmp_path, **more))


@pytest.fixture(scope="session")
def standing_world(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with (
        databases.lent() as url,
        World(url, tmp_path_factory.mktemp("world")) as world,
    ):
        world.begin()
        yield world


@pytest.fixture
def world(standing_world: World) -> World:
    """A town of its own in a world that many journeys share: nobody may end its processes."""
    standing_world.new_town()
    return standing_world
