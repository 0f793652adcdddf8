"""Providers fail in their own ways; each ends in the right status, for the right reason."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, LiteralString
from uuid import UUID

import pytest

from channels.vapid import public_key
from notify.domain.outcome import GREYLISTED, JITTER, SLOW
from sandbox.client import SandboxProcess
from tests.journeys.failures import ROWS, Row
from tests.journeys.processes import command, until
from tests.journeys.world import SENDER, World

_FIELDS = {"email": "email", "sms": "phone", "push": "browser"}
OTHER_SENDER = "+4915735990001"
UNASKED = {"service_resting", "service_slow"}

HURRY: LiteralString = """
-- Put the clock forward for what is to be tried again later, once and not without end.
UPDATE deliveries SET due_at = now()
WHERE status = 'pending' AND broadcast_id = %(id)s AND tries < 3 AND due_at > now() + interval '3 s'
"""
SEEN: LiteralString = """
SELECT d.id, d.status, d.reason, a.value, a.state = 'gone' OR x.hash IS NOT NULL AS suppressed
FROM deliveries d JOIN addresses a ON a.id = d.address_id
LEFT JOIN suppressions x ON x.channel = a.channel AND x.hash = a.hash
WHERE d.broadcast_id = %(id)s
"""
RECEIPTS: LiteralString = """
SELECT r.delivery_id, r.reason, r.code FROM receipts r JOIN deliveries d ON d.id = r.delivery_id
WHERE d.broadcast_id = %(id)s AND r.report = 'failed'
"""
PAUSES: LiteralString = """
SELECT a.value, extract(epoch FROM d.due_at - t.settled_at)::float AS pause, d.reason
FROM deliveries d JOIN attempts t ON t.id = d.attempt_id JOIN addresses a ON a.id = d.address_id
WHERE d.broadcast_id = %(id)s AND d.status = 'pending' AND t.settled_at IS NOT NULL
"""
TOOK: LiteralString = """
SELECT count(*) AS n, extract(epoch FROM max(handed_over_at) - min(d.created_at))::float AS seconds
FROM deliveries d WHERE broadcast_id = %(id)s AND handed_over_at IS NOT NULL
"""
TRIES: LiteralString = """
SELECT DISTINCT tries FROM deliveries WHERE broadcast_id = %(id)s AND status = 'pending'
"""
STOPPED: LiteralString = """
SELECT name, reason, code FROM senders WHERE stopped_at IS NOT NULL
"""
DOWN: LiteralString = """
SELECT name, down_reason, down_code FROM senders WHERE down_since IS NOT NULL
"""


@dataclass(frozen=True)
class Seen:
    """What became of one row."""

    delivery: dict[str, Any]
    attempts: list[dict[str, Any]]
    receipts: list[dict[str, Any]]

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The attempts in which the provider was asked."""
        return [
            one for one in self.attempts
            if one["outcome"] != "released" and one["reason"] not in UNASKED
        ]  # fmt: skip

    def as_row(self, row: Row) -> Row:
        """The row as it really went."""
        (said,) = tuple(self.said) or (None,)
        return replace(
            row, status=self.delivery["status"], outcomes=self.outcomes, said=said,
            suppressed=self.delivery["suppressed"],
            repeats=sum(one["repeat"] for one in self.asked),
        )  # fmt: skip

    @property
    def outcomes(self) -> tuple[str, ...]:
        return tuple(outcome for outcome, _ in groupby(one["outcome"] for one in self.asked))

    @property
    def said(self) -> set[tuple[str, str | None]]:
        """What was said to have gone wrong, by whoever."""
        failed = [one for one in self.asked if one["outcome"] != "sent"] + self.receipts
        return {(one["reason"], one["code"]) for one in failed}


def settle(world: World, broadcast: str) -> None:
    """Wait until nothing more is to come, without waiting out every pause."""

    def look() -> Any:
        world.change(HURRY, id=UUID(broadcast))
        world.hurry()
        return world.look(broadcast)["dispatched_at"]

    until(look, why=world.everything)
    world.at_rest(broadcast)


def seen(world: World, broadcast: str) -> dict[str, Seen]:
    """What became of a broadcast, by address."""
    attempts, receipts = world.attempts(), world.rows(RECEIPTS, id=UUID(broadcast))
    return {
        row["value"]: Seen(
            row,
            [one for one in attempts if one["delivery_id"] == row["id"]],
            [one for one in receipts if one["delivery_id"] == row["id"]],
        )
        for row in world.rows(SEEN, id=UUID(broadcast))
    }


