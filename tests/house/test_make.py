"""`make` is the front door: it explains itself, and works where its folder's name is difficult."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
TARGETS = {"setup", "demo", "test", "faults", "bench", "up", "check", "lock", "clean"}


def make(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with a space in its name that holds what the first steps read."""
    folder = tmp_path / "my clone ü"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(HOUSE / name, folder)
    return folder


def test_make_alone_lists_every_target_with_what_it_does(clone: Path) -> None:
    told = make(folder=clone)

    listed = set(re.findall(r"^  make (\w+) +\S", told.stdout, re.MULTILINE))
    assert told.returncode == 0
    assert listed >= TARGETS | {"help"}


def test_a_python_that_is_too_old_or_missing_is_told_plainly(clone: Path) -> None:
    told = make("setup", "PYTHON=/no such/python3", folder=clone)

    assert told.returncode != 0
    assert "make PYTHON=/path/to/python3" in told.stderr


def test_what_is_installed_here_is_not_installed_again_but_a_moved_folder_is(clone: Path) -> None:
    (clone / ".venv").mkdir()
    (clone / ".venv" / ".installed").write_text(f"{clone.resolve()}\n")

    here = make("setup", "--dry-run", folder=clone)
    clone.rename(clone.with_name("moved"))
    moved = make("setup", "--dry-run", folder=clone.with_name("moved"))

    assert "pip install" not in here.stdout
    assert "--require-hashes -r requirements-dev.txt" in moved.stdout


def test_a_changed_lock_is_installed(clone: Path) -> None:
    (clone / ".venv").mkdir()
    stamp = clone / ".venv" / ".installed"
    stamp.write_text(f"{clone.resolve()}\n")
    os.utime(stamp, (0, 0))

    told = make("setup", "--dry-run", folder=clone)

    assert "--require-hashes -r requirements-dev.txt" in told.stdout


@pytest.mark.parametrize(
    ("target", "command"),
    [
        pytest.param("demo", ".venv/bin/notify demo", id="demo"),
        pytest.param("up", ".venv/bin/notify up", id="up"),
        pytest.param("test", ".venv/bin/python -m pytest", id="test"),
        pytest.param("faults", ".venv/bin/python -m faults", id="faults"),
        pytest.param("types", ".venv/bin/mypy", id="types"),
        pytest.param("queries", ".venv/bin/basedpyright", id="queries"),
        pytest.param("layers", ".venv/bin/lint-imports", id="layers"),
    ],
)
def test_a_target_sets_up_and_then_runs_its_command(clone: Path, target: str, command: str) -> None:
    told = make(target, "--dry-run", folder=clone)

    assert "-m venv --clear .venv" in told.stdout
    assert command in told.stdout


def test_what_is_asked_of_the_faults_is_passed_on(clone: Path) -> None:
    asked = ("SEED=7", "SCENARIO=kill *", "RECIPIENTS=500", "BREAK=fence", "JSON=1", "ARGS=--short")

    told = make("faults", "--dry-run", *asked, folder=clone)

    words = " ".join(told.stdout.replace("\\\n", " ").split())
    assert (
        "-m faults --seed '7' --scenario 'kill *' --recipients '500' --break 'fence' --json --short"
        in words
    )


def test_what_is_asked_of_the_bench_is_passed_on(clone: Path) -> None:
    told = make("bench", "--dry-run", "QUICK=1", "ONLY=email *", "ARGS=--no-peers", folder=clone)

    words = " ".join(told.stdout.split())
    assert "-m bench --quick --only 'email *' --no-peers" in words


def test_every_change_is_judged_by_make_check_and_make_test_and_nothing_else() -> None:
    script = (HOUSE / ".ci" / "run").read_text()

    commands = [line for line in script.splitlines() if line and not line.startswith("#")]
    assert commands[0] == "set -euo pipefail"
    assert commands[1].startswith("cd ")
    assert commands[2:] == ["make check", "make test"]
    assert os.access(HOUSE / ".ci" / "run", os.X_OK)
