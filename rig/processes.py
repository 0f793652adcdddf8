"""The service's own processes, as an operator starts and ends them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 45.0  # seconds; the machine is shared: waiting ends early where all is well
PATIENCES = 10  # no more of them in a row, though something always changes
FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.1  # seconds between two looks: what is quick is seen at once


class InVain(AssertionError):
    """What was waited for did not come."""


def until(
    look: Callable[[], T],
    *,
    seconds: float = PATIENCE,
    why: Callable[[], str] = str,
    stand: Callable[[], object] = int,
) -> T:
    """What `look` gives, once that is true; InVain with `why` when `stand`, which says how far
    things are, has not changed for so long, or when it has changed ten times as long."""
    last, began, pause = stand(), time.monotonic(), FIRST_PAUSE
    deadline, end = began + seconds, began + PATIENCES * seconds
    while True:
        found = look()
        if found:
            return found
        now = time.monotonic()
        if now > deadline:
            before, last = last, stand()
            if last == before or now > end:
                raise InVain(f"waited {now - began:.0f} s in vain. {why()}")
            deadline = min(now + seconds, end)
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


class Process:
    """`notify …` with its output kept in a file of `folder`. `launcher` are words for Python that
    stand before the command, where it is not to run as it is."""

    def __init__(
        self,
        *arguments: str,
        environment: Mapping[str, str],
        folder: Path,
        name: str = "",
        launcher: Sequence[str] = ("-m", "notify"),
    ) -> None:
        self.log = folder / f"{name or arguments[0]}.log"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *launcher, *arguments], env=clean(environment), cwd=folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self, seconds: float = PATIENCE) -> int:
        """Its exit code; -9 and the like for a signal."""
        return self._process.wait(seconds)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def end(self) -> int:
        """Ask it to end, force it after a while; its exit code."""
        if self.running:
            self.send(signal.SIGTERM)
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                self.kill()
        return self.wait()


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Our environment without its NOTIFY_ variables, and these instead."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NOTIFY_")}
    return kept | dict(environment)


def command(
    *arguments: str, environment: Mapping[str, str], folder: Path, seconds: float = 120.0
) -> subprocess.CompletedProcess[str]:
    """Run `notify …` to its end; asked to end after `seconds`, so that it leaves nothing behind."""
    words = [sys.executable, "-m", "notify", *arguments]
    with subprocess.Popen(
        words, env=clean(environment), cwd=folder, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            said, complained = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.terminate()
            said, complained = process.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess(words, process.returncode, said, complained)
