"""Processes of the service, looked after by the one that started them."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import FrameType

from notify.embedded.servers import Embedded
from notify.errors import Misconfigured
from notify.log import get

log = get(__name__)

LOOK_EVERY = 1.0
PATIENCE = 30.0  # seconds for children to finish what is in hand
LONGEST_PAUSE = 30.0


@dataclass(slots=True)
class Child:
    """One process of the service, started again when it ends by itself."""

    arguments: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started: float = 0.0
    not_before: float = 0.0

    def look(self, now: float) -> None:
        """Start it when it is not running, later and later when it keeps failing."""
        if self.process is not None and self.process.poll() is None:
            if now - self.started > 60:
                self.failures = 0
            return
        if self.process is not None:
            self.failures += 1
            self.not_before = now + min(2.0**self.failures, LONGEST_PAUSE)
            log.error("child.ended", command=self.arguments[0], code=self.process.returncode)
            self.process = None
        if now >= self.not_before:
            self.started = now
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "notify", *self.arguments],
                start_new_session=True,
                preexec_fn=_end_with(os.getpid()),  # noqa: PLW1509 - no threads here
            )


@contextlib.contextmanager
def asked_to_stop() -> Iterator[threading.Event]:
    """Set by SIGINT and SIGTERM for the length of the block."""
    stop = threading.Event()

    def asked(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {n: signal.signal(n, asked) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def look_after(
    children: Sequence[Child], *, servers: Embedded | None, stop: threading.Event
) -> None:
    """Keep them, and embedded servers, running until `stop` is set. Ending them is for the caller."""
    while not stop.is_set():
        _revive(servers)
        for child in children:
            child.look(time.monotonic())
        stop.wait(LOOK_EVERY)


def _revive(servers: Embedded | None) -> None:
    """Bring back a server that died; where that fails, say why and try again in a moment."""
    try:
        for name in servers.ensure() if servers is not None else ():
            log.error("up.server_restarted", server=name)
    except Misconfigured as problem:
        log.error("up.server_not_restarted", why=problem.message)


def end(children: Sequence[Child]) -> None:
    """Ask each to finish what is in hand, all at once; force whoever takes too long."""
    running = [child.process for child in children if child.process is not None]
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    deadline = time.monotonic() + PATIENCE
    for process in running:
        try:
            process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _end_with(parent: int) -> Callable[[], None]:
    """What a new child does first: asks Linux to end it when its supervisor dies without a word."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def begin() -> None:
        if libc is not None:
            libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # it died before we could ask
            os._exit(1)

    return begin
