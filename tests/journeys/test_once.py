"""A program that does not hear our answer and asks again: one broadcast, sent once."""

import json
import signal
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.journeys.processes import Process, until
from tests.journeys.world import TEXTS, World


def _request(world: World, body: Any, key: str) -> bytes:
    raw = json.dumps(body).encode()
    head = (
        "POST /api/v1/broadcasts HTTP/1.1", "Host: notify", "Content-Type: application/json",
        f"Authorization: Bearer {world.key}", f"Idempotency-Key: {key}",
        f"Content-Length: {len(raw)}",
    )  # fmt: skip
    return "\r\n".join(head).encode() + b"\r\n\r\n" + raw


def _ask(world: World, body: Any, key: str) -> socket.socket:
    """Send the request and read nothing."""
    where = urlsplit(world.environment["NOTIFY_PUBLIC_URL"])
    client = socket.create_connection((str(where.hostname), where.port or 80), timeout=2)
    client.sendall(_request(world, body, key))
    return client


def _killed_before_it_answers(world: World, api: Process, body: Any) -> None:
    with _ask(world, body, "k1"):
        until(lambda: world.rows("SELECT 1 FROM broadcasts"), why=world.everything)
        api.kill()
    world.ready(world.start("api"))


def _too_slow_to_answer(world: World, api: Process, body: Any) -> None:
    api.send(signal.SIGSTOP)
    with _ask(world, body, "k1") as client, pytest.raises(TimeoutError):
        client.recv(1)
    api.send(signal.SIGCONT)
    until(lambda: world.rows("SELECT 1 FROM broadcasts"), why=world.everything)


@pytest.mark.parametrize("trouble", [_killed_before_it_answers, _too_slow_to_answer])
def test_who_hears_no_answer_and_asks_again_sends_once(
    make_world: Callable[..., World], trouble: Callable[[World, Process, Any], None]
) -> None:
    world = make_world()
    world.begin()
    world.readers(3)
    until_then = (datetime.now(UTC) + timedelta(hours=6)).isoformat()
    body = {"kind": "alert", "groups": [world.town], "texts": TEXTS, "valid_until": until_then}

    trouble(world, world.processes[0], body)
    again = [
        world.call("POST", "/api/v1/broadcasts", body, **{"Idempotency-Key": "k1"})["id"]
        for _ in range(2)
    ]
    world.at_rest(again[0])

    assert [str(row["id"]) for row in world.rows("SELECT id FROM broadcasts")] == again[:1]
    assert again[0] == again[1]
    assert world.reached("email") == {world.mail(n): 1 for n in range(3)}
