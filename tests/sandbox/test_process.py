"""The whole world as a process of its own, steered from outside."""

import json
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from twilio.rest import Client  # type: ignore[import-untyped]

from sandbox.client import SandboxFailed, SandboxProcess


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess("--seed", "1", "--account-sid", "AC" + "1" * 32) as process:
        yield process


@pytest.fixture
def box(running: SandboxProcess) -> SandboxProcess:
    running.clear()
    running.rules([])
    return running


def send(box: SandboxProcess, to: str = "r@home.example") -> None:
    url = urlsplit(box.smtp_url)
    with smtplib.SMTP(str(url.hostname), url.port or 25, timeout=5) as smtp:
        smtp.sendmail("b@town.example", [to], "Subject: Alarm\r\n\r\nhi\r\n")


def text(box: SandboxProcess) -> str:
    client = Client(box.account_sid, box.auth_token)
    client.api.base_url = box.twilio_url
    made = client.messages.create(to="+4915112345678", from_="+4915100000000", body="hi")
    client.http_client.session.close()
    return str(made.sid)


def test_books_and_counts_are_read_over_http(box: SandboxProcess) -> None:
    send(box)
    sid = text(box)

    mails, texts = box.books("email"), box.books("sms")

    assert [(each["to"], each["subject"], each["text"]) for each in mails] == [
        ("r@home.example", "Alarm", "hi\n")
    ]
    assert [(each["sid"], each["to"], each["body"]) for each in texts] == [
        (sid, "+4915112345678", "hi")
    ]
    assert box.counts()["email"]["taken"] == 1
    assert "subject" not in box.books("email", brief=True)[0]


def test_long_books_are_read_page_by_page(box: SandboxProcess) -> None:
    url = urlsplit(box.smtp_url)
    with smtplib.SMTP(str(url.hostname), url.port or 25, timeout=5) as smtp:
        for number in range(12):
            smtp.sendmail("b@town.example", [f"r{n}@home.example" for n in range(50)], str(number))

    read = box.books("email", brief=True)

    assert [each["number"] for each in read] == list(range(1, 601))


def test_rules_change_while_it_runs(box: SandboxProcess) -> None:
    box.rules([{"match": {"channel": "email"}, "do": "refuse"}])
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(box)
    box.rules([])
    send(box)

    assert len(box.books("email")) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda box: box.rules([{"channel": "fax"}]), id="rule"),
        pytest.param(lambda box: box.settings(colour="red"), id="setting"),
        pytest.param(lambda box: box.settings(bounce_to="nowhere"), id="host and port"),
        pytest.param(lambda box: box.books("fax"), id="book"),
        pytest.param(lambda box: box.browsers(0), id="no browser"),
    ],
)
def test_nonsense_is_refused_and_named(box: SandboxProcess, wrong: object) -> None:
    assert callable(wrong)

    with pytest.raises(SandboxFailed, match="errors"):
        wrong(box)


def test_browsers_are_made_and_forgotten(box: SandboxProcess) -> None:
    made = box.browsers(3)

    box.gone([made[0]["endpoint"]])

    assert len({each["endpoint"] for each in made}) == 3
    assert all(each["endpoint"].startswith(box.push_url) for each in made)
    assert set(made[0]["keys"]) == {"p256dh", "auth"}
    assert box.online() == 0


def test_settings_are_taken(box: SandboxProcess) -> None:
    box.settings(bounce_to="127.0.0.1:2525", inbound_url=None, pace=0.01, decrypt_every=1)

    said = box.inbound(sender="+4915112345678", to="+4915100000000", body="JA")

    assert said["sid"].startswith("SM")
    assert said["answer"] is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_when_told_to(number: signal.Signals, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps([{"channel": "email", "do": "refuse"}]))
    command = [sys.executable, "-m", "sandbox", "--rules", str(rules)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())
        process.send_signal(number)
        _, complaints = process.communicate(timeout=10)

    assert process.returncode == 0
    assert complaints == b""
    assert set(where) == {
        "smtp_url",
        "twilio_url",
        "account_sid",
        "auth_token",
        "push_url",
        "control_url",
    }


def test_a_sandbox_that_cannot_start_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SandboxFailed), SandboxProcess("--rules", str(tmp_path / "missing.json")):
        pass
