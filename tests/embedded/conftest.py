"""A data folder that the servers' user can reach, with all that makes paths hard in its name."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def ground() -> Iterator[Path]:
    """A short folder open to every user; pytest's own is closed to all others."""
    folder = Path(tempfile.mkdtemp(prefix="cn-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def data_dir(ground: Path) -> Path:
    return ground / "Straße 1, links" / ".notify"


@pytest.fixture
def plain_dir(ground: Path) -> Path:
    return ground / "data ü"