def test_each_way_to_fail_ends_as_it_should(world: World) -> None:
    """One alert to all at once, each served as badly as its row says."""
    browsers = iter(world.browsers(sum(row.channel == "push" for row in ROWS)))
    addresses: dict[str, Row] = {}
    people: list[dict[str, Any]] = []
    for number, row in enumerate(ROWS):
        browser = next(browsers) if row.channel == "push" else None
        address = world.mail(number) if row.channel == "email" else world.phone(number)
        addresses[browser["endpoint"] if browser else address] = row
        people.append({_FIELDS[row.channel]: browser or address})
    world.residents(people)
    world.box.rules(
        [{"channel": row.channel, "address": to, **row.rule} for to, row in addresses.items()]
    )

    alert = world.send()
    settle(world, alert)

    went = seen(world, alert)
    for address, row in addresses.items():
        found = went[address]
        assert found.as_row(row) == row
        told = row.said[0] if row.said and row.status in {"failed", "unknown"} else None
        assert found.delivery["reason"] == told


@pytest.mark.parametrize(
    ("answer", "text", "reason", "status"),
    [
        pytest.param(451, "4.7.1 too fast", "throttled", "sent", id="throttled"),
        pytest.param(451, "4.2.0 later", "try_later", "sent", id="later"),
        pytest.param(552, "5.3.4 too big", "too_big", "failed", id="too big"),
    ],
)
def test_a_refusal_at_the_very_beginning_of_a_mail(
    world: World, answer: int, text: str, reason: str, status: str
) -> None:
    world.readers(1)
    world.box.rules([{**_refusal(answer, text), "at": "mail"}])

    alert = world.send()
    until(lambda: any(one["settled_at"] for one in world.attempts()), why=world.everything)
    world.box.rules([])
    settle(world, alert)

    found = seen(world, alert)[world.mail(0)]
    assert found.delivery["status"] == status
    assert found.said == {(reason, f"{answer} {text[:5]}")}
    assert not found.delivery["suppressed"]


def test_news_are_tried_again_slowly_by_the_reason_and_not_all_together(world: World) -> None:
    browser = world.browsers(1)[0]
    world.readers(20)
    world.resident(browser=browser)
    patient, greylisted = world.mail(19), [world.mail(number) for number in range(19)]
    world.box.rules(
        [
            {**_refusal(450, "4.2.1 busy"), "address": patient},
            {"channel": "email", "do": "greylist", "first": 99},
            {"channel": "push", "do": "throttle", "retry_after": 120},
        ]
    )

    news = world.send("announcement")
    rows = until(lambda: _all_put_off(world, news, count=21), why=world.everything)
    world.post(f"/api/v1/broadcasts/{news}/cancel", {})

    pauses = {row["value"]: row["pause"] for row in rows}
    for address in greylisted:
        assert GREYLISTED <= pauses[address] <= GREYLISTED * (1 + JITTER) + 0.1
    assert SLOW[0] <= pauses[patient] <= SLOW[0] * (1 + JITTER) + 0.1
    assert 120 <= pauses[browser["endpoint"]] <= 120 * (1 + JITTER) + 0.1
    spread = [pauses[address] for address in greylisted]
    assert max(spread) - min(spread) > GREYLISTED * JITTER / 4
    assert len({row["reason"] for row in rows}) == 3


def _refusal(code: int, text: str) -> dict[str, Any]:
    return {"channel": "email", "do": "refuse", "code": code, "text": text}


def _all_put_off(world: World, broadcast: str, *, count: int) -> list[dict[str, Any]]:
    rows = world.rows(PAUSES, id=UUID(broadcast))
    return rows if len(rows) == count else []


def test_what_could_only_be_tried_again_too_late_is_expired_and_says_why(world: World) -> None:
    world.readers(1)
    world.box.rules([{"channel": "email", "do": "greylist"}])
    end = datetime.now(UTC) + timedelta(seconds=4)

    alert = world.send(valid_until=end.isoformat())
    world.at_rest(alert)

    found = seen(world, alert)[world.mail(0)]
    assert (found.delivery["status"], found.delivery["reason"]) == ("expired", "greylisted")
    assert found.outcomes == ("try_again",)
    assert len(found.asked) == 1
    assert world.box.books("email") == []


