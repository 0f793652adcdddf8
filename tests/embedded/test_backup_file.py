"""One file, whole or not there, that says itself whether it is still what was written."""

import contextlib
import itertools
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from notify import clock
from notify.embedded.backup_file import DUMP, MANIFEST, SECRETS, Manifest, opened, written
from notify.errors import Invalid

NOBODY = """
import os, tempfile
from pathlib import Path
from notify.embedded.backup_file import written
from notify.errors import Invalid
folder = Path(tempfile.mkdtemp())
folder.chmod(0)
if os.geteuid() == 0:
    os.setuid(65534)
try:
    with written(folder / "town.backup"):
        pass
except Invalid as problem:
    print(problem.message)
"""
KEYS = '{"secret_keys": ["new", "old"], "vapid_private_key": "vapid"}'


def nothing(done: int, whole: int) -> None:
    assert 0 < done <= whole


def write(
    path: Path, *, dump: bytes = b"PGDMP" * 50_000, secrets: str = KEYS, form: int = 1
) -> None:
    with written(path) as draft:
        with draft.member(DUMP) as take:
            take(dump)
        draft.add(SECRETS, secrets)
        manifest = Manifest(
            format=form, made_at=clock.now(), version="0.1.0", postgres=18, migrations=("0001",),
            counts={"residents": 1}, members=dict(draft.members),
        )  # fmt: skip
        draft.add(MANIFEST, manifest.model_dump_json())


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    write(tmp_path / "town.backup")
    return tmp_path / "town.backup"


@contextlib.contextmanager
def full_disk(room: int) -> Iterator[None]:
    """No file of this process grows beyond `room` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_was_written_is_read_back_and_is_for_its_owner_only(backup: Path) -> None:
    with opened(backup, progress=nothing) as found:
        dump = b"".join(found.dump())

    assert dump == b"PGDMP" * 50_000
    assert found.dump_bytes == len(dump)
    assert found.secrets.secret_keys == ("new", "old")
    assert found.manifest.counts == {"residents": 1}
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert list(backup.parent.iterdir()) == [backup]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.99, 0.9999])
def test_a_file_that_was_cut_off_is_refused(backup: Path, share: float) -> None:
    whole = backup.read_bytes()
    backup.write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(Invalid, match="no whole backup"):
        opened(backup, progress=nothing)


def test_a_single_changed_bit_is_found_wherever_it_is(backup: Path) -> None:
    whole = backup.read_bytes()
    for name in (DUMP, SECRETS, MANIFEST):
        with ZipFile(backup) as archive:
            info = archive.getinfo(name)
        middle = info.header_offset + 60 + info.file_size // 2
        backup.write_bytes(
            whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
        )  # fmt: skip

        with pytest.raises(Invalid, match="damaged"):
            opened(backup, progress=nothing)

        backup.write_bytes(whole)


def test_a_changed_bit_in_the_archives_own_lists_is_never_a_traceback(tmp_path: Path) -> None:
    backup = tmp_path / "small.backup"
    write(backup, dump=b"PGDMP")
    whole = backup.read_bytes()
    places = [*range(60), *range(len(whole) - 1_000, len(whole))]
    refused = 0

    for place, bit in itertools.product(places, range(8)):
        changed = bytearray(whole)
        changed[place] ^= 1 << bit
        backup.write_bytes(changed)
        try:
            opened(backup, progress=lambda _done, _whole: None).__exit__()
        except Invalid:
            refused += 1

    assert refused > 4_000


def test_a_dump_that_was_exchanged_with_its_archive_in_order_is_found_by_its_digest(
    backup: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.backup"
    with ZipFile(backup) as source, ZipFile(other, "w") as archive:
        for name in (DUMP, SECRETS, MANIFEST):
            archive.writestr(name, b"PGDMQ" * 50_000 if name == DUMP else source.read(name))

    with pytest.raises(Invalid, match=r"database\.dump is not what was written"):
        opened(other, progress=nothing)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"PGDMP\x01" * 1000, id="a bare dump"),
        pytest.param(b"PK\x03\x04" + b"\0" * 1000, id="begins like one"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "some.file"
    path.write_bytes(content)

    with pytest.raises(Invalid):
        opened(path, progress=nothing)


def test_another_archive_and_another_format_are_refused(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("cat.jpg", b"cat")
    write(tmp_path / "future.backup", form=2)

    with pytest.raises(Invalid, match="no backup of ours"):
        opened(tmp_path / "photos.zip", progress=nothing)
    with pytest.raises(Invalid, match="format 2"):
        opened(tmp_path / "future.backup", progress=nothing)
    with pytest.raises(Invalid, match="No such file"):
        opened(tmp_path / "none.backup", progress=nothing)


def test_a_full_disk_leaves_no_file_behind(tmp_path: Path) -> None:
    with full_disk(100_000), pytest.raises(Invalid, match="could not be written"):
        write(tmp_path / "town.backup")

    assert list(tmp_path.iterdir()) == []


def test_an_end_in_the_middle_leaves_no_file_behind(tmp_path: Path) -> None:
    def begin() -> None:
        with written(tmp_path / "town.backup") as draft, draft.member(DUMP) as take:
            take(b"PGDMP")
            assert len(os.listdir(tmp_path)) == 1  # noqa: PTH208
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begin()

    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_backup_left_is_removed_by_the_next_and_nothing_else(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as dead:
        dead.wait()
    left = tmp_path / f".old.backup.{dead.pid}.part"
    left.write_bytes(b"PK\x03\x04 and keys")
    others = [
        tmp_path / f".old.backup.{os.getppid()}.part",  # is being written
        tmp_path / f".film.{dead.pid}.part",  # another program's
        tmp_path / ".some.part",
    ]
    for other in others:
        other.write_bytes(b"PK" if other is others[0] else b"RIFF")

    with written(tmp_path / "a.backup"):
        write(tmp_path / "town.backup")
        assert len(list(tmp_path.glob(".a.backup.*.part"))) == 1

    assert not left.exists()
    assert all(other.exists() for other in others)


def test_a_backup_that_is_there_is_not_written_over(backup: Path) -> None:
    before = backup.read_bytes()

    with pytest.raises(Invalid, match="already"):
        write(backup)

    assert backup.read_bytes() == before


def test_a_folder_that_may_not_be_entered_is_told() -> None:
    """As an ordinary user; root may enter all."""
    done = subprocess.run(
        [sys.executable, "-c", NOBODY], capture_output=True, text=True, check=False,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "could not be written: Permission denied" in done.stdout


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="No such file"):
        write(tmp_path / "no" / "town.backup")
