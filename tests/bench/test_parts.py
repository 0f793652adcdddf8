"""The parts of the bench: sinks that count, a caller, gauges, figures, tables."""

import io
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from bench import figures, gauges, report
from bench.browsers import browser
from bench.peers import node
from bench.promises import PROMISES
from bench.sinks.process import PostfixSink, Sink, postfix
from channels.messages import Push
from channels.push import PushChannel
from channels.push_hosts import PushHosts
from channels.vapid import make_vapid_key
from rig.caller import Failed, call_all, request
from rig.processes import until


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Sink]:
    with Sink("smtp", tmp_path) as sink:
        yield sink


def talk(port: int, *pieces: bytes) -> bytes:
    """Say these one after the other, and hear everything until the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        for piece in pieces:
            line.sendall(piece)
        heard = b""
        while data := line.recv(4096):
            heard += data
    return heard


MAIL = (
    b"EHLO me\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<%s@town.example>\r\nDATA\r\n"
    b"Subject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n"
)


@pytest.mark.parametrize("size", [1, 7, 10_000], ids=["byte by byte", "in bits", "at once"])
def test_the_relay_understands_commands_however_they_are_cut(relay: Sink, size: int) -> None:
    said = MAIL % b"anna"
    pieces = [said[at : at + size] for at in range(0, len(said), size)]

    heard = talk(relay.port, *pieces)

    codes = [line[:3] for line in heard.splitlines() if line[3:4] == b" "]
    assert codes == [b"220", b"250", b"250", b"250", b"354", b"250", b"221"]
    assert relay.take().read_bytes() == b"anna@town.example\n"


def test_the_relay_takes_an_empty_mail_and_knows_where_it_ends(relay: Sink) -> None:
    talk(relay.port, b"MAIL FROM:<>\r\nRCPT TO:<x@y.example>\r\nDATA\r\n.\r\nQUIT\r\n")

    assert relay.count() == 1


def test_a_sink_counts_anew_after_it_was_asked_what_it_got(relay: Sink) -> None:
    talk(relay.port, MAIL % b"anna")
    relay.take()
    talk(relay.port, MAIL % b"bert")

    assert relay.take().read_bytes() == b"bert@town.example\n"
    assert relay.count() == 0


def test_a_sink_may_lose_one_to_see_whether_it_is_noticed(tmp_path: Path) -> None:
    with Sink("smtp", tmp_path, lose=1) as sink:
        heard = talk(sink.port, MAIL % b"anna")

        assert b"queued as" in heard
        assert sink.count() == 0


@pytest.mark.skipif(postfix("smtp-sink") is None, reason="postfix is not installed")
def test_the_sink_of_postfix_counts_too(tmp_path: Path) -> None:
    with PostfixSink(str(postfix("smtp-sink")), tmp_path) as sink:
        until(lambda: _listens(sink.port), seconds=10)

        talk(sink.port, MAIL % b"anna")

        until(lambda: sink.count() == 1, seconds=10)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


async def test_the_push_service_opens_one_in_a_hundred(tmp_path: Path) -> None:
    with Sink("push", tmp_path) as sink:
        hosts = PushHosts([sink.url])
        channel = PushChannel(
            vapid_private_key=make_vapid_key(), subject="mailto:a@b.example", hosts=hosts
        )
        keys = browser(sink.url, 7).subscription()
        push = Push(
            endpoint=keys["endpoint"], p256dh=keys["keys"]["p256dh"], auth=keys["keys"]["auth"],
            payload=b'{"title": "Lage 0001: x"}', ttl=60,
        )  # fmt: skip
        for _ in range(100):
            await channel.send(push)
        await channel.close()

        said = sink.ask("count")

    assert (said["count"], said["titles"], said["broken"]) == (100, {"Lage 0001: x": 1}, 0)


def test_the_caller_asks_over_kept_connections_and_counts_answers(tmp_path: Path) -> None:
    with Sink("gateway", tmp_path) as sink:
        url = f"{sink.url}/2010-04-01/Accounts/AC1/Messages.json"
        good = request("POST", url, body=b"To=%2B491&Body=x")

        done = call_all(sink.url, [good] * 20 + [request("GET", sink.url)], connections=3)

        assert done.statuses == {201: 20, 404: 1}
        assert len(done.waits) == 21
        assert sink.take().read_bytes() == b"+491\n" * 20


def test_a_server_that_is_not_there_is_told() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"

        with pytest.raises(Failed, match="cannot connect"):
            call_all(url, [request("GET", url)], connections=1)


def test_cpu_counts_children_that_run_and_that_have_ended() -> None:
    words = (
        "import subprocess, sys, time; burn = 'sum(range(4_000_000))';"
        "subprocess.run([sys.executable, '-c', burn]);"
        "subprocess.Popen([sys.executable, '-c', burn + '; import time; time.sleep(60)']);"
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", words]) as process:
        try:
            until(lambda: len(gauges.tree(process.pid)) == 2, seconds=30)
            until(lambda: gauges.cpu_seconds(process.pid) > 0.1, seconds=30)
            assert gauges.resident(process.pid) > 1
        finally:
            for pid in reversed(gauges.tree(process.pid)):
                subprocess.run(["kill", "-9", str(pid)], check=False)
    assert gauges.cpu_seconds(process.pid) == 0


def test_the_memory_of_a_process_is_kept_when_it_is_gone() -> None:
    with gauges.Memory() as memory, subprocess.Popen(["sleep", "60"]) as process:
        memory.watch("sleeper", process.pid)
        until(lambda: memory.most.get("sleeper", 0) > 0, seconds=10)
        process.kill()

    assert memory.most["sleeper"] > 0


def test_a_figure_without_a_peer_has_no_ratio_and_a_table_shows_a_dash() -> None:
    alone = figures.figure("plan", 123456.7, "rows/s", n=10)
    beside = figures.figure("pages", 50.0, "requests/s", n=10, peer="promised", peer_value=200.0)

    words = report.markdown([alone, beside], commit="abc", command="make bench")

    assert (alone.value, alone.peer, alone.ratio) == (123500.0, "none", None)
    assert beside.ratio == 0.25
    assert "| plan | 123,500 | rows/s | – | – | – | 10 | – |" in words
    assert "| pages | 50 | requests/s | promised | 200 | 0.25 | 10 | – |" in words
    assert "Commit `abc`, `make bench`" in words


FIRST_NUMBER = re.compile(r"^\|[^|]*\|\D*?([\d.,]*\d)", re.MULTILINE)

JUDGED = [
    pytest.param("email_tracked", 4_999, 30_000, "≥ 5,000: missed", id="too few a second"),
    pytest.param("sms_tracked_two", 2_000, 9_000, "≥ 2,000: kept", id="just enough a second"),
    pytest.param("alert_first_loaded", 0.31, None, "≤ 0.3: missed", id="too late"),
    pytest.param("rss_worker_bulk", 299, None, "≤ 300: kept", id="small enough"),
    pytest.param("email_channel", 9_900, 1_000, "≥ 10 ×: missed", id="not so many times the peer"),
    pytest.param("email_channel", 10_000, 1_000, "≥ 10 ×: kept", id="so many times the peer"),
    pytest.param("email_channel", 10_000, None, "≥ 10 ×: not measured", id="without the peer"),
    pytest.param("growth_sms_wall", 1.31, None, "≤ 1.3: missed", id="dearer the more there is"),
    pytest.param("growth_sms_rate", 2_000, 2_100, "–", id="growth promises no rate"),
    pytest.param("email_tracked_cpu_workers", 90, None, "–", id="nothing promised"),
]


@pytest.mark.parametrize(("name", "value", "peer_value", "said"), JUDGED)
def test_a_table_says_whether_a_promise_was_kept_whatever_stands_beside_it(
    name: str, value: float, peer_value: float | None, said: str
) -> None:
    one = figures.figure(name, value, "x", n=10, peer="a peer", peer_value=peer_value)
    console = Console(file=io.StringIO(), width=130)

    report.table(console, [one])

    assert f" {said} " in console.file.getvalue()  # type: ignore[attr-defined]
    assert f"| {said} |" in report.markdown([one], commit="abc", command="make bench")


def test_a_figure_without_a_peer_stands_beside_its_promise() -> None:
    one = figures.figure("receipts", 1_000.0, "receipts/s", n=10)

    assert (one.peer, one.peer_value, one.ratio) == ("promised", 2_000.0, 0.5)


def test_the_promises_are_those_of_the_document() -> None:
    words = (Path(__file__).parents[2] / "docs/performance.md").read_text()
    table = words.partition("## What is promised")[2].partition("\n## ")[0]
    said = {number.replace(",", "") for number in FIRST_NUMBER.findall(table)}

    assert said == {f"{one.bound:g}" for one in PROMISES.values()}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["growth", "plan"], ["growth was followed to 100,000 only"]),
        (["growth_sms"], ["beside 100,000 mails only"]),
        (["alert_first_loaded"], ["loaded alerts met an announcement to 100,000 only"]),
        (["plan"], []),
    ],
)
def test_a_quick_run_says_what_it_measured_less_of(names: list[str], said: list[str]) -> None:
    told = report.shortened([figures.figure(name, 1.0, "x", n=1) for name in names])

    assert len(told) == len(said)
    assert all(words in line for words, line in zip(said, told, strict=True))


def test_without_node_there_is_no_peer_and_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert node.missing() == "node and npm are not installed"


def test_a_sampled_command_writes_down_where_it_was(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.sampled", str(tmp_path / "s"), "worker", "--help"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob("s.*.json"))
