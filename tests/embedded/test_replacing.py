"""A new cluster takes the place of the old one, whenever the power goes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from notify.embedded.place import Place, find_place, make_data_dir, make_private
from notify.embedded.replacing import FOLDER, NOTE, emptied, finish, settle
from notify.embedded.secrets import FILE as SECRETS
from notify.embedded.servers import Embedded
from notify.errors import Conflict

KEPT = "before-1"


@pytest.fixture
def place(data_dir: Path) -> Place:
    """One with the data of before; a cluster is a folder with its name in a file, here."""
    data_dir = make_data_dir(data_dir)
    place = find_place(data_dir, throwaway=False)
    cluster(place.base, "old")
    (data_dir / SECRETS).write_text("old")
    return place


def cluster(base: Path, name: str) -> None:
    (base / "postgres").mkdir(parents=True)
    (base / "postgres" / "name").write_text(name)


def beside(place: Place, data_dir: Path, *, whole: bool) -> None:
    make_private(place.base / FOLDER, place.account)
    cluster(place.base / FOLDER, "new")
    (data_dir / f"{SECRETS}.{FOLDER}").write_text("new")
    if whole:
        (place.base / FOLDER / NOTE).write_text(json.dumps({"keep_as": KEPT}))


def secrets_were_moved(place: Place, data_dir: Path) -> None:
    (place.base / KEPT).mkdir()
    (place.base / KEPT / SECRETS).write_text("old")
    (data_dir / f"{SECRETS}.{FOLDER}").replace(data_dir / SECRETS)


def old_cluster_was_moved(place: Place, data_dir: Path) -> None:
    secrets_were_moved(place, data_dir)
    (place.base / "postgres").rename(place.base / KEPT / "postgres")


def both_were_moved(place: Place, data_dir: Path) -> None:
    old_cluster_was_moved(place, data_dir)
    (place.base / FOLDER / "postgres").rename(place.base / "postgres")


def state(place: Place, data_dir: Path) -> tuple[str, str]:
    return (place.base / "postgres" / "name").read_text(), (data_dir / SECRETS).read_text()


@pytest.mark.parametrize(
    "until",
    [
        pytest.param(lambda *_: None, id="nothing was moved"),
        pytest.param(secrets_were_moved, id="secrets were moved"),
        pytest.param(old_cluster_was_moved, id="the old cluster was moved"),
        pytest.param(both_were_moved, id="all was moved"),
    ],
)
def test_a_cluster_that_is_whole_is_moved_in_wherever_the_move_was_cut_off(
    place: Place, data_dir: Path, until: Callable[[Place, Path], None]
) -> None:
    beside(place, data_dir, whole=True)
    until(place, data_dir)

    settle(place, data_dir)

    assert state(place, data_dir) == ("new", "new")
    assert (place.base / KEPT / "postgres" / "name").read_text() == "old"
    assert (place.base / KEPT / SECRETS).read_text() == "old"
    assert not (place.base / FOLDER).exists()
    assert not (data_dir / f"{SECRETS}.{FOLDER}").exists()


def test_a_cluster_that_is_not_whole_is_thrown_away(place: Place, data_dir: Path) -> None:
    beside(place, data_dir, whole=False)

    settle(place, data_dir)

    assert state(place, data_dir) == ("old", "old")
    assert not (place.base / FOLDER).exists()
    assert not (data_dir / f"{SECRETS}.{FOLDER}").exists()


def test_where_there_was_nothing_nothing_is_kept(data_dir: Path) -> None:
    data_dir = make_data_dir(data_dir)
    place = find_place(data_dir, throwaway=False)
    make_private(place.base / FOLDER, place.account)
    cluster(place.base / FOLDER, "new")

    kept = finish(place, data_dir, secrets="new", keep_as=KEPT)

    assert state(place, data_dir) == ("new", "new")
    assert (data_dir / SECRETS).stat().st_mode & 0o777 == 0o600
    assert not kept.exists()


def test_nobody_is_let_in_while_the_service_runs_there(plain_dir: Path) -> None:
    with (
        Embedded(plain_dir, redis=False),
        pytest.raises(Conflict, match="Stop all of it"),
        emptied(plain_dir),
    ):
        pass
    with emptied(plain_dir) as (found, _):
        assert found == plain_dir.resolve()
