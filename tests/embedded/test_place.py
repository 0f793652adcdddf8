"""Where things lie: short sockets, private folders, and nothing opened up for anybody."""

import os
import stat
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from notify.embedded.account import Account, can_reach, owner_of, system_user
from notify.embedded.locks import alone
from notify.embedded.place import POINTER, find_place, make_data_dir
from notify.embedded.servers import Embedded
from notify.errors import Misconfigured

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers as another user")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("x" * 90, id="too long"),
        pytest.param("a,b", id="comma"),
        pytest.param("50%20#?", id="marks of a URL"),
        pytest.param('say "hi"', id="quotes"),
    ],
)
def test_a_path_no_socket_can_have_puts_the_sockets_below_the_temporary_folder(
    ground: Path, name: str
) -> None:
    place = find_place(make_data_dir(ground / name), throwaway=False)

    assert place.sockets.parent in (Path(tempfile.gettempdir()), Path("/tmp"))  # noqa: S108
    assert stat.S_IMODE(place.sockets.stat().st_mode) == 0o700
    place.sockets.rmdir()


def test_a_socket_folder_that_others_may_enter_is_refused(ground: Path) -> None:
    data_dir = make_data_dir(ground / ("x" * 90))
    place = find_place(data_dir, throwaway=False)
    place.sockets.chmod(0o755)

    with pytest.raises(Misconfigured, match="somebody else"):
        find_place(data_dir, throwaway=False)

    place.sockets.rmdir()


@as_root
def test_whoever_finds_a_new_data_folder_finds_it_open_to_the_servers_user(ground: Path) -> None:
    account = system_user()
    together = Barrier(4)

    def found_open(path: Path) -> bool:
        together.wait(timeout=10)
        return can_reach(make_data_dir(path), account)

    with ThreadPoolExecutor(4) as pool:
        for number in range(100):
            assert all(pool.map(found_open, [ground / f"data {number}"] * 4))

    assert len(list(ground.iterdir())) == 100


def test_a_data_folder_that_is_a_file_is_refused(ground: Path) -> None:
    (ground / "file").touch()

    with pytest.raises(Misconfigured, match="NOTIFY_DATA_DIR"):
        Embedded(ground / "file").start()


def test_a_data_folder_below_a_file_is_refused(ground: Path) -> None:
    (ground / "file").touch()

    with pytest.raises(Misconfigured, match="NOTIFY_DATA_DIR"):
        Embedded(ground / "file" / "data").start()


def test_who_waits_too_long_for_the_lock_is_told_where_it_is(ground: Path) -> None:
    lock = ground / "embedded.lock"

    with (
        alone(lock, owner=None, seconds=1),
        pytest.raises(Misconfigured, match=r"embedded\.lock"),
        alone(lock, owner=None, seconds=0.05),
    ):
        pass


@pytest.mark.parametrize(
    ("mode", "uid", "gid", "reached"),
    [
        pytest.param(0o755, 5, 5, True, id="open to all"),
        pytest.param(0o700, 5, 5, False, id="closed"),
        pytest.param(0o711, 5, 5, True, id="passable"),
        pytest.param(0o710, 5, os.getgid(), True, id="passable for the group"),
        pytest.param(0o701, 5, os.getgid(), False, id="closed to the group only"),
        pytest.param(0o700, os.getuid(), 5, True, id="own"),
        pytest.param(0o600, os.getuid(), 5, False, id="own but not passable"),
    ],
)
def test_who_can_reach_a_folder(ground: Path, mode: int, uid: int, gid: int, reached: bool) -> None:
    folder = ground / "folder"
    folder.mkdir()
    folder.chmod(mode)

    assert can_reach(folder, Account(uid, gid)) is reached


@as_root
def test_a_new_data_folder_lets_only_the_servers_user_through(ground: Path) -> None:
    data_dir = make_data_dir(ground / "data")

    found = data_dir.stat()
    assert stat.S_IMODE(found.st_mode) == 0o710
    assert (found.st_uid, found.st_gid) == (0, system_user().gid)


@as_root
def test_below_a_closed_folder_root_places_the_data_elsewhere_and_widens_nothing(
    ground: Path,
) -> None:
    private = ground / "for my eyes"
    private.mkdir(mode=0o700)

    with Embedded(private / ".notify", redis=False, throwaway=True) as servers:
        pointer = private / ".notify" / POINTER
        elsewhere = Path(pointer.read_text().strip())
        url = servers.database_url
        again = find_place(private / ".notify", throwaway=False)

    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert "citizen-notify" in url
    assert again.base == elsewhere
    assert not elsewhere.exists()


@as_root
def test_a_copied_data_folder_does_not_share_the_data_and_a_moved_one_keeps_it(
    ground: Path,
) -> None:
    original, copy, moved = (ground / name for name in ("original", "copy", "moved"))
    for folder in (original, copy):
        (folder / "data").mkdir(parents=True)
        folder.chmod(0o700)
    first = find_place(original / "data", throwaway=True)
    (copy / "data" / POINTER).write_text((original / "data" / POINTER).read_text())

    second = find_place(copy / "data", throwaway=True)
    original.rename(moved)
    third = find_place(moved / "data", throwaway=True)

    assert second.base != first.base
    assert third.base == first.base
    with Embedded(copy / "data", redis=False, throwaway=True):
        pass
    with Embedded(moved / "data", redis=False, throwaway=True):
        pass
    assert not first.base.exists()
    assert not second.base.exists()


@as_root
def test_data_of_an_ordinary_user_stays_theirs_when_root_comes_by(ground: Path) -> None:
    data_dir = ground / "theirs"
    data_dir.mkdir(mode=0o700)
    os.chown(data_dir, 65534, 65534)

    with Embedded(data_dir):
        pass

    owners = {path.stat().st_uid for path in data_dir.rglob("*")}
    assert owners == {65534}
    assert owner_of(data_dir) == Account(65534, 65534)
