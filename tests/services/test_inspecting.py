"""How the service is, for whoever may operate all of it."""

import pytest

from channels.base import SenderStopped
from channels.memory import MemoryChannel
from channels.messages import Email
from notify.domain.grants import OutOfReach, Role
from notify.domain.words import Lane
from notify.errors import NotFound
from notify.services import inspecting
from tests.services.test_overseeing import officer
from tests.town import Town


async def test_senders_are_shown_with_what_they_did_lately(town: Town) -> None:
    await town.readers(6)
    await town.broadcast("town")
    await town.plan()
    await (await town.pump(MemoryChannel[Email](), rate=50)).round()
    oper = await officer(town, Role.OPERATOR)

    found = await inspecting.look(town.db, oper)

    assert [(one["name"], one["state"], one["rate"]) for one in found.senders] == [
        ("memory", "ok", 50)
    ]
    assert found.lately == {"memory": pytest.approx(0.1)}
    assert found.workers == {Lane.ALERT: 0, Lane.NOTE: 0, Lane.BULK: 0}
    assert (found.queue, found.held, found.alarms) == ([], [], [])


async def test_what_was_done_long_ago_is_not_lately(town: Town) -> None:
    await town.readers(3)
    await town.broadcast("town")
    await town.plan()
    await (await town.pump(MemoryChannel[Email]())).round()
    await town.change("UPDATE attempts SET started_at = now() - interval '2 min'")

    assert (await inspecting.look(town.db, await officer(town, Role.OPERATOR))).lately == {}


async def test_each_provider_s_last_report_is_told(town: Town) -> None:
    await town.change(
        "INSERT INTO receipts (provider, key, report, received_at) VALUES"
        " ('twilio', 'a', 'sent', now() - interval '1 h'), ('twilio', 'b', 'sent', now()),"
        " ('push', 'c', 'delivered', now() - interval '2 h')"
    )

    found = await inspecting.look(town.db, await officer(town, Role.OPERATOR))

    assert [row["provider"] for row in found.receipts] == ["push", "twilio"]
    assert found.receipts[1]["received_at"] > found.receipts[0]["received_at"]


async def test_a_stopped_sender_is_used_again_and_that_stands_in_the_log(town: Town) -> None:
    await town.readers(1)
    await town.broadcast("town")
    await town.plan()
    no = SenderStopped("credentials_refused")
    await (await town.pump(MemoryChannel[Email](script=lambda _: no))).round()
    oper = await officer(town, Role.OPERATOR)
    assert (await inspecting.look(town.db, oper)).senders[0]["state"] == "stopped"

    assert await inspecting.resume(town.db, oper, "memory")
    assert not await inspecting.resume(town.db, oper, "memory")
    with pytest.raises(NotFound):
        await inspecting.resume(town.db, oper, "other")

    assert (await inspecting.look(town.db, oper)).senders[0]["state"] == "ok"
    log = await town.rows("SELECT about FROM audit WHERE deed = 'sender.resumed'")
    assert log == [{"about": {"sender": "memory"}}]


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMINISTRATOR])
async def test_a_grant_at_one_village_is_not_enough(town: Town, role: Role) -> None:
    await town.group()
    oper = await officer(town, role, "town")

    with pytest.raises(OutOfReach):
        await inspecting.look(town.db, oper)
    with pytest.raises(OutOfReach):
        await inspecting.resume(town.db, oper, "memory")
