"""Decides where the data, the sockets and the programs of the embedded servers lie.

Usually all of it is below the data folder. As root it may have to be elsewhere, because the
servers run as another user who cannot get there: folders are never opened up for them.
"""

import hashlib
import os
import re
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from notify.embedded.account import Account, can_reach, is_root, owner_of, system_user
from notify.embedded.process import running
from notify.errors import Misconfigured
from notify.log import get

log = get(__name__)

ELSEWHERE = Path("/var/lib/citizen-notify")
POINTER = "embedded.place"
HOME = "home"
THROWAWAY = "throwaway"
LONGEST_SOCKET = 100  # bytes; the kernel takes 107, macOS 103
# What neither PostgreSQL's list of folders nor a URL gives a meaning to.
PLAIN_PATH = re.compile(r"[\w/ .+~-]+")


@dataclass(frozen=True, slots=True)
class Place:
    """Folders that exist, and the user servers run as (None: whoever we are)."""

    base: Path
    sockets: Path
    account: Account | None

    def folder(self, name: str) -> Path:
        """A folder below `base` that only the servers' user may enter; made when missing."""
        return make_private(self.base / name, self.account)


def make_data_dir(path: Path) -> Path:
    """The data folder, absolute; made when missing, for nobody but its owner (made by root: the
    servers' user may pass through to what belongs to it)."""
    try:
        path = path.expanduser().resolve()
        if path.exists() and not path.is_dir():
            raise Misconfigured(f"{path} is no folder; set NOTIFY_DATA_DIR to one.")
        if not path.is_dir():
            _make(path)
    except OSError as problem:
        raise Misconfigured(
            f"{path} cannot be made ({problem.strerror}). Set NOTIFY_DATA_DIR to a folder this "
            "user may write to."
        ) from problem
    return path


def _make(path: Path) -> None:
    """Made beside its place and moved there whole: whoever starts at the same moment would find it
    closed to the servers' user, and put them elsewhere."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    if is_root():
        _let_through(new, system_user())
    try:
        new.rename(path)
    except OSError:
        new.rmdir()
        if not path.is_dir():  # else another process was quicker
            raise


def find_place(data_dir: Path, *, throwaway: bool) -> Place:
    """Where the servers of this data folder live. Call only while holding the start lock."""
    base, account = data_dir, None
    if is_root():
        base, account = _as_root(data_dir, throwaway=throwaway)
    return Place(base=base, sockets=_socket_folder(base, account), account=account)


def inside(place: Place, name: str) -> Place:
    """A place of its own in a folder of another, for servers that run beside it."""
    base = place.base / name
    return Place(base=base, sockets=_socket_folder(base, place.account), account=place.account)


def _as_root(data_dir: Path, *, throwaway: bool) -> tuple[Path, Account]:
    account = owner_of(data_dir / "postgres") or owner_of(data_dir) or system_user()
    pointer = data_dir / POINTER
    if not pointer.exists() and can_reach(data_dir, account):
        return data_dir, account
    base = _pointed_at(pointer) or _new_elsewhere(pointer, throwaway=throwaway)
    return base, owner_of(base / "postgres") or system_user()


def _pointed_at(pointer: Path) -> Path | None:
    """The folder the pointer names, unless the data folder is a copy whose original still
    lives there."""
    if not pointer.exists():
        return None
    base = Path(pointer.read_text().strip())
    if base.parent != ELSEWHERE or not (base / HOME).exists():
        return None
    home = Path((base / HOME).read_text())
    theirs = home / POINTER
    if home == pointer.parent:
        return base
    if theirs.exists() and theirs.read_text().strip() == str(base):
        return None
    (base / HOME).write_text(str(pointer.parent))
    return base


def _new_elsewhere(pointer: Path, *, throwaway: bool) -> Path:
    account = system_user()
    make_elsewhere()
    if throwaway:
        _sweep()
    base = Path(tempfile.mkdtemp(prefix=f"{_digest(pointer.parent)}-", dir=ELSEWHERE))
    (base / HOME).write_text(str(pointer.parent))
    if throwaway:
        (base / THROWAWAY).touch()
    pointer.write_text(f"{base}\n")
    _let_through(base, account)
    log.info("embedded.data_elsewhere", place=str(base), instead_of=str(pointer.parent))
    return base


def _let_through(path: Path, account: Account) -> None:
    """Keep a new folder root's own, but let the servers' user pass to what belongs to it."""
    os.chown(path, 0, account.gid)
    path.chmod(0o710)


def make_elsewhere() -> None:
    ELSEWHERE.mkdir(parents=True, exist_ok=True)
    if stat.S_IMODE(ELSEWHERE.stat().st_mode) & 0o5 != 0o5:
        raise Misconfigured(
            f"{ELSEWHERE} is closed to other users, but PostgreSQL does not run as root. Start as "
            "an ordinary user, or set NOTIFY_DATA_DIR to a folder every user can reach."
        )


def _sweep() -> None:
    """Remove what killed test runs left behind, once their data folder is gone."""
    for marker in ELSEWHERE.glob(f"*/{THROWAWAY}"):
        home = marker.parent / HOME
        if home.exists() and not Path(home.read_text()).exists():
            shutil.rmtree(marker.parent, ignore_errors=True)


def _socket_folder(base: Path, account: Account | None) -> Path:
    """A short folder that only the servers' user may enter: whoever can, is let in without a
    password. Raises Misconfigured when somebody else has taken its name."""
    data = base / "postgres"
    if running(data / "postmaster.pid", data):
        # The one that is there decides: who started it may have had another TMPDIR.
        return Path((data / "postmaster.pid").read_text().split("\n")[4])
    inside = base / "run"
    longest = len(os.fsencode(inside / ".s.PGSQL.5432.lock"))
    if longest < LONGEST_SOCKET and PLAIN_PATH.fullmatch(str(inside)):
        return make_private(inside, account)
    uid = account.uid if account else os.geteuid()
    short = _temporary(account) / f"citizen-notify-{uid}-{_digest(base)}"
    make_private(short, account)
    found = short.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or found.st_mode & 0o077:
        raise Misconfigured(
            f"{short} belongs to somebody else. Remove it, or set NOTIFY_DATA_DIR to a shorter path."
        )
    return short


def _temporary(account: Account | None) -> Path:
    folder = Path(tempfile.gettempdir())
    plain = len(os.fsencode(folder)) < 40 and PLAIN_PATH.fullmatch(str(folder))
    if plain and (account is None or can_reach(folder, account)):
        return folder
    return Path("/tmp")  # noqa: S108 - the folder inside is checked for its owner


def make_private(path: Path, account: Account | None) -> Path:
    """A folder for one user only; what exists is left as it is."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        return path
    if account is not None:
        os.chown(path, account.uid, account.gid)
    return path


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
