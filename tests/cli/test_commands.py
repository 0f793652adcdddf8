"""Commands as an operator types them: what they say and how they end."""

import json
import logging
import socket
import subprocess
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from channels.vapid import make_vapid_key
from notify import clock
from notify.cli import app
from tests.conftest import SECRET
from tests.journeys.processes import command


@pytest.fixture
def environment(database_url: str) -> dict[str, str]:
    return {
        "NOTIFY_DATABASE_URL": database_url,
        "NOTIFY_SECRET_KEYS": SECRET,
        "NOTIFY_VAPID_PRIVATE_KEY": make_vapid_key(),
    }


def run(
    *words: str, environment: dict[str, str], folder: Path
) -> "subprocess.CompletedProcess[str]":
    return command(*words, environment=environment, folder=folder)


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        pytest.param("SMTP_URLS", "http://relay", ("worker",), id="relay"),
        pytest.param("TWILIO_ACCOUNT_SID", "AC1", ("worker",), id="half a gateway"),
        pytest.param("SECRET_KEYS", "", ("worker",), id="secret missing"),
        pytest.param("SMTP_URLS", "smtp://", ("up",), id="up"),
        pytest.param("VAPID_PRIVATE_KEY", "rubbish", ("check",), id="check"),
    ],
)
def test_a_wrong_setting_ends_a_command_with_its_name(
    environment: dict[str, str], tmp_path: Path, setting: str, value: str, words: tuple[str, ...]
) -> None:
    environment[f"NOTIFY_{setting}"] = value
    if setting == "SECRET_KEYS":
        del environment["NOTIFY_SECRET_KEYS"]

    done = run(*words, environment=environment, folder=tmp_path)

    assert done.returncode == 2, done.stderr
    assert setting.split("_", maxsplit=1)[0] in done.stderr
    assert "Traceback" not in done.stderr


def test_a_worker_does_not_begin_on_an_old_schema(
    environment: dict[str, str], server_url: str, tmp_path: Path
) -> None:
    environment["NOTIFY_DATABASE_URL"] = server_url

    done = run("worker", environment=environment, folder=tmp_path)

    assert done.returncode == 2
    assert "notify migrate" in done.stderr


