"""What PostgreSQL and Redis have in common as servers of ours."""

import contextlib
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from notify.embedded.place import Place
from notify.embedded.process import answers, running, send, spawn, wait_until
from notify.log import get

log = get(__name__)


class Server:
    """A server that may outlive the process that started it.

    Only `alive` may be called without holding the start lock.
    """

    name: ClassVar[str]
    pid_file: ClassVar[str]
    farewell: ClassVar[Sequence[tuple[signal.Signals, float]]]  # what to send, seconds to wait

    def __init__(self, place: Place, *, socket: str) -> None:
        self._place = place
        self._data = place.base / self.name
        self._socket = place.sockets / socket
        self._child: subprocess.Popen[bytes] | None = None

    def alive(self) -> bool:
        """Whether somebody listens; costs microseconds."""
        if self._child is not None:
            self._child.poll()
        return answers(self._socket)

    def stop(self) -> None:
        """End it, in good order if it lets us."""
        for number, seconds in self.farewell:
            pid = self._pid()
            if pid is not None:
                send(pid, number)
                wait_until(lambda: self._pid() is None, seconds=seconds)
        if self._pid() is not None:
            log.warning("embedded.does_not_stop", server=self.name)
            self.leave()
        elif self._child is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(timeout=5)

    def leave(self) -> None:
        """Let it run on without us."""
        if self._child is not None and self._child.poll() is None:
            self._child.returncode = 0  # or Popen would complain about what is meant
        self._child = None

    def _pid(self) -> int | None:
        return running(self._data / self.pid_file, self._data)

    def _launch(self, command: Sequence[str], *, text: str = "") -> subprocess.Popen[bytes]:
        self.leave()
        self._child = spawn(command, account=self._place.account, log=self._log_file(), text=text)
        return self._child

    def _log_file(self) -> Path:
        return self._place.folder("log") / f"{self.name}.log"
