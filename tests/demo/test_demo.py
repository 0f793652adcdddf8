"""`notify demo`: what it prints, and that it notices when the world outside betrays us."""

import json
from pathlib import Path

import pytest

from tests.journeys.processes import command

pytestmark = pytest.mark.timeout(300)
PATIENCE = 240.0  # seconds
FIGURES = {"planned", "skipped", "sent", "delivered", "failed", "first_s", "p95_s", "end_s"}


def test_the_figures_come_as_json_and_the_books_agree(tmp_path: Path) -> None:
    done = command(
        "demo", "--residents", "120", "--json", environment={}, folder=tmp_path, seconds=PATIENCE
    )

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["books_agree"] is True
    assert list(told["channels"]) == ["email", "sms", "push"]
    for figures in told["channels"].values():
        assert set(figures) >= FIGURES
        assert 0 < figures["sent"] <= figures["planned"]
        assert 0 <= figures["first_s"] <= figures["p95_s"] <= figures["end_s"]
    poll = told["poll"]
    assert poll["agrees"] is True
    assert 0 < poll["answered"] < poll["asked"]
    assert set(poll["polls"]) == {"survey", "speed"}
    assert poll["texts"] > 2 * poll["answered"]
    assert poll["pages"] > 0


@pytest.mark.parametrize("plant", ["lose", "double"])
def test_a_planted_fault_turns_the_comparison_red(tmp_path: Path, plant: str) -> None:
    words = ("demo", "--residents", "40", "--json", "--plant", plant)

    done = command(*words, environment={}, folder=tmp_path, seconds=PATIENCE)

    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert told["books_agree"] is False
    assert "books" in told["difference"]
    assert "disagree" in done.stderr
    assert told["poll"]["agrees"] is False


def test_a_ballot_that_is_changed_in_secret_turns_the_count_red(tmp_path: Path) -> None:
    words = ("demo", "--residents", "60", "--json", "--plant", "vote")

    done = command(*words, environment={}, folder=tmp_path, seconds=PATIENCE)

    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert told["books_agree"] is True
    assert told["poll"]["agrees"] is False
    assert "counted otherwise" in told["poll"]["difference"]
    assert "not what was meant" in done.stderr