def test_a_group_and_a_broadcast_are_made_looked_at_and_recalled(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # the commands set their own
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def notify(*words: str) -> str:
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output
        return done.stdout.strip()

    notify("group", "create", "town", "--name", "Stadt")
    notify("group", "approval", "town", "on")
    notify("group", "drill", "town", "on")
    assert "town  Stadt (drill) (announcements need approval)" in notify("group", "list")
    notify("group", "approval", "town", "off")
    notify("group", "drill", "town", "off")
    assert notify("group", "list") == "town  Stadt"
    sent = notify("send", "--group", "town", "--title", "Sturm", "--body", "Bleiben Sie drin.")
    shown = notify("status", sent)
    recalled = notify("cancel", sent)

    assert "announcement" in shown
    assert recalled == "Recalled."
    assert "cancelled" in notify("status", sent, "--json")
    assert "town" not in notify("status", "--json")
    assert CliRunner().invoke(app, ["cancel", sent]).exit_code in {0, 1}


def test_a_drill_is_sent_to_a_group_for_drills_and_shown_as_one(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    words = ["send", "--drill", "--group", "crew", "--title", "Sturm", "--body", "Ins Haus."]
    runner = CliRunner()
    runner.invoke(app, ["group", "create", "crew", "--name", "Feuerwehr"])

    refused = runner.invoke(app, words)
    with psycopg.connect(environment["NOTIFY_DATABASE_URL"]) as connection:
        connection.execute("UPDATE groups SET drill = true")
    sent = runner.invoke(app, words)

    assert refused.exit_code == 1
    assert "drill groups only" in " ".join(refused.output.split())
    assert sent.exit_code == 0
    shown = runner.invoke(app, ["status", sent.stdout.strip()]).stdout
    assert shown.startswith("drill, announcement ")


def test_why_somebody_was_not_reached_is_said_in_plain_words(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def notify(*words: str) -> str:
        return " ".join(CliRunner().invoke(app, words).stdout.split())

    notify("group", "create", "town", "--name", "Stadt")
    sent = notify("send", "--group", "town", "--title", "Sturm", "--body", "Bleiben Sie drin.")
    with psycopg.connect(environment["NOTIFY_DATABASE_URL"]) as connection:
        connection.execute("INSERT INTO skip_counts VALUES (%s, 'sms', 'no_address', 2)", [sent])
        connection.execute(
            "INSERT INTO deliveries (broadcast_id, resident_id, address_id, address_version, channel,"
            " lane, language, status, reason)"
            " VALUES (%s, gen_random_uuid(), 1, 1, 'email', 'bulk', 'de', 'failed', 'mailbox_full')",
            [sent],
        )

    shown, german = notify("status", sent), notify("status", sent, "--language", "de")

    assert "failed on email: mailbox_full 1 The mailbox is full." in shown
    assert "skipped on sms: no_address 2 The person has chosen" in shown
    assert "failed on email: mailbox_full 1 Das Postfach ist voll." in german
    assert '"said": "The mailbox is full.' in notify("status", sent, "--json")


def test_of_what_is_forgotten_the_figures_are_shown_and_why_there_is_no_more(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def notify(*words: str) -> str:
        return " ".join(CliRunner().invoke(app, words).stdout.split())

    notify("group", "create", "town", "--name", "Stadt")
    sent = notify("send", "--group", "town", "--title", "Sturm", "--body", "Bleiben Sie drin.")
    with psycopg.connect(environment["NOTIFY_DATABASE_URL"]) as connection:
        connection.execute("INSERT INTO progress VALUES (%s, 'email', 'failed', 1, 7)", [sent])
        connection.execute(
            "INSERT INTO deliveries (broadcast_id, resident_id, address_id, address_version, channel,"
            " lane, language, status, reason)"
            " VALUES (%s, gen_random_uuid(), 1, 1, 'email', 'bulk', 'de', 'failed', 'mailbox_full')",
            [sent],
        )
        connection.execute("UPDATE broadcasts SET forgotten_at = now()")

    shown, told = notify("status", sent), notify("status", sent, "--json")

    assert "NOTIFY_DELIVERY_DAYS" in shown
    assert "8" in shown
    assert "mailbox_full" not in shown  # what is left of it would mislead
    assert '"forgotten_at": "2' in told
    assert '"reasons": []' in told


def test_a_poll_is_sent_from_a_file(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    CliRunner().invoke(app, ["group", "create", "town", "--name", "Stadt"])
    good, bad, odd = (tmp_path / name for name in ("good.json", "bad.json", "odd.json"))
    asked = {"ask": "Länger öffnen?", "options": ["Ja", "Nein"]}
    good.write_text(json.dumps({"questions": [{"wordings": {"de": asked}}]}), "utf-8")
    bad.write_text('{"questions": [{"wordings": {"de": {"ask": 7}}}]}', "utf-8")
    odd.write_bytes(b"\xff{")
    ends = tmp_path / "ends.json"
    ends.write_text(json.dumps({"questions": [{"wordings": {"de": asked}, "high": 3}]}), "utf-8")

    until = f"{clock.now() + timedelta(days=9):%Y-%m-%dT00:00}"

    def send(file: Path) -> Result:
        return CliRunner().invoke(
            app,
            ["send", "--kind", "poll", "--group", "town", "--title", "Freibad", "--body", "Sagen Sie es.",
             "--valid-until", until, "--ask", str(file)],
        )  # fmt: skip

    refused = [send(bad), send(odd), send(tmp_path / "none.json"), send(ends)]
    sent = send(good)

    assert [one.exit_code for one in refused] == [2, 2, 2, 2]
    assert "ask.questions.0.high" in refused[3].output.replace("\n", "")
    assert "ask.questions.0.wordings.de.ask" in refused[0].output.replace("\n", "")
    assert sent.exit_code == 0, sent.output
    with psycopg.connect(environment["NOTIFY_DATABASE_URL"]) as connection:
        row = connection.execute("SELECT kind, asks FROM broadcasts").fetchone()
    assert row is not None
    assert row[0] == "poll"
    assert row[1]["questions"][0]["wordings"] == {"de": asked}
    assert row[1]["secret"] is True


def test_a_command_pressed_twice_sends_once_and_names_the_first(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    words = ("send", "--group", "town", "--title", "Sturm", "--body", "Bleiben Sie drin.")
    for slug in ("town", "village"):
        CliRunner().invoke(app, ["group", "create", slug, "--name", slug])

    first = CliRunner().invoke(app, words)
    twice = CliRunner().invoke(app, words)
    others = [
        CliRunner().invoke(app, [*words, *more])
        for more in (
            ["--title", "en=Storm", "--body", "en=Stay in."],
            ["--group", "village"],
            ["--kind", "alert", "--valid-until", "2099-01-01T00:00"],
            ["--send-at", "2098-12-31T00:00"],
            ["--again"],
        )
    ]

    assert (first.exit_code, twice.exit_code) == (0, 1)
    assert first.stdout.strip() in twice.output
    assert "--again" in twice.output
    assert [other.exit_code for other in others] == [0] * 5
    with psycopg.connect(environment["NOTIFY_DATABASE_URL"]) as connection:
        rows = connection.execute("SELECT count(*) FROM broadcasts").fetchone()
        assert rows == (6,)
        connection.execute("UPDATE broadcasts SET created_at = now() - interval '11 min'")
    later = CliRunner().invoke(app, words)
    assert later.exit_code == 0
    assert CliRunner().invoke(app, ["cancel", later.stdout.strip()]).exit_code == 0
    assert CliRunner().invoke(app, words).exit_code == 0


def test_health_of_a_lane_is_told_by_the_exit_code(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    before = CliRunner().invoke(app, ["healthy", "--lane", "alert"]).exit_code
    with psycopg.connect(environment["NOTIFY_DATABASE_URL"]) as connection:
        connection.execute(
            "INSERT INTO workers (id, lane, host) VALUES (gen_random_uuid(), 'alert', %s)",
            [socket.gethostname()],
        )

    after = CliRunner().invoke(app, ["healthy", "--lane", "alert"]).exit_code

    assert (before, after) == (1, 0)


def test_fresh_secrets_are_printed_ready_to_be_kept() -> None:
    said = CliRunner().invoke(app, ["secrets"]).stdout

    assert [line.split("=")[0] for line in said.split()] == [
        "NOTIFY_SECRET_KEYS",
        "NOTIFY_VAPID_PRIVATE_KEY",
    ]
