"""Texts that no page shows yet can be read."""

import asyncio
import logging

import pytest
from typer.testing import CliRunner

from channels.vapid import make_vapid_key
from notify.cli import app
from tests.conftest import SECRET
from tests.services.test_inbound import PHONE, said, take
from tests.town import Town


@pytest.fixture(autouse=True)
def environment(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # the commands set their own
    monkeypatch.setenv("NOTIFY_DATABASE_URL", database_url)
    monkeypatch.setenv("NOTIFY_SECRET_KEYS", SECRET)
    monkeypatch.setenv("NOTIFY_VAPID_PRIVATE_KEY", make_vapid_key())


async def told(*words: str) -> list[str]:
    done = await asyncio.to_thread(CliRunner().invoke, app, ["inbound", *words])
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


async def test_what_residents_texted_is_listed_the_newest_first(town: Town) -> None:
    assert await told() == ["No texts."]

    await take(town, said("Wo ist\nder Sammelpunkt?\x1b[2J", at=60), said("Stopp", at=120))
    await take(town, said("Der Keller läuft voll", at=0))

    assert await told() == [
        "2026-03-01 13:02  [stop]  Stopp",
        "2026-03-01 13:01  Wo ist der Sammelpunkt?·[2J",
        "2026-03-01 13:00  Der Keller läuft voll",
    ]
    assert await told("--unhandled", "--limit", "1", "--numbers") == [
        f"2026-03-01 13:01  {PHONE}  Wo ist der Sammelpunkt?·[2J"
    ]
