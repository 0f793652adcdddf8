"""Reads what processes cost: CPU of a process and all below it, memory while it runs (Linux)."""

import contextlib
import os
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Self

EVERY = 0.5  # seconds
TICK = os.sysconf("SC_CLK_TCK")
MB = 1_000_000


def _stat(pid: int | str) -> list[str]:
    """The fields of /proc/PID/stat from the state on; [] where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []


def tree(pid: int) -> list[int]:
    """A process and all that come from it."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _stat(entry.name)):
            children[int(stat[1])].append(int(entry.name))
    found, left = [], [pid]
    while left:
        found.append(left.pop())
        left += children[found[-1]]
    return found


def cpu_seconds(pid: int) -> float:
    """Seconds of CPU of a process and all below it, also of those that ended and were waited
    for."""
    ticks = 0
    for one in tree(pid):
        if stat := _stat(one):
            ticks += sum(map(int, stat[11:15]))
    return ticks / TICK


def resident(pid: int) -> float:
    """Megabytes of memory a process has, shared ones included; 0 where it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / MB


def proportional(pid: int) -> float:
    """Megabytes with shared ones divided among those who share (PSS); 0 where it may not be
    read."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024 / MB
    return 0.0


class Memory:
    """The most each process has had, by name, while the block runs; those of one name count
    each by itself. `postgres` is asked for as a whole, and for the largest of its processes, in
    PSS: they share most of what they have."""

    def __init__(self) -> None:
        self.most: dict[str, float] = {}
        self.most_postgres = 0.0
        self.largest_postgres = 0.0
        self._pids: dict[int, str] = {}
        self._postmaster: int | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def watch(self, name: str, pid: int) -> None:
        self._pids[pid] = name

    @contextlib.contextmanager
    def postgres(self, postmaster: int) -> Iterator[None]:
        """Watch this server as well for the length of a block."""
        self._postmaster = postmaster
        try:
            yield
        finally:
            self._postmaster = None

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            for pid, name in list(self._pids.items()):
                self.most[name] = max(self.most.get(name, 0.0), resident(pid))
            if self._postmaster is not None:
                each = [proportional(pid) for pid in tree(self._postmaster)]
                self.most_postgres = max(self.most_postgres, sum(each))
                self.largest_postgres = max(self.largest_postgres, *each)
