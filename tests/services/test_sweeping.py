"""The sweeper: what workers left behind is resolved, what has had its time is ended."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, LiteralString

import pytest
from typing_extensions import override

from channels.base import OutcomeUnknown
from channels.memory import MemoryChannel
from channels.messages import Sms
from channels.sms import Found, TwilioSms
from notify.domain.words import Channel, Kind, Lane
from notify.services import confirming, submitting, sweeping, watching
from notify.services.composing import Composer
from notify.services.senders import Sender
from notify.services.sweeping import Sweeper
from notify.store import sweep as store
from sandbox.gateway import Gateway
from sandbox.rules import Rules, read_rules
from tests.town import Town

NUMBER = "+4915735990000"


@asynccontextmanager
async def carried(gateway: Gateway, *, url: str | None = None) -> AsyncIterator[TwilioSms]:
    sms = TwilioSms(
        account_sid=gateway.account_sid, auth_token=gateway.auth_token, sender=NUMBER,
        api_url=url or gateway.url, timeout=5,
    )  # fmt: skip
    yield sms
    await sms.close()


def sweeper(town: Town, *carriers: Any, channel: Channel = Channel.SMS) -> Sweeper:
    return Sweeper(
        town.db,
        senders=[Sender(channel, carrier) for carrier in carriers],
        composer=Composer(settings=town.settings, keyring=town.keyring),
    )


async def one_text(town: Town, kind: Kind = Kind.ALERT) -> Any:
    group = await town.group()
    await town.resident(group, phone="+4915112345678", alerts=["sms"], news=["sms"])
    sent = await town.broadcast("town", kind=kind)
    await town.plan(Lane.ALERT if kind is Kind.ALERT else Lane.BULK)
    return sent


async def now_due(town: Town) -> None:
    await town.change("UPDATE deliveries SET due_at = now()")


async def delivery(town: Town) -> dict[str, Any]:
    return (await town.rows("SELECT * FROM deliveries"))[0]


async def test_a_text_the_gateway_has_is_found_there_with_what_became_of_it(town: Town) -> None:
    await one_text(town)
    rules = Rules(read_rules('[{"channel": "sms", "do": "fail_after", "how": "none"}]'))
    async with Gateway(rules, pace=0) as gateway, carried(gateway) as sms:
        await (await town.pump(sms, channel=Channel.SMS)).round()
        assert (await delivery(town))["status"] == "unknown"
        await now_due(town)

        await sweeper(town, sms).resolve()

        found = await delivery(town)
        assert found["status"] in {"sent", "delivered"}
        assert found["handed_over_at"] is not None
        attempts = await town.rows("SELECT provider_id FROM attempts")
        assert [row["provider_id"] for row in attempts] == [gateway.book.all()[0].sid]


@pytest.mark.parametrize(
    ("kind", "status", "closed"),
    [
        pytest.param(Kind.ALERT, "pending", False, id="an alert is sent once more"),
        pytest.param(Kind.ANNOUNCEMENT, "unknown", True, id="news are left unknown"),
    ],
)
async def test_a_text_the_gateway_does_not_have(
    town: Town, kind: Kind, status: str, closed: bool
) -> None:
    await one_text(town, kind)
    lane = Lane.ALERT if kind is Kind.ALERT else Lane.BULK
    rules = Rules(read_rules('[{"channel": "sms", "do": "fail_before"}]'))
    async with Gateway(rules) as gateway, carried(gateway) as sms:
        await (await town.pump(sms, channel=Channel.SMS, lane=lane)).round()
        await now_due(town)

        await sweeper(town, sms).resolve()

    left = await delivery(town)
    assert left["status"] == status
    assert (left["closed_at"] is not None) is closed
    assert left["repeats"] == (0 if closed else 1)


@pytest.mark.parametrize(
    ("kind", "age", "status", "closed"),
    [
        pytest.param(Kind.ALERT, "1 min", "unknown", False, id="asked later"),
        pytest.param(Kind.ALERT, "20 min", "pending", False, id="an alert is then sent again"),
        pytest.param(Kind.ANNOUNCEMENT, "20 min", "unknown", True, id="news are given up"),
    ],
)
async def test_a_gateway_out_of_reach_is_asked_again_for_a_quarter_of_an_hour(
    town: Town, kind: Kind, age: str, status: str, closed: bool
) -> None:
    await one_text(town, kind)
    lane = Lane.ALERT if kind is Kind.ALERT else Lane.BULK
    rules = Rules(read_rules('[{"channel": "sms", "do": "fail_after", "how": "none"}]'))
    async with Gateway(rules) as gateway:
        async with carried(gateway) as sms:
            await (await town.pump(sms, channel=Channel.SMS, lane=lane)).round()
        await now_due(town)
        await town.change("UPDATE attempts SET settled_at = now() - %(age)s::interval", age=age)
        async with carried(gateway, url="http://127.0.0.1:1") as dead:
            await sweeper(town, dead).resolve()

    left = await delivery(town)
    assert left["status"] == status
    assert (left["closed_at"] is not None) is closed


async def test_a_sweeper_that_took_too_long_does_not_decide_again(town: Town) -> None:
    await one_text(town)
    unknown = MemoryChannel[Sms](script=lambda _: OutcomeUnknown("no_answer"))
    await (await town.pump(unknown, channel=Channel.SMS)).round()
    first = await delivery(town)
    async with town.db.transaction() as connection:
        await store.resend(connection, first["id"], attempt_id=first["attempt_id"])
    repeat = MemoryChannel[Sms]()
    repeat.hold.clear()
    working = asyncio.create_task((await town.pump(repeat, channel=Channel.SMS)).round())
    await repeat.has_taken(1)

    async with town.db.transaction() as connection:
        again = await store.resend(connection, first["id"], attempt_id=first["attempt_id"])
    repeat.hold.set()
    await working

    assert again == 0
    left = await delivery(town)
    assert (left["status"], left["repeats"]) == ("sent", 1)


async def test_news_without_an_end_are_not_sent_when_they_are_days_old(town: Town) -> None:
    sent = await one_text(town, Kind.ANNOUNCEMENT)
    await town.change(
        "UPDATE broadcasts SET valid_until = NULL, dispatching_at = now() - interval '73 h'"
    )
    await town.change("UPDATE deliveries SET created_at = now() - interval '73 h'")
    carrier = MemoryChannel[Sms]()

    await (await town.pump(carrier, channel=Channel.SMS, lane=Lane.BULK)).round()
    await sweeper(town).sweep()

    assert carrier.taken == ()
    assert await town.statuses(sent) == ["expired"]
    assert (await town.rows("SELECT status FROM broadcasts"))[0]["status"] == "dispatched"


async def test_what_was_recalled_meanwhile_is_not_sent_again(town: Town) -> None:
    sent = await one_text(town)
    carrier = MemoryChannel[Sms](script=lambda _: OutcomeUnknown("no_answer"))
    await (await town.pump(carrier, channel=Channel.SMS)).round()
    await submitting.cancel(town.db, sent, within=None)
    await now_due(town)

    await sweeper(town).resolve()

    left = await delivery(town)
    assert (left["status"], left["closed_at"] is not None) == ("unknown", True)


async def test_what_is_past_its_time_expires_and_the_broadcast_ends(town: Town) -> None:
    sent = await one_text(town)
    await town.change("UPDATE broadcasts SET valid_until = now() - interval '1 s'")

    swept = await sweeper(town).sweep()

    assert swept.ended == 1
    assert await town.statuses(sent) == ["expired"]
    row = (await town.rows("SELECT status, dispatched_at FROM broadcasts"))[0]
    assert (row["status"], row["dispatched_at"] is not None) == ("dispatched", True)


async def test_a_broadcast_that_never_began_expires(town: Town) -> None:
    group = await town.group()
    await town.resident(group, email="a@example.org")
    await town.broadcast("town")
    await town.change("UPDATE broadcasts SET valid_until = now() - interval '1 s'")

    await sweeper(town).sweep()

    assert (await town.rows("SELECT status FROM broadcasts"))[0]["status"] == "expired"


async def test_what_is_erased_while_open_does_not_keep_its_broadcast_open(town: Town) -> None:
    await town.readers(3)
    sent = await town.broadcast("town")
    await town.plan()
    await town.change(
        "UPDATE deliveries SET status = 'sent', handed_over_at = now()"
        " WHERE id = (SELECT min(id) FROM deliveries)"
    )

    await town.change("DELETE FROM deliveries")
    await sweeper(town).sweep()

    assert (await town.rows("SELECT status FROM broadcasts"))[0]["status"] == "dispatched"
    counts = (await watching.broadcast(town.db, sent, within=None)).progress.counts["email"]
    assert (counts["pending"], counts["sent"]) == (0, 1)


async def test_three_days_of_silence_close_a_delivery_and_leave_its_status_honest(
    town: Town,
) -> None:
    await one_text(town)
    await (await town.pump(MemoryChannel[Sms](), channel=Channel.SMS)).round()
    await town.change("UPDATE deliveries SET handed_over_at = now() - interval '73 hours'")

    await sweeper(town).sweep()

    left = await delivery(town)
    assert (left["status"], left["closed_at"] is not None) == ("sent", True)


async def test_two_sweepers_at_once_resolve_each_doubt_once(town: Town) -> None:
    await one_text(town)
    carrier = MemoryChannel[Sms](script=lambda _: OutcomeUnknown("no_answer"))
    await (await town.pump(carrier, channel=Channel.SMS)).round()
    await now_due(town)

    looked = await asyncio.gather(*(sweeper(town).resolve() for _ in range(4)))

    assert sum(looked) == 1


async def test_a_repeat_that_waits_for_a_sender_expires_also_when_all_else_is_dispatched(
    town: Town,
) -> None:
    sent = await one_text(town)
    await town.change("UPDATE broadcasts SET status = 'dispatched', dispatched_at = now()")
    await town.change("UPDATE deliveries SET repeats = 1, due_at = now() + interval '1 h'")
    assert (await sweeper(town).sweep()).ended == 0

    await town.change("UPDATE broadcasts SET valid_until = now()")
    assert (await sweeper(town).sweep()).ended == 1

    assert await town.statuses(sent) == ["expired"]


async def test_a_note_that_waits_for_a_sender_expires(town: Town) -> None:
    group = await town.group()
    await town.resident(group, email="a@example.org", state="unverified")
    assert await confirming.ask(town.db, channels=["email"]) == 1
    await sweeper(town).sweep()
    assert (await delivery(town))["status"] == "pending"

    await town.change("UPDATE notes SET valid_until = now()")
    await sweeper(town).sweep()

    assert (await delivery(town))["status"] == "expired"


OLDER: LiteralString = """
-- So many doubts about an announcement, older than any other.
WITH made AS (
  INSERT INTO deliveries (broadcast_id, resident_id, address_id, address_version, channel, lane,
    language, status, due_at)
  SELECT %(id)s, d.resident_id, -n, 1, 'email', 'bulk', 'de', 'unknown', now() - interval '1 h'
  FROM (SELECT resident_id FROM deliveries LIMIT 1) AS d, generate_series(1, 1000) AS n
  RETURNING id
)
INSERT INTO attempts (delivery_id, number, sender, worker, lease_until, started_at, settled_at,
  outcome)
