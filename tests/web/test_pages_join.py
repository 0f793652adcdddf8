"""Signing up on the web: from the form to the first proof, in one browser or with the mail's link."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from notify.domain.keyring import Keyring
from notify.services import proving
from notify.settings import Settings
from notify.store.database import Database
from tests.town import Town
from tests.web.conftest import serving
from tests.web.joiner import Browser, latest_code, residents

MakeGroup = Callable[..., Awaitable[int]]
ANNA, PHONE = "anna@example.org", "+4915112345678"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={
            "smtp_urls": (SecretStr("smtp://127.0.0.1:2525?tls=none"),),
            "twilio_account_sid": "AC1",
            "twilio_auth_token": SecretStr("t"),
            "twilio_senders": ("+4915735980001@1",),
            "vapid_private_key": SecretStr("x"),
            "languages": ("de", "en", "de-x-simple"),
        }
    )


@pytest.fixture
def browser(site: ClientSession) -> Browser:
    return Browser(site)


async def test_whoever_types_the_code_on_the_open_page_is_signed_up(
    browser: Browser, db: Database, keyring: Keyring, town: Town, group: MakeGroup
) -> None:
    await group("town")
    await browser.join("town", email=" Anna@Example.org ", language="de-x-simple", news="email")
    assert browser.path.startswith("/join/code")
    (address,) = browser.addresses()
    assert await town.rows("SELECT newcomer_until FROM residents WHERE newcomer_until > now()")

    _, digits = await latest_code(db, keyring, ANNA)
    await browser.type(address, f"{digits[:3]} {digits[3:]}")

    assert browser.path.startswith("/join/done")
    assert "Sie sind angemeldet" in browser.body
    assert "Gruppe town" in browser.body
    (row,) = await town.rows("SELECT language, newcomer_until FROM residents")
    assert dict(row) == {"language": "de-x-simple", "newcomer_until": None}
    (row,) = await town.rows("SELECT alerts, news, state FROM subscriptions")
    assert dict(row) == {"alerts": ["email"], "news": ["email"], "state": "active"}


async def test_what_was_agreed_to_is_kept_as_evidence(
    browser: Browser, db: Database, keyring: Keyring, town: Town, group: MakeGroup
) -> None:
    await group("town", privacy="Wir speichern wenig.")
    await browser.join("town", at="/join/town", email=ANNA)
    assert "Wir speichern wenig." in (await Browser(browser._site).get("/join/town"))
    _, digits = await latest_code(db, keyring, ANNA)
    await browser.type(browser.addresses()[0], digits)

    rows = await town.rows(
        "SELECT source, reference, channel, language, wording, version, given_at FROM consents"
        " ORDER BY id"
    )
    asked, proven = rows
    assert (asked["source"], asked["reference"]) == ("page", "/join/town")
    assert (proven["source"], proven["channel"]) == ("page", "email")
    for row in rows:
        assert row["language"] == "de"
        assert row["wording"].startswith("Ich möchte, dass Musterstadt mir Warnungen")
        assert row["version"] == asked["version"]
    # Another privacy text is another version.
    await town.change('UPDATE groups SET identity = \'{"privacy": "Nun mehr."}\'')
    await Browser(browser._site).join("town", email="b@example.org")
    (last,) = await town.rows("SELECT version FROM consents ORDER BY id DESC LIMIT 1")
    assert last["version"] != asked["version"]


async def test_the_link_of_the_mail_does_the_same_with_one_button(
    browser: Browser, site: ClientSession, db: Database, keyring: Keyring, town: Town,
    group: MakeGroup,
) -> None:  # fmt: skip
    await group("town")
    await browser.join("town", email=ANNA)
    code, _ = await latest_code(db, keyring, ANNA)
    phone, link = Browser(site), f"/code/{proving.seal(keyring, code)}"

    for _ in range(2):  # mail scanners look, and look again
        await phone.get(link)
        assert (phone.status, phone.body.count("<button")) == (200, 1)
    assert not await town.rows("SELECT FROM addresses WHERE state = 'proven'")
    await phone.post(link)

    assert phone.path.startswith("/join/done")
    assert await town.rows("SELECT FROM addresses WHERE state = 'proven'")
    # The page that anybody may have opened with this address is closed: it was not theirs.
    await browser.get("/join/code")
    assert browser.status == 404
    assert "geschlossen" in browser.body
    await phone.post(link)
    assert phone.status == 404


async def test_two_addresses_are_proven_one_after_the_other(
    browser: Browser, db: Database, keyring: Keyring, town: Town, group: MakeGroup
) -> None:
    await group("town")
    await browser.join("town", email=ANNA, phone="0151 12345678", alerts="email sms")
    assert len(browser.addresses()) == 2
    for value in (ANNA, PHONE):
        rows = await town.rows("SELECT id FROM addresses WHERE value = %(v)s", v=value)
        _, digits = await latest_code(db, keyring, value)
        await browser.type(str(rows[0]["id"]), digits)

    assert browser.path.startswith("/join/done")
    assert f"{ANNA}, +49 1511 2345678" in browser.body
    rows = await town.rows("SELECT channel, state FROM addresses ORDER BY channel")
    assert [(row["channel"], row["state"]) for row in rows] == [
        ("email", "proven"),
        ("sms", "proven"),
    ]
    assert len(await residents(db)) == 1


@pytest.mark.parametrize(
    ("fields", "said", "at"),
    [
        ({"groups": ""}, "Wählen Sie mindestens eine Gruppe.", "group"),
        ({"email": ""}, "Geben Sie eine E-Mail-Adresse oder eine Telefonnummer ein.", "email"),
        ({"email": "anna@"}, "zum Beispiel erika@example.org", "email"),
        ({"phone": "110"}, "zum Beispiel 0151 23456789", "phone"),
        ({"phone": "+998901234567"}, "Deutschland, Österreich, Schweiz", "phone"),
        ({"alerts": "", "news": ""}, "Kreuzen Sie an, was Sie auf diesem Weg", "ways_email"),
        ({"alerts": "", "news": "email"}, "keinen Weg für Warnungen", "no_alerts"),
        ({"alerts": "sms", "news": "email"}, "keinen Weg für Warnungen", "no_alerts"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_said_at_the_field_and_on_top_and_what_was_typed_stays(
    browser: Browser, db: Database, group: MakeGroup, fields: dict[str, str], said: str, at: str
) -> None:
    await group("town")
    given = {"email": ANNA} | fields
    groups = given.pop("groups", "town").split()

    await browser.join(*groups, **given)

    assert browser.status == 422
    assert f'href="#f-{at}"' in browser.body
    assert f'id="f-{at}"' in browser.body
    assert f'id="said-{at}"' in browser.body
    assert browser.body.count(said) == 2
    for value in (given["email"], given.get("phone", "")):
        assert f'value="{value}"' in browser.body
    assert not await residents(db)


async def test_no_warnings_at_all_is_possible_after_one_more_look(
    browser: Browser, db: Database, keyring: Keyring, town: Town, group: MakeGroup
) -> None:
    await group("town")
    await browser.join("town", email=ANNA, alerts="", news="email")
    assert 'name="no_alerts"' in browser.body

    await browser.join("town", email=ANNA, alerts="", news="email", no_alerts="yes")

    assert browser.path.startswith("/join/code")
    (row,) = await town.rows("SELECT alerts, news FROM subscriptions")
    assert dict(row) == {"alerts": [], "news": ["email"]}
    _, digits = await latest_code(db, keyring, ANNA)
    await browser.type(browser.addresses()[0], digits)
    assert "Sie bekommen keine Warnungen vor Gefahr." in browser.body
    assert "auch nachts" not in browser.body


async def test_warnings_at_night_are_spoken_of_before_anybody_signs_up(
    site: ClientSession, group: MakeGroup
) -> None:
    await group("town")

    assert "sofort, auch nachts" in await Browser(site).get("/join")
    assert "at once, also at night" in await Browser(site, language="en").get("/join")


async def test_a_text_that_changed_meanwhile_is_read_again(
    browser: Browser, db: Database, group: MakeGroup
) -> None:
    await group("town")
    await browser.post(
        "/join", ("group", "town"), ("alerts", "email"), email=ANNA, shown="0123456789ab"
    )

    assert browser.status == 422
    assert "inzwischen geändert" in browser.body
    assert not await residents(db)


async def test_a_wrong_code_is_told_and_five_end_it(
    browser: Browser, db: Database, keyring: Keyring, group: MakeGroup
) -> None:
    await group("town")
    await browser.join("town", email=ANNA)
    (address,) = browser.addresses()
    _, digits = await latest_code(db, keyring, ANNA)
    wrong = f"{(int(digits) + 1) % 10**6:06}"

    for _ in range(5):
        await browser.type(address, wrong)
        assert "Dieser Code stimmt nicht" in browser.body
    await browser.type(address, digits)
    assert "gilt nicht mehr" in browser.body

    await browser.post("/join/code", address=address, again="yes")
    _, fresh = await latest_code(db, keyring, ANNA)
    await browser.type(address, fresh)
    assert browser.path.startswith("/join/done")


async def test_a_mistyped_address_is_changed_and_the_old_code_is_worth_nothing(
    browser: Browser, db: Database, keyring: Keyring, town: Town, group: MakeGroup
) -> None:
    await group("town")
    await browser.join("town", email="ana@example.org")
    (address,) = browser.addresses()
    await browser.post(
        "/join/code", ("change", "yes"), ("address", address), (f"to_{address}", "anna@")
    )
    assert "zum Beispiel erika@example.org" in browser.body
    assert 'value="anna@"' in browser.body

    await browser.post(
        "/join/code", ("change", "yes"), ("address", address), (f"to_{address}", ANNA)
    )

    assert [r["value"] for r in await town.rows("SELECT value FROM addresses")] == [ANNA]
    assert len(await town.rows("SELECT FROM codes")) == 1
    _, digits = await latest_code(db, keyring, ANNA)
    await browser.type(browser.addresses()[0], digits)
    assert browser.path.startswith("/join/done")


async def test_one_browser_has_no_hold_of_another_s_sign_up(
    site: ClientSession, db: Database, keyring: Keyring, town: Town, group: MakeGroup
) -> None:
    await group("town")
    anna, other = Browser(site), Browser(site)
    await anna.join("town", email=ANNA)
    (hers,) = anna.addresses()
    await other.join("town", email="other@example.org")
    _, digits = await latest_code(db, keyring, ANNA)

    await other.type(hers, digits)
    await other.post("/join/code", address=hers, again="yes")
    await other.post("/join/code", ("change", "yes"), ("address", hers), (f"to_{hers}", "x@y.org"))

    rows = await town.rows("SELECT value, state FROM addresses ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [
        (ANNA, "asked"),
        ("other@example.org", "asked"),
    ]
    assert len(await town.rows("SELECT FROM codes")) == 2
    nobody = Browser(site)
    await nobody.type(hers, digits)
    assert nobody.status == 404


async def test_looking_changes_nothing(site: ClientSession, db: Database, group: MakeGroup) -> None:
    await group("town")
    for path in ("/join", "/join/town", "/join/code", "/join/done"):
        await Browser(site).get(path)

    assert not await residents(db)


async def test_a_group_that_is_not_there(site: ClientSession, group: MakeGroup) -> None:
    await group("town")
    for path in ("/join/nix", "/join/%3Cscript%3E", "/join/../etc"):
        browser = Browser(site)
        await browser.get(path)
        assert browser.status == 404


HOSTILE = "<script>alert(1)</script>\"'{{ 7*7 }}{% raw %}"


async def test_hostile_names_and_texts_are_only_shown(
    site: ClientSession, db: Database, keyring: Keyring, town: Town
) -> None:
    import json

    about = json.dumps({"de": {"sends": HOSTILE, "often": HOSTILE, "example": HOSTILE}})
    await town.change(
        "INSERT INTO groups (slug, names, about, identity) VALUES ('x', %(n)s, %(a)s, %(i)s)",
        n=json.dumps({"de": HOSTILE}), a=about,
        i=json.dumps({"sender_name": HOSTILE, "privacy": HOSTILE}),
    )  # fmt: skip
    raw: list[str] = []
    for path in ("/join", "/join/x"):
        async with site.get(path) as answer:
            raw.append(await answer.text())
    async with site.post(
        "/join", data={"email": HOSTILE, "phone": HOSTILE, "group": HOSTILE, "alerts": HOSTILE}
    ) as answer:
        raw.append(await answer.text())
        assert answer.status == 422

    for body in raw:
        assert "<script" not in body
        assert "{{ 7*7 }}" in body or "49" not in body
    browser = Browser(site)
    await browser.join("x", email=ANNA)
    _, digits = await latest_code(db, keyring, ANNA)
    await browser.type(browser.addresses()[0], digits)
    async with site.get("/join/done", headers={"cookie": browser.cookie}) as answer:
        assert "<script" not in await answer.text()


@pytest.mark.parametrize("language", ["de", "en"])
async def test_groups_say_what_they_send(
    site: ClientSession, town: Town, group: MakeGroup, language: str
) -> None:
    import json

    await group("town")
    await group("club", closed=True)
    about: dict[str, Any] = {
        "de": {"sends": "Wasser und Strom", "often": "Zweimal im Monat", "example": "Kein Wasser"},
        "en": {"sends": "Water and power", "often": "Twice a month", "example": "No water"},
    }
    await town.change(
        "UPDATE groups SET about = %(a)s, parent_id = (SELECT id FROM groups WHERE slug = 'town')"
        " WHERE slug = 'club'",
        a=json.dumps(about),
    )

    body = await Browser(site, language=language).get("/join/club")

    for text in about[language].values():
        assert text in body
    assert ("geschlossene Gruppe" if language == "de" else "closed group") in body
    assert body.count(" checked") >= 1
    assert 'value="club" checked' in body.replace("  ", " ")


async def test_the_form_says_beforehand_that_notifications_alone_are_not_enough(
    browser: Browser, town: Town, group: MakeGroup
) -> None:
    await group("town")
    form = await browser.get("/join")
    await browser.join("town", alerts="push", news="")

    assert "eine E-Mail-Adresse oder eine Telefonnummer: Dorthin schicken wir" in form
    assert "Telefonnummer brauchen wir in jedem Fall" in form
    assert browser.status == 422
    assert "Benachrichtigungen allein genügen nicht" in browser.body
    assert 'href="#f-email"' in browser.body
    assert not await town.rows("SELECT FROM residents")


async def test_with_one_way_only_the_form_asks_for_that_one(
    db: Database, keyring: Keyring, settings: Settings, group: MakeGroup
) -> None:
    await group("town")
    off: dict[str, Any] = {"twilio_account_sid": None}
    async with serving(db, keyring, settings.model_copy(update=off)) as site:
        browser = Browser(site)
        form = await browser.get("/join")
        await browser.join("town", alerts="push", news="")

    assert "Ihre E-Mail-Adresse brauchen wir in jedem Fall" in form
    assert "Geben Sie Ihre E-Mail-Adresse ein." in browser.body
    assert "Telefonnummer" not in form + browser.body


async def test_plain_german_can_be_chosen_wherever_german_is(
    db: Database, keyring: Keyring, settings: Settings, town: Town, group: MakeGroup
) -> None:
    await group("town")
    usual = settings.model_copy(update={"languages": ("de", "en")})
    async with serving(db, keyring, usual) as site:
        browser = Browser(site)
        form = await browser.get("/join")
        await browser.join("town", email=ANNA, language="de-x-simple")
        _, digits = await latest_code(db, keyring, ANNA)
        await browser.type(browser.addresses()[0], digits)
        settings_page = await browser.get("/my/settings")

    assert "Deutsch, leicht verständlich" in form
    assert "Kurze Sätze, einfache Wörter." in form
    assert [dict(row) for row in await town.rows("SELECT language FROM residents")] == [
        {"language": "de-x-simple"}
    ]
    chosen = settings_page.partition('value="de-x-simple"')[2].partition(">")[0]
    assert "checked" in chosen
    assert 'lang="de-x-simple" hreflang' not in form  # no page is written in it
