"""Residents add, change and let go of addresses; the old one stays until the new one is proven."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from notify.domain.codes import TRIES
from notify.domain.keyring import Keyring
from notify.domain.replying import Say
from notify.domain.words import Kind, Lane
from notify.errors import Invalid
from notify.services import opening, proving, texting
from notify.services.asking import BY_ADDRESS
from notify.web.pages.my.addressing import VERSION
from tests.town import Town
from tests.web.conftest import serving
from tests.web.visitor import Visitor

OLD, NEW, PHONE = "old@example.org", "new@example.org", "+4915112345678"


@pytest.fixture
async def anna(site: ClientSession, town: Town) -> Visitor:
    group = await town.group()
    resident = await town.resident(group, email=OLD, alerts=["email"], news=["email"])
    return await Visitor.of(site, town, resident)


async def addresses(town: Town) -> dict[str, str]:
    rows = await town.rows("SELECT value, state FROM addresses ORDER BY id")
    return {row["value"]: row["state"] for row in rows}


async def address_id(town: Town, value: str) -> int:
    rows = await town.rows("SELECT id FROM addresses WHERE value = %(v)s ORDER BY id", v=value)
    return int(rows[-1]["id"])


async def code(town: Town, keyring: Keyring) -> str:
    (row,) = await town.rows("SELECT max(id) AS id FROM codes")
    return proving.digits(keyring, row["id"])


async def type_(visitor: Visitor, value: str, typed: str) -> tuple[int, str, str]:
    number = await address_id(visitor.town, value)
    form = {"id": str(number), f"code-{number}": typed}
    return await visitor.post("/my/addresses/code", form)


@pytest.mark.parametrize(("typed", "value"), [(NEW, NEW), ("0151 12345678", PHONE)])
async def test_an_address_is_added_with_a_code_on_the_open_page(
    anna: Visitor, keyring: Keyring, typed: str, value: str
) -> None:
    town = anna.town
    status, _, place = await anna.post("/my/addresses/add", {"address": typed})
    assert (status, place) == (303, "/my/addresses?done=asked")
    _, html = await anna.get(place)
    assert "Ein Code ist unterwegs." in html
    assert value in html
    assert await addresses(town) == {OLD: "proven", value: "asked"}

    assert (await type_(anna, value, await code(town, keyring)))[2] == "/my/addresses?done=proven"

    gone = "gone" if value == NEW else "proven"
    assert await addresses(town) == {OLD: gone, value: "proven"}
    (consent,) = await town.rows("SELECT source, reference, language, wording FROM consents")
    assert consent["reference"] == "/my/addresses"
    assert consent["wording"].startswith("Ich möchte auch über diese Adresse")
    assert (await anna.get("/my"))[0] == 200  # the page is still open


async def _chosen(town: Town) -> list[tuple[list[str], list[str]]]:
    rows = await town.rows("SELECT alerts, news FROM subscriptions ORDER BY group_id")
    return [(row["alerts"], row["news"]) for row in rows]


async def test_a_new_way_gets_the_warnings_of_all_groups_and_no_news(
    anna: Visitor, keyring: Keyring
) -> None:
    town = anna.town
    await town.change(
        "INSERT INTO subscriptions (resident_id, group_id, alerts, news)"
        " VALUES (%(who)s, %(group)s, '{}', '{email}')",
        who=anna.resident, group=await town.group("kita"),
    )  # fmt: skip
    await anna.post("/my/addresses/add", {"address": PHONE})

    await type_(anna, PHONE, await code(town, keyring))

    assert await _chosen(town) == [(["email", "sms"], ["email"]), (["sms"], ["email"])]


@pytest.mark.parametrize("alerts", ["{}", "{sms}"])
async def test_what_was_chosen_for_a_way_stays_so(
    anna: Visitor, keyring: Keyring, alerts: str
) -> None:
    town = anna.town
    await town.change(
        "UPDATE subscriptions SET alerts = %(alerts)s::text[], news = '{sms}'", alerts=alerts
    )
    before = await _chosen(town)

    await anna.post("/my/addresses/add", {"address": PHONE})
    await type_(anna, PHONE, await code(town, keyring))
    assert await _chosen(town) == before
    await anna.post("/my/addresses/add", {"address": NEW})
    await type_(anna, NEW, await code(town, keyring))

    assert (await addresses(town))[NEW] == "proven"
    assert await _chosen(town) == before  # of one that takes another's place, too


async def test_a_wrong_code_is_told_at_its_field_and_too_many_end_it(
    anna: Visitor, keyring: Keyring
) -> None:
    await anna.post("/my/addresses/add", {"address": NEW})
    right = await code(anna.town, keyring)
    wrong = f"{(int(right) + 1) % 10**6:06}"

    html = ""
    for _ in range(TRIES):
        status, html, _ = await type_(anna, NEW, wrong)
        assert status == 422
        assert "Dieser Code stimmt nicht." in html
    number = await address_id(anna.town, NEW)
    assert f'href="#f-code-{number}"' in html
    assert f'id="said-code-{number}"' in html
    _, html, _ = await type_(anna, NEW, right)
    assert "Dieser Code gilt nicht mehr." in html
    _, html, _ = await anna.post("/my/addresses/again", {"id": str(number)})
    assert "Ein Code ist unterwegs." in html
    assert (await type_(anna, NEW, await code(anna.town, keyring)))[0] == 303


async def test_an_address_that_another_has_is_asked_for_like_any_and_is_whose_proves_it(
    anna: Visitor, keyring: Keyring
) -> None:
    town = anna.town
    kita = await town.group("kita")
    bert = await town.resident(kita, email=NEW)

    told = await anna.post("/my/addresses/add", {"address": NEW})
    other = await anna.post("/my/addresses/add", {"address": "third@example.org"})
    assert told == other
    await anna.post("/my/addresses/add", {"address": NEW})
    await type_(anna, NEW, await code(town, keyring))

    rows = await town.rows("SELECT resident_id FROM addresses WHERE value = %(v)s", v=NEW)
    assert [row["resident_id"] for row in rows] == [anna.resident]
    assert await town.rows("SELECT FROM residents WHERE id = %(id)s", id=bert) == []
    assert "kita" in (await anna.get("/my"))[1]


@pytest.mark.parametrize(
    ("typed", "said"),
    [("nonsense", "Geben Sie eine E-Mail-Adresse ein"), (OLD, "benutzen Sie schon"),
     ("", "Geben Sie eine E-Mail-Adresse ein"), ("+12025550123", "schicken wir keine SMS")],
)  # fmt: skip
async def test_what_cannot_be_added_is_told_and_kept(anna: Visitor, typed: str, said: str) -> None:
    status, html, _ = await anna.post("/my/addresses/add", {"address": typed})

    assert status == 422
    assert said in html
    assert f'value="{typed}"' in html
    assert await addresses(anna.town) == {OLD: "proven"}


async def test_who_asks_too_often_is_told_for_how_many_minutes(
    site: ClientSession, anna: Visitor
) -> None:
    await anna.post("/my/addresses/add", {"address": NEW})
    again = {"id": str(await address_id(anna.town, NEW))}
    for _ in range(BY_ADDRESS[0].most - 1):
        assert (await anna.post("/my/addresses/again", again))[0] == 200

    for path, form in (("again", again), ("add", {"address": NEW})):
        async with site.post(f"/my/addresses/{path}", data=form, headers=anna.headers) as answer:
            assert answer.status == 429
            assert 0 < int(answer.headers["retry-after"]) <= BY_ADDRESS[0].seconds
            assert "in 15 Minuten" in await answer.text()


async def test_what_is_invalid_in_a_way_of_its_own_is_told_like_any(
    anna: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Odd(Invalid):
        pass

    def judge(*_: Any, **__: Any) -> None:
        raise Odd("odd")

    monkeypatch.setattr(opening, "judge", judge)

    status, html, _ = await anna.post("/my/addresses/add", {"address": NEW})

    assert status == 422
    assert "Geben Sie eine E-Mail-Adresse ein" in html


async def test_a_removed_address_gets_nothing_that_is_queued(anna: Visitor) -> None:
    town = anna.town
    await town.change(
        "INSERT INTO addresses (resident_id, channel, value, hash, state, proven_at) VALUES"
        " (%(id)s, 'sms', %(v)s, 'x', 'proven', now())",
        id=anna.resident, v=PHONE,
    )  # fmt: skip
    news = await town.broadcast("town", kind=Kind.ANNOUNCEMENT)
    await town.plan(Lane.BULK)

    form = {"id": str(await address_id(town, OLD))}
    assert (await anna.post("/my/addresses/remove", form))[2] == "/my/addresses?done=removed"

    from channels.memory import MemoryChannel
    from channels.messages import Email

    carrier = MemoryChannel[Email]()
    pump = await town.pump(carrier, lane=Lane.BULK)
    while await pump.round():
        pass
    assert not carrier.taken
    assert await town.statuses(news) == ["cancelled"]
    # The last door stays open.
    status, html, _ = await anna.post(
        "/my/addresses/remove", {"id": str(await address_id(town, PHONE))}
    )
    assert status == 422
    assert "die letzte Adresse" in html
    assert (await addresses(town))[PHONE] == "proven"


async def test_a_browser_is_listed_without_its_secret_and_removed(anna: Visitor) -> None:
    town = anna.town
    endpoint = "https://fcm.googleapis.com/fcm/send/secret-of-the-browser"
    await town.change(
        "INSERT INTO addresses (resident_id, channel, value, keys, hash, state) VALUES"
        " (%(id)s, 'push', %(v)s, '{}', 'x', 'proven')",
        id=anna.resident, v=endpoint,
    )  # fmt: skip

    _, html = await anna.get("/my/addresses")
    assert "fcm.googleapis.com" in html
    assert "secret-of-the-browser" not in html
    await anna.post("/my/addresses/remove", {"id": str(await address_id(town, endpoint))})

    assert (await addresses(town))[endpoint] == "gone"


@pytest.mark.parametrize(
    ("reason", "said"),
    [("bounced", "kamen zurück"), ("complained", "als Spam markiert"),
     ("opted_out", "wollten dort nichts mehr"), ("gone", "kamen zurück")],
)  # fmt: skip
async def test_a_stopped_address_says_why_and_is_used_again_with_a_fresh_code(
    anna: Visitor, keyring: Keyring, reason: str, said: str
) -> None:
    town = anna.town
    await town.change(
        "INSERT INTO suppressions (channel, hash, reason) VALUES ('email', %(h)s, %(r)s)",
        h=keyring.address_hash("email", OLD), r=reason,
    )  # fmt: skip
    assert "ist gesperrt" in (await anna.get("/my"))[1]
    _, html = await anna.get("/my/addresses")
    assert said in html
    number = str(await address_id(town, OLD))

    _, html, _ = await anna.post("/my/addresses/again", {"id": number})
    assert html.index(said) < html.index(f'name="code-{number}"')
    assert "Wieder benutzen" not in html
    assert (await type_(anna, OLD, await code(town, keyring)))[0] == 303

    assert await town.rows("SELECT FROM suppressions") == []
    assert "ist gesperrt" not in (await anna.get("/my"))[1]


async def test_codes_for_new_addresses_are_bounded(anna: Visitor) -> None:
    answers: list[Any] = [await anna.post("/my/addresses/add", {"address": NEW}) for _ in range(6)]

    assert [status for status, _, _ in answers] == [303] * 4 + [429] * 2
    assert "zu viele Codes" in answers[-1][1]


@pytest.fixture
async def poor(town: Town, keyring: Keyring) -> AsyncIterator[Visitor]:
    """Anna's page on a day whose SMS for new numbers are used up."""
    group = await town.group()
    resident = await town.resident(group, email=OLD, alerts=["email"], news=["email"])
    spent = town.settings.model_copy(
        update={"twilio_account_sid": "AC1", "twilio_senders": ("+4915735980001@1",)}
    )
    await town.change(
        "INSERT INTO sms_asked VALUES ((now() AT TIME ZONE 'Europe/Berlin')::date, 250)"
    )
    async with serving(town.db, keyring, spent) as site:
        yield await Visitor.of(site, town, resident)


