"""The staff's pages: from the invitation to signing out, and what stands in between."""

import re
from uuid import UUID

import pytest
from aiohttp import ClientSession

from notify.domain.grants import Role
from notify.services import staffing
from tests.town import Town
from tests.web.officer import EVERYWHERE, PASSWORD, Officer, code, enrol, hidden


async def _invited(town: Town, language: str | None = None) -> str:
    added = await staffing.add(
        town.db, settings=town.settings, within=EVERYWHERE, email="vera@example.org",
        name="Vera <b>Amt</b>", role=Role.ADMINISTRATOR, group=None, language=language,
    )  # fmt: skip
    assert added.link
    return "/staff/welcome/" + added.link.rpartition("/")[2]


async def test_from_the_invitation_to_the_first_page_and_back_in(
    site: ClientSession, town: Town
) -> None:
    path, vera = await _invited(town), Officer(site)

    status, page = await vera.get(path)
    assert status == 200
    assert "<svg" in page
    secret = re.search(r'class="secret">([A-Z2-7 ]+)<', page)
    assert secret
    spelled = secret[1].replace(" ", "")
    again = await vera.get(path)
    assert spelled not in again[1]  # looking changes nothing, and promises nothing
    given = {"shown": hidden(page, "shown"), "password": PASSWORD, "code": code(spelled)}
    status, page, _ = await vera.post(path, given)
    assert status == 200
    codes = re.findall(r"<li><code>([a-z2-7-]{29})</code>", page)
    assert len(set(codes)) == 10
    status, page = await vera.get("/staff")
    assert status == 200
    assert "Angemeldet als Vera <b>Amt</b>" in page

    status, _, leads = await vera.post("/staff/sign-out")
    assert (status, leads) == (303, "/staff/sign-in?out=1")
    status, _, leads = await vera.call("GET", "/staff/people?x=1")
    assert (status, leads) == (303, "/staff/sign-in?next=/staff/people%3Fx%3D1")
    status, page = await vera.get(leads)
    back = {
        "email": "vera@example.org", "password": PASSWORD, "code": codes[0],
        "next": hidden(page, "next"),
    }  # fmt: skip
    status, _, leads = await vera.post("/staff/sign-in", back)
    assert (status, leads) == (303, "/staff/people?x=1")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        pytest.param({"password": "kurz"}, "password", id="weak"),
        pytest.param({"code": "000000"}, "code", id="code"),
        pytest.param({"shown": "forged"}, "code", id="forged secret"),
    ],
)
async def test_what_is_wrong_in_the_welcome_is_said_at_its_field_and_the_picture_stays(
    site: ClientSession, town: Town, given: dict[str, str], field: str
) -> None:
    path, vera = await _invited(town), Officer(site)
    _, page = await vera.get(path)
    secret = re.search(r'class="secret">([A-Z2-7 ]+)<', page)
    assert secret
    right = {
        "shown": hidden(page, "shown"), "password": PASSWORD,
        "code": code(secret[1].replace(" ", "")),
    }  # fmt: skip

    status, page, _ = await vera.post(path, right | given)

    assert status == 422
    assert f'href="#f-{field}"' in page
    assert f'id="said-{field}"' in page
    assert (secret[1] in page) == ("shown" not in given)
    assert PASSWORD not in page
    assert (await vera.post(path, right))[0] == 200


async def test_the_secret_of_one_invitation_is_none_of_another(
    site: ClientSession, town: Town
) -> None:
    first, vera = await _invited(town), Officer(site)
    added = await staffing.add(
        town.db, settings=town.settings, within=EVERYWHERE, email="b@example.org", name="B",
        role=Role.VIEWER, group=None,
    )  # fmt: skip
    assert added.link
    _, page = await vera.get(first)
    secret = re.search(r'class="secret">([A-Z2-7 ]+)<', page)
    assert secret
    given = {
        "shown": hidden(page, "shown"), "password": PASSWORD,
        "code": code(secret[1].replace(" ", "")),
    }  # fmt: skip

    status, _, _ = await vera.post("/staff/welcome/" + added.link.rpartition("/")[2], given)

    assert status == 422


async def test_an_invitation_that_is_over_says_so(site: ClientSession, town: Town) -> None:
    status, page = await Officer(site).get("/staff/welcome/nothing")
    assert status == 404
    assert "Diese Einladung gilt nicht mehr" in page
    assert (await Officer(site).post("/staff/welcome/nothing"))[0] == 404