def test_a_sender_that_is_refused_stops_keeps_its_deliveries_and_is_resumed_by_hand(
    make_world: Callable[..., World],
) -> None:
    world = make_world(TWILIO_SENDERS=f"{SENDER}@400 {OTHER_SENDER}@400")
    world.begin()
    browsers = world.browsers(6)
    world.resident(email=world.mail(), phone=world.phone())
    world.residents([{"browser": browser} for browser in browsers])
    wrong_key = {"channel": "push", "do": "refuse", "status": 403}
    world.box.rules(
        [
            {**_refusal(553, "5.1.8 not from here"), "at": "mail"},
            {"channel": "sms", "do": "refuse", "code": 20003, "status": 401, "first": 1},
            {"channel": "sms", "do": "refuse", "code": 20005, "status": 403},
            wrong_key,
        ]
    )

    alert = world.send()
    until(lambda: len(world.rows(STOPPED)) == 3 and world.rows(DOWN), why=world.everything)

    stopped = {row["name"]: (row["reason"], row["code"]) for row in world.rows(STOPPED)}
    (relay,) = [name for name in stopped if name.startswith("smtp:")]
    assert stopped == {
        relay: ("sender_refused", "553 5.1.8"),
        f"twilio:{SENDER}": ("not_authorised", "20003"),
        f"twilio:{OTHER_SENDER}": ("account_suspended", "20005"),
    }
    # Foreign keys are all it may be: push comes back by itself.
    assert world.rows(DOWN) == [
        {"name": "push", "down_reason": "vapid_refused", "down_code": "403"}
    ]
    assert {status for _, status in world.statuses()} <= {"pending", "sending"}

    world.box.rules([{**wrong_key, "address": browsers[0]["endpoint"]}])
    for sender in (relay, f"twilio:{SENDER}"):
        done = command("resume", sender, environment=world.environment, folder=world.folder)
        assert done.returncode == 0, done.stderr
    settle(world, alert)

    found = seen(world, alert)
    assert found[world.mail()].outcomes == ("sender_stopped", "sent")
    assert found[world.phone()].outcomes == ("sender_stopped", "sent")
    refused, *taken = (found[browser["endpoint"]].delivery for browser in browsers)
    # One that is refused while the others are taken subscribed with another key.
    assert (refused["status"], refused["reason"]) == ("failed", "vapid_refused")
    assert not refused["suppressed"]
    assert {one["status"] for one in taken} == {"delivered"}
    assert set(world.reached("sms").values()) == {1}


def test_a_mail_finds_its_way_past_relays_that_cannot_be_used(
    make_world: Callable[..., World],
) -> None:
    world = make_world()
    with (
        SandboxProcess("--starttls") as untrusted,
        SandboxProcess("--starttls") as stripped,
        SandboxProcess() as hostile,
        SandboxProcess() as full,
    ):
        stripped.rules([{"channel": "email", "do": "strip_starttls"}])
        hostile.rules([{"channel": "email", "do": "refuse", "at": "connect", "code": 554}])
        full.rules([{"channel": "email", "do": "close", "at": "connect"}])
        relays = {
            "smtp://127.0.0.1:1?tls=none": "unreachable",
            untrusted.smtp_url: "tls_failed",
            stripped.smtp_url: "tls_required",
            hostile.smtp_url: "refused_connection",
            full.smtp_url: "relay_busy",
            world.box.smtp_url: None,
        }
        world.environment["NOTIFY_SMTP_URLS"] = " ".join(relays)
        world.begin()
        world.readers(3)

        world.at_rest(world.send())

    asked = [one for one in world.attempts() if one["outcome"] != "released"]
    found = {one["sender"]: one["reason"] for one in asked}
    assert found == {url.partition("?")[0]: reason for url, reason in relays.items()}
    assert dict(world.statuses()) == {("email", "sent"): 3}
    assert set(world.reached("email").values()) == {1}
    assert world.rows(STOPPED) == []


def test_a_push_service_that_hangs_holds_up_no_other(make_world: Callable[..., World]) -> None:
    """With 50 slots and 15 seconds a call, it would be in the way for much longer than this."""
    world = make_world()
    with SandboxProcess() as hung:
        hung.rules([{"channel": "push", "do": "hang"}])
        world.environment["NOTIFY_PUSH_HOSTS"] = f"{hung.push_url} {world.box.push_url}"
        world.begin()
        stuck = hung.browsers(60, application_key=public_key(world.vapid))
        world.residents(
            [
                {"browser": fine, "addresses": [{"channel": "push", "value": fine},
                                                {"channel": "push", "value": bad}]}
                for fine, bad in zip(world.browsers(60), stuck, strict=True)
            ]
        )  # fmt: skip

        alert = world.send()
        until(lambda: len(world.reached("push")) == 60, why=world.everything)
        tries = world.rows(TRIES, id=UUID(alert))
        world.post(f"/api/v1/broadcasts/{alert}/cancel", {})

        took = world.rows(TOOK, id=UUID(alert))[0]
        assert took["n"] >= 50
        assert took["seconds"] < 10
        assert hung.counts()["push"]["calls"] < 50
        assert [row["tries"] for row in tries] == [0]  # waiting for it uses up none
