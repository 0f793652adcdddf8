"""A phone texts us while the service is down, and while it is up."""

from collections.abc import Callable

from tests.journeys.processes import until
from tests.journeys.world import SENDER, World


def test_a_stop_texted_while_the_service_is_down_holds_for_the_next_announcement(
    make_world: Callable[..., World],
) -> None:
    world = make_world()
    world.begin()
    world.phones(3)
    before = world.send("announcement")
    world.at_rest(before)
    for process in world.processes:
        process.end()

    # The sandbox answers German words as Twilio does: not at all. The hook is called in vain.
    world.box.settings(inbound_url=f"{world.environment['NOTIFY_PUBLIC_URL']}/hooks/twilio/inbound")
    missed = world.box.inbound(sender=world.phone(1), to=SENDER, body="Stopp!")
    world.ready(world.start("api"), world.start("worker"))
    until(lambda: world.rows("SELECT 1 FROM suppressions"), why=world.everything)
    world.box.clear()
    after = world.send("announcement")
    world.at_rest(after)

    assert missed["answer"]["status"] == 0
    assert world.rows("SELECT how, word FROM inbound") == [{"how": "pull", "word": "stop"}]
    assert world.reached("sms") == {world.phone(0): 1, world.phone(2): 1}
    page = world.get(f"/api/v1/broadcasts/{after}/skips")
    assert [(skip["channel"], skip["reason"]) for skip in page["skips"]] == [("sms", "suppressed")]


def test_a_text_that_comes_by_hook_and_in_the_list_counts_once(
    make_world: Callable[..., World],
) -> None:
    world = make_world()
    world.begin()
    world.phones(1)
    world.box.settings(inbound_url=f"{world.environment['NOTIFY_PUBLIC_URL']}/hooks/twilio/inbound")

    said = world.box.inbound(sender=world.phone(0), to=SENDER, body="Wo ist der Sammelpunkt?")
    world.change("UPDATE inbound_pulls SET due_at = now()")
    until(
        lambda: world.rows("SELECT 1 FROM inbound_pulls WHERE newest IS NULL AND due_at > now()")
        and world.rows("SELECT 1 FROM inbound WHERE date_trunc('second', sent_at) = sent_at"),
        why=world.everything,
    )  # fmt: skip

    assert said["answer"] == {
        "status": 200, "body": '<?xml version="1.0" encoding="UTF-8"?><Response/>',
    }  # fmt: skip
    rows = world.rows("SELECT how, handled_at FROM inbound")
    assert rows == [{"how": "hook", "handled_at": None}]
    assert world.rows("SELECT how, n FROM inbound_counts") == [{"how": "hook", "n": 1}]
    for process in world.processes:
        assert "Sammelpunkt" not in process.said()
        assert world.phone(0).lstrip("+") not in process.said()
