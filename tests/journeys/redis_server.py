"""A Redis server of a test's own, which may be killed and started again."""

import subprocess
from pathlib import Path
from typing import Self

from demo.service import free_port
from notify.embedded.programs import redis_program
from tests.journeys.processes import until

READY = "Ready to accept connections"


class RedisServer:
    """On a free port of 127.0.0.1, with nothing kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        program = redis_program(None)
        assert program is not None
        log = self._folder / "redis.log"
        log.touch()
        before = log.read_text().count(READY)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [program, "--port", str(self._port), "--bind", "127.0.0.1", "--save", ""],
                cwd=self._folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        until(lambda: log.read_text().count(READY) > before)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
