"""The same service against servers that are not the sandbox's."""

import email
import json
from collections.abc import Callable
from email import policy

from tests.journeys.elsewhere import ACCOUNT, TOKEN, Phones, PushOffice, post_office, served
from tests.journeys.processes import until
from tests.journeys.world import TEXTS, World


def test_other_servers_for_mail_sms_and_push_are_served_as_well(
    make_world: Callable[..., World],
) -> None:
    phones, push = Phones(), PushOffice()
    with post_office() as (postman, relay), served(phones.app()) as api, served(push.app()) as at:
        push.url = at
        world = make_world(
            SMTP_URLS=relay,
            TWILIO_API_URL=api,
            TWILIO_ACCOUNT_SID=ACCOUNT,
            TWILIO_AUTH_TOKEN=TOKEN,
            PUSH_HOSTS=at,
        )
        world.begin()
        world.resident(email=world.mail(), phone=world.phone(), browser=push.subscription())
        world.resident(email=f"nobody@{world.town}.example", browser=push.subscription("gone"))

        alert = world.send()
        until(
            lambda: sum(
                of["pending"] + of["sending"] for of in world.look(alert)["progress"].values()
            ) == 0 and world.counts(alert, "sms").get("delivered"),
            why=world.everything,
        )  # fmt: skip

    assert dict(world.statuses()) == {
        ("email", "sent"): 1,
        ("email", "failed"): 1,
        ("sms", "delivered"): 1,
        ("push", "sent"): 1,
        ("push", "failed"): 1,
    }
    sender, to, raw = postman.mails[0]
    mail = email.message_from_bytes(raw, policy=policy.default)
    assert to == [world.mail()]
    assert TEXTS["de"]["title"] in mail["Subject"]
    assert sender.startswith("bounce+")
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert len(phones.texts) == 1
    assert TEXTS["de"]["sms"] in phones.texts[0]["Body"]
    assert 20_000 < int(phones.texts[0]["ValidityPeriod"]) <= 21_600
    assert set(phones.answers) <= {200, 204}
    headers, payload = push.read[0]
    assert TEXTS["de"]["title"] in json.loads(payload)["title"]
    assert (headers["Urgency"], len(headers["Topic"])) == ("high", 32)
