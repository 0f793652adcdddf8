"""A draft sent to whoever writes it: as it would arrive, marked, to nobody else, and not without end."""

import json
from dataclasses import replace
from typing import Any

import pytest

from channels import mime
from channels.messages import Email, Push, Sms
from notify import clock
from notify.domain.draft import Content, Words
from notify.domain.grants import OutOfReach, Role
from notify.domain.words import Channel
from notify.errors import Invalid
from notify.services import drafting, testing_drafts
from notify.services.staff_sessions import Officer
from tests.services.test_overseeing import officer, villages
from tests.services.test_telling_staff import PHONE, sent, ways
from tests.town import Town

__all__ = ["villages"]

ME = "author.elbtal@example.org"
ALERT = Content(
    kind="alert", severity="severe", groups=("elbtal",),
    texts={"de": Words("Sturm <b>heute</b>", "Bleiben Sie im **Haus**."), "en": Words("Storm", "x")},
    valid_until="2030-12-31T22:00",
)  # fmt: skip
GERMAN = replace(ALERT, texts={"de": ALERT.texts["de"]})


@pytest.fixture
async def me(town: Town, villages: None) -> Officer:
    """An author of Elbtal, where somebody else follows all there is."""
    (group,) = await town.rows("SELECT id FROM groups WHERE slug = 'elbtal'")
    await town.resident(group["id"], email="else@example.org", phone="+4915100000009")
    await town.change(
        "UPDATE groups SET identity = %(said)s WHERE slug = 'elbtal'",
        said=json.dumps({"sender_name": "Elbtal", "mail_from": "amt@elbtal.example"}),
    )
    return await officer(town, Role.AUTHOR, "elbtal")


async def _send(town: Town, me: Officer, content: Content = GERMAN, **more: Any) -> int:
    draft = await drafting.begin(town.db, me, Content(groups=("elbtal",)))
    values: dict[str, Any] = {"channels": [*Channel]} | more
    done = await testing_drafts.send(
        town.db, me, draft.id, content, settings=town.settings, now=clock.now(), **values
    )
    assert done.languages == tuple(content.texts)
    return done.ways


async def test_it_comes_by_mail_where_one_signs_in_and_to_nobody_else(
    town: Town, me: Officer
) -> None:
    assert await _send(town, me) == 1

    assert await ways(town) == [("test", "email", ME)]
    (mail,) = await sent(town, Channel.EMAIL, Email)
    assert mail.to == ME
    assert (mail.form.from_name, mail.form.from_address) == ("Elbtal", "amt@elbtal.example")
    assert mail.form.subject == "TEST: Warnung: Sturm <b>heute</b>"
    assert mail.form.text.startswith("TEST. Sie haben sich diesen Entwurf selbst geschickt.")
    assert "im <strong>Haus</strong>" in mail.form.html
    assert "<b>heute" not in mail.form.html
    assert "31. Dezember 2030" in mail.form.text
    assert "/leave/test" in mail.form.text
    assert mime.build(mail, date=clock.now())
    assert await town.rows("SELECT FROM deliveries WHERE status <> 'sent'") == []


async def test_who_is_a_resident_too_gets_it_over_phone_and_browser(
    town: Town, me: Officer
) -> None:
    await town.resident(email=ME, phone=PHONE, push=["https://p.example/1"])

    assert await _send(town, me) == 3

    (text,) = await sent(town, Channel.SMS, Sms)
    assert text.to == PHONE
    assert text.body.startswith("TEST: Elbtal: WARNUNG: Sturm <b>heute</b>\n")
    (push,) = await sent(town, Channel.PUSH, Push)
    said = json.loads(push.payload)
    assert said["title"] == "TEST: Warnung: Sturm <b>heute</b>"


