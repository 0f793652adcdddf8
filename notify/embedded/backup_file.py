"""A backup as one file: a dump of the database, the secrets, and a manifest that vouches for both.

It is an uncompressed ZIP (the dump is compressed already), so that in an emergency any tool takes
the dump out for `pg_restore`. The manifest comes last: a file without it was never finished.
"""

import fcntl
import hashlib
import lzma
import os
import re
import struct
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Self
from zipfile import BadZipFile, ZipFile, ZipInfo

from pydantic import BaseModel, ConfigDict, ValidationError

from notify.errors import Invalid

FORMAT = 1
DUMP = "database.dump"
SECRETS = "secrets.json"
MANIFEST = "manifest.json"
CHUNK = 1 << 20

# What the archive's library says of a changed bit: of another compression, of encryption …
_BROKEN = (OSError, BadZipFile, EOFError, LookupError, ValueError, RuntimeError, zlib.error,
           lzma.LZMAError, struct.error)  # fmt: skip
_PART = re.compile(r"\..+\.(\d{1,7})\.part", re.DOTALL)  # a backup being written, by whom

Progress = Callable[[int, int], None]
"""Called with what is done and the whole, in one unit or another."""


class Member(BaseModel):
    model_config = ConfigDict(frozen=True)

    bytes: int
    sha256: str


class Manifest(BaseModel):
    """What a backup holds. `counts` are rows of each table, as they were at `made_at`."""

    model_config = ConfigDict(frozen=True)

    format: int
    made_at: datetime
    version: str
    postgres: int
    migrations: tuple[str, ...]
    counts: Mapping[str, int]
    members: Mapping[str, Member]


class Secrets(BaseModel):
    """Without the last key suppressions are forgotten; without the VAPID key no browser listens."""

    model_config = ConfigDict(frozen=True)

    secret_keys: tuple[str, ...]
    vapid_private_key: str


class Draft:
    """A backup being written."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self.members: dict[str, Member] = {}

    @contextmanager
    def member(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """Gives what takes the member's bytes, piece by piece."""
        digest, size = hashlib.sha256(), 0
        info = ZipInfo(name, time.gmtime()[:6])
        info.external_attr = 0o600 << 16
        with self._archive.open(info, "w", force_zip64=True) as out:

            def write(piece: bytes) -> None:
                nonlocal size
                digest.update(piece)
                size += len(piece)
                out.write(piece)

            yield write
        self.members[name] = Member(bytes=size, sha256=digest.hexdigest())

    def add(self, name: str, text: str) -> None:
        with self.member(name) as write:
            write(text.encode())


@contextmanager
def written(path: Path) -> Iterator[Draft]:
    """Writes a backup beside its place, for its owner only, and moves it there when it is whole
    and on the disk. Raises Invalid; whatever goes wrong leaves nothing behind, and what one that was
    killed left behind is removed."""
    _sweep(path.parent)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if path.exists():
            raise Invalid(f"There is a {path} already. Name another file, or move that one away.")
        with _private(part) as file:
            with ZipFile(file, "w") as archive:
                yield Draft(archive)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        _sync(path.parent)
    except OSError as problem:
        raise Invalid(f"{path} could not be written: {problem.strerror}.") from problem
    finally:
        with suppress(PermissionError):  # a folder that cannot be entered has nothing of ours
            part.unlink(missing_ok=True)


class Backup:
    """A backup that was found whole; `with` closes it."""

    def __init__(self, archive: ZipFile, manifest: Manifest, secrets: Secrets) -> None:
        self._archive = archive
        self.manifest = manifest
        self.secrets = secrets

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def dump(self) -> Iterator[bytes]:
        """The dump, piece by piece."""
        return _pieces(self._archive, DUMP)

    @property
    def dump_bytes(self) -> int:
        return self.manifest.members[DUMP].bytes


def opened(path: Path, *, progress: Progress) -> Backup:
    """The backup in a file, after reading all of it. Raises Invalid when it is not whole."""
    try:
        archive = ZipFile(path)
    except _BROKEN as problem:
        why = problem.strerror if isinstance(problem, OSError) else "it is cut off, or none of ours"
        raise Invalid(f"{path} is no whole backup: {why}.") from problem
    try:
        return _checked(archive, progress=progress)
    except _BROKEN as problem:
        archive.close()
        if isinstance(problem, _Changed):
            raise Invalid(f"{path} is damaged: {problem}.") from problem
        raise Invalid(f"{path} is damaged, or no backup of ours.") from problem
    except BaseException:
        archive.close()
        raise


class _Changed(ValueError):
    pass


def _checked(archive: ZipFile, *, progress: Progress) -> Backup:
    try:
        manifest = Manifest.model_validate_json(archive.read(MANIFEST))
    except ValidationError as problem:
        raise _Changed("its manifest cannot be read") from problem
    if manifest.format != FORMAT:
        raise _Changed(f"its format {manifest.format} is not known to this version")
    whole, seen = sum(member.bytes for member in manifest.members.values()), 0
    for name in (DUMP, SECRETS):
        digest, told = hashlib.sha256(), manifest.members[name]
        for piece in _pieces(archive, name):
            digest.update(piece)
            seen += len(piece)
            progress(seen, whole)
        if digest.hexdigest() != told.sha256:
            raise _Changed(f"{name} is not what was written")
    return Backup(archive, manifest, Secrets.model_validate_json(archive.read(SECRETS)))


def _pieces(archive: ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as member:
        while piece := member.read(CHUNK):
            yield piece


def _private(path: Path) -> IO[bytes]:
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")
    with suppress(OSError):  # not every file system has locks
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


def _sweep(folder: Path) -> None:
    """Remove what killed backups left: the secrets are in it in clear. Not what is being written,
    here or by another machine that shares the folder."""
    for part in folder.glob(".*.part"):
        name = _PART.fullmatch(part.name)
        if name is None or _works(int(name[1])):
            continue
        with suppress(OSError), part.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if file.read(2) in {b"", b"PK"}:
                part.unlink()


def _works(pid: int) -> bool:
    if pid == os.getpid():
        return False  # a number that came round; the lock tells
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's
    return True


def _sync(folder: Path) -> None:
    """Make a rename last through a power cut."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