SELECT id, 1, 'relay', gen_random_uuid(), now(), now(), now(), 'unknown' FROM made
"""


async def test_an_alert_is_looked_into_before_a_thousand_older_doubts_of_announcements(
    town: Town,
) -> None:
    await town.readers(1)
    alert = await town.broadcast("town")
    await town.plan()
    silent = MemoryChannel[Any](script=lambda _: OutcomeUnknown("no_answer"))
    await (await town.pump(silent)).round()
    news = await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    await town.change(OLDER, id=news)
    await town.change(
        "UPDATE deliveries d SET attempt_id = t.id FROM attempts t"
        " WHERE t.delivery_id = d.id AND d.lane = 'bulk'"
    )
    await town.change("UPDATE deliveries SET due_at = now() WHERE lane = 'alert'")

    await sweeper(town).resolve()

    assert await town.statuses(alert) == ["pending"]


class Hanging(TwilioSms):
    """Never answers what it is asked."""

    def __init__(self) -> None:
        super().__init__(account_sid="AC1", auth_token="t", sender=NUMBER)
        self.asked = 0

    @override
    async def find(self, *, to: str, body: str, since: datetime) -> Found | None:
        self.asked += 1
        await asyncio.Event().wait()
        raise AssertionError


async def test_look_ups_that_hang_hold_up_neither_alerts_nor_other_channels(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "_PATIENCE", 0.1)
    hanging = Hanging()
    group = await town.group()
    await town.resident(group, email="a@example.org", phone="+4915112345678", news=["sms"])
    for number in range(14):
        await town.resident(group, phone=f"+49151123457{number:02}", alerts=[], news=["sms"])
    await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    await town.plan(Lane.BULK)
    lost = MemoryChannel[Any](
        hanging.sender, script=lambda _: OutcomeUnknown("provider_error", code="500")
    )
    await (await town.pump(lost, channel=Channel.SMS, lane=Lane.BULK)).round()
    await now_due(town)
    swept = sweeper(town, hanging)
    await swept.resolve()
    alert = await town.broadcast("town")
    await town.plan()
    for channel in (Channel.EMAIL, Channel.SMS):
        await town.change("UPDATE senders SET failures = 0, down_since = NULL, down_until = NULL")
        carrier = MemoryChannel[Any](
            hanging.sender, script=lambda _: OutcomeUnknown("provider_error", code="500")
        )
        await (await town.pump(carrier, channel=channel)).round()
    await town.change("UPDATE deliveries SET due_at = now() WHERE lane = 'alert'")
    asked = hanging.asked

    await swept.resolve()  # the alert's mail at once; its text is asked for beside the others
    await swept.resolve()

    assert (asked, hanging.asked) == (10, 11)
    assert sorted(await town.statuses(alert)) == ["pending", "unknown"]
    await hanging.close()
