"""The world outside, a database, and the service in real processes between them."""

import asyncio
import contextlib
import json
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString, Self
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import dict_row

from channels.vapid import make_vapid_key, public_key
from demo import ledger
from demo.compare import compare
from demo.service import free_port
from notify.domain.scopes import Scope
from notify.services import keys
from notify.store.database import Database
from sandbox.client import SandboxProcess
from tests.conftest import SECRET
from tests.journeys.processes import Process, until

SENDER = "+4915735990000"
TEXTS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "title": "Hochwasser an der Elbe",
        "body": "Gehen Sie in die **oberen** Stockwerke.\n\n- Meiden Sie Keller.",
        "sms": "Hochwasser. Gehen Sie nach oben.",
    },
    "en": {
        "title": "Flood at the river",
        "body": "Go to the **upper** floors.\n\n- Keep out of cellars.",
        "sms": "Flood. Go upstairs.",
    },
}
WAITING: LiteralString = (
    "SELECT count(*) AS n FROM deliveries WHERE broadcast_id = %(id)s"
    " AND (status IN ('pending', 'sending') OR (status = 'unknown' AND closed_at IS NULL)"
    " OR (status = 'sent' AND channel <> 'email'))"
)


class Refused(Exception):
    """An answer of the API other than 2xx."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status}: {said}")
        self.status = status


class World:
    """`with` starts the sandbox and ends every process. `more` are settings without NOTIFY_."""

    def __init__(self, database_url: str, folder: Path, **more: str) -> None:
        self.database_url = database_url
        self.folder = folder
        self.vapid = make_vapid_key()
        self.processes: list[Process] = []
        self.town = ""
        self._number = 0
        self._sent: list[UUID] = []
        self._more = more
        self.key = ""
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self._bounces = f"127.0.0.1:{free_port()}"

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self.box = stack.enter_context(
                SandboxProcess("--bounce-to", self._bounces, "--seed", "7")
            )
            self.environment = self._settings()
            self.key = asyncio.run(self._make_key())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with self._stack:
            for process in self.processes:
                if process.running:
                    process.kill()

    def _settings(self) -> dict[str, str]:
        port = free_port()
        values = {
            "DATABASE_URL": self.database_url,
            "DATA_DIR": str(self.folder / "data"),
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "HTTP_PORT": str(port),
            "SECRET_KEYS": SECRET,
            "MAIL_FROM": "warnung@musterstadt.example",
            "BOUNCE_LISTEN": self._bounces,
            "SMTP_URLS": self.box.smtp_url,
            "TWILIO_ACCOUNT_SID": self.box.account_sid,
            "TWILIO_AUTH_TOKEN": self.box.auth_token,
            "TWILIO_SENDERS": f"{SENDER}@400",
            "TWILIO_API_URL": self.box.twilio_url,
            "VAPID_PRIVATE_KEY": self.vapid,
            "PUSH_HOSTS": self.box.push_url,
            "LOG_FORMAT": "json",
            **self._more,
        }
        return {f"NOTIFY_{name}": value for name, value in values.items()}

    async def _make_key(self) -> str:
        db = Database(self.database_url, size=1)
        await db.open()
        try:
            scopes = list(Scope)
            return await keys.create(db, name="journey", scopes=scopes, group=None)
        finally:
            await db.close()

    # processes

    def start(self, *arguments: str) -> Process:
        name = f"{'-'.join(arguments)}-{len(self.processes)}"
        process = Process(*arguments, environment=self.environment, folder=self.folder, name=name)
        self.processes.append(process)
        return process

    def begin(self) -> Process:
        """Start the HTTP server and a worker for all lanes, make a town; gives the worker."""
        api, worker = self.start("api"), self.start("worker")
        self.ready(api, worker)
        self.new_town()
        return worker

    def new_town(self) -> None:
        """Everything from here on is about a town of its own, with empty books."""
        self._number += 1
        self.town = f"town-{self._number}"
        self._sent.clear()
        self.box.rules([])
        self.box.clear()
        self.post("/api/v1/groups", {"slug": self.town, "name": {"de": self.town}})

    def ready(self, *processes: Process) -> Mapping[str, Any]:
        """Wait for /readyz; gives what it says."""

        def look() -> Any:
            for process in processes:
                assert process.running, process.said()
            with contextlib.suppress(OSError, Refused):
                return self.get("/readyz")

        found: Mapping[str, Any] = until(look, why=self.everything)
        return found

    # the API

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def post(self, path: str, body: Any) -> Any:
        return self.call("POST", path, body, **{"Idempotency-Key": uuid4().hex})

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        request = urllib.request.Request(  # noqa: S310 - our own URL
            self.environment["NOTIFY_PUBLIC_URL"] + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
            | headers,
        )
        try:
            with self._opener.open(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(error.code, error.read().decode()) from None

    def fetch(self, method: str, path: str, form: str = "") -> str:
        """A page, as a browser or a mail program asks for it; AssertionError if it is not 200."""
        request = urllib.request.Request(  # noqa: S310 - our own URL
            self.environment["NOTIFY_PUBLIC_URL"] + path,
            data=form.encode() if method == "POST" else None,
            method=method,
        )
        with self._opener.open(request, timeout=30) as answer:
            return str(answer.read().decode())

    def resident(
        self,
        *,
        email: str | None = None,
        phone: str | None = None,
        browser: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> str:
        """A resident who follows the town with every address she gives."""
        given = {"email": email, "sms": phone, "push": browser}
        on = {channel: value for channel, value in given.items() if value is not None}
        body = {
            "language": "de",
            "addresses": [{"channel": c, "value": value} for c, value in on.items()],
            "subscriptions": [{"group": self.town, "alerts": list(on), "news": list(on)}],
            "consent": "a form",
            **more,
        }
        return str(self.post("/api/v1/residents", body)["id"])

    def residents(self, people: Sequence[Mapping[str, Any]]) -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda person: self.resident(**person), people))

    def readers(self, count: int) -> None:
        """People with a mail address each."""
        self.residents([{"email": self.mail(n)} for n in range(count)])

    def phones(self, count: int) -> None:
        """People with a phone each."""
        self.residents([{"phone": self.phone(n)} for n in range(count)])

    def mail(self, number: int = 0) -> str:
        return f"r{number}@{self.town}.example"

    def phone(self, number: int = 0) -> str:
        return f"+4915112{self._number:02}{number:04}"

    def browsers(self, count: int) -> list[dict[str, Any]]:
        return self.box.browsers(count, application_key=public_key(self.vapid))

    def send(self, kind: str = "alert", **more: Any) -> str:
        body = {
            "kind": kind,
            "groups": [self.town],
            "texts": TEXTS,
            "valid_until": (datetime.now(UTC) + timedelta(hours=6)).isoformat(),
            **more,
        }
        made = str(self.post("/api/v1/broadcasts", body)["id"])
        self._sent.append(UUID(made))
        return made

    def look(self, broadcast_id: str) -> Any:
        return self.get(f"/api/v1/broadcasts/{broadcast_id}")

    def counts(self, broadcast_id: str, channel: str) -> dict[str, int]:
        """Deliveries by status, without the zeros."""
        of = self.look(broadcast_id)["progress"].get(channel, {})
        return {status: n for status, n in of.items() if n}

    def at_rest(self, broadcast_id: str) -> Any:
        """Wait until a broadcast is over and nothing more is to come; what the API says of it."""

        def look() -> Any:
            self.hurry()
            seen = self.look(broadcast_id)
            still = self.rows(WAITING, id=UUID(broadcast_id))[0]["n"]
            return seen if seen["dispatched_at"] and not still else None

        return until(look, why=self.everything)

    def until_bounced(self, count: int) -> None:
        """Wait until so many mails have come back."""
        until(lambda: self.statuses()["email", "failed"] >= count, why=self.everything)

    # the database

    def rows(self, query: LiteralString, **values: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.database_url, row_factory=dict_row) as connection:
            return connection.execute(query, values).fetchall()

    def change(self, query: LiteralString, **values: Any) -> int:
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query, values).rowcount

    def hurry(self) -> None:
        """Put the clock forward for what is unknown and waits for a receipt first."""
        self.change(
            "UPDATE deliveries SET due_at = now() WHERE status = 'unknown' AND closed_at IS NULL"
            " AND due_at > now() AND due_at < now() + interval '12 s'"
        )

    def lapse(self) -> int:
        """Put the clock forward for the leases of workers that are dead; how many there were."""
        return self.change("UPDATE attempts SET lease_until = now() WHERE settled_at IS NULL")

    def attempts(self) -> list[dict[str, Any]]:
        """Of all broadcasts of this town, with channel, status and address."""
        return self.rows(
            "SELECT t.*, d.channel, d.status, a.value FROM attempts t"
            " JOIN deliveries d ON d.id = t.delivery_id JOIN addresses a ON a.id = d.address_id"
            " WHERE d.broadcast_id = ANY(%(sent)s) ORDER BY t.id",
            sent=self._sent,
        )

    def statuses(self) -> Counter[tuple[str, str]]:
        rows = self.rows(
            "SELECT channel, status, count(*) AS n FROM deliveries"
            " WHERE broadcast_id = ANY(%(sent)s) GROUP BY 1, 2",
            sent=self._sent,
        )
        return Counter({(row["channel"], row["status"]): row["n"] for row in rows})

    def agree(self, *broadcast_ids: str, texts: Mapping[str, Any] = TEXTS) -> None:
        """Hold the books against the database; raises demo.compare.Difference."""
        accounts = {one: ledger.read(self.database_url, one) for one in broadcast_ids}
        compare(self.box, accounts, dict.fromkeys(broadcast_ids, texts))

    def reached(self, channel: str) -> Counter[str]:
        """How often each address is in the books."""
        name = "endpoint" if channel == "push" else "to"
        return Counter(record[name] for record in self.box.books(channel, brief=True))

    def everything(self) -> str:
        """What helps to understand a journey that went wrong."""
        said = "\n".join(f"--- {p.log.name}\n{p.said()[-3000:]}" for p in self.processes)
        return f"{dict(self.statuses())}\n{said}"
