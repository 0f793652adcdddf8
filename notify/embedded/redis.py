"""The embedded Redis: only a bell, so that nothing about it ever stops the service."""

import shutil
import signal
import socket
from pathlib import Path

from typing_extensions import override

from notify.embedded.place import Place
from notify.embedded.process import wait_until
from notify.embedded.server import Server
from notify.errors import Misconfigured
from notify.log import get

log = get(__name__)

START_SECONDS = 10.0


class Redis(Server):
    """One Redis server, or none where there is no `program` for it."""

    name = "redis"
    pid_file = "redis.pid"
    farewell = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))

    def __init__(self, place: Place, program: Path | None) -> None:
        super().__init__(place, socket="redis.sock")
        self._program = program

    @property
    def url(self) -> str | None:
        """Unquoted: arq takes the path as it stands."""
        return f"unix://{self._socket}" if self._program else None

    @override
    def alive(self) -> bool:
        """Whether there is nothing to bring back."""
        return self._program is None or super().alive()

    @override
    def stop(self) -> None:
        super().stop()
        self._socket.unlink(missing_ok=True)  # Redis leaves it when it is killed

    def start(self) -> None:
        """Use the server that is there, else start one. Failing that, warn and go on."""
        if self._program is None:
            log.warning("embedded.no_redis", advice="workers look for work by themselves")
            return
        wait_until(lambda: not self.alive() or self._ready(), seconds=START_SECONDS)
        if self._ready():
            return
        self._stop_unreachable()
        try:
            if not self._launched(self._program):
                self._set_aside()
                if not self._launched(self._program):
                    log.warning("embedded.redis_not_started", log=str(self._log_file()))
        except (Misconfigured, OSError) as problem:
            log.warning("embedded.redis_not_started", problem=type(problem).__name__)

    def _stop_unreachable(self) -> None:
        if self._pid() is not None:
            log.warning("embedded.redis_unreachable_restarted")
            self.stop()

    def _launched(self, program: Path) -> bool:
        process = self._launch([str(program), "-"], text=self._configuration())
        wait_until(lambda: process.poll() is not None or self._ready(), seconds=START_SECONDS)
        if process.poll() is None and not self._ready():
            process.kill()
            process.wait(timeout=5)
        return process.poll() is None and self._ready()

    def _set_aside(self) -> None:
        """Begin with an empty folder: what a bell remembered is not worth a stop."""
        old = self._data.with_name("redis.old")
        shutil.rmtree(old, ignore_errors=True)
        self._data.rename(old)

    def _configuration(self) -> str:
        """Read from standard input, where quoting is defined: on a command line Redis joins its
        arguments again and takes a path with a space apart."""
        folder = self._place.folder("redis")
        lines = {
            "port": "0",
            "unixsocket": _quoted(self._socket),
            "unixsocketperm": "700",
            "dir": _quoted(folder),
            "pidfile": _quoted(folder / self.pid_file),
            "daemonize": "no",
            "save": '""',
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
        }
        return "".join(f"{name} {value}\n" for name, value in lines.items())

    def _ready(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            try:
                probe.connect(str(self._socket))
                probe.sendall(b"PING\r\n")
                return probe.recv(16).startswith(b"+PONG")
            except OSError:
                return False


def _quoted(path: Path) -> str:
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
