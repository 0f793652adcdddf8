"""`notify up`: the embedded servers, the HTTP server and a worker for each lane, together."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType

import typer

from notify.bootstrap import open_channels, prepared_with_servers
from notify.domain.words import Lane
from notify.embedded.servers import Embedded
from notify.errors import Misconfigured
from notify.log import get
from notify.settings import Settings

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
            log.error("up.child_ended", command=self.arguments[0], code=self.process.returncode)
            self.process = None
        if now >= self.not_before:
            self.started = now
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "notify", *self.arguments],
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - no threads here
            )


def run(settings: Settings) -> None:
    """Run until SIGINT or SIGTERM; then end children, then servers."""
    stop = threading.Event()

    def asked(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    with prepared_with_servers(settings) as (ready, servers):
        before = {n: signal.signal(n, asked) for n in (signal.SIGINT, signal.SIGTERM)}
        children = [Child(["api"]), *(Child(["worker", "--lane", lane]) for lane in Lane)]
        try:
            _greet(ready, own_servers=servers is not None)
            while not stop.is_set():
                _revive(servers)
                for child in children:
                    child.look(time.monotonic())
                stop.wait(LOOK_EVERY)
        finally:
            typer.echo("Stopping …")
            _end(children)
            for number, handler in before.items():
                signal.signal(number, handler)


def _revive(servers: Embedded | None) -> None:
    """Bring back a server that died; where that fails, say why and try again in a moment."""
    try:
        for name in servers.ensure() if servers is not None else ():
            log.error("up.server_restarted", server=name)
    except Misconfigured as problem:
        log.error("up.server_not_restarted", why=problem.message)


def _end(children: Sequence[Child]) -> None:
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


def _greet(settings: Settings, *, own_servers: bool) -> None:
    on = ", ".join(open_channels(settings)) or "none"
    typer.echo(f"Citizen Notify at {settings.public_url}  (channels: {on})")
    if own_servers:
        typer.echo(f"Data below {settings.data_dir.resolve()}.")
    typer.echo("Ctrl-C stops it.")


def _end_with_parent() -> None:
    """Ask Linux to end this child when its supervisor dies without a word."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    if os.getppid() == 1:
        os._exit(1)
