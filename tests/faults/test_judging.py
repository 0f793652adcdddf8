"""The judge sees what a gateway that lies has done, and a report tells it to people and programs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from faults.__main__ import main
from faults.running import Theatre
from faults.scenario import Scenario
from faults.stage import Stage


def lying(do: str) -> Scenario:
    def run(stage: Stage) -> None:
        stage.people()
        channels = ("email", "sms", "push")
        stage.world.box.rules([{"channel": c, "share": 0.3, "do": do} for c in channels])
        stage.worker()
        stage.send()

    return Scenario(f"a world that would {do}", run, short=60)


def test_what_the_world_outside_lost_is_lost(theatre: Theatre) -> None:
    row = theatre.run(lying("lose"), seed=1)

    assert row.ok is False
    assert row.lost > 10
    assert row.doubled_forbidden == 0


def test_what_the_world_outside_doubled_is_doubled(theatre: Theatre) -> None:
    row = theatre.run(lying("double"), seed=1)

    assert row.ok is False
    assert row.doubled_forbidden > 10
    assert row.lost == 0


def refused(stage: Stage) -> None:
    stage.people()
    stage.world.box.rules([{"channel": "email", "share": 0.5, "do": "refuse", "code": 550}])
    stage.worker()
    stage.send()


def test_what_should_have_arrived_and_failed_is_lost(theatre: Theatre) -> None:
    row = theatre.run(Scenario("a relay that refuses", refused, short=30), seed=1)

    assert row.ok is False
    assert row.lost > 3
    assert any("ended as failed" in problem for problem in row.problems)


def broken_scenario(stage: Stage) -> None:
    raise RuntimeError("in the scenario itself")


def test_a_scenario_that_breaks_itself_is_red_and_the_next_one_runs(theatre: Theatre) -> None:
    row = theatre.run(Scenario("broken", broken_scenario), seed=1)

    assert row.ok is False
    assert "in the scenario itself" in row.problems[0]


def test_the_command_prints_rows_for_a_program_and_says_by_its_code_how_it_went(
    tmp_path: Path,
) -> None:
    words = ("--short", "--json", "--seed", "3", "--break", "recheck", "--recipients", "20")
    done = subprocess.run(
        [sys.executable, "-m", "faults", *words],
        cwd=tmp_path, env=dict(os.environ), capture_output=True, text=True, timeout=180,
        check=False,
    )  # fmt: skip

    assert done.returncode == 1, done.stderr
    (row,) = json.loads(done.stdout)
    assert row["ok"] is False
    assert (row["recipients"], row["seed"]) == (20, 3)
    assert row["forbidden"] > 0
    assert "barred" in row["problems"][0]
    assert set(row) >= {
        "scenario", "lost", "doubled", "doubled_allowed", "doubled_forbidden", "unknown",
        "recovered_s",
    }  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["--break", "promise"], id="no such guarantee"),
        pytest.param(["--scenario", "weather*"], id="no such scenario"),
    ],
)
def test_what_is_not_there_is_told_and_nothing_is_run(words: list[str]) -> None:
    app = typer.Typer()
    app.command()(main)

    done = CliRunner().invoke(app, words)

    assert done.exit_code == 2
    assert words[1] in done.output or "fence" in done.output
