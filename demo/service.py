"""Runs the service for the demo, as an operator would: `notify up`, `notify …`, the API."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class DemoFailed(Exception):
    """The demo could not be carried out."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Service:
    """The service in processes of its own, with settings from `environment`."""

    def __init__(self, environment: Mapping[str, str], *, folder: Path) -> None:
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith("NOTIFY_")
        } | dict(environment)
        self._folder = folder
        self.url = environment["NOTIFY_PUBLIC_URL"]
        self._key = ""
        self._log = (folder / "service.log").open("wb")
        self._process: subprocess.Popen[bytes] | None = None
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "notify", "up"], env=self._environment, cwd=self._folder,
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, start_new_session=True,
        )  # fmt: skip
        try:
            self._wait_until_ready()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(40)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()

    def run(self, *arguments: str) -> str:
        """Run `notify …` and give what it prints. Raises DemoFailed with what it complained of."""
        done = subprocess.run(
            [sys.executable, "-m", "notify", *arguments], env=self._environment, cwd=self._folder,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise DemoFailed(f"notify {arguments[0]} failed: {done.stderr.strip() or done.stdout}")
        return done.stdout.strip()

    def sign_in(self, key: str) -> None:
        self._key = key

    def get(self, path: str) -> Any:
        return self._call("GET", path, None, {})

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self._call("POST", path, body, headers)

    def _call(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Any:
        request = urllib.request.Request(  # noqa: S310 - our own URL
            self.url + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Authorization": f"Bearer {self._key}",
                "Content-Type": "application/json",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )
        try:
            with self._opener.open(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                raise DemoFailed(f"{method} {path}: {error.read().decode()}") from None

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                break
            try:
                if self.get("/readyz")["status"] == "ready":
                    return
            except (DemoFailed, OSError):
                pass
            time.sleep(0.1)
        said = (self._folder / "service.log").read_text(errors="replace")[-2000:]
        raise DemoFailed(f"The service did not get ready.\n{said}")
