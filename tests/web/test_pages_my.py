"""The door of the resident's page: a code opens it, and a stranger learns nothing."""

import re
from typing import Any

import pytest
from aiohttp import ClientSession

from notify.domain.codes import TRIES
from notify.domain.keyring import Keyring
from notify.domain.words import Lane
from notify.queue import Bell
from notify.rates import Rate
from notify.services import knowing, proving
from notify.store.database import Connection
from tests.town import Town
from tests.web.conftest import serving
from tests.web.joiner import Browser
from tests.web.visitor import Visitor

DE = {"accept-language": "de"}
ANNA = "anna@example.org"
PHONE = "+4915112345678"


async def ask(site: ClientSession, typed: str) -> tuple[int, str]:
    async with site.post("/my/enter", data={"address": typed}, headers=DE) as answer:
        return answer.status, await answer.text()


def asked(html: str) -> str:
    """What the form for the digits carries."""
    found = re.search(r'name="asked" value="([^"]*)"', html)
    assert found
    return found[1]


async def type_(site: ClientSession, page: str, address: str, code: str) -> tuple[int, str]:
    """Type a code on the page that asked for it."""
    data = {"address": address, "code": code, "asked": asked(page)}
    async with site.post("/my/code", data=data, headers=DE, allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def latest(town: Town, keyring: Keyring) -> str:
    (row,) = await town.rows("SELECT max(id) AS id FROM codes")
    return proving.digits(keyring, row["id"])


@pytest.mark.parametrize("typed", [ANNA, " Anna@Example.org ", PHONE, "0151 12345678"])
async def test_a_code_to_a_proven_address_opens_the_page(
    site: ClientSession, town: Town, keyring: Keyring, typed: str
) -> None:
    await town.resident(email=ANNA, phone=PHONE)

    async with site.get("/my", headers=DE) as door:
        html = await door.text()
        assert door.status == 200
        assert "Ein Passwort gibt es nicht." in html
        assert "noindex" in html
        assert door.headers["cache-control"] == "no-store"
    status, html = await ask(site, typed)
    assert status == 200
    assert "ist ein Code unterwegs" in html
    assert 'autocomplete="one-time-code"' in html
    code = await latest(town, keyring)
    async with site.post(
        "/my/code", headers=DE, allow_redirects=False,
        data={"address": typed, "code": f"{code[:3]} {code[3:]}", "asked": asked(html)},
    ) as answer:  # fmt: skip
        assert answer.status == 303
        cookie = answer.headers["set-cookie"].partition(";")[0]

    async with site.get("/my", headers=DE | {"cookie": cookie}) as page:
        assert "Was ich bekomme" in await page.text()


@pytest.mark.parametrize("state", ["asked", "unverified", "gone", None])
async def test_whatever_is_not_proven_is_sent_nothing_and_told_the_same(
    site: ClientSession, town: Town, state: str | None
) -> None:
    await town.resident(email="known@example.org")
    known = await ask(site, "known@example.org")
    await town.change("DELETE FROM codes")
    await town.change("DELETE FROM deliveries")
    if state:
        await town.resident(email=ANNA, state=state)

    told = await ask(site, ANNA)

    was, is_ = asked(known[1]), asked(told[1])
    assert len(was) == len(is_)
    assert told == (known[0], known[1].replace("known@example.org", ANNA).replace(was, is_))
    assert await town.rows("SELECT FROM codes") == []
    assert await town.rows("SELECT FROM deliveries") == []


async def test_a_known_and_an_unknown_address_cost_the_same_statements(
    site: ClientSession, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.resident(email=ANNA, phone=PHONE)
    run: list[str] = []
    for name in ("rows", "row", "run"):
        real = getattr(Connection, name)

        async def counted(self: Connection, query: Any, *, _real: Any = real, **values: Any) -> Any:
            run.append(query)
            return await _real(self, query, **values)

        monkeypatch.setattr(Connection, name, counted)

    async def statements(path: str, **data: str) -> tuple[list[str], str]:
        run.clear()
        async with site.post(path, data=data, headers=DE) as answer:
            html = await answer.text()
        # What stands on top of every page is looked at now and then, for whom is no matter.
        return [one for one in run if "page_stamp" not in one and "broadcasts b" not in one], html

    async def entered(address: str) -> tuple[list[str], list[str]]:
        entering, html = await statements("/my/enter", address=address)
        typing, _ = await statements("/my/code", address=address, code="000000", asked=asked(html))
        return entering, typing

    for known, unknown in ((ANNA, "b@example.org"), (PHONE, "+4915199999999")):
        entering, typing = await entered(known)
        assert len(entering) >= 3
        assert await entered(unknown) == (entering, typing)


async def test_a_wrong_code_is_told_as_one_that_is_over_and_as_one_never_sent(
    site: ClientSession, town: Town, keyring: Keyring
) -> None:
    await town.resident(email=ANNA)
    _, page = await ask(site, ANNA)
    _, other = await ask(site, "nobody@example.org")
    codes = await town.rows("SELECT id FROM codes")
    right = proving.digits(keyring, codes[0]["id"])
    wrong = f"{(int(right) + 1) % 10**6:06}"

    async def told(code: str, address: str = ANNA, page: str = page) -> tuple[int, str]:
        status, html = await type_(site, page, address, code)
        return status, html.replace(address, "X").replace(asked(page), "Y")

    said = {await told(wrong) for _ in range(TRIES + 1)}
    said |= {await told(right), await told(""), await told("1", "nobody@example.org", other)}
    said |= {await told(right, "nobody@example.org"), await told(right, ANNA, other)}

    assert len(said) == 1
    ((status, html),) = said
    assert status == 422
    assert "Dieser Code stimmt nicht oder gilt nicht mehr." in html
    assert 'aria-describedby="said-code"' in html
    assert 'href="#f-code"' in html
    assert await town.rows("SELECT FROM sessions") == []


async def test_a_stranger_cannot_keep_a_resident_out(
    site: ClientSession, town: Town, keyring: Keyring
) -> None:
    await town.resident(email=ANNA)
    _, hers = await ask(site, ANNA)
    right = await latest(town, keyring)
    _, theirs = await ask(site, ANNA)

    for page in (theirs, 'name="asked" value="forged"'):
        for _ in range(TRIES + 1):
            assert (await type_(site, page, ANNA, "000000"))[0] == 422

    assert (await type_(site, hers, ANNA, right))[0] == 303


async def test_a_network_types_so_many_codes_and_then_waits(
    site: ClientSession, town: Town, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notify.services.asking.TRIES", (Rate(2, 3_600),))
    await town.resident(email=ANNA)
    _, page = await ask(site, ANNA)

    said = [await type_(site, page, ANNA, "1") for _ in range(3)]

    assert [status for status, _ in said] == [422, 422, 429]
    assert "zu viele Codes eingegeben" in said[-1][1]
    assert asked(said[-1][1]) == asked(page)


@pytest.mark.parametrize("typed", ["", "anna", "anna@", "12", "x" * 3000, "<script>@x", "\0"])
async def test_what_is_no_address_is_kept_and_told_beside_the_field(
    site: ClientSession, town: Town, typed: str
) -> None:
    status, html = await ask(site, typed)

    assert status == 422
    assert "mit der Sie sich angemeldet haben." in html
    assert "<script>" not in html
    assert 'aria-invalid="true"' in html
    if typed == "anna":
        assert 'value="anna"' in html


async def test_the_bell_is_rung_for_a_code_whoever_asks(
    site: ClientSession, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[Lane] = []
    monkeypatch.setattr(Bell, "ring", lambda _, lane: rung.append(lane))
    await town.resident(email=ANNA)

    for address in (ANNA, "nobody@example.org"):
        await ask(site, address)

    assert rung == [Lane.NOTE, Lane.NOTE]


async def test_whoever_asks_too_often_waits_whether_known_or_not(
    site: ClientSession, town: Town
) -> None:
    await town.resident(email=ANNA)
    for address in (ANNA, "nobody@example.org"):
        answers = [await ask(site, address) for _ in range(6)]
        assert [status for status, _ in answers] == [200] * 4 + [429] * 2
        assert "zu viele Codes" in answers[-1][1]
    assert len(await town.rows("SELECT FROM codes")) == 4


async def test_when_the_days_sms_are_used_up_the_page_says_so_to_all(
    site: ClientSession, town: Town
) -> None:
    await town.resident(phone=PHONE)
    await town.change(
        "INSERT INTO sms_asked (day, n) SELECT d, 1000000 FROM"
        " unnest(ARRAY[current_date - 1, current_date, current_date + 1]) AS t (d)"
    )

    for number in (PHONE, "+4915199999999"):
        status, html = await ask(site, number)
        assert status == 429
        assert "Nehmen Sie eine E-Mail-Adresse" in html
        assert 'class="digits"' not in html  # ADR 0027: nobody is talked into opening their page
    assert await town.rows("SELECT FROM codes") == []


async def test_and_what_goes_without_it_by_sms(town: Town, keyring: Keyring) -> None:
    spent = town.settings.model_copy(
        update={"sms_daily_budget": 0, "twilio_account_sid": "AC1",
                "twilio_senders": ("+4915735980001@1",)}
    )  # fmt: skip

    async with serving(town.db, keyring, spent) as site:
        _, html = await ask(site, PHONE)

    assert "Schicken Sie eine SMS an +49 1573 5980001" in html
    for word in ("LISTE", "MITMACHEN", "ABMELDEN", "STOP"):
        assert f"<li>{word}" in html


async def test_strangers_use_up_no_codes_of_a_browser_that_proved_the_address(
    site: ClientSession, town: Town, keyring: Keyring
) -> None:
    await town.resident(email=ANNA, phone=PHONE)
    _, page = await ask(site, ANNA)
    data = {"address": ANNA, "code": await latest(town, keyring), "asked": asked(page)}
    async with site.post("/my/code", data=data, headers=DE, allow_redirects=False) as opened:
        told = {c.key: c.value for c in opened.cookies.values()}
    known = DE | {"cookie": f"notify-known={told['notify-known']}"}

    async def hers(address: str, headers: dict[str, str] = known) -> int:
        async with site.post("/my/enter", data={"address": address}, headers=headers) as answer:
            return answer.status

    for address in (ANNA, PHONE):
        while (await ask(site, address))[0] == 200:
            pass
        assert (await ask(site, address))[0] == 429
        assert [await hers(address) for _ in range(6)] == [200] * 4 + [429] * 2
    # It is worth nothing for any other address, nor when it was tampered with.
    while (await ask(site, "bert@example.org"))[0] == 200:
        pass
    assert await hers("bert@example.org") == 429
    await town.resident(email="cem@example.org")
    while (await ask(site, "cem@example.org"))[0] == 200:
        pass
    forged = DE | {"cookie": f"notify-known=x{told['notify-known']}"}
    assert await hers("cem@example.org", forged) == 429
    for secret in (ANNA, "anna", PHONE, PHONE[3:]):
        assert secret not in told["notify-known"]


async def test_a_browser_is_known_by_what_is_proven_on_the_open_page_and_by_all_who_share_it(
    site: ClientSession, town: Town, keyring: Keyring
) -> None:
    def knows(address: str) -> bool:
        channel = "email" if "@" in address else "sms"
        token = browser.cookies["notify-known"]
        return knowing.knows(keyring, token, channel=channel, value=address)

    browser = Browser(site)
    for number, (owner, phone) in enumerate(((ANNA, PHONE), ("bert@x.org", "+4915112345679"))):
        await town.resident(email=owner)
        await browser.post("/my/close")
        asking = await browser.post("/my/enter", address=owner)
        await browser.post(
            "/my/code", address=owner, asked=asked(asking), code=await latest(town, keyring)
        )
        for value in (phone, f"new{number}@x.org"):
            await browser.post("/my/addresses/add", address=value)
            (row,) = await town.rows("SELECT max(id) AS id FROM addresses")
            await browser.post(
                "/my/addresses/code",
                ("id", str(row["id"])), (f"code-{row['id']}", await latest(town, keyring)),
            )  # fmt: skip
            assert knows(value)

    for address in (ANNA, PHONE, "new0@x.org", "bert@x.org", "+4915112345679", "new1@x.org"):
        assert knows(address)
    assert not knows("cem@x.org")


async def test_a_browser_is_known_after_its_page_was_closed_and_not_after_erasure(
    site: ClientSession, town: Town, keyring: Keyring
) -> None:
    await town.resident(email=ANNA)
    _, page = await ask(site, ANNA)
    data = {"address": ANNA, "code": await latest(town, keyring), "asked": asked(page)}
    async with site.post("/my/code", data=data, headers=DE, allow_redirects=False) as opened:
        told = {c.key: c.value for c in opened.cookies.values()}
        (lasting,) = [c for c in opened.cookies.values() if c.key == "notify-known"]
    assert lasting["httponly"]
    assert int(lasting["max-age"]) == 180 * 24 * 3_600
    with_page = DE | {"cookie": f"notify={told['notify']}"}

    async with site.post("/my/erase", headers=with_page) as erased:
        gone = erased.headers.getall("set-cookie")

    assert {cookie.partition("=")[0] for cookie in gone} == {"notify", "notify-known"}
    assert all("Max-Age=0" in cookie for cookie in gone)


async def test_numbers_that_nobody_has_do_not_use_up_the_sms_of_those_who_are_known(
    town: Town, keyring: Keyring
) -> None:
    few = town.settings.model_copy(update={"sms_daily_budget": 2})
    await town.resident(phone=PHONE)

    async with serving(town.db, keyring, few) as site:
        for number in range(4):
            assert (await ask(site, f"+491519999990{number}"))[0] == 200
        assert (await ask(site, PHONE))[0] == 200
    assert len(await town.rows("SELECT FROM codes")) == 1
    assert [row["n"] for row in await town.rows("SELECT n FROM sms_asked")] == [1]


async def test_a_code_that_came_back_shows_that_the_address_works_but_takes_back_no_stop(
    site: ClientSession, town: Town, keyring: Keyring
) -> None:
    await town.resident(email=ANNA, phone=PHONE)
    await town.change("UPDATE addresses SET proven_at = now() - interval '1 day'")
    for channel, value, reason in (("email", ANNA, "bounced"), ("sms", PHONE, "opted_out")):
        await town.change(
            "INSERT INTO suppressions (channel, hash, reason) VALUES (%(c)s, %(h)s, %(r)s)",
            c=channel, h=keyring.address_hash(channel, value), r=reason,
        )  # fmt: skip
    for address in (ANNA, PHONE):
        _, page = await ask(site, address)
        assert (await type_(site, page, address, await latest(town, keyring)))[0] == 303

    assert [row["reason"] for row in await town.rows("SELECT reason FROM suppressions")] == [
        "opted_out"
    ]
    late = "SELECT channel FROM addresses WHERE proven_at > now() - interval '1 h'"
    assert [row["channel"] for row in await town.rows(late)] == ["email"]


async def test_pages_are_closed_here_and_everywhere_else(site: ClientSession, town: Town) -> None:
    anna = await town.resident(email=ANNA)
    here, there = [await Visitor.of(site, town, anna) for _ in range(2)]

    _, html = await here.get("/my/settings")
    assert html.count("<li>") >= 2
    assert "In einem anderen Browser" in html
    await here.post("/my/close", {"others": "1"})
    assert (await there.get("/my/settings"))[0] == 303
    assert (await here.get("/my/settings"))[0] == 200
    status, html, _ = await here.post("/my/close")
    assert status == 200
    assert "Ihre Seite ist geschlossen" in html
    assert (await here.get("/my/settings"))[0] == 303


async def test_a_newcomer_has_no_page_yet(site: ClientSession, town: Town) -> None:
    anna = await town.resident(email=ANNA, state="asked")
    await town.change("UPDATE residents SET newcomer_until = now() + interval '1 day'")
    visitor = await Visitor.of(site, town, anna)

    assert (await visitor.get("/my/addresses"))[0] == 303
    assert "Ein Passwort gibt es nicht." in (await visitor.get("/my"))[1]
