"""`notify up` on a bare machine: one command, everything runs, nothing stays behind."""

import contextlib
import json
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.service import free_port
from sandbox.client import SandboxProcess
from tests.journeys.processes import Process, command, until
from tests.journeys.world import World

pytestmark = pytest.mark.timeout(240)


class Installation(World):
    """A folder with nothing in it, in which `notify up` runs embedded."""

    def __init__(self, folder: Path, box: SandboxProcess) -> None:
        folder.mkdir()
        super().__init__("", folder)
        self.box = box
        port = free_port()
        self.environment = {
            "NOTIFY_HTTP_PORT": str(port),
            "NOTIFY_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "NOTIFY_SMTP_URLS": box.smtp_url,
        }

    def up(self) -> Process:
        return self.start("up")

    def sign_in(self) -> None:
        self.key = self.notify("key", "create", "clerk", "--alerts")

    def notify(self, *words: str) -> str:
        done = command(*words, environment=self.environment, folder=self.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def everybody(self) -> set[int]:
        """The processes that work for this folder: ours by their folder, servers by theirs."""
        return {
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and _works_in(entry, self.folder)
        }


def _workers(one: Installation) -> dict[str, int]:
    """How many were seen lately, by lane."""
    found: dict[str, int] = json.loads(one.notify("status", "--json"))["workers"]
    return found


def _works_in(entry: Path, folder: Path) -> bool:
    with contextlib.suppress(OSError):
        where = (entry / "cwd").readlink()
        return where == folder or folder in where.parents
    return False


@pytest.fixture
def ground() -> Iterator[Path]:
    """A folder every user may enter: PostgreSQL does not run as root, nor below a closed one."""
    folder = Path(tempfile.mkdtemp(prefix="cn-")).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def box() -> Iterator[SandboxProcess]:
    with SandboxProcess() as box:
        yield box


@pytest.fixture
def installations(ground: Path, box: SandboxProcess) -> Iterator[list[Installation]]:
    """Two of them side by side, one with a space and an umlaut in its name."""
    made = [Installation(ground / name, box) for name in ("Gemeinde Süd 1", "b")]
    yield made
    for one in made:
        for process in one.processes:
            process.end()
        until(lambda: not one.everybody())  # noqa: B023 - used here


def test_two_installations_start_send_end_and_come_back_side_by_side(
    installations: list[Installation],
) -> None:
    first, second = installations
    first.environment["NOTIFY_WORKER_PROCESSES"] = "2"
    ups = [one.up() for one in installations]
    for one, up in zip(installations, ups, strict=True):
        said = one.ready(up)
        assert (said["status"], said["missing"]) == ("ready", [])
        one.sign_in()
        one.post("/api/v1/groups", {"slug": "town", "name": "Town"})
        one.town = "town"
        one.resident(email=f"{len(one.folder.name)}@home.example")

    until(lambda: _workers(first) == {"alert": 2, "bulk": 2, "note": 2}, why=ups[0].said)
    assert set(_workers(second).values()) == {1}
    sent = [one.send() for one in installations]
    for one, broadcast in zip(installations, sent, strict=True):
        until(lambda: one.counts(broadcast, "email") == {"sent": 1})  # noqa: B023 - used here
    assert len(first.box.books("email")) == 2

    # Ctrl-C for the one; the other's supervisor is killed outright
    ups[0].send(signal.SIGINT)
    ups[1].kill()

    assert ups[0].wait() == 0
    assert first.everybody() == set()
    assert "Stopping" in ups[0].said()
    until(lambda: not second.everybody(), why=ups[1].said)
    assert '"sent": 1' in first.notify("status", sent[0], "--json")
    second.ready(second.up())
    assert second.counts(sent[1], "email") == {"sent": 1}
    assert len(first.box.books("email")) == 2


def test_a_second_one_on_the_same_port_is_told_so(ground: Path, box: SandboxProcess) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        one = Installation(ground / "a", box)
        one.environment["NOTIFY_HTTP_PORT"] = str(taken.getsockname()[1])

        done = command("up", environment=one.environment, folder=one.folder)

    assert done.returncode == 2
    assert "NOTIFY_HTTP_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stop_while_it_starts_leaves_nothing_behind(ground: Path, box: SandboxProcess) -> None:
    one = Installation(ground / "a", box)
    up = one.up()
    until(lambda: (one.folder / ".notify" / "postgres").exists() or len(one.everybody()) > 1)

    up.send(signal.SIGTERM)

    assert up.wait() in {0, 143}
    until(lambda: not one.everybody(), why=up.said)
