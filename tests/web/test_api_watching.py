"""What became of a broadcast, read over HTTP: its counters, its deliveries, each with its story."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from channels.base import AddressGone, Rejected
from channels.memory import MemoryChannel
from channels.messages import Email
from channels.receipts import Receipt, Report
from notify.domain.delivery import DeliveryStatus
from notify.domain.scopes import ORDINARY, Scope
from notify.domain.words import Channel
from notify.services import receiving
from notify.store import progress
from tests.town import Town
from tests.web.caller import Caller, is_problem

NOTHING = {str(status): 0 for status in DeliveryStatus}


async def _people(town: Town, count: int = 3) -> None:
    group = await town.group()
    for number in range(count):
        await town.resident(
            group, email=f"r{number}@example.org", phone=f"+4915112345{number:03}",
            alerts=["email", "sms"],
        )  # fmt: skip


async def _sent(api: Caller, town: Town) -> str:
    """An alert whose first mail is refused and whose others are taken; the SMS wait."""
    await _people(town)
    broadcast: str = (await api.send()).body["id"]
    await town.plan()

    def refuse_the_first(mail: Email) -> Rejected | None:
        return Rejected("no_mailbox", code="550 5.1.1") if mail.to.startswith("r0@") else None

    carrier = MemoryChannel[Email](script=refuse_the_first)
    await (await town.pump(carrier)).round()
    return broadcast


async def test_a_broadcast_just_taken_shows_every_status_of_every_channel_at_nought(
    api: Caller, town: Town
) -> None:
    await town.group()
    sent = await api.send()

    seen = await api.get(f"/broadcasts/{sent.body['id']}")

    assert seen.status == 200
    assert seen.body["progress"] == {str(channel): NOTHING for channel in Channel}
    assert seen.body["skips"] == {}
    assert seen.body["first_handover_at"] is None
    assert seen.body["last_handover_at"] is None
    assert seen.body["status"] == "approved"


async def test_progress_tells_what_became_of_all(api: Caller, town: Town) -> None:
    broadcast = await _sent(api, town)

    seen = (await api.get(f"/broadcasts/{broadcast}")).body

    assert seen["progress"]["email"] == NOTHING | {"sent": 2, "failed": 1}
    assert seen["progress"]["sms"] == NOTHING | {"pending": 3}
    assert seen["progress"]["push"] == NOTHING
    first = datetime.fromisoformat(seen["first_handover_at"])
    assert first <= datetime.fromisoformat(seen["last_handover_at"])
    assert sum(point["n"] for point in seen["curve"]["email"]) == 2


async def test_looking_at_a_broadcast_that_took_a_day_costs_no_more_than_at_one_that_took_minutes(
    api: Caller, town: Town
) -> None:
    await town.group()
    broadcast = (await api.send()).body["id"]
    await town.change(
        "INSERT INTO handovers (broadcast_id, channel, second, slot, n, first_at, last_at)"
        " SELECT %(id)s, channel, at, slot, 1, at, at + interval '0.5 s'"
        " FROM generate_series(timestamptz '2026-11-22 06:00Z', '2026-11-23 06:00Z', '1 s') AS at,"
        " unnest(ARRAY['sms', 'push']) AS channel, generate_series(1, 2) AS slot"
        " WHERE channel = 'sms' OR at < '2026-11-22 07:00Z'",
        id=broadcast,
    )
    await town.change("ANALYZE handovers")

    seen = (await api.get(f"/broadcasts/{broadcast}")).body
    plan = await town.rows(
        "EXPLAIN (ANALYZE, FORMAT JSON) " + progress.CURVE,
        id=broadcast, channels=list(Channel), since=datetime(2026, 11, 23, 5, 45, tzinfo=UTC),
    )  # fmt: skip

    assert seen["first_handover_at"] == "2026-11-22T06:00:00+00:00"
    assert seen["last_handover_at"] == "2026-11-23T06:00:00.500000+00:00"
    assert set(seen["curve"]) == {"sms"}
    assert len(seen["curve"]["sms"]) == 900
    assert {point["n"] for point in seen["curve"]["sms"]} == {2}
    assert _most_rows(plan[0]["QUERY PLAN"][0]["Plan"]) < 3_000


def _most_rows(node: Mapping[str, Any]) -> float:
    """The most rows that any step of a plan took or threw away."""
    own = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    below = [_most_rows(part) for part in node.get("Plans", ())]
    return max([float(own * node["Actual Loops"]), *below])


async def test_skips_are_counted_by_reason(api: Caller, town: Town) -> None:
    group = await town.group()
    for number in range(3):
        await town.resident(
            group, email=f"r{number}@example.org", alerts=["email"], state="unverified"
        )
    sent = await api.send()
    await town.plan()

    seen = (await api.get(f"/broadcasts/{sent.body['id']}")).body

    assert seen["skips"] == {"email": {"unverified": 3}}


@pytest.mark.parametrize(
    ("query", "count"),
    [
        pytest.param("", 6, id="all"),
        pytest.param("channel=email", 3, id="a channel"),
        pytest.param("status=sent", 2, id="a status"),
        pytest.param("channel=sms&status=pending", 3, id="both"),
        pytest.param("channel=push", 0, id="none"),
    ],
)
async def test_deliveries_are_filtered(api: Caller, town: Town, query: str, count: int) -> None:
    broadcast = await _sent(api, town)

    page = (await api.get(f"/broadcasts/{broadcast}/deliveries?{query}")).body

    assert len(page["deliveries"]) == count
    assert page["next_cursor"] is None


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 6, 7])
async def test_the_cursor_loses_and_repeats_nothing(api: Caller, town: Town, limit: int) -> None:
    await _people(town)
    broadcast = (await api.send()).body["id"]
    await town.plan()

    seen: list[Mapping[str, Any]] = []
    cursor: int | None = 0
    while cursor is not None:
        page = await api.get(f"/broadcasts/{broadcast}/deliveries?limit={limit}&cursor={cursor}")
        seen += page.body["deliveries"]
        cursor = page.body["next_cursor"]

    assert len(seen) == 6
    assert len({row["id"] for row in seen}) == 6
    assert {row["address"] for row in seen if row["channel"] == "email"} == {
        f"r{number}@example.org" for number in range(3)
    }


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("channel=fax", id="channel"),
        pytest.param("status=lost", id="status"),
        pytest.param("status=sent%00", id="NUL"),
        pytest.param("limit=0", id="nothing wanted"),
        pytest.param("limit=1001", id="too much wanted"),
        pytest.param(f"cursor={2**63}", id="beyond bigint"),
        pytest.param("cursor=-1", id="negative"),
        pytest.param(f"cursor={'9' * 5000}", id="huge"),
    ],
)
async def test_a_filter_that_is_none_is_refused(api: Caller, town: Town, query: str) -> None:
    await town.group()
    broadcast = (await api.send()).body["id"]

    assert is_problem(await api.get(f"/broadcasts/{broadcast}/deliveries?{query}"), 422)


async def test_one_delivery_tells_its_attempts_and_receipts(api: Caller, town: Town) -> None:
    broadcast = await _sent(api, town)
    rows = (await api.get(f"/broadcasts/{broadcast}/deliveries?status=sent")).body["deliveries"]
    (attempt,) = await town.rows(
        "SELECT id FROM attempts WHERE delivery_id = %(id)s", id=rows[0]["id"]
    )
    await receiving.take(
        town.db, [(attempt["id"], Receipt("mail", "k1", Report.FAILED, code="550 5.1.1"))]
    )

    seen = (await api.get(f"/deliveries/{rows[0]['id']}")).body

    assert (seen["id"], seen["status"], seen["broadcast_id"]) == (
        rows[0]["id"],
        "failed",
        broadcast,
    )
    assert [(a["outcome"], a["sender"], a["repeat"]) for a in seen["attempts"]] == [
        ("sent", "memory", False)
    ]
    assert [(r["report"], r["code"]) for r in seen["receipts"]] == [("failed", "550 5.1.1")]


async def test_why_a_delivery_failed_stands_on_its_attempt(api: Caller, town: Town) -> None:
    broadcast = await _sent(api, town)
    (row,) = (await api.get(f"/broadcasts/{broadcast}/deliveries?status=failed")).body["deliveries"]

    seen = (await api.get(f"/deliveries/{row['id']}")).body

    assert row["reason"] == "no_mailbox"
    assert (seen["attempts"][0]["outcome"], seen["attempts"][0]["code"]) == (
        "rejected",
        "550 5.1.1",
    )


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        pytest.param("en-GB,de;q=0.5", "This e-mail address does not exist.", id="English"),
        pytest.param("de", "Diese E-Mail-Adresse gibt es nicht.", id="German"),
        pytest.param("fr", "Diese E-Mail-Adresse gibt es nicht.", id="the town's own"),
        pytest.param("", "Diese E-Mail-Adresse gibt es nicht.", id="no wish"),
    ],
)
async def test_a_reason_is_said_in_plain_words_of_the_caller_s_language(
    api: Caller, town: Town, header: str, sentence: str
) -> None:
    group = await town.group()
    await town.resident(group, email="r0@example.org", alerts=["email", "sms"])
    broadcast = (await api.send()).body["id"]
    await town.plan()
    gone = MemoryChannel[Email](script=lambda _: AddressGone("no_such_address"))
    await (await town.pump(gone)).round()
    spoken = {"Accept-Language": header}

    (row,) = (await api.get(f"/broadcasts/{broadcast}/deliveries", **spoken)).body["deliveries"]
    one = (await api.get(f"/deliveries/{row['id']}", **spoken)).body
    (skip,) = (await api.get(f"/broadcasts/{broadcast}/skips", **spoken)).body["skips"]

    assert row["said"].startswith(sentence)
    assert [one["said"], one["attempts"][0]["said"]] == [row["said"]] * 2
    assert (skip["reason"], skip["said"] is None) == ("no_address", False)


async def test_what_went_well_has_no_reason_to_be_said(api: Caller, town: Town) -> None:
    broadcast = await _sent(api, town)
    rows = (await api.get(f"/broadcasts/{broadcast}/deliveries?status=sent")).body["deliveries"]

    assert {row["said"] for row in rows} == {None}


async def test_addresses_are_shown_only_to_a_key_that_may_read_residents(
    api: Caller, town: Town
) -> None:
    broadcast = await _sent(api, town)
    modest = await api.with_key(*(s for s in ORDINARY if s is not Scope.RESIDENTS_READ))

    page = await modest.get(f"/broadcasts/{broadcast}/deliveries")
    one = await modest.get(f"/deliveries/{page.body['deliveries'][0]['id']}")

    assert {row["address"] for row in page.body["deliveries"]} == {None}
    assert one.body["address"] is None
    assert "@" not in str(page.body)
    assert "@" not in str(one.body)


async def test_a_look_at_addresses_is_in_the_audit_log_once_for_key_and_broadcast(
    api: Caller, town: Town
) -> None:
    broadcast = await _sent(api, town)
    modest = await api.with_key(*(s for s in ORDINARY if s is not Scope.RESIDENTS_READ))
    other = await api.with_key(*ORDINARY)

    for caller in (modest, api, api, other):
        page = await caller.get(f"/broadcasts/{broadcast}/deliveries")
        await caller.get(f"/deliveries/{page.body['deliveries'][0]['id']}")

    lines = await town.rows("SELECT * FROM audit WHERE deed = 'deliveries.viewed' ORDER BY id")
    assert [line["about"]["broadcast"] for line in lines] == [str(broadcast)] * 2
    assert len({line["about"]["by_key"] for line in lines}) == 2
    await town.change("ALTER TABLE audit DISABLE TRIGGER USER")
    await town.change("UPDATE audit SET at = at - interval '11 minutes'")
    await api.get(f"/broadcasts/{broadcast}/deliveries")
    assert len(await town.rows("SELECT FROM audit WHERE deed = 'deliveries.viewed'")) == 3


async def test_a_delivery_outside_the_grant_is_not_there(api: Caller, town: Town) -> None:
    broadcast = await _sent(api, town)
    await town.group("elsewhere")
    rows = (await api.get(f"/broadcasts/{broadcast}/deliveries")).body["deliveries"]
    stranger = await api.with_key(group="elsewhere")

    assert is_problem(await stranger.get(f"/deliveries/{rows[0]['id']}"), 404)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param(f"/broadcasts/{uuid4()}", 404, id="no broadcast"),
        pytest.param(f"/broadcasts/{uuid4()}/deliveries", 404, id="deliveries of none"),
        pytest.param("/deliveries/999999999", 404, id="no delivery"),
        pytest.param(f"/deliveries/{2**63}", 422, id="beyond bigint"),
        pytest.param(f"/deliveries/{'9' * 5000}", 422, id="huge"),
        pytest.param("/deliveries/0", 422, id="nought"),
        pytest.param("/deliveries/one%00", 422, id="NUL"),
        pytest.param("/broadcasts/one", 422, id="no uuid"),
    ],
)
async def test_what_is_not_there_is_said_to_be_so(api: Caller, path: str, status: int) -> None:
    assert is_problem(await api.get(path), status)


async def test_whoever_was_left_out_is_told_with_the_reason_over_all_pages(
    api: Caller, town: Town
) -> None:
    group = await town.group()
    for _ in range(5):
        await town.resident(group, alerts=["email", "sms"])
    broadcast = (await api.send()).body["id"]
    await town.plan()

    found, path = [], f"/broadcasts/{broadcast}/skips?limit=2"
    page = await api.get(path)
    while page.body["next_cursor"]:
        found += page.body["skips"]
        page = await api.get(f"{path}&cursor={page.body['next_cursor']}")
    found += page.body["skips"]

    assert len({row["resident_id"] for row in found}) == 5
    assert (
        sorted((row["channel"], row["reason"]) for row in found)
        == [("email", "no_address")] * 5 + [("sms", "no_address")] * 5
    )


async def test_what_is_forgotten_says_so_and_answers_from_its_counters(
    api: Caller, town: Town
) -> None:
    broadcast = await _sent(api, town)
    before = (await api.get(f"/broadcasts/{broadcast}")).body
    assert before["forgotten_at"] is None
    (first, *_) = (await api.get(f"/broadcasts/{broadcast}/deliveries")).body["deliveries"]
    await town.change("UPDATE broadcasts SET forgotten_at = now()")
    await town.change("DELETE FROM deliveries WHERE status NOT IN ('pending', 'sending')")
    await town.change("DELETE FROM skips")

    after = (await api.get(f"/broadcasts/{broadcast}")).body
    deliveries = (await api.get(f"/broadcasts/{broadcast}/deliveries?channel=email")).body
    skips = (await api.get(f"/broadcasts/{broadcast}/skips")).body
    gone = await api.get(f"/deliveries/{first['id']}")

    at = after["forgotten_at"]
    assert datetime.fromisoformat(at) is not None
    assert (after["progress"], after["curve"]) == (before["progress"], before["curve"])
    assert deliveries == {"deliveries": [], "next_cursor": None, "forgotten_at": at}
    assert skips == {"skips": [], "next_cursor": None, "forgotten_at": at}
    assert gone.status == 404
    assert "deleted" in gone.body["detail"]
