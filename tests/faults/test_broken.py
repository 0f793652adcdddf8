"""The launcher changes what it is told to, or says that it cannot."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from faults import crashpoints
from faults.broken import set_constant
from faults.crashpoints import CRASH_POINTS, CrashPoint, Gone, arm
from notify.services import planning


def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "faults.broken", *words],
        cwd=folder, env=dict(os.environ), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("name", CRASH_POINTS)
def test_every_crash_point_is_where_the_table_says(name: str) -> None:
    owner, function = crashpoints.find(CRASH_POINTS[name])

    assert callable(getattr(owner, function))


@pytest.mark.parametrize("function", ["nothing_like_it", "Settler.nothing_like_it", "No.settle"])
def test_a_crash_point_that_is_gone_is_told(function: str) -> None:
    with pytest.raises(Gone, match=function):
        arm(CrashPoint("notify.services.settling", function, "before"), call=1)


def test_a_number_is_changed_and_one_that_is_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "SLICE", planning.SLICE)

    set_constant("notify.services.planning:SLICE=7")

    assert planning.SLICE == 7
    with pytest.raises(Gone, match="NO_SUCH"):
        set_constant("notify.services.planning:NO_SUCH=7")


def test_with_something_wrong_in_it_the_command_line_is_still_there(tmp_path: Path) -> None:
    options = ("--break", "recheck", "--short-lease", "--crash", "before start commit")
    done = run(*options, "worker", "--help", folder=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "Send what is due" in done.stdout


def test_a_break_whose_text_is_gone_stops_the_launcher(monkeypatch: pytest.MonkeyPatch) -> None:
    from faults.breaks import BREAKS
    from notify.store import pump

    monkeypatch.setattr(pump, "START", "SELECT 1")

    with pytest.raises(Gone, match=r"pump\.START"):
        BREAKS["ledger"]()
