"""What staff are told of cost and time before they send."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from notify import clock
from notify.domain.costing import Price
from notify.domain.words import Channel, Kind, Lane
from notify.services import costing
from notify.services.costing import Bill
from notify.services.reckoning import Audience, Reached
from notify.settings import Settings
from notify.store import senders
from tests.town import Town

NOW = clock.now()


def _audience(**messages: dict[str, int]) -> Audience:
    channels = {
        channel: Reached(sum(by.values()), sum(by.values()), by)
        for channel in Channel
        for by in [messages.get(str(channel), {})]
    }
    return Audience(0, 0, channels, {}, {}, 0)


async def _bill(town: Town, audience: Audience, **more: Any) -> Bill:
    values: dict[str, Any] = {
        "segments": {"de": 1, "en": 2}, "kind": Kind.ALERT, "groups": ["town"], "begins": NOW,
        "settings": town.settings,
    } | more  # fmt: skip
    found = await costing.bill(town.db, audience, **values)
    assert found is not None
    return found


async def _sender(town: Town, name: str, channel: str, rate: float | None, place: int = 0) -> None:
    async with town.db.transaction() as connection:
        await senders.ensure(connection, name, channel=channel, rate=rate, place=place)


async def test_sms_cost_by_phone_and_language(town: Town) -> None:
    audience = _audience(sms={"de": 100, "en": 10})
    priced = town.settings.model_copy(update={"sms_price": "0.075 EUR"})

    found = await _bill(town, audience, settings=priced)
    unpriced = await _bill(town, audience)

    assert (found.segments, found.price) == (120, Price(Decimal("9.000"), "EUR"))
    assert (unpriced.segments, unpriced.price) == (120, None)


async def test_answers_by_sms_cost_what_they_bring_at_most(town: Town) -> None:
    audience = _audience(sms={"de": 100, "en": 10}, email={"de": 7})
    priced = town.settings.model_copy(update={"sms_price": "0.10 EUR"})

    found = await _bill(town, audience, settings=priced, later={"de": 3, "en": 4})

    assert (found.segments, found.later) == (120, 340)
    assert (found.price, found.most) == (
        Price(Decimal("12.00"), "EUR"), Price(Decimal("46.00"), "EUR"),
    )  # fmt: skip
    assert (await _bill(town, audience)).later == 0


@pytest.mark.parametrize("price", ["0.075", "EUR 1", "-1 EUR", "0,075 EUR", "1 euro"])
def test_a_price_is_written_as_a_price(price: str) -> None:
    with pytest.raises(ValidationError):
        Settings(sms_price=price)


async def test_an_alert_uses_all_senders_and_news_the_first(town: Town) -> None:
    await _sender(town, "+491", "sms", 1.0)
    await _sender(town, "+492", "sms", 9.0, place=1)
    audience = _audience(sms={"de": 90})

    alert = await _bill(town, audience)
    news = await _bill(town, audience, kind=Kind.ANNOUNCEMENT)

    assert [one.seconds for one in alert.durations] == [9.0]
    assert alert.ends == NOW + timedelta(seconds=9)
    assert [one.seconds for one in news.durations] == [90.0]


async def test_what_asks_takes_the_time_of_senders_that_receive(town: Town) -> None:
    await _sender(town, "Musterstadt", "sms", 9.0)
    await _sender(town, "+491", "sms", 1.0, place=1)
    audience = _audience(sms={"de": 90})

    asks, tells = [await _bill(town, audience, asks=asks) for asks in (True, False)]

    assert [one.seconds for one in asks.durations] == [90.0]
    assert [one.seconds for one in tells.durations] == [9.0]


@pytest.mark.parametrize(("kind", "seconds"), [(Kind.POLL, None), (Kind.ALERT, 10.0)])
async def test_without_a_sender_that_receives_a_poll_waits_and_a_warning_does_not(
    town: Town, kind: Kind, seconds: float | None
) -> None:
    await _sender(town, "Musterstadt", "sms", 9.0)
    await _sender(town, "+491", "sms", 1.0, place=1)
    async with town.db.transaction() as connection:
        await senders.stop(connection, "+491", reason="auth", code=None)

    found = await _bill(town, _audience(sms={"de": 90}), kind=kind, asks=True)

    assert [one.seconds for one in found.durations] == [seconds]
    assert found.hears is (kind is Kind.POLL)


async def test_a_sender_that_is_stopped_or_down_carries_nothing(town: Town) -> None:
    await _sender(town, "+491", "sms", 1.0)
    await _sender(town, "+492", "sms", 9.0, place=1)
    async with town.db.transaction() as connection:
        await senders.stop(connection, "+491", reason="auth", code=None)
        await senders.open_circuit(connection, "+492", rest=60, reason="timed_out", code=None)

    found = await _bill(town, _audience(sms={"de": 90}, email={"de": 1}))

    assert {one.channel: one.seconds is None for one in found.durations} == {
        Channel.SMS: True, Channel.EMAIL: False,
    }  # fmt: skip
    assert found.ends is None


async def test_without_a_rate_it_goes_as_fast_as_it_did_last(town: Town) -> None:
    await _sender(town, "relay", "email", None)
    group = await town.group()
    await town.resident(group, email="a@example.org")
    for rate in (10, 400):
        last = await town.broadcast("town")
        await town.plan()
        await town.change(
            "INSERT INTO handovers SELECT %(id)s, 'email', s, 1, %(n)s, s, s"
            " FROM generate_series(now() - interval '10 s', now(), interval '1 s') AS s",
            id=last, n=rate,
        )  # fmt: skip
        await town.change("UPDATE broadcasts SET created_at = created_at - interval '1 hour'")
    small = await town.broadcast("town")
    await town.change("UPDATE broadcasts SET dispatching_at = now() WHERE id = %(id)s", id=small)
    await town.change(
        "INSERT INTO handovers VALUES (%(id)s, 'email', now(), 1, 99, now(), now())", id=small
    )

    found = await _bill(town, _audience(email={"de": 4_000}, push={"de": 100}))

    by_channel = {one.channel: one for one in found.durations}
    mail = by_channel[Channel.EMAIL]
    assert (mail.seconds or 0) - mail.behind == pytest.approx(10)
    assert not by_channel[Channel.EMAIL].guessed
    assert by_channel[Channel.PUSH].guessed


async def test_the_caps_of_who_pays_are_told_and_whether_they_stop_it(town: Town) -> None:
    top = await town.group("town")
    await town.group("village", parent=top)
    await town.group("other", parent=top)
    await town.change("UPDATE groups SET sms_cap = 100 WHERE slug IN ('town', 'other')")
    await town.change(
        "INSERT INTO sms_spent VALUES (%(g)s, %(month)s, 70)",
        g=top, month=clock.month(town.settings.zone),
    )  # fmt: skip
    audience = _audience(sms={"de": 40})

    alert = await _bill(town, audience, groups=["village", "other"])
    news = await _bill(town, audience, groups=["village"], kind=Kind.ANNOUNCEMENT)
    nobody = await _bill(town, audience, groups=[])

    assert [(cap.group["de"], cap.spent, cap.adds, cap.stops) for cap in alert.caps] == [
        ("town", 70, 40, False)
    ]
    assert [(cap.beyond, cap.stops) for cap in news.caps] == [(True, True)]
    assert nobody.caps == ()


async def test_what_takes_too_long_to_find_out_is_left_out(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costing, "PATIENCE", 0.2)

    async with town.db.transaction() as other:
        await other.run("LOCK TABLE senders IN ACCESS EXCLUSIVE MODE")
        found = await costing.bill(
            town.db, _audience(email={"de": 1}), segments={"de": 1}, kind=Kind.ALERT,
            groups=["town"], begins=NOW, settings=town.settings,
        )  # fmt: skip

    assert found is None


async def _others(town: Town, phones: int, **more: Any) -> UUID:
    """A broadcast to so many phones, none of which has it yet."""
    (row,) = await town.rows("SELECT count(*) AS n FROM groups")
    slug = f"g{row['n']}"
    group = await town.group(slug)
    for number in range(phones):
        await town.resident(group, phone=f"+49151{row['n']:02}{number:06}")
    sent = await town.broadcast(slug, **more)
    for lane in (Lane.ALERT, Lane.BULK):
        await town.plan(lane)
    return sent


async def test_what_others_still_have_to_send_is_reckoned_in(town: Town) -> None:
    await _sender(town, "+491", "sms", 2.0)
    alert, news = _audience(sms={"de": 10}), _audience(sms={"de": 4})
    first = await _others(town, 6)
    small = await _others(town, 3, kind=Kind.ANNOUNCEMENT)
    await _others(town, 8, kind=Kind.ANNOUNCEMENT)
    await town.change(
        "UPDATE broadcasts SET sms_segments = jsonb_build_object('de', 2, 'en', 1)"
        " WHERE id = %(id)s",
        id=small,
    )

    async def behind(audience: Audience, **more: Any) -> list[float]:
        return [one.behind for one in (await _bill(town, audience, **more)).durations]

    # Warnings wait for no news; of one kind each gets as many as the other.
    assert await behind(alert) == [3.0]
    assert await behind(news, kind=Kind.ANNOUNCEMENT) == [3.0 + (4 + 4) / 2]
    # What it follows ends with it.
    assert await behind(alert, follows=first) == [0.0]
    found = await _bill(town, alert)
    assert found.last is not None
    assert found.last.seconds == 3.0 + 5.0

    await town.change(
        "UPDATE broadcasts SET held_at = now(), held_why = 'open' WHERE kind = 'alert'"
    )
    assert await behind(alert) == [0.0]
    assert await behind(news, kind=Kind.ANNOUNCEMENT) == [(4 + 4) / 2]
