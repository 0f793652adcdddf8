"""A sender's circuit is shared: it opens for all workers, one of them probes, it closes for all."""

import asyncio
from typing import Any

import pytest
from typing_extensions import override

from channels.base import Failure, OutcomeUnknown, Rejected, SenderDown, Sent, TryAgain
from channels.memory import MemoryChannel
from channels.messages import Email, Push
from channels.vapid import Refusals
from notify.domain.words import Channel, Kind, Lane
from notify.services import handing_over, watching
from notify.services.senders import Sender, knock
from notify.services.sending import Pump
from tests.town import Town


async def _sender(town: Town, name: str = "relay") -> dict[str, Any]:
    rows = await town.rows("SELECT * FROM senders WHERE name = %(name)s", name=name)
    return rows[0]


async def _rest_is_over(town: Town) -> None:
    await town.change("UPDATE senders SET down_until = now() WHERE down_until IS NOT NULL")
    await town.change("UPDATE deliveries SET due_at = now() WHERE status = 'pending'")


def _down() -> MemoryChannel[Email]:
    return MemoryChannel[Email]("relay", script=lambda _: SenderDown("refused", code="421"))


async def _town(town: Town, readers: int = 6) -> None:
    await town.readers(readers)
    await town.broadcast("town")
    await town.plan()


async def test_what_one_worker_found_down_no_other_worker_tries(town: Town) -> None:
    await _town(town)
    await town.change("UPDATE deliveries SET due_at = now() + interval '1 h' WHERE id > 1")
    here, there = _down(), _down()
    first, second = await town.pump(here), await town.pump(there)

    await first.round()
    await town.change("UPDATE deliveries SET due_at = now() WHERE status = 'pending'")

    assert not await second.round()
    assert (len(here.taken), len(there.taken)) == (1, 0)
    row = await _sender(town)
    assert (row["failures"], row["down_reason"], row["down_code"]) == (1, "refused", "421")


async def test_when_its_rest_is_over_one_worker_tries_one_message(town: Town) -> None:
    await _town(town)
    await (await town.pump(_down())).round()
    await _rest_is_over(town)
    works = MemoryChannel[Email]("relay")
    first, second = await town.pump(works), await town.pump(works)
    await town.change("UPDATE senders SET probing_until = now() + interval '9 s'")

    assert not await second.round()  # somebody else is trying it
    await town.change("UPDATE senders SET probing_until = NULL")
    await first.round()

    assert len(works.taken) == 1
    row = await _sender(town)
    assert (row["failures"], row["down_since"], row["probing_until"]) == (0, None, None)
    assert await second.round()
    assert len(works.taken) == 6


async def test_a_probe_that_fails_opens_the_circuit_anew_and_for_longer(town: Town) -> None:
    await _town(town)
    pump = await town.pump(_down())
    rests = []
    for _ in range(6):
        await pump.round()
        row = await _sender(town)
        rests.append((row["down_until"] - row["down_since"]).total_seconds())
        await town.change("UPDATE senders SET down_since = now()")
        await _rest_is_over(town)

    assert (await _sender(town))["failures"] == 6
    assert [round(rest) for rest in rests[:3]] == [1, 2, 4]
    assert round(rests[-1]) == 15  # an alert must not wait for much longer


async def test_a_probe_with_nothing_to_try_leaves_the_sender_to_the_next_worker(
    town: Town,
) -> None:
    await _town(town, readers=1)
    await (await town.pump(_down())).round()
    await town.change("UPDATE senders SET down_until = now()")
    await town.change("UPDATE deliveries SET due_at = now() + interval '1 h'")

    await (await town.pump(MemoryChannel[Email]("relay"))).round()

    assert (await _sender(town))["probing_until"] is None


async def test_while_one_worker_tries_the_first_sender_the_others_use_the_second(
    town: Town,
) -> None:
    await _town(town)
    await (await town.pump(_down())).round()
    await _rest_is_over(town)
    await town.change("UPDATE senders SET probing_until = now() + interval '9 s'")
    first, second = MemoryChannel[Email]("relay"), MemoryChannel[Email]("second")

    await (await town.pump(first, second)).round()

    assert (len(first.taken), len(second.taken)) == (0, 6)


async def test_a_refusal_of_one_message_shows_that_the_sender_works(town: Town) -> None:
    await _town(town)
    await (await town.pump(_down())).round()
    await _rest_is_over(town)
    strict = MemoryChannel[Email]("relay", script=lambda _: Rejected("too_big", code="552"))

    await (await town.pump(strict)).round()

    assert (await _sender(town))["failures"] == 0


