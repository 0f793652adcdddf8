"""The servers of one installation, shared by all its processes.

The first process that needs them starts them, the last one that leaves stops them, and any that
stays brings them back when they die.
"""

import contextlib
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from notify.embedded.account import owner_of
from notify.embedded.locks import Users, alone
from notify.embedded.place import POINTER, Place, find_place, make_data_dir
from notify.embedded.postgres import Postgres
from notify.embedded.programs import redis_program
from notify.embedded.redis import Redis
from notify.embedded.replacing import LOCK, LOCK_SECONDS, USERS, settle
from notify.errors import Misconfigured
from notify.log import get

log = get(__name__)


class Embedded:
    """PostgreSQL and Redis below `data_dir`, for the length of a block or from start to stop.

    `throwaway` is for tests: what had to be placed outside `data_dir` is removed at the end.
    All methods block, `start` and a reviving `ensure` for seconds: in a loop, use a thread.
    """

    def __init__(self, data_dir: Path, *, redis: bool = True, throwaway: bool = False) -> None:
        self._wanted = data_dir
        self._with_redis = redis
        self._throwaway = throwaway
        self._data_dir = data_dir
        self._place: Place | None = None
        self._postgres: Postgres | None = None
        self._redis: Redis | None = None
        self._users: Users | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def database_url(self) -> str:
        if self._postgres is None:
            raise RuntimeError("start the embedded servers first")
        return self._postgres.url

    @property
    def redis_url(self) -> str | None:
        """None where there is no Redis: workers then come round by themselves."""
        return self._redis.url if self._redis else None

    def start(self) -> None:
        """Start what is not running and count this process among the users.

        Raises Misconfigured, saying what to do.
        """
        self._data_dir = make_data_dir(self._wanted)
        try:
            with alone(self._lock, owner=owner_of(self._data_dir), seconds=LOCK_SECONDS):
                self._begin()
        except OSError as problem:
            self.stop()
            raise Misconfigured(
                f"The servers could not be started below {self._data_dir} ({problem.strerror})."
            ) from problem
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Leave, and stop the servers when nobody else uses them."""
        if self._users is None:
            return
        users, self._users = self._users, None
        try:
            with alone(self._lock, owner=owner_of(self._data_dir), seconds=LOCK_SECONDS):
                if users.leave():
                    self._end()
                for server in self._servers():
                    server.leave()
        except (Misconfigured, OSError) as problem:
            log.warning("embedded.not_stopped", problem=type(problem).__name__)

    def ensure(self) -> tuple[str, ...]:
        """Start again what has died, and name it; costs microseconds when all is well."""
        if self._users is None or not self._dead():
            return ()
        with alone(self._lock, owner=owner_of(self._data_dir), seconds=LOCK_SECONDS):
            find_place(self._data_dir, throwaway=self._throwaway)  # a cleaner of /tmp may have been
            dead = self._dead()
            for server in dead:
                log.warning("embedded.died", server=server.name)
                server.start()
        return tuple(server.name for server in dead)

    @property
    def _lock(self) -> Path:
        return self._data_dir / LOCK

    def _servers(self) -> list[Postgres | Redis]:
        return [server for server in (self._postgres, self._redis) if server is not None]

    def _dead(self) -> list[Postgres | Redis]:
        return [server for server in self._servers() if not server.alive()]

    def _begin(self) -> None:
        self._users = Users(self._data_dir / USERS, owner=owner_of(self._data_dir))
        self._users.join()
        self._place = find_place(self._data_dir, throwaway=self._throwaway)
        settle(self._place, self._data_dir)  # a restore that was cut off
        self._postgres = Postgres(self._place)
        if self._with_redis:
            self._redis = Redis(self._place, redis_program(self._place.account))
        for server in self._servers():
            server.start()

    def _end(self) -> None:
        if self._place is None:
            return
        # Also the Redis that another process may have wanted and this one did not.
        for server in (self._postgres, self._redis or Redis(self._place, None)):
            if server is not None:
                server.stop()
        if self._place.sockets.parent != self._place.base:
            with contextlib.suppress(OSError):  # not empty: leave it
                self._place.sockets.rmdir()
        if self._throwaway and self._place.base != self._data_dir:
            shutil.rmtree(self._place.base, ignore_errors=True)
            (self._data_dir / POINTER).unlink(missing_ok=True)