async def text_it(visitor: Visitor, keyring: Keyring, sender: str = PHONE) -> Say | None:
    (row,) = await visitor.town.rows(
        "SELECT id FROM codes WHERE purpose = 'text' AND used_at IS NULL"
    )
    async with visitor.town.db.transaction() as connection:
        return await texting.texted(
            connection, keyring, sender, texting.digits(keyring, row["id"]),
            settings=visitor.town.settings,
        )  # fmt: skip


async def test_without_sms_left_the_phone_texts_the_code_that_the_page_shows(
    poor: Visitor, keyring: Keyring
) -> None:
    town = poor.town
    status, _, place = await poor.post("/my/addresses/add", {"address": "0151 12345678"})
    assert (status, place) == (303, "/my/addresses?done=shown")
    _, html = await poor.get(place)
    (row,) = await town.rows("SELECT id, address_id FROM codes")
    assert f'<p class="digits">{texting.digits(keyring, row["id"])}</p>' in html
    assert "an +49 1573 5980001" in html
    assert "texted.js" in html
    assert await town.rows("SELECT FROM deliveries") == []
    form = {"id": str(row["address_id"])}

    # Typed it proves nothing, and before it has come the page goes on for nobody.
    assert (await type_(poor, PHONE, texting.digits(keyring, row["id"])))[0] == 422
    status, html, _ = await poor.post("/my/addresses/texted", form)
    assert status == 422
    assert "Ihre SMS ist noch nicht da" in html
    assert f'aria-describedby="said-texted-{row["address_id"]}"' in html
    assert (await poor.post("/my/addresses/texted", form | {"look": "1"}))[0] == 204
    assert await text_it(poor, keyring) is Say.PROVED

    for look in ({}, {"look": "1"}):
        assert (await poor.post("/my/addresses/texted", form | look))[2].endswith("?done=proven")
    assert await addresses(town) == {OLD: "proven", PHONE: "proven"}
    asked, proven = await town.rows("SELECT * FROM consents ORDER BY id")
    assert (asked["reference"], proven["reference"]) == ("/my/addresses", "texted code")
    assert asked["wording"] == proven["wording"]
    assert asked["wording"].startswith("Ich möchte auch über diese Adresse")
    assert (proven["channel"], proven["version"], proven["language"]) == ("sms", VERSION, "de")