async def test_signing_in_tells_nobody_what_was_wrong_and_keeps_the_address(
    site: ClientSession, town: Town
) -> None:
    vera = await enrol(town)
    pages = []
    for given in (
        {"email": vera.email, "password": "falsch", "code": code(vera.secret)},
        {"email": vera.email, "password": PASSWORD, "code": "000000"},
        {"email": "nobody@example.org", "password": PASSWORD, "code": code(vera.secret)},
    ):
        status, page, _ = await Officer(site).post("/staff/sign-in", given)
        assert status == 422
        assert f'value="{given["email"]}"' in page
        pages.append(page.replace(given["email"], ""))
    assert len(set(pages)) == 1
    assert PASSWORD not in pages[0]


@pytest.mark.parametrize(
    "next_",
    ["https://evil.example/staff", "//evil.example/staff", "/\\evil.example", "/my", "javascript:x",
     "/staff/../my", "/staffing", "\\\\evil.example", "x" * 9_000, "/staff\r\nset-cookie: a=b"],
)  # fmt: skip
async def test_signing_in_leads_nowhere_else(site: ClientSession, town: Town, next_: str) -> None:
    vera = await enrol(town)
    given = {"email": vera.email, "password": PASSWORD, "code": code(vera.secret), "next": next_}

    status, _, leads = await Officer(site).post("/staff/sign-in", given)

    assert status == 303
    assert leads == "/staff"


async def test_too_many_attempts_are_told_with_the_way_out(site: ClientSession, town: Town) -> None:
    vera = await enrol(town)
    given = {"email": vera.email, "password": "falsch", "code": "000000"}
    for _ in range(10):
        assert (await Officer(site).post("/staff/sign-in", given))[0] == 422

    status, page, _ = await Officer(site).post("/staff/sign-in", given)
    assert status == 429
    assert "in dem Sie schon einmal angemeldet waren" in page
    assert "Mit einem Ersatzcode anstelle der sechs Ziffern" in page
    assert "15 Minuten" in page
    spare = given | {"password": PASSWORD, "code": vera.recovery[0]}
    assert (await Officer(site).post("/staff/sign-in", spare))[0] == 303
    known = Officer(site)
    known.cookies["notify-browser"] = vera.mark
    right = given | {"password": PASSWORD, "code": code(vera.secret)}
    assert (await known.post("/staff/sign-in", right))[0] == 303


async def test_too_many_attempts_with_one_recovery_code_are_told_to_take_another(
    site: ClientSession, town: Town
) -> None:
    vera = await enrol(town)
    given = {"email": vera.email, "password": "falsch", "code": vera.recovery[0]}
    for _ in range(10):
        assert (await Officer(site).post("/staff/sign-in", given))[0] == 422

    status, page, _ = await Officer(site).post("/staff/sign-in", given)

    assert status == 429
    assert "Mit einem anderen Ersatzcode kommen Sie trotzdem hinein" in page
    assert "Mit einem Ersatzcode anstelle" not in page
    other = given | {"password": PASSWORD, "code": vera.recovery[1]}
    assert (await Officer(site).post("/staff/sign-in", other))[0] == 303


async def test_sessions_are_seen_and_ended_one_by_one_and_none_of_others(
    site: ClientSession, town: Town
) -> None:
    vera = await enrol(town)
    bert = await enrol(town, email="bert@example.org")
    here, there = Officer(site, vera), Officer(site)
    given = {"email": vera.email, "password": PASSWORD, "code": code(vera.secret)}
    assert (await there.post("/staff/sign-in", given))[0] == 303
    _, page = await here.get("/staff/me")
    other = re.search(r'name="session" value="(\d+)"', page)
    assert other
    assert "Firefox, Linux" in page

    ends = {"session": other[1], "mine": PASSWORD}
    await Officer(site, bert).post("/staff/me/sessions", ends)
    status, page, _ = await here.post("/staff/me/sessions", ends | {"mine": "falsch"})
    assert (status, "Das Passwort stimmt nicht." in page) == (422, True)
    assert (await there.get("/staff"))[0] == 200
    await here.post("/staff/me/sessions", ends)
    assert (await there.get("/staff"))[0] == 303
    await here.post("/staff/me/sessions", ends | {"session": "others"})
    await here.post("/staff/me/sessions", ends | {"session": "x' OR 1"})
    assert (await here.get("/staff"))[0] == 200