async def test_silence_for_several_in_a_row_opens_the_circuit(town: Town) -> None:
    await _town(town)
    hangs = MemoryChannel[Email]("relay", script=lambda _: OutcomeUnknown("timed_out"))

    await (await town.pump(hangs)).round()

    row = await _sender(town)
    assert (row["failures"], row["down_reason"]) == (1, "timed_out")


async def test_all_of_it_can_be_watched(town: Town) -> None:
    await _town(town)
    pump = await town.pump(
        _down(), MemoryChannel[Email]("second"), MemoryChannel[Email]("third"), rate=10.0
    )
    await pump.round()
    await town.change(
        "UPDATE senders SET stopped_at = now(), reason = 'not_authorised', code = '535'"
        " WHERE name = 'second'"
    )

    seen = {row["name"]: row for row in (await watching.health(town.db)).senders}

    assert list(seen) == ["relay", "second", "third"]  # in the order they take over
    assert [row["state"] for row in seen.values()] == ["down", "stopped", "ok"]
    assert seen["relay"]["down_for"] >= 0
    assert seen["third"]["rate"] == 10.0
    assert seen["third"]["backlog"] == 0
    await _rest_is_over(town)
    assert (await watching.health(town.db)).senders[0]["state"] == "probing"


async def test_a_sender_nobody_has_known_for_a_day_is_not_shown(town: Town) -> None:
    await _town(town)
    await town.pump(MemoryChannel[Email]("old"))
    await town.change("UPDATE senders SET seen_at = now() - interval '25 h'")

    assert (await watching.health(town.db)).senders == []


async def test_bulk_makes_way_in_the_middle_and_gives_back_what_it_reserved(town: Town) -> None:
    await _town(town, readers=1)
    group = (await town.rows("SELECT id FROM groups"))[0]["id"]
    for number in range(20):
        await town.resident(group, email=f"n{number}@example.org", news=["email"])
    await town.change("UPDATE deliveries SET due_at = now() + interval '1 h'")
    await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    await town.plan(Lane.BULK)
    carrier = MemoryChannel[Email]("relay")
    pump: Pump = await town.pump(carrier, lane=Lane.BULK, rate=4.0)  # two mails each half second

    bulk = asyncio.create_task(pump.round())
    await asyncio.sleep(0.7)
    await town.change("UPDATE deliveries SET due_at = now() WHERE lane = 'alert'")
    taken = len(carrier.taken)
    await bulk

    assert taken > 0
    assert len(carrier.taken) <= taken + 4
    ahead = await town.rows("SELECT extract(epoch FROM free_at - now())::float AS s FROM senders")
    assert ahead[0]["s"] < 1.5  # of the five seconds that were reserved


async def _idle(town: Town, carrier: MemoryChannel[Email]) -> list[Sender]:
    """A sender that failed once, and that nothing has come by for since."""
    await _town(town, readers=1)
    await (await town.pump(_down())).round()
    await town.change("UPDATE deliveries SET due_at = now() + interval '1 h'")
    await town.change("UPDATE senders SET down_until = now() - interval '31 s'")
    return [Sender(Channel.EMAIL, carrier)]


async def test_a_sender_that_no_message_comes_by_for_is_asked_and_is_well_again(
    town: Town,
) -> None:
    every = await _idle(town, MemoryChannel[Email]("relay"))

    await knock(town.db, every)

    assert (await _sender(town))["failures"] == 0


async def test_one_that_does_not_answer_stays_down_and_is_asked_again_later(town: Town) -> None:
    carrier = MemoryChannel[Email]("relay")
    carrier.trouble = SenderDown("unreachable")
    every = await _idle(town, carrier)

    await knock(town.db, every)
    await knock(town.db, every)

    row = await _sender(town)
    assert (row["failures"], row["down_reason"]) == (2, "unreachable")
    assert row["down_until"] > row["down_since"]


async def test_one_that_messages_try_is_not_asked_as_well(town: Town) -> None:
    carrier = MemoryChannel[Email]("relay")
    every = await _idle(town, carrier)
    await town.change("UPDATE senders SET down_until = now() - interval '5 s'")

    await knock(town.db, every)

    assert (await _sender(town))["failures"] == 1


async def test_one_that_answers_later_to_everybody_works(town: Town) -> None:
    await _town(town)
    await (await town.pump(_down())).round()
    await _rest_is_over(town)
    greylists = MemoryChannel[Email]("relay", script=lambda _: TryAgain("greylisted", code="451"))

    await (await town.pump(greylists)).round()

    row = await _sender(town)
    assert (row["failures"], row["probing_until"]) == (0, None)