async def test_it_comes_in_every_language_that_it_is_written_in(town: Town, me: Officer) -> None:
    await town.resident(email=ME, phone=PHONE, push=["https://p.example/1"])

    assert await _send(town, me, ALERT) == 3

    mails = await sent(town, Channel.EMAIL, Email)
    assert {mail.form.subject for mail in mails} == {
        "TEST: Warnung: Sturm <b>heute</b>", "TEST: Warning: Storm",
    }  # fmt: skip
    assert [mail.to for mail in mails] == [ME, ME]
    assert {mail.form.text.partition(".")[0] for mail in mails} == {"TEST"}
    texts = await sent(town, Channel.SMS, Sms)
    assert {text.body.partition("\n")[0] for text in texts} == {
        "TEST: Elbtal: WARNUNG: Sturm <b>heute</b>", "TEST: Elbtal: WARNING: Storm",
    }  # fmt: skip
    pushes = [json.loads(push.payload) for push in await sent(town, Channel.PUSH, Push)]
    assert {push["title"] for push in pushes} == {
        "TEST: Warnung: Sturm <b>heute</b>", "TEST: Warning: Storm",
    }  # fmt: skip
    assert len({push["tag"] for push in pushes}) == 2


async def test_a_language_too_long_for_sms_keeps_no_other_from_it(town: Town, me: Officer) -> None:
    await town.resident(email=ME, phone=PHONE)
    long = {**ALERT.texts, "en": Words("Storm", "Stay inside. " * 90)}

    await _send(town, me, replace(ALERT, texts=long))

    assert sorted(await ways(town)) == [
        ("test", "email", ME), ("test", "email", ME), ("test", "sms", PHONE),
    ]  # fmt: skip
    (text,) = await sent(town, Channel.SMS, Sms)
    assert "WARNUNG" in text.body


async def test_on_a_screen_a_test_takes_no_real_one_s_place(town: Town, me: Officer) -> None:
    await town.resident(email=ME, push=["https://p.example/1"])
    draft = await drafting.begin(town.db, me, Content(groups=("elbtal",)))
    tags = set()
    for _ in range(2):
        await testing_drafts.send(
            town.db, me, draft.id, GERMAN, settings=town.settings, channels=[Channel.PUSH],
            now=clock.now(),
        )  # fmt: skip
        (push,) = await sent(town, Channel.PUSH, Push)
        tags.add(json.loads(push.payload)["tag"])

    assert len({*tags, draft.id.hex}) == 3


async def test_a_drill_is_a_drill_in_the_test_too(town: Town, me: Officer) -> None:
    await town.change("UPDATE groups SET drill = true WHERE slug = 'elbtal'")

    await _send(town, me, Content(**{**_fields(GERMAN), "drill": True}))

    (mail,) = await sent(town, Channel.EMAIL, Email)
    assert mail.form.subject == "TEST: ÜBUNG: Warnung: Sturm <b>heute</b>"


def _fields(content: Content) -> dict[str, Any]:
    return {name: getattr(content, name) for name in Content.__dataclass_fields__}


async def test_it_is_bounded_and_says_so(town: Town, me: Officer) -> None:
    for _ in range(testing_drafts.MOST):
        assert await _send(town, me) == 1

    with pytest.raises(testing_drafts.Enough):
        await _send(town, me)

    assert len(await ways(town)) == testing_drafts.MOST
    await town.change("UPDATE notes SET created_at = created_at - interval '61 min'")
    assert await _send(town, me) == 1


@pytest.mark.parametrize(
    "content", [Content(), Content(kind="alert"), Content(texts={"de": Words("Sturm")})]
)
async def test_where_there_is_nothing_to_send_nothing_is_sent(
    town: Town, me: Officer, content: Content
) -> None:
    with pytest.raises(Invalid):
        await _send(town, me, content)

    assert await ways(town) == []


async def test_nobody_tries_what_they_may_not_write(town: Town, me: Officer) -> None:
    with pytest.raises(OutOfReach):
        await _send(town, me, Content(**{**_fields(GERMAN), "groups": ("bergdorf",)}))

    assert await ways(town) == []


async def test_an_sms_that_could_not_be_sent_is_not_tried(town: Town, me: Officer) -> None:
    await town.resident(email=ME, phone=PHONE)
    long = {"de": Words("Sturm", "Bleiben Sie im Haus. " * 60)}

    assert await _send(town, me, Content(**{**_fields(GERMAN), "texts": long})) == 1

    assert await ways(town) == [("test", "email", ME)]


async def test_the_log_says_that_and_which_draft(town: Town, me: Officer) -> None:
    await _send(town, me)

    (line,) = await town.rows("SELECT * FROM audit WHERE deed = 'draft.tested'")
    assert "Sturm" not in str(line)
    assert line["staff_id"] == me.id
