"""The restore drill: a machine is lost with an alert half sent, and its backup comes back."""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from channels.vapid import public_key
from sandbox.client import SandboxProcess
from tests.journeys.processes import Process, command, until
from tests.journeys.world import SENDER, World

READERS = 20
SLOWLY = 1  # texts a second
NEWS = {"de": {"title": "Sommerfest", "body": "Am Samstag im Garten."}}


class Machine(World):
    """`notify up` in a folder, and the same folder made anew after it was lost."""

    def __init__(self, folder: Path, box: SandboxProcess) -> None:
        folder.mkdir()
        super().__init__("", folder)
        self.box = box
        whole = self._settings()
        own = {"DATABASE_URL", "SECRET_KEYS", "VAPID_PRIVATE_KEY", "DATA_DIR", "BOUNCE_LISTEN"}
        self.environment = {
            name: value for name, value in whole.items() if name[len("NOTIFY_") :] not in own
        } | {"NOTIFY_TWILIO_SENDERS": f"{SENDER}@{SLOWLY}"}

    @property
    def data_dir(self) -> Path:
        return self.folder / ".notify"

    def up(self) -> Process:
        process = self.start("up")
        self.ready(process)
        self.vapid = json.loads((self.data_dir / "secrets.json").read_text())["vapid"]
        return process

    def notify(self, *words: str) -> str:
        done = command(*words, environment=self.environment, folder=self.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def settle_in(self) -> None:
        """A town whose people have a phone, a mail address or a browser, and one who left."""
        self.key = self.notify("key", "create", "clerk", "--alerts")
        self.town = "town"
        self.post("/api/v1/groups", {"slug": self.town, "name": {"de": "Stadt"}})
        wish = [{"group": self.town, "alerts": ["sms"], "news": []}]
        self.residents([{"phone": self.phone(n), "subscriptions": wish} for n in range(READERS)])
        (browser,) = self.browsers(1)
        self.resident(browser=browser)
        self.resident(email=self.mail(1))

    def lose_everything(self) -> None:
        shutil.rmtree(self.folder)
        self.folder.mkdir()


@pytest.fixture
def machine() -> Iterator[Machine]:
    # A folder every user may enter: PostgreSQL does not run as root, nor below a closed one.
    ground = Path(tempfile.mkdtemp(prefix="cn-")).resolve()
    ground.chmod(0o755)
    with SandboxProcess("--seed", "7") as box:
        machine = Machine(ground / "Gemeinde Süd 1", box)
        yield machine
        for process in machine.processes:
            process.end()
    shutil.rmtree(ground, ignore_errors=True)


def leave_link(mail: Any) -> str:
    headers = {name.lower(): value for name, value in mail["headers"]}
    found = re.search(r"https?://[^/]+(/[^>]+)", headers["list-unsubscribe"])
    assert found
    return found[1]


def test_what_went_out_after_the_backup_goes_out_again_only_when_somebody_says_so(
    machine: Machine,
) -> None:
    up = machine.up()
    machine.settle_in()
    vapid = public_key(machine.vapid)
    alert = machine.send()
    until(lambda: len(machine.box.books("sms")) >= 2, why=machine.everything)
    until(lambda: machine.box.books("email") and machine.box.books("push"))

    # half sent: a backup while it runs; then it goes on to its end, and the machine burns
    file = machine.folder.parent / "town.backup"
    assert "in clear" in machine.notify("backup", str(file))
    until(lambda: len(machine.box.books("sms")) == READERS, why=machine.everything)
    link = leave_link(machine.box.books("email")[0])
    up.end()
    machine.lose_everything()

    told = machine.notify("restore", str(file))
    up = machine.up()
    assert alert in told
    assert "was being sent" in told

    # by itself nothing leaves, also not to who joins; all else works
    machine.resident(email=machine.mail(2))
    news = machine.send("announcement", texts=NEWS)
    until(lambda: machine.counts(news, "email").get("sent") == 2, why=machine.everything)
    seen = machine.look(alert)
    open_ = seen["progress"]["sms"]["pending"]
    assert 0 < open_ < READERS
    assert (seen["status"], seen["held_why"]) == ("dispatching", "under_way")
    status = machine.notify("status")
    assert alert in status
    assert f"{open_} to be sent" in status
    assert _alerts(machine) == READERS
    assert machine.reached("email")[machine.mail(1)] == 2

    # secrets survived: the browser still knows us, and a link from before still ends a subscription
    assert public_key(machine.vapid) == vapid
    assert len(machine.box.books("push")) == 2
    machine.fetch("POST", link, "List-Unsubscribe=One-Click")

    # released: the rest goes out a second time, and says so; the latecomer gets hers
    assert f"{open_} open" in machine.notify("release", alert)
    until(lambda: machine.look(alert)["status"] == "dispatched", why=machine.everything)
    until(lambda: machine.reached("email")[machine.mail(2)] == 2, why=machine.everything)
    assert _alerts(machine) == READERS + open_
    repeats = [attempt for attempt in _attempts(machine, alert) if attempt["repeat"]]
    assert len(repeats) == open_
    assert {attempt["channel"] for attempt in repeats} == {"sms"}
    assert machine.look(alert)["held_at"] is None

    # and the all-clear goes to everyone who has it, but not to her who left
    machine.send(in_reply_to={"id": alert, "relation": "all_clear"})
    until(lambda: machine.reached("email")[machine.mail(2)] == 3, why=machine.everything)
    assert machine.reached("email")[machine.mail(1)] == 2


def _alerts(machine: Machine) -> int:
    return sum("nach oben" in record["body"] for record in machine.box.books("sms"))


def _attempts(machine: Machine, broadcast: str) -> list[dict[str, Any]]:
    page = machine.get(f"/api/v1/broadcasts/{UUID(broadcast)}/deliveries?limit=1000")
    return [
        {**attempt, "channel": delivery["channel"]}
        for delivery in page["deliveries"]
        for attempt in machine.get(f"/api/v1/deliveries/{delivery['id']}")["attempts"]
    ]
