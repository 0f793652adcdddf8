"""Reads and steers a running sandbox from another process; starts one where wanted."""

import json
import os
import select
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from typing import Any, Self

_PAGE = 500


class SandboxFailed(Exception):
    """The sandbox did not start, or refused what it was asked."""


class Sandbox:
    """A client of the control server. `timeout` is in seconds for one call."""

    def __init__(self, control_url: str, *, timeout: float = 30.0) -> None:
        self._url = control_url
        self._timeout = timeout
        # A proxy set in the environment has no business between us and this machine.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def books(self, channel: str, *, brief: bool = False) -> list[dict[str, Any]]:
        """Give every record of `email`, `sms` or `push`; brief mails come unparsed."""
        return list(self.each(channel, brief=brief))

    def each(
        self, channel: str, *, brief: bool = False, after: int = 0
    ) -> Iterator[dict[str, Any]]:
        """Go through the records of a channel page by page, from behind number `after`."""
        while True:
            path = f"/books/{channel}?after={after}&limit={_PAGE}&brief={int(brief)}"
            records = self._call("GET", path)["records"]
            yield from records
            if not records:
                return
            after = records[-1]["number"]

    def counts(self) -> dict[str, dict[str, int]]:
        """Give how often each thing happened, by channel."""
        counts: dict[str, dict[str, int]] = self._call("GET", "/counts")
        return counts

    def clear(self) -> None:
        """Empty the books."""
        self._call("DELETE", "/books")

    def rules(self, rules: Sequence[dict[str, Any]]) -> None:
        """Put these rules in force instead of all others."""
        self._call("PUT", "/rules", list(rules))

    def settings(self, **values: Any) -> None:
        """Change bounce_to, inbound_url, numbers, pace or decrypt_every."""
        self._call("PUT", "/settings", values)

    def browsers(
        self, count: int = 1, *, application_key: str | None = None
    ) -> list[dict[str, Any]]:
        """Make push subscriptions: `endpoint` and `keys` of each."""
        wanted = {"count": count, "application_key": application_key}
        made: list[dict[str, Any]] = self._call("POST", "/browsers", wanted)
        return made

    def gone(self, endpoints: Sequence[str]) -> None:
        """Let these subscriptions be gone for good."""
        self._call("POST", "/browsers/gone", {"endpoints": list(endpoints)})

    def online(self, endpoints: Sequence[str] | None = None) -> int:
        """Deliver what was held while browsers were offline; gives how many messages."""
        wanted = None if endpoints is None else list(endpoints)
        return int(self._call("POST", "/browsers/online", {"endpoints": wanted})["delivered"])

    def inbound(self, *, sender: str, to: str, body: str, times: int = 1) -> dict[str, Any]:
        """Let a phone text one of our numbers; gives the sid and what the service answered. `times`
        is how often the same text is posted to it."""
        wanted = {"from": sender, "to": to, "body": body, "times": times}
        said: dict[str, Any] = self._call("POST", "/phones/inbound", wanted)
        return said

    def _call(self, method: str, path: str, value: Any = None) -> Any:
        body = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(self._url + path, data=body, method=method)  # noqa: S310 — our own URL
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                content = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise SandboxFailed(f"{method} {path}: {error.read().decode()}") from None
        return json.loads(content) if content else None


class SandboxProcess(Sandbox):
    """A sandbox in a process of its own. `with` starts it and ends it.

    Where things are is in `smtp_url`, `twilio_url`, `account_sid`, `auth_token`, `push_url` and
    `control_url`. `arguments` go to `python -m sandbox`.
    """

    def __init__(self, *arguments: str, start_timeout: float = 20.0) -> None:
        self._arguments = arguments
        self._start_timeout = start_timeout
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "sandbox", *self._arguments]
        self._process = subprocess.Popen(  # noqa: S603 — our own program
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        try:
            where = _first_line(self._process, self._start_timeout)
        except BaseException:
            self.stop()
            raise
        self.smtp_url: str = where["smtp_url"]
        self.twilio_url: str = where["twilio_url"]
        self.account_sid: str = where["account_sid"]
        self.auth_token: str = where["auth_token"]
        self.push_url: str = where["push_url"]
        self.control_url: str = where["control_url"]
        super().__init__(self.control_url)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def stop(self) -> None:
        """End the process: asked first, forced after five seconds."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(5.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _first_line(process: "subprocess.Popen[bytes]", timeout: float) -> dict[str, str]:
    """Wait for the JSON line; raises SandboxFailed if it does not come in time."""
    assert process.stdout is not None  # noqa: S101 — started with a pipe
    descriptor = process.stdout.fileno()
    deadline = time.monotonic() + timeout
    said = b""
    while not said.endswith(b"\n"):
        ready, _, _ = select.select([descriptor], [], [], max(deadline - time.monotonic(), 0))
        chunk = os.read(descriptor, 65_536) if ready else b""
        if not chunk:
            raise SandboxFailed("the sandbox did not say in time where it is")
        said += chunk
    where: dict[str, str] = json.loads(said)
    return where
