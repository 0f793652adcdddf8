"""Residents add, change and let go of addresses; the old one stays until the new one is proven."""

import re
from typing import Any

import pytest
from aiohttp import ClientSession

from notify.domain.codes import TRIES
from notify.domain.keyring import Keyring
from notify.domain.words import Kind, Lane
from notify.services import proving
from tests.town import Town
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
    [("nonsense", "Geben Sie eine E-Mail-Adresse wie"), (OLD, "benutzen Sie schon"),
     ("", "Geben Sie eine E-Mail-Adresse wie"), ("+12025550123", "schicken wir keine SMS")],
)  # fmt: skip
async def test_what_cannot_be_added_is_told_and_kept(anna: Visitor, typed: str, said: str) -> None:
    status, html, _ = await anna.post("/my/addresses/add", {"address": typed})

    assert status == 422
    assert said in html
    assert f'value="{typed}"' in html
    assert await addresses(anna.town) == {OLD: "proven"}


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

    assert [status for status, _, _ in answers] == [303] * 4 + [422] * 2
    assert "zu viele Codes" in answers[-1][1]


async def test_every_field_has_an_id_of_its_own(anna: Visitor) -> None:
    for value in (NEW, PHONE):
        await anna.post("/my/addresses/add", {"address": value})

    _, html = await anna.get("/my/addresses")

    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
