"""A theatre for the scenarios of one test process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.running import Theatre


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.timeout(400))


@pytest.fixture(scope="session")
def theatre() -> Iterator[Theatre]:
    with Theatre() as found:
        yield found
