"""The door of the resident's page: a code opens it, and a stranger learns nothing."""

from typing import Any

import pytest
from aiohttp import ClientSession

from notify.domain.codes import TRIES
from notify.domain.keyring import Keyring
from notify.domain.words import Lane
from notify.queue import Bell
from notify.services import proving
from notify.store.database import Connection
from tests.town import Town
from tests.web.visitor import Visitor

DE = {"accept-language": "de"}
ANNA = "anna@example.org"
PHONE = "+4915112345678"


async def ask(site: ClientSession, typed: str) -> tuple[int, str]:
    async with site.post("/my/enter", data={"address": typed}, headers=DE) as answer:
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
        "/my/code", data={"address": typed, "code": f"{code[:3]} {code[3:]}"}, headers=DE,
        allow_redirects=False,
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

    assert told == (known[0], known[1].replace("known@example.org", ANNA))
    assert await town.rows("SELECT FROM codes") == []
    assert await town.rows("SELECT FROM deliveries") == []


async def test_a_known_and_an_unknown_address_cost_the_same_statements(
    site: ClientSession, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.resident(email=ANNA, phone=PHONE)
    asked: list[str] = []
    for name in ("rows", "row", "run"):
        real = getattr(Connection, name)

        async def counted(self: Connection, query: Any, *, _real: Any = real, **values: Any) -> Any:
            asked.append(query)
            return await _real(self, query, **values)

        monkeypatch.setattr(Connection, name, counted)

    async def statements(path: str, **data: str) -> list[str]:
        asked.clear()
        async with site.post(path, data=data, headers=DE) as answer:
            await answer.text()
        # What stands on top of every page is looked at now and then, for whom is no matter.
        return [one for one in asked if "page_stamp" not in one and "broadcasts b" not in one]

    for known, unknown in ((ANNA, "b@example.org"), (PHONE, "+4915199999999")):
        entering = await statements("/my/enter", address=known)
        assert len(entering) >= 3
        assert await statements("/my/enter", address=unknown) == entering
        typing = await statements("/my/code", address=known, code="000000")
        assert await statements("/my/code", address=unknown, code="000000") == typing


async def test_a_wrong_code_is_told_as_one_that_is_over_and_as_one_never_sent(
    site: ClientSession, town: Town, keyring: Keyring
) -> None:
    await town.resident(email=ANNA)
    await ask(site, ANNA)
    right = await latest(town, keyring)
    wrong = f"{(int(right) + 1) % 10**6:06}"

    async def type_(code: str, address: str = ANNA) -> tuple[int, str]:
        data = {"address": address, "code": code}
        async with site.post("/my/code", data=data, headers=DE) as answer:
            return answer.status, (await answer.text()).replace(address, "X")

    said = {await type_(wrong) for _ in range(TRIES + 1)}
    said |= {await type_(right), await type_("", ANNA), await type_("1", "nobody@example.org")}

    assert len(said) == 1
    ((status, html),) = said
    assert status == 422
    assert "Dieser Code stimmt nicht oder gilt nicht mehr." in html
    assert 'aria-describedby="said-code"' in html
    assert 'href="#f-code"' in html
    assert await town.rows("SELECT FROM sessions") == []


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
        assert "Geben Sie Ihre E-Mail-Adresse ein" in html
    assert await town.rows("SELECT FROM codes") == []


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
        await ask(site, address)
        data = {"address": address, "code": await latest(town, keyring)}
        async with site.post("/my/code", data=data, allow_redirects=False) as answer:
            assert answer.status == 303

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
