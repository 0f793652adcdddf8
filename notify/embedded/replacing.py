"""Puts a new cluster and its secrets in the place of the old ones: both or neither.

The new cluster is made in a folder beside. Once it is whole, a note says so; from then on whoever
comes next, be it after a power cut, moves it in. Without the note it is thrown away.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from notify.embedded.account import owner_of
from notify.embedded.locks import Users, alone
from notify.embedded.place import Place, find_place, inside, make_data_dir, make_private
from notify.embedded.postgres import Postgres
from notify.embedded.secrets import FILE as SECRETS
from notify.errors import Conflict

FOLDER = "restoring"
NOTE = "whole.json"
LOCK = "embedded.lock"
USERS = "embedded.users"
LOCK_SECONDS = 180.0  # longer than the slowest start


@contextmanager
def emptied(data_dir: Path) -> Iterator[tuple[Path, Place]]:
    """The data folder and its place, with nobody else in it and nobody coming in for the length
    of the block. Raises Conflict while the service runs there, Misconfigured as a start does."""
    data_dir = make_data_dir(data_dir)
    owner = owner_of(data_dir)
    with alone(data_dir / LOCK, owner=owner, seconds=LOCK_SECONDS):
        if not Users(data_dir / USERS, owner=owner).nobody():
            raise Conflict(
                f"Citizen Notify runs on the data below {data_dir}. Stop all of it first: "
                "`notify up`, workers and commands."
            )
        place = find_place(data_dir, throwaway=False)
        settle(place, data_dir)
        yield data_dir, place


def begin(place: Place) -> Place:
    """A place for a new cluster, beside the one that is there."""
    make_private(place.base / FOLDER, place.account)
    return inside(place, FOLDER)


def finish(place: Place, data_dir: Path, *, secrets: str, keep_as: str) -> Path:
    """Move in what was made beside. What was there is kept in the folder `keep_as`, returned."""
    _write(data_dir / f"{SECRETS}.{FOLDER}", secrets, like=data_dir)
    _write(place.base / FOLDER / NOTE, json.dumps({"keep_as": keep_as}), like=place.base / FOLDER)
    settle(place, data_dir)
    return place.base / keep_as


def settle(place: Place, data_dir: Path) -> None:
    """Move in a cluster that is whole, throw away one that is not. Call only while holding the
    start lock. Ended halfway it is simply done again."""
    folder = place.base / FOLDER
    if not folder.exists():
        return
    beside = inside(place, FOLDER)
    Postgres(beside).stop()  # a killed restore leaves its server behind
    note = folder / NOTE
    if note.exists():
        kept = make_private(place.base / json.loads(note.read_text())["keep_as"], place.account)
        _move_secrets(data_dir, kept)
        _move_cluster(place.base, kept)
        with contextlib.suppress(OSError):  # not empty: there was something to keep
            kept.rmdir()
    else:
        (data_dir / f"{SECRETS}.{FOLDER}").unlink(missing_ok=True)
    shutil.rmtree(folder)
    if beside.sockets.parent != beside.base:
        shutil.rmtree(beside.sockets, ignore_errors=True)


def _move_secrets(data_dir: Path, kept: Path) -> None:
    new, old = data_dir / f"{SECRETS}.{FOLDER}", data_dir / SECRETS
    if not new.exists():
        return
    if old.exists():
        _write(kept / SECRETS, old.read_text(), like=data_dir)
    new.replace(old)  # at no moment is there none: one would be made anew
    _sync(data_dir)


def _move_cluster(base: Path, kept: Path) -> None:
    new, old = base / FOLDER / Postgres.name, base / Postgres.name
    if not new.exists():
        return
    if old.exists():
        old.rename(kept / Postgres.name)
        _sync(kept)
    new.rename(old)
    _sync(base)


def _write(path: Path, text: str, *, like: Path) -> None:
    """A file for the owner of `like` only, on the disk before anything relies on it."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        owner = owner_of(like)
        if owner is not None:
            os.fchown(file.fileno(), owner.uid, owner.gid)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
