"""Starts a server program on its own feet, and tells whether one is there."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from notify.clock import monotonic
from notify.embedded.account import Account, open_private
from notify.errors import Misconfigured

LOG_BYTES = 10_000_000


def spawn(
    command: Sequence[str], *, account: Account | None, log: Path, text: str = ""
) -> subprocess.Popen[bytes]:
    """Run `command` in a session of its own, so that Ctrl-C in our terminal passes it by, with
    `text` on its standard input and its output at the end of `log`."""
    roll(log)
    with open_private(log, account) as output:
        try:
            process = subprocess.Popen(  # noqa: S603 - an argument list, our own programs
                command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                cwd="/",
                env={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
                start_new_session=True,
                umask=0o077,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        except OSError as problem:
            raise Misconfigured(f"{command[0]} does not run here ({problem.strerror}).") from None
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(text.encode())
    return process


def roll(log: Path) -> None:
    """Keep one older log, so that neither grows for ever."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))


def answers(path: Path) -> bool:
    """Whether somebody listens on a Unix socket; costs a few microseconds."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def running(pid_file: Path, folder: Path) -> int | None:
    """The process that `pid_file` names, when it is alive and works in `folder`: after a reboot
    its number may belong to anybody."""
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    return pid if _works_in(pid, folder) else None


def _works_in(pid: int, folder: Path) -> bool:
    if Path("/proc/self/cwd").exists():
        try:
            return Path(f"/proc/{pid}/cwd").samefile(folder)
        except OSError:
            return False
    # Without /proc the program's name has to do.
    told = subprocess.run(  # noqa: S603 - a fixed argument list
        ["/bin/ps", "-o", "command=", "-p", str(pid)], check=False, capture_output=True, timeout=5
    ).stdout
    return any(name in told for name in (b"postgres", b"redis-server", b"valkey-server"))


def send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Whether `condition` came true within `seconds`."""
    until = monotonic() + seconds
    while not condition():
        if monotonic() > until:
            return False
        time.sleep(0.02)
    return True
