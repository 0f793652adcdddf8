"""The embedded PostgreSQL: creates its data once, starts it, stops it, brings it back."""

import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

import psycopg

from notify.clock import monotonic
from notify.embedded.place import Place, make_private
from notify.embedded.process import spawn, wait_until
from notify.embedded.programs import postgres_programs, postgres_version
from notify.embedded.server import Server
from notify.errors import Misconfigured
from notify.log import get

log = get(__name__)

NAME = "notify"  # of the role and of the database
START_SECONDS = 120.0  # a crash is repaired from up to max_wal_size of log
LINGER_SECONDS = 30.0  # for the last processes of a killed server to let go of its memory

OPTIONS = {
    "listen_addresses": "",
    "port": "5432",  # only names the socket
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "wal_buffers": "16MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "10min",
    "log_checkpoints": "off",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",  # needs /dev/shm, which is tiny in containers
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Neither the details of an error nor its statement: they may hold addresses and texts.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}

REASONS = {
    "No space left on device": "The disk is full: make room at {data} and start again.",
    "Cannot allocate memory": "There is not enough memory for PostgreSQL (about 200 MB).",
    "could not create shared memory": "There is not enough memory for PostgreSQL (about 200 MB).",
    "Permission denied": "PostgreSQL may not read or write {data}: give it back to its owner.",
    "has wrong ownership": "{data} belongs to another user: start as that user.",
    "could not locate a valid checkpoint record": "The data at {data} is damaged: restore a backup.",
    "is still in use": "Another PostgreSQL still uses {data}: end it and start again.",
    "lock file": "Another PostgreSQL still uses {data}: end it and start again.",
}
PASSING = ("is still in use", "lock file")


class Postgres(Server):
    """One cluster, with the role and the database of the service."""

    name = "postgres"
    pid_file = "postmaster.pid"
    # Fast shutdown (sessions are ended), then at once (repaired from the log at the next start).
    farewell = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))

    def __init__(self, place: Place) -> None:
        super().__init__(place, socket=f".s.PGSQL.{OPTIONS['port']}")

    @property
    def url(self) -> str:
        return self._url(NAME)

    def _url(self, database: str) -> str:
        host = quote(str(self._place.sockets), safe="")
        return f"postgresql://{NAME}@/{database}?host={host}&port={OPTIONS['port']}"

    def start(self) -> None:
        """Use the server that is there, else start one. Raises Misconfigured with what to do."""
        # One that still listens may be on its way up, or at its last breath.
        wait_until(lambda: not self.alive() or self._ready(), seconds=START_SECONDS)
        if not self.alive():
            programs = postgres_programs(self._place.account)
            self._create(programs)
            self._clear_away()
            self._start(programs)
        try:
            self._make_database()
        except psycopg.Error as problem:
            raise self._failure(str(problem)) from None

    def _create(self, programs: Path) -> None:
        """Make the cluster beside its place and move it there whole: half of one is never used."""
        if (self._data / "PG_VERSION").exists():
            self._check_version()
            return
        new = self._place.base / "postgres.new"
        shutil.rmtree(new, ignore_errors=True)
        make_private(new, self._place.account)
        log_file = self._log_file()
        begun = _size(log_file)
        process = spawn(
            [str(programs / "initdb"), "-D", str(new), "-U", NAME, "--auth=trust",
             "--encoding=UTF8", "--locale=C", "--locale-provider=builtin",
             "--builtin-locale=C.UTF-8", "--no-instructions"],
            account=self._place.account, log=log_file,
        )  # fmt: skip
        if not wait_until(lambda: process.poll() is not None, seconds=START_SECONDS):
            process.kill()
        if process.returncode != 0:
            raise self._failure(_text(log_file, begun))
        new.rename(self._data)

    def _check_version(self) -> None:
        found = (self._data / "PG_VERSION").read_text().strip()
        if found != str(postgres_version()):
            raise Misconfigured(
                f"The data at {self._data} was made by PostgreSQL {found}; this version brings "
                f"{postgres_version()}. Install the version of before, export with pg_dump, then "
                "start with an empty data folder and read it in."
            )

    def _clear_away(self) -> None:
        """Deal with what a killed server left: wait for one that is on its way out, and remove
        lock files whose number may belong to somebody else by now."""
        if self._pid() is None:
            # Safe: PostgreSQL also looks whether anyone is still attached to its memory.
            (self._data / self.pid_file).unlink(missing_ok=True)
            self._socket.with_name(f"{self._socket.name}.lock").unlink(missing_ok=True)
        elif not wait_until(lambda: self._pid() is None, seconds=2):
            log.warning("embedded.postgres_unreachable_restarted")
            self.stop()

    def _start(self, programs: Path) -> None:
        until = monotonic() + LINGER_SECONDS
        while True:
            begun = _size(self._log_file())
            process = self._launch(self._command(programs))
            if self._came_up(process):
                return
            said = _text(self._log_file(), begun)
            if process.poll() is None or monotonic() > until or not _mentions(said, PASSING):
                raise self._failure(said)

    def _came_up(self, process: subprocess.Popen[bytes]) -> bool:
        wait_until(lambda: process.poll() is not None or self._ready(), seconds=START_SECONDS)
        return process.poll() is None and self._ready()

    def _command(self, programs: Path) -> list[str]:
        command = [str(programs / "postgres"), "-D", str(self._data)]
        options = OPTIONS | {"unix_socket_directories": f'"{self._place.sockets}"'}
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        return command

    def _ready(self) -> bool:
        try:
            psycopg.connect(self._url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _make_database(self) -> None:
        with psycopg.connect(
            self._url("postgres"), autocommit=True, connect_timeout=5
        ) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(query, [NAME]).fetchone() is None:
                connection.execute(f"CREATE DATABASE {NAME}".encode())

    def _failure(self, said: str) -> Misconfigured:
        return Misconfigured(self.advice(said, self._data, self._log_file()))

    @staticmethod
    def advice(said: str, data: Path, log_file: Path) -> str:
        """What to do about what PostgreSQL said when it did not start."""
        for sign, words in REASONS.items():
            if sign in said:
                return words.format(data=data)
        return f"PostgreSQL did not start. Its log says why: {log_file}"


def _mentions(text: str, signs: tuple[str, ...]) -> bool:
    return any(sign in text for sign in signs)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _text(path: Path, begun: int) -> str:
    """What was added to a log since it had `begun` bytes."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(begun if begun <= _size(path) else 0)
        return file.read(100_000).decode(errors="replace")