async def test_an_administrator_signs_somebody_out(site: ClientSession, town: Town) -> None:
    vera = Officer(site, await enrol(town))
    person = await enrol(town, Role.AUTHOR, email="bert@example.org")
    bert = Officer(site, person)
    assert (await bert.get("/staff"))[0] == 200

    status, _, leads = await vera.post(f"/staff/people/{person.id}/sign-out")

    assert (status, leads) == (303, f"/staff/people/{person.id}?done=out")
    assert (await bert.get("/staff"))[0] == 303


async def test_an_administrator_invites_grants_withdraws_and_ends(
    site: ClientSession, town: Town
) -> None:
    await town.group("elbtal")
    vera = Officer(site, await enrol(town))

    status, page, _ = await vera.post(
        "/staff/people",
        {"email": "neu@example.org", "name": "Neu", "role": "author", "group": "elbtal"},
    )
    assert status == 200
    link = re.search(r'class="secret">(\S+)</code>', page)
    assert link
    path = "/staff/welcome/" + link[1].rpartition("/")[2]
    assert (await Officer(site).get(path))[0] == 200
    _, page = await vera.get("/staff/people")
    assert "Eingeladen, noch nicht angemeldet." in page
    assert "Schreiben: elbtal und alles darunter" in page
    person = re.search(r'/staff/people/([0-9a-f-]{36})"><strong>Neu', page)
    assert person
    where = f"/staff/people/{person[1]}"
    _, page = await vera.get(where)
    status, _, _ = await vera.post(f"{where}/withdraw", {"grant": hidden_grant(page)})
    assert status == 303
    status, page, _ = await vera.post(f"{where}/end")
    assert (status, "Konto von Neu schließen?" in page) == (200, True)
    assert (await Officer(site).get(path))[0] == 200
    status, _, _ = await vera.post(f"{where}/end", {"sure": "1"})
    assert status == 303
    assert (await Officer(site).get(path))[0] == 404


def hidden_grant(page: str) -> str:
    found = re.search(r'name="grant" value="(\d+)"', page)
    assert found, page
    return found[1]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        pytest.param({"email": "keine"}, "email", id="address"),
        pytest.param({"name": "a\u2028b"}, "name", id="name"),
        pytest.param({"role": "king"}, "role", id="role"),
        pytest.param({"role": ""}, "role", id="no role"),
    ],
)
async def test_a_grant_that_cannot_be_is_told_at_its_field_and_what_was_typed_stays(
    site: ClientSession, town: Town, given: dict[str, str], field: str
) -> None:
    vera = Officer(site, await enrol(town))
    right = {"email": "neu@example.org", "name": "Neu", "role": "author", "group": ""}

    status, page, _ = await vera.post("/staff/people", right | given)

    assert status == 422
    assert f'href="#f-{field}"' in page
    assert f'id="said-{field}"' in page
    assert field == "email" or 'value="neu@example.org"' in page
    assert len(await town.rows("SELECT 1 FROM staff")) == 1


async def test_the_last_administrator_is_told_why_not(site: ClientSession, town: Town) -> None:
    person = await enrol(town)
    vera, where = Officer(site, person), f"/staff/people/{person.id}"
    _, page = await vera.get(where)

    for path, data in (
        (f"{where}/withdraw", {"grant": hidden_grant(page)}),
        (f"{where}/end", {"sure": "1"}),
    ):
        status, page, _ = await vera.post(path, data)
        assert status == 409
        assert "Niemand sonst darf überall verwalten" in page


async def test_staff_pages_are_kept_and_indexed_by_nobody(site: ClientSession, town: Town) -> None:
    vera = await enrol(town)
    headers = {"cookie": f"notify-staff={vera.word}"}
    for path in ("/staff", "/staff/me", "/staff/people", "/staff/sign-in"):
        async with site.get(path, headers=headers, allow_redirects=False) as answer:
            if answer.status == 200:
                assert answer.headers["cache-control"] == "no-store"
                assert "noindex" in await answer.text()