async def test_what_we_cannot_compose_says_nothing_of_the_sender(town: Town) -> None:
    await _town(town)
    await (await town.pump(_down())).round()
    await _rest_is_over(town)
    await town.change("UPDATE deliveries SET broadcast_id = gen_random_uuid()")

    await (await town.pump(MemoryChannel[Email]("relay"))).round()

    row = await _sender(town)
    assert (row["failures"], row["probing_until"]) == (1, None)


async def test_an_address_with_421_does_not_rest_the_relay_but_five_in_a_row_do(
    town: Town,
) -> None:
    await _town(town, readers=6)
    poison = MemoryChannel[Email](
        "relay",
        script=lambda mail: (
            TryAgain("relay_busy", code="421") if mail.to.startswith("r0@") else None
        ),
    )
    await (await town.pump(poison)).round()
    assert (await _sender(town))["failures"] == 0
    assert len(poison.taken) == 6

    await town.change("UPDATE deliveries SET status = 'pending', due_at = now()")
    busy = MemoryChannel[Email]("relay", script=lambda _: TryAgain("relay_busy", code="421"))
    await (await town.pump(busy)).round()

    assert (await _sender(town))["failures"] == 1


async def test_what_waits_behind_a_sender_that_hangs_goes_to_the_next_within_seconds(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing_over, "SUSPICIOUS", 0.3)
    await _town(town, readers=30)
    hangs, good = MemoryChannel[Email]("first"), MemoryChannel[Email]("second")
    hangs.hold.clear()
    pump = await town.pump(hangs, good, slots=4)

    async with asyncio.timeout(10):
        while len(good.taken) < 26:
            await pump.round()
            await asyncio.sleep(0.1)

    assert (len(hangs.taken), len(good.taken)) == (4, 26)
    assert (await _sender(town, "first"))["down_reason"] == "timed_out"
    hangs.hold.set()


async def test_an_alert_does_not_wait_for_the_rate_of_one_sender_while_another_is_free(
    town: Town,
) -> None:
    await _town(town, readers=4)
    slow, quick = MemoryChannel[Email]("slow"), MemoryChannel[Email]("quick")
    pump = await town.pump(slow, quick, rate=100.0)
    await town.change("UPDATE senders SET free_at = now() + interval '1 h' WHERE name = 'slow'")

    assert await pump.round()

    assert (len(slow.taken), len(quick.taken)) == (0, 4)


async def test_a_probe_without_room_in_its_rate_is_left_to_the_next(town: Town) -> None:
    await _town(town)
    await (await town.pump(_down())).round()
    await _rest_is_over(town)
    await town.change("UPDATE senders SET free_at = now() + interval '1 h'")

    await (await town.pump(MemoryChannel[Email]("relay"), rate=1.0)).round()

    assert (await _sender(town))["probing_until"] is None


async def test_a_library_that_cancels_its_own_call_ends_no_pump(town: Town) -> None:
    await _town(town, readers=2)

    class Odd(MemoryChannel[Email]):
        @override
        async def send(self, message: Email) -> Sent:
            raise asyncio.CancelledError

    assert await (await town.pump(Odd("relay"))).round()

    assert {row["status"] for row in await town.rows("SELECT status FROM deliveries")} == {
        "unknown"
    }


async def test_subscriptions_with_foreign_keys_that_are_asked_first_do_not_silence_a_town(
    town: Town,
) -> None:
    group = await town.group()
    foreign = [f"https://push.example/foreign/{number}" for number in range(5)]
    await town.resident(group, push=foreign)
    for number in range(3):
        await town.resident(group, push=[f"https://push.example/{number}"])
    alert = await town.broadcast("town")
    await town.plan()
    await town.change(
        "UPDATE deliveries d SET due_at = now() - interval '1 min' FROM addresses a"
        " WHERE a.id = d.address_id AND a.value = ANY(%(foreign)s)",
        foreign=foreign,
    )
    refusals = Refusals()

    def answer(push: Push) -> Sent | Failure | None:
        if push.endpoint in foreign:
            return refusals.judge("https://push.example", push.endpoint, code="403")
        refusals.accepted("https://push.example")
        return None

    carrier = MemoryChannel[Push]("push", script=answer)
    pump = await town.pump(carrier, channel=Channel.PUSH, slots=1)
    working = asyncio.create_task(pump.run())
    sent = 0
    for _ in range(100):
        sent = (await town.statuses(alert)).count("sent")
        if sent == 3:
            break
        await asyncio.sleep(0.05)
    pump.stop()
    await working

    assert sent == 3
    assert await town.rows("SELECT name FROM senders WHERE stopped_at IS NOT NULL") == []
