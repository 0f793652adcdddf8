"""Starts sinks and asks them what they got: our own, and postfix's smtp-sink."""

import json
import os
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

from demo.service import free_port

PATIENCE = 20.0  # seconds to start, and for an answer
_MESSAGES = re.compile(rb"mesg=(\d+)")


class SinkFailed(Exception):
    """A sink did not start, or does not answer."""


class Sink:
    """One of our own, `kind` smtp, gateway or push, for the length of a block."""

    names_recipients = True

    def __init__(self, kind: str, folder: Path, *, lose: int = 0) -> None:
        self.kind = kind
        self._folder = folder
        self._lose = lose

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.sinks", self.kind, str(self._lose)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        try:
            self.port = int(self._line()["port"])
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def count(self) -> int:
        """Messages since the last `take`."""
        return int(self.ask("count")["count"])

    def take(self) -> Path:
        """A file with one recipient a line; from here on the sink counts anew."""
        file = self._folder / f"{self.kind}.taken"
        self.ask(f"take {file}")
        return file

    def ask(self, words: str) -> dict[str, Any]:
        assert self._process.stdin is not None  # noqa: S101 - started with pipes
        self._process.stdin.write(words.encode() + b"\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 - started with pipes
        descriptor = self._process.stdout.fileno()
        deadline = time.monotonic() + PATIENCE
        said = b""
        while not said.endswith(b"\n"):
            ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
            chunk = os.read(descriptor, 65_536) if ready else b""
            if not chunk:
                raise SinkFailed(f"the {self.kind} sink does not answer")
            said += chunk
        found: dict[str, Any] = json.loads(said)
        return found


class PostfixSink:
    """smtp-sink of postfix: in C, counts messages and does not tell for whom they were."""

    names_recipients = False
    kind = "smtp-sink"

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._counter = folder / "smtp-sink.counter"

    def __enter__(self) -> Self:
        self.port = free_port()
        account = ["-u", "nobody"] if os.geteuid() == 0 else []
        with self._counter.open("wb") as counter:
            self._process = subprocess.Popen(
                [self._program, *account, "-c", f"127.0.0.1:{self.port}", "1000"],
                stdin=subprocess.DEVNULL, stdout=counter, stderr=counter, start_new_session=True,
            )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    def count(self) -> int:
        """Messages since it began."""
        with self._counter.open("rb") as counter:
            counter.seek(max(0, counter.seek(0, os.SEEK_END) - 200))
            found = _MESSAGES.findall(counter.read())
        return int(found[-1]) if found else 0


def postfix(name: str) -> str | None:
    """Where a program of postfix is, which is outside the PATH of ordinary users."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
