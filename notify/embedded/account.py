"""Chooses the system user that servers run as: PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from notify.errors import Misconfigured

NAME = "citizen-notify"


@dataclass(frozen=True, slots=True)
class Account:
    """A system user by its numbers."""

    uid: int
    gid: int


def is_root() -> bool:
    return os.geteuid() == 0


def owner_of(path: Path) -> Account | None:
    """Who owns a path, when root asks and it is somebody else; None where nothing is to change."""
    if not is_root() or not path.exists():
        return None
    found = path.stat()
    return Account(found.st_uid, found.st_gid) if found.st_uid != 0 else None


def system_user() -> Account:
    """The user `citizen-notify`, made where that is possible, else `nobody`.

    Not the `postgres` of a distribution's own server: neither should be able to harm the other.
    """
    entry = _entry(NAME) or _made(NAME) or _entry("nobody")
    if entry is None or entry.pw_uid == 0:
        raise Misconfigured(
            "PostgreSQL does not run as root, and this system has no other user for it. "
            f"Make one named {NAME}, start as an ordinary user, or set NOTIFY_DATABASE_URL."
        )
    return Account(entry.pw_uid, entry.pw_gid)


def can_reach(path: Path, account: Account) -> bool:
    """Whether `account` can enter every folder on the way to `path`, and `path` itself."""
    resolved = path.resolve()
    folder = resolved if resolved.is_dir() else resolved.parent
    if not all(_may(step, account, 0o1) for step in (folder, *folder.parents)):
        return False
    return resolved.is_dir() or _may(resolved, account, 0o4)


def open_private(path: Path, owner: Account | None) -> BinaryIO:
    """A file to append to, made for its owner only; a planted link is not followed."""
    number = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    if owner is not None and os.fstat(number).st_uid != owner.uid:
        os.fchown(number, owner.uid, owner.gid)
    return os.fdopen(number, "ab")


def _may(path: Path, account: Account, bit: int) -> bool:
    found = path.stat()
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid == account.uid:
        return bool(mode & (bit << 6))
    if found.st_gid == account.gid:
        return bool(mode & (bit << 3))
    return bool(mode & bit)


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _made(name: str) -> pwd.struct_passwd | None:
    useradd = shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin")
    if useradd is None:
        return None
    # A second process may be making it at this moment: what counts is whether it is there.
    subprocess.run(  # noqa: S603 - a fixed argument list
        [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
         "--shell", "/usr/sbin/nologin", name],
        check=False, capture_output=True, timeout=30,
    )  # fmt: skip
    return _entry(name)
