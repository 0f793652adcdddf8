"""Nobody knows whether the provider took it: rule 4, seen from both sides."""

import pytest

from tests.journeys.world import World


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        pytest.param({"do": "silent", "seconds": 0.5}, "alert", id="never answers"),
        pytest.param({"do": "fail_after"}, "alert", id="answers 500"),
        pytest.param({"do": "fail_after"}, "announcement", id="answers 500 to news"),
    ],
)
def test_a_text_the_gateway_took_without_saying_so_is_found_there_and_not_sent_again(
    world: World, how: dict[str, object], kind: str
) -> None:
    world.phones(4)
    world.box.rules([{"channel": "sms", "how": "none", **how}])

    sent = world.send(kind)
    world.at_rest(sent)

    assert set(world.reached("sms").values()) == {1}
    assert [a["outcome"] for a in world.attempts()] == ["unknown"] * 4
    assert dict(world.statuses()) == {("sms", "delivered"): 4}
    assert all(a["provider_id"] for a in world.attempts())


def test_a_receipt_alone_resolves_a_text_that_was_taken_in_silence(world: World) -> None:
    world.phones(3)
    world.box.rules([{"channel": "sms", "do": "silent", "seconds": 1}])

    world.at_rest(world.send())

    assert set(world.reached("sms").values()) == {1}
    assert dict(world.statuses()) == {("sms", "delivered"): 3}


def test_an_alert_the_gateway_refused_with_500_is_sent_once_more_and_marked(world: World) -> None:
    world.phones(3)
    world.box.rules([{"channel": "sms", "do": "fail_before", "first": 1}])

    world.at_rest(world.send())

    assert set(world.reached("sms").values()) == {1}
    assert sorted((a["outcome"], a["repeat"]) for a in world.attempts()) == sorted(
        [("unknown", False), ("sent", True)] * 3
    )
    assert dict(world.statuses()) == {("sms", "delivered"): 3}


def test_news_the_gateway_answered_with_500_stay_unknown_and_are_closed(world: World) -> None:
    world.phones(3)
    world.box.rules([{"channel": "sms", "do": "fail_before", "first": 1}])

    sent = world.send("announcement")
    world.at_rest(sent)

    assert world.reached("sms") == {}
    assert dict(world.statuses()) == {("sms", "unknown"): 3}
    assert world.look(sent)["status"] == "dispatched"
    assert [a["repeat"] for a in world.attempts()] == [False] * 3


def test_mails_and_pushes_cut_off_after_the_end_are_repeated_so_that_they_collapse(
    world: World,
) -> None:
    browsers = world.browsers(3)
    world.residents([{"email": world.mail(n), "browser": browsers[n]} for n in range(3)])
    world.box.rules(
        [
            {"channel": "email", "do": "drop", "first": 1},
            {"channel": "push", "do": "drop", "first": 1, "how": "none"},
        ]
    )

    world.at_rest(world.send())

    mails, pushes = world.box.books("email"), world.box.books("push")
    assert [len(mails), len(pushes)] == [6, 6]
    assert len({(mail["to"], mail["message_id"]) for mail in mails}) == 3
    assert len({(push["endpoint"], push["topic"]) for push in pushes}) == 3
    assert all(push["topic"] for push in pushes)
    assert len({mail["envelope_from"] for mail in mails}) == 6
    for channel in ("email", "push"):
        marks = [a["repeat"] for a in world.attempts() if a["channel"] == channel]
        assert sorted(marks) == [False] * 3 + [True] * 3
    assert {status for _, status in world.statuses()} <= {"sent", "delivered"}


def test_a_mail_that_is_cut_off_every_time_is_repeated_once_and_left_unknown(
    world: World,
) -> None:
    world.readers(2)
    world.box.rules([{"channel": "email", "do": "drop"}])

    world.at_rest(world.send("announcement"))

    assert set(world.reached("email").values()) == {2}
    assert dict(world.statuses()) == {("email", "unknown"): 2}
