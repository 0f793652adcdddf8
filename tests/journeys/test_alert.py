"""One alert to many people over three channels, tracked to the end."""

from collections import Counter

from tests.journeys.world import World


def test_an_alert_reaches_everyone_on_every_channel_and_the_books_agree(world: World) -> None:
    browsers = world.browsers(30)
    people = [
        {
            "language": ("de", "en", "tr")[n % 3],
            "email": f"p{n}@{'back' if n % 40 == 7 else world.town}.example" if n % 3 else None,
            "phone": world.phone(n) if n % 2 or not n % 3 else None,
            "browser": browsers[n // 5] if n % 5 == 0 else None,
        }
        for n in range(150)
    ]
    world.residents(people)
    world.box.gone([browsers[0]["endpoint"]])
    world.box.rules(
        [
            {"channel": "email", "address": "*@back.example", "do": "bounce", "text": "5.1.1"},
            {"channel": "sms", "address": "*0[0-4]?", "do": "undelivered"},
            {"channel": "sms", "share": 0.2, "do": "callbacks", "how": "twice"},
            {"channel": "sms", "share": 0.3, "do": "callbacks", "how": "out_of_order"},
            {"channel": "sms", "share": 0.3, "do": "callbacks", "how": "early"},
            {"channel": "push", "share": 0.3, "do": "beacon", "how": "twice"},
        ]
    )
    alert = world.send(severity="severe")
    world.at_rest(alert)
    world.until_bounced(sum(1 for p in people if p["email"] and "back" in str(p["email"])))

    world.agree(alert)
    planned = Counter(
        channel
        for person in people
        for channel, name in (("email", "email"), ("sms", "phone"), ("push", "browser"))
        if person[name]
    )
    seen = world.look(alert)
    assert seen["status"] == "dispatched"
    assert {c: sum(of.values()) for c, of in seen["progress"].items()} == planned
    statuses = world.statuses()
    assert {status for _, status in statuses} == {"sent", "delivered", "failed"}
    assert {status for channel, status in statuses if channel != "email"} == {"delivered", "failed"}
    assert statuses["push", "failed"] == 1
    assert statuses["email", "failed"] == sum("back" in str(p["email"]) for p in people)
    assert max(world.reached("sms").values()) == 1


def test_every_status_the_counters_tell_is_that_of_the_rows(world: World) -> None:
    world.readers(12)
    world.phones(8)
    world.box.rules(
        [{"channel": "email", "address": "r[1-3]@*", "do": "refuse", "code": 550},
         {"channel": "sms", "address": "*5", "do": "undelivered"}]
    )  # fmt: skip
    alert = world.send()

    seen = world.at_rest(alert)

    told = {
        (channel, status): n
        for channel, of in seen["progress"].items()
        for status, n in of.items()
        if n
    }
    assert told == dict(world.statuses())
    assert told == {
        ("email", "sent"): 9, ("email", "failed"): 3, ("sms", "delivered"): 7, ("sms", "failed"): 1,
    }  # fmt: skip
    page = world.get(f"/api/v1/broadcasts/{alert}/deliveries?channel=sms&status=failed")
    one = world.get(f"/api/v1/deliveries/{page['deliveries'][0]['id']}")
    assert [attempt["outcome"] for attempt in one["attempts"]] == ["sent"]
    assert {receipt["report"] for receipt in one["receipts"]} >= {"failed"}
