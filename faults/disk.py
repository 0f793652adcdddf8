"""A small file system of its own for the data, so that it can be full while others are not."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from faults.scenario import NotHere

SIZE = "400m"


@contextmanager
def own_disk(folder: Path) -> Iterator[Path]:
    """Mount one in memory at `folder`. Raises NotHere where that is not allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0755", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotHere(f"a file system cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)  # noqa: S607