async def test_a_code_shown_moves_no_number_from_somebody_else_s_page(
    poor: Visitor, keyring: Keyring
) -> None:
    town = poor.town
    bert = await town.resident(phone=PHONE)
    await poor.post("/my/addresses/add", {"address": PHONE})
    number = await address_id(town, PHONE)

    assert await text_it(poor, keyring) is Say.TAKEN

    rows = await town.rows(
        "SELECT resident_id FROM addresses WHERE value = %(v)s AND live", v=PHONE
    )
    assert [row["resident_id"] for row in rows] == [bert]
    look = {"id": str(number), "look": "1"}
    assert (await poor.post("/my/addresses/texted", look))[0] == 204
    await town.change("UPDATE codes SET valid_until = now()")
    assert (await poor.post("/my/addresses/texted", look))[0] == 204
    await poor.post("/my/addresses/remove", look)
    assert (await poor.post("/my/addresses/texted", look))[0] == 204
    await town.change("UPDATE addresses SET proven_at = now() - interval '1 hour'")
    assert "Die Adresse ist bestätigt" not in (await poor.get("/my/addresses?done=proven"))[1]


async def test_a_number_of_a_list_is_proven_by_a_text_and_the_page_goes_on(
    poor: Visitor, keyring: Keyring
) -> None:
    """The row of the list takes the place of the one that was asked for."""
    await poor.town.resident(phone=PHONE, state="unverified")
    await poor.post("/my/addresses/add", {"address": PHONE})
    look = {"id": str(await address_id(poor.town, PHONE)), "look": "1"}

    assert await text_it(poor, keyring) is Say.PROVED

    place = (await poor.post("/my/addresses/texted", look))[2]
    assert place == "/my/addresses?done=proven"
    assert "Die Adresse ist bestätigt" in (await poor.get(place))[1]


