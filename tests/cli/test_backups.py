"""What an operator is told about backups, and about what is held after one came back."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from channels.vapid import make_vapid_key
from notify.cli import app
from notify.domain.words import Kind
from tests.conftest import SECRET
from tests.town import Town

Notify = Callable[..., tuple[int, str]]


@pytest.fixture
def notify(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Notify:
    """Runs a command in this process; gives its exit code and all it says."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # the commands set their own
    monkeypatch.setenv("NOTIFY_DATABASE_URL", database_url)
    monkeypatch.setenv("NOTIFY_SECRET_KEYS", SECRET)
    monkeypatch.setenv("NOTIFY_VAPID_PRIVATE_KEY", make_vapid_key())

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, words)
        return done.exit_code, done.output

    return run


async def test_held_broadcasts_are_told_released_and_recalled(town: Town, notify: Notify) -> None:
    await town.readers(2)
    alert = await town.broadcast("town")
    await town.plan()
    news = await town.broadcast("town", kind=Kind.ANNOUNCEMENT)

    async def say(*words: str) -> tuple[int, str]:
        return await asyncio.to_thread(notify, *words)

    code, told = await say("hold")
    assert code == 0
    assert told.index(str(alert)) < told.index(str(news))
    assert "was being sent" in told
    assert "2 to be sent, 0 of unknown outcome" in told
    assert "had not begun; may have been sent since" in told
    assert "notify release ID" in told

    assert "' to town, valid until " in told
    shown = (await say("status", str(alert)))[1]
    assert "' to town, valid until " in shown
    assert "HELD since" in shown
    for line in (told + shown).splitlines():
        assert "until" not in line or line.endswith((" CET", " CEST"))
    assert str(news) in (await say("status"))[1]
    assert '"held_why": "waiting"' in (await say("status", "--json"))[1]

    code, told = await say("release", str(alert))
    assert (code, "Released: 2 open deliveries." in told) == (0, True)
    assert (await say("release", str(alert)))[0] == 1
    assert (await say("cancel", str(news)))[0] == 0
    assert "HELD" not in (await say("status"))[1]


def test_where_nothing_was_in_flight_that_is_what_is_said(notify: Notify) -> None:
    code, told = notify("hold")

    assert (code, "nothing is held" in told) == (0, True)


def test_for_a_server_of_ones_own_the_way_to_go_is_told(notify: Notify, tmp_path: Path) -> None:
    for words in (["backup"], ["restore", "--replace"]):
        code, told = notify(*words, str(tmp_path / "town.backup"))

        assert code == 2
        assert "notify hold" in told
    code, told = notify("backup", "--check", str(tmp_path / "town.backup"))
    assert (code, "No such file" in told) == (1, True)
