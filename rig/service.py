"""The service in real processes over a database, with settings from a test stand."""

import asyncio
import contextlib
import json
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, LiteralString, Self
from uuid import uuid4

import psycopg
from psycopg.rows import dict_row

from channels.vapid import make_vapid_key
from demo.service import free_port
from notify.domain.keyring import Keyring
from notify.domain.scopes import Scope
from notify.services import keys
from notify.store.database import Database
from rig.processes import Process, until

SECRET = "a-key-for-faults-only"  # noqa: S105 - it guards a town that is made up


class Refused(Exception):
    """An answer of the API other than 2xx."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status}: {said}")
        self.status = status


class Rig(ABC):
    """`with` starts the world outside and ends every process. `more` are settings without
    NOTIFY_. Whoever inherits says with `outside` what stands for the world outside."""

    def __init__(self, database_url: str, folder: Path, **more: str) -> None:
        self.database_url = database_url
        self.folder = folder
        self.vapid = make_vapid_key()
        self.keyring = Keyring([SECRET])
        self.processes: list[Process] = []
        self.town = ""
        self.number = 0
        self.key = ""
        self.environment: dict[str, str] = {}
        self._more = more
        self._connection: psycopg.Connection[dict[str, Any]] | None = None
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self.begin_outside(stack)
            self.environment = self._settings()
            self.key = asyncio.run(self._make_key())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with self._stack:
            if self._connection is not None:
                self._connection.close()
            for process in self.processes:
                if process.running:
                    process.kill()

    @abstractmethod
    def begin_outside(self, stack: contextlib.ExitStack) -> None:
        """Start the world outside; it ends with the stack."""

    @abstractmethod
    def outside(self) -> Mapping[str, str]:
        """The settings that lead to the world outside, without NOTIFY_."""

    @abstractmethod
    def browsers(self, count: int) -> list[dict[str, Any]]:
        """Subscriptions of so many new browsers of the world outside."""

    def _settings(self) -> dict[str, str]:
        port = free_port()
        values = {
            "DATABASE_URL": self.database_url,
            "DATA_DIR": str(self.folder / "data"),
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "HTTP_PORT": str(port),
            "SECRET_KEYS": SECRET,
            "MAIL_FROM": "warnung@musterstadt.example",
            "VAPID_PRIVATE_KEY": self.vapid,
            "LOG_FORMAT": "json",
            **self.outside(),
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

    def start(
        self,
        *arguments: str,
        launcher: Sequence[str] = ("-m", "notify"),
        settings: Mapping[str, str] | None = None,
    ) -> Process:
        """Start `notify …`. The database knows its connections by the name of its log."""
        name = f"{'-'.join(arguments)}-{len(self.processes)}"
        process = Process(
            *arguments, folder=self.folder, name=name, launcher=launcher,
            environment={**self.environment, "PGAPPNAME": name, **(settings or {})},
        )  # fmt: skip
        self.processes.append(process)
        return process

    def new_town(self) -> None:
        """Everything from here on is about a town of its own."""
        self.number += 1
        self.town = f"town-{self.number}"
        self.post("/api/v1/groups", {"slug": self.town, "name": {"de": self.town}})

    def ready(self, *processes: Process) -> Mapping[str, Any]:
        """Wait for /readyz; gives what it says."""

        def look() -> Any:
            for process in processes:
                assert process.running, process.said()  # noqa: S101 - nothing comes of waiting
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

    def look(self, broadcast_id: str) -> Any:
        return self.get(f"/api/v1/broadcasts/{broadcast_id}")

    # the database

    def rows(self, query: LiteralString, **values: Any) -> list[dict[str, Any]]:
        return self._run(query, values).fetchall()

    def change(self, query: LiteralString, **values: Any) -> int:
        return self._run(query, values).rowcount

    def _run(self, query: LiteralString, values: dict[str, Any]) -> psycopg.Cursor[dict[str, Any]]:
        """Over one connection that is kept; over a new one where it broke since."""
        if self._connection is not None and not self._connection.closed:
            with contextlib.suppress(psycopg.OperationalError):
                return self._connection.execute(query, values)
            self._connection.close()
        self._connection = psycopg.connect(self.database_url, autocommit=True, row_factory=dict_row)
        return self._connection.execute(query, values)

    def analyse(self) -> None:
        """Tell the planner of the database about many new rows."""
        self._run("ANALYZE residents, addresses, subscriptions", {})

    def everything(self) -> str:
        """What helps to understand what went wrong."""
        return "\n".join(f"--- {p.log.name}\n{p.said()[-3000:]}" for p in self.processes)