async def test_a_stopped_number_is_used_again_by_a_text(poor: Visitor, keyring: Keyring) -> None:
    town = poor.town
    await town.change("UPDATE sms_asked SET n = 500")
    await town.change(
        "INSERT INTO addresses (resident_id, channel, value, hash, state) VALUES"
        " (%(id)s, 'sms', %(v)s, %(h)s, 'proven')",
        id=poor.resident, v=PHONE, h=keyring.address_hash("sms", PHONE),
    )  # fmt: skip
    await town.change(
        "INSERT INTO suppressions (channel, hash, reason) VALUES ('sms', %(h)s, 'gone')",
        h=keyring.address_hash("sms", PHONE),
    )
    number = str(await address_id(town, PHONE))

    assert (await poor.post("/my/addresses/again", {"id": number}))[2].endswith("?done=shown")
    assert await text_it(poor, keyring) is Say.PROVED

    assert await town.rows("SELECT FROM suppressions") == []
    assert (await poor.post("/my/addresses/texted", {"id": number}))[2].endswith("?done=proven")


async def test_another_code_after_the_first_is_over_is_shown_too(
    poor: Visitor, keyring: Keyring
) -> None:
    await poor.post("/my/addresses/add", {"address": PHONE})
    await poor.town.change("UPDATE codes SET valid_until = now()")
    number = await address_id(poor.town, PHONE)
    form = {"id": str(number)}
    assert (await poor.post("/my/addresses/texted", form | {"look": "1"}))[0] == 204
    status, html, _ = await poor.post("/my/addresses/texted", form)
    assert status == 422
    assert "Dieser Code gilt nicht mehr." in html
    assert f'id="f-code-{number}"' in html

    assert (await poor.post("/my/addresses/again", form))[2].endswith("?done=shown")

    assert len(await poor.town.rows("SELECT FROM codes WHERE valid_until > now()")) == 1


async def test_what_is_none_of_one_s_addresses_is_told_nothing(anna: Visitor) -> None:
    await anna.town.resident(email="bert@example.org")
    theirs = await address_id(anna.town, "bert@example.org")

    for wanted in (str(theirs), "0", "x", ""):
        told = await anna.post("/my/addresses/texted", {"id": wanted})
        assert (told[0], told[2]) == (303, "/my/addresses")


async def test_where_nobody_can_text_to_us_it_is_tomorrow(anna: Visitor) -> None:
    await anna.town.change(
        "INSERT INTO sms_asked VALUES ((now() AT TIME ZONE 'Europe/Berlin')::date, 500)"
    )

    status, html, _ = await anna.post("/my/addresses/add", {"address": PHONE})

    assert status == 429
    assert "Heute können keine Codes mehr" in html or "morgen" in html
    assert await addresses(anna.town) == {OLD: "proven"}


async def test_every_field_has_an_id_of_its_own(anna: Visitor) -> None:
    for value in (NEW, PHONE):
        await anna.post("/my/addresses/add", {"address": value})

    _, html = await anna.get("/my/addresses")

    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
