"""The test ring by hand, and what is said of alarms and of what would keep them from being told."""

import asyncio
import json
import logging

import psycopg
import pytest
from typer.testing import CliRunner

from channels.vapid import make_vapid_key
from notify.cli import app
from notify.domain.duty import RingResult, Verdict
from notify.domain.words import Channel
from notify.services import ringing
from notify.store.database import Database
from tests.conftest import SECRET
from tests.services.watched import MAIL
from tests.town import Town


@pytest.fixture
def notify(database_url: str, monkeypatch: pytest.MonkeyPatch) -> "type[_Notify]":
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # the commands set their own
    for name, value in {
        "DATABASE_URL": database_url, "SECRET_KEYS": SECRET, "DUTY": MAIL,
        "VAPID_PRIVATE_KEY": make_vapid_key(), "SMTP_URLS": "smtp://127.0.0.1:1?tls=none",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"NOTIFY_{name}", value)
    return _Notify


class _Notify:
    """One run of a command, in this process."""

    def __init__(self, *words: str) -> None:
        done = CliRunner().invoke(app, words)
        self.code, self.said = done.exit_code, done.output


def test_nobody_on_duty_is_said_and_counts_as_a_failure(notify: type[_Notify]) -> None:
    done = notify("ring", "--wait", "0")

    assert done.code == 1
    assert done.said.splitlines() == [
        "email: nobody on duty can be reached; nor does anybody else use it",
        "push: nobody on duty can be reached; nor does anybody else use it",
    ]


async def test_a_ring_that_nobody_answers_is_said_and_counts_as_a_failure(
    notify: type[_Notify], town: Town
) -> None:
    await town.resident(email=MAIL)

    # in a thread: a command brings an event loop of its own

    done = await asyncio.to_thread(notify, "ring", "--wait", "0")

    assert done.code == 1
    assert "email: no receipt yet (pending 1)" in done.said
    assert MAIL not in done.said


@pytest.mark.parametrize(
    ("others", "code"),
    [
        pytest.param([], 0, id="nobody uses it"),
        pytest.param(["https://push.example/1"], 1, id="used"),
    ],
)
async def test_a_channel_that_nobody_uses_does_not_fail_the_ring(
    notify: type[_Notify], town: Town, monkeypatch: pytest.MonkeyPatch, others: list[str], code: int
) -> None:
    await town.resident(email=MAIL)
    await town.resident(email="other@example.org", push=others)

    async def heard(_db: Database, rings: list[int]) -> list[ringing.Report]:
        return [ringing.Report(Channel.EMAIL, {"sent": 1}, Verdict(RingResult.OK)) for _ in rings]

    monkeypatch.setattr(ringing, "report", heard)

    done = await asyncio.to_thread(notify, "ring", "--wait", "0")

    assert done.code == code
    assert "push: nobody on duty can be reached" in done.said


def test_a_check_says_what_would_keep_us_from_noticing(notify: type[_Notify]) -> None:
    said = notify("check").said

    assert "duty: nobody on duty can be reached by email; see NOTIFY_DUTY" in said
    assert "watch: nobody is told when something is wrong; set NOTIFY_ALARM_MAIL" in said
    assert "NOTIFY_HEARTBEAT_URL" in said


@pytest.mark.parametrize("named", ["", "10.0.0.0/8"], ids=["unnamed", "named"])
def test_a_check_says_that_a_proxy_is_not_named(
    notify: type[_Notify], monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv("NOTIFY_PUBLIC_URL", "https://town.example.org")
    monkeypatch.setenv("NOTIFY_TRUSTED_PROXIES", named)

    said = notify("check").said

    assert ("network: NOTIFY_PUBLIC_URL is https" in said) is (named == "")


def test_a_check_asks_the_relay_for_mails_about_faults(
    notify: type[_Notify], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_ALARM_MAIL", "it@example.org")

    said = notify("check").said

    assert "alarm mail: smtp://127.0.0.1:1: unreachable" in said
    assert "would fail with it" in said


def test_status_lists_what_is_wrong_and_what_to_do(
    notify: type[_Notify], database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO alarms (key, level, facts, since, raised_at) VALUES ('no_worker:alert',"
            " 'alarm', '{\"lane\": \"alert\"}', '2026-11-26T09:00Z', now())"
        )

    said = notify("status").said

    assert "alarm no_worker:alert, since 2026-11-26 10:00:00 CET" in said
    assert "No worker is there to send warnings. Start it again:" in said
    assert json.loads(notify("status", "--json").said)["alarms"][0]["key"] == "no_worker:alert"


def test_a_sender_nobody_knows_is_not_resumed(notify: type[_Notify], database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO senders (name, channel) VALUES ('relay', 'email')")

    typo, fine = notify("resume", "realy"), notify("resume", "relay")

    assert (typo.code, "There is no such sender." in typo.said) == (1, True)
    assert (fine.code, fine.said.strip()) == (0, "It is not stopped.")


def test_a_language_that_is_not_there_is_refused(notify: type[_Notify]) -> None:
    french = notify("status", "--language", "fr")

    assert (french.code, "only in: de, en" in french.said) == (1, True)
    assert notify("status", "--language", "de-AT").code == 0


@pytest.mark.parametrize("command", ["check", "ring"])
def test_an_address_on_duty_that_is_none_is_named_and_not_quoted(
    notify: type[_Notify], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("NOTIFY_DUTY", "erika-geheim")

    done = notify(command)

    assert done.code == 2
    assert "NOTIFY_DUTY" in done.said
    assert "geheim" not in done.said
