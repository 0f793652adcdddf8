"""Lets the processes of one installation agree on who starts the servers and who stops them.

Both locks are flock(2) locks: the kernel gives them back when a process dies, however it dies.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from notify.clock import monotonic
from notify.embedded.account import Account, open_private
from notify.errors import Misconfigured


@contextmanager
def alone(path: Path, *, owner: Account | None, seconds: float) -> Iterator[None]:
    """Holds the right to start and stop servers for the length of the block.

    Raises Misconfigured when another process does not give it back within `seconds`.
    """
    with _opened(path, owner) as file:
        until = monotonic() + seconds
        while not _taken(file, fcntl.LOCK_EX):
            if monotonic() > until:
                raise Misconfigured(
                    f"Another process has been starting or stopping the servers for {seconds:.0f} "
                    f"seconds. See who holds {path}, end it and try again."
                )
            time.sleep(0.02)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


class Users:
    """The processes that use the servers now. Call only while holding `alone`."""

    def __init__(self, path: Path, *, owner: Account | None) -> None:
        self._path = path
        self._owner = owner
        self._file: BinaryIO | None = None

    def join(self) -> None:
        self._file = self._file or _opened(self._path, self._owner)
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def leave(self) -> bool:
        """Whether this was the last user, who turns off the light."""
        if self._file is None:
            return False
        file, self._file = self._file, None
        with file:
            last = _taken(file, fcntl.LOCK_EX)
            fcntl.flock(file, fcntl.LOCK_UN)
        return last

    def nobody(self) -> bool:
        """Whether no process uses the servers now."""
        with _opened(self._path, self._owner) as file:
            return _taken(file, fcntl.LOCK_EX)


def _taken(file: BinaryIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _opened(path: Path, owner: Account | None) -> BinaryIO:
    try:
        return open_private(path, owner)
    except OSError as problem:
        raise Misconfigured(
            f"{path} cannot be opened ({problem.strerror}). Run this as the user who owns the "
            "folder, or set NOTIFY_DATA_DIR to a folder of your own."
        ) from problem
