"""A tiny run of every measure: what it writes, and that a sink that loses one is noticed. How fast
anything is, no test says."""

import dataclasses
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from bench import figures
from bench.__main__ import chosen, measure
from bench.end_to_end import Wrong
from bench.figures import NAMES, Figure
from bench.measures import MEASURES, Measure, alerts
from bench.stand import Scale, Stand

LOAD = 6_000  # still under way when an alert to a few is through
TINY = Scale(
    growth=LOAD, snapshot=80, small=40, tracked=60, two=60, others=60, alone=60, peer=10, planned=80, receipts=30, answers=30,
    requests=40, times=1,
)  # fmt: skip
SIZES = {
    "email_channel": 60, "email_tracked": 60, "push_tracked": 60, "sms_tracked": 60, "plan": 80,
    "receipts": 30, "answers": 30, "alert_first_idle": 40, "alert_first_loaded": 40, "alert_p95_loaded": 40,
    "growth": LOAD, "growth_plan": LOAD, "rss_max": LOAD, "pages": 40,
}  # fmt: skip

FILLED = ("growth_sms", "growth_push", "growth_receipts")
"""Their n is what lay in the tables: all that the run sent."""


def quiet() -> Console:
    return Console(file=io.StringIO())


@pytest.fixture(scope="module")
def found() -> dict[str, Figure]:
    return {one.name: one for one in measure(TINY, MEASURES, console=quiet(), peers=False)}


def test_every_promise_has_its_figure(found: dict[str, Figure]) -> None:
    assert set(NAMES) <= set(found)
    assert {name: found[name].n for name in NAMES if name not in FILLED} == SIZES


def test_growth_of_the_other_channels_is_followed_beside_all_that_was_sent(
    found: dict[str, Figure],
) -> None:
    for name in FILLED:
        assert found[name].n >= LOAD
        assert found[f"{name}_wall"].n == found[name].n
        assert found[f"{name}_rate"].peer == "in a fresh installation"


def test_a_figure_is_positive_and_has_the_ratio_of_what_stands_beside_it(
    found: dict[str, Figure],
) -> None:
    for one in found.values():
        assert one.value > 0 or one.name.endswith(("_sinks", "_left")) or "cpu" in one.name, one
        if one.peer_value:
            assert one.ratio == pytest.approx(one.value / one.peer_value, rel=1e-2, abs=1e-9)
        else:
            assert (one.peer, one.peer_value, one.ratio) == ("none", None, None)


def test_what_is_written_has_one_shape_and_is_read_again(
    found: dict[str, Figure], tmp_path: Path
) -> None:
    file = tmp_path / "latest.json"

    figures.write(file, list(found.values()))

    rows = json.loads(file.read_text())
    assert {tuple(row) for row in rows} == {
        ("name", "value", "unit", "peer", "peer_value", "ratio", "n")
    }
    assert figures.read(file) == list(found.values())
    assert len(file.read_text().splitlines()) == len(rows) + 2


def test_without_npm_a_peer_is_none(found: dict[str, Figure]) -> None:
    assert found["email_channel"].peer == "none"
    assert found["push_channel"].peer == "none"


def test_a_sink_that_loses_one_is_noticed() -> None:
    with pytest.raises(Wrong, match=r"1 lost, 0 doubled, 0 for nobody"):
        measure(TINY, chosen("email_tracked"), console=quiet(), peers=False, lose=1)


def test_a_planner_that_leaves_out_half_is_noticed() -> None:
    def half(stand: Stand) -> None:
        stand.workers()
        stand.world.change("""
            CREATE FUNCTION leave_out() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
              RETURN CASE WHEN new.address_id %% 2 = 0 THEN new END; END $$;
            CREATE TRIGGER leave_out BEFORE INSERT ON deliveries
              FOR EACH ROW EXECUTE FUNCTION leave_out()""")
        stand.send("email", 60)

    with pytest.raises(Wrong, match="30 deliveries were planned for 60 people"):
        measure(TINY, [Measure(("half",), half)], console=quiet(), peers=False)


def test_what_arrives_of_a_loaded_alert_is_compared_too() -> None:
    def cold(stand: Stand) -> None:
        stand.world.add_workers(1)  # so that the sink loses nothing before
        alerts.loaded(stand)

    with pytest.raises(Wrong, match=r"1 lost, 0 doubled, 0 for nobody"):
        measure(TINY, [Measure(("cold",), cold)], console=quiet(), peers=False, lose=1)


def test_an_alert_beside_which_nothing_was_left_is_not_loaded() -> None:
    alone = dataclasses.replace(TINY, growth=1)

    with pytest.raises(Wrong, match="the alert was not loaded"):
        measure(alone, chosen("alert_first_loaded"), console=quiet(), peers=False)


def test_two_worker_processes_are_measured_on_every_channel(found: dict[str, Figure]) -> None:
    for channel in ("email", "push", "sms"):
        two = found[f"{channel}_tracked_two"]
        assert two.peer == "one process a lane"
        assert two.peer_value == found[f"{channel}_tracked"].value


def test_memory_is_told_of_every_process_and_promised_of_ours(found: dict[str, Figure]) -> None:
    sinks = {f"rss_sink_{channel}" for channel in ("email", "push", "sms")}
    own = {name for name in found if name.startswith(("rss_api", "rss_worker_"))}

    assert {*sinks, "rss_redis", "pss_postgres", "pss_postgres_largest"} <= set(found)
    assert found["rss_max"].value == max(found[name].value for name in own)
    assert found["pss_postgres_largest"].value < found["pss_postgres"].value
    assert {found[name].peer for name in sinks} == {"none"}


HEEDING = """
import runpy, signal
# Whoever started the tests in the background had them pass over Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("bench", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_asked_to_end_it_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    words = [sys.executable, "-c", HEEDING, "--quick", "--only", "push_tracked", "--no-peers"]
    with subprocess.Popen(
        words, cwd=tmp_path, env={**os.environ, "TMPDIR": str(tmp_path)}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        line = ""
        while "planting" not in line:
            line = process.stdout.readline()
            assert line, "it ended before it began"

        process.send_signal(number)
        process.communicate(timeout=120)

    assert process.returncode not in {0, None}
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("notify-bench-")]
    assert not _within(tmp_path)


def _within(folder: Path) -> list[str]:
    """Processes that still work there, a moment later."""
    time.sleep(0.5)
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name in {"self", "thread-self", str(os.getpid())}:
                continue
            if entry.name.isdigit() and str(folder) in str((entry / "cwd").readlink()):
                found.append((entry / "cmdline").read_text())
        except OSError:
            continue
    return found


def cli(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *words],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_last_run_is_printed_as_markdown_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    figures.write(file, [figures.figure("plan", 10.0, "rows/s", n=3)])

    told = cli("--table", "--output", str(file), folder=tmp_path)

    assert told.stdout.startswith("Commit `")
    assert told.stdout.endswith("| plan | 10 | rows/s | – | – | – | 3 | – |\n")


def test_a_measure_that_is_not_there_is_told_and_nothing_is_run(tmp_path: Path) -> None:
    told = cli("--only", "weather*", folder=tmp_path)

    assert told.returncode == 2
    assert "email_tracked" in told.stderr