@pytest.mark.parametrize("https", [True, False])
async def test_cookies_are_for_this_site_and_no_script(
    site: ClientSession, town: Town, https: bool
) -> None:
    from tests.web.conftest import serving

    settings = town.settings.model_copy(
        update={"public_url": "https://notify.example" if https else "http://notify.example"}
    )
    vera = await enrol(town)
    given = {"email": vera.email, "password": PASSWORD, "code": code(vera.secret)}
    async with (
        serving(town.db, town.keyring, settings) as other,
        other.post("/staff/sign-in", data=given, allow_redirects=False) as answer,
    ):
        cookies = answer.headers.getall("set-cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert cookie.startswith("__Host-notify-" if https else "notify-")
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert ("Secure" in cookie) == https


async def test_nobody_is_asked_for_more_than_they_prove_themselves_with(
    site: ClientSession, town: Town
) -> None:
    """No hint, no question of the name of a dog."""
    path = await _invited(town)
    vera = Officer(site, await enrol(town, email="bert@example.org"))

    asked = {}
    for page in ("/staff/sign-in", path, "/staff/me"):
        _, text = await (vera if page == "/staff/me" else Officer(site)).get(page)
        within = text.partition("<main")[2].partition("</main>")[0]
        asked[page] = set(re.findall(r'<(?:input|select|textarea)[^>]* name="([^"]+)"', within))

    assert asked == {
        "/staff/sign-in": {"next", "email", "password", "code"},
        path: {"shown", "username", "password", "code"},
        "/staff/me": {"username", "now", "password", "code", "now_too", "code_too"},
    }


async def test_who_signs_in_where_somebody_was_ends_the_session_before(
    site: ClientSession, town: Town
) -> None:
    vera, bert = await enrol(town), await enrol(town, email="bert@example.org")
    browser = Officer(site, bert)
    given = {"email": vera.email, "password": PASSWORD, "code": code(vera.secret)}

    assert (await browser.post("/staff/sign-in", given))[0] == 303

    assert "Vera Amt" in (await browser.get("/staff/me"))[1]
    before = Officer(site, bert)
    assert (await before.get("/staff/me"))[0] == 303


async def test_who_takes_an_invitation_where_somebody_was_ends_the_session_before(
    site: ClientSession, town: Town
) -> None:
    path, bert = await _invited(town), await enrol(town, email="bert@example.org")
    browser, before = Officer(site, bert), Officer(site, bert)
    _, page = await browser.get(path)
    secret = re.search(r'class="secret"[^>]*>([^<]+)<', page)
    assert secret
    given = {
        "shown": hidden(page, "shown"), "password": PASSWORD,
        "code": code(secret[1].replace(" ", "")),
    }  # fmt: skip

    assert (await browser.post(path, given))[0] == 200

    assert "vera@example.org" in (await browser.get("/staff/me"))[1]
    assert (await before.get("/staff/me"))[0] == 303


async def test_a_new_password_leaves_the_browser_signed_in_by_another_word(
    site: ClientSession, town: Town
) -> None:
    vera = await enrol(town)
    browser, stolen = Officer(site, vera), Officer(site, vera)
    given = {"now": PASSWORD, "code": code(vera.secret), "password": "sandkuchen turbine moosgrün"}

    assert (await browser.post("/staff/me/password", given))[2] == "/staff/me?done=password"

    assert (await browser.get("/staff/me"))[0] == 200
    assert (await stolen.get("/staff/me"))[0] == 303


async def test_every_field_says_what_it_is_for(site: ClientSession, town: Town) -> None:
    """Password managers fill what says so."""
    path, vera = await _invited(town), Officer(site)

    _, page = await vera.get(path)
    for said in ('type="password" value="" autocomplete="new-password"', 'autocomplete="username"'):
        assert said in page
    _, page = await vera.get("/staff/sign-in")
    for said in ("current-password", "username", "one-time-code"):
        assert f'autocomplete="{said}"' in page


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_whoever_has_no_grant_for_a_page_is_told_so_and_led_back(
    site: ClientSession, town: Town, method: str
) -> None:
    viewer = Officer(site, await enrol(town, Role.VIEWER))

    status, page, _ = await viewer.call(method, "/staff/people")

    assert status == 403
    assert "Das dürfen Sie hier nicht" in page
    assert "kam von einer anderen Website" not in page
    assert 'href="/staff"' in page
    assert 'href="/join"' not in page.split("<main")[1].split("</main>")[0]


@pytest.mark.parametrize("path", ["people", f"messages/{UUID(int=0)}"])
async def test_a_refusal_is_in_the_language_of_the_officer(
    site: ClientSession, town: Town, path: str
) -> None:
    viewer = Officer(site, await enrol(town, Role.VIEWER, language="en"))

    status, page = await viewer.get(f"/staff/{path}")

    assert status in {403, 404}
    assert '<html lang="en"' in page
    _, page = await viewer.get(f"/staff/{path}?lang=de")
    assert '<html lang="de"' in page


async def test_what_is_not_there_for_staff_leads_back_to_their_pages(
    site: ClientSession, town: Town
) -> None:
    viewer = Officer(site, await enrol(town, Role.VIEWER))

    status, page = await viewer.get("/staff/messages/00000000-0000-0000-0000-000000000000")

    assert status == 404
    assert 'href="/staff"' in page
