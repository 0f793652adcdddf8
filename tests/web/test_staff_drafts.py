"""Messages written on the staff's pages: begun, saved, compared, looked over, submitted, corrected."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession

from notify import clock
from notify.domain.grants import Role
from notify.services import groups
from tests.services.test_overseeing import seen, status, waiting
from tests.town import Town
from tests.web.officer import Officer, enrol, hidden


@pytest.fixture
async def villages(town: Town) -> None:
    district = await town.group("district")
    elbtal = await town.group("elbtal", parent=district)
    await town.group("kita", parent=elbtal)
    await town.group("bergdorf", parent=district)


@pytest.fixture
async def author(site: ClientSession, town: Town, villages: None) -> Officer:
    return Officer(site, await enrol(town, Role.AUTHOR, "elbtal", email="author@example.org"))


@pytest.fixture
async def approver(site: ClientSession, town: Town, villages: None) -> Officer:
    return Officer(site, await enrol(town, Role.APPROVER, email="approver@example.org"))


def until(town: Town, hours: int = 6) -> str:
    later = (clock.now() + timedelta(hours=hours)).astimezone(town.settings.zone)
    return later.strftime("%Y-%m-%dT%H:%M")


def form(town: Town, **more: Any) -> dict[str, Any]:
    return {
        "version": "1", "kind": "alert", "severity": "severe", "groups": "elbtal",
        "title-de": "Sturm <b>", "body-de": "Bleiben Sie **drin**.", "sms-de": "",
        "valid_until": until(town), "send_at": "",
    } | more  # fmt: skip


async def begin(who: Officer, kind: str = "alert") -> str:
    code, _, where = await who.post("/staff/drafts", {"kind": kind})
    assert code == 303
    return where


async def follow(who: Officer, code: int, leads: str) -> str:
    assert code == 303
    code, page = await who.get(leads)
    assert code == 200
    return page


async def test_from_the_first_word_to_the_approval_by_somebody_else(
    town: Town, author: Officer, approver: Officer
) -> None:
    where = await begin(author)
    _, page = await author.get(where)
    for said in ("Was ist es?", "Wer bekommt sie?", "kita", "Deutsch", "Zeit in", "Gespeichert"):
        assert said.replace("Zeit in", "Uhrzeit in Europe/Berlin") in page
    assert "bergdorf" not in page

    code, _, leads = await author.post(where, form(town, then="look"))
    page = await follow(author, code, leads)
    for said in ("Sturm <b>", "<strong>drin</strong>", "zur Freigabe geben", "Gültig bis"):
        assert said in page
    code, _, leads = await author.post(f"{where}/submit", {"version": hidden(page, "version")})
    page = await follow(author, code, leads)
    assert "sobald jemand anderes sie freigibt" in page
    message = leads.partition("?")[0]
    assert "/approve" not in page
    assert await status(town, UUID(where.rpartition("/")[2])) == "submitted"

    _, page = await approver.get(message)
    assert "Sturm <b>" in page
    code, _, leads = await approver.post(f"{message}/approve", {"seen": hidden(page, "seen")})
    assert leads.endswith("done=approved")
    assert await status(town, UUID(where.rpartition("/")[2])) == "approved"


async def test_what_is_typed_is_kept_right_or_wrong_and_escaped(
    town: Town, author: Officer
) -> None:
    where = await begin(author)
    typed = form(
        town, valid_until="bald", **{"title-de": '"><script>x', "body-de": "</textarea>ä", "title-en": "Storm"}
    )  # fmt: skip

    code, _, leads = await author.post(where, typed)
    await follow(author, code, leads)
    async with author._site.get(
        where, headers={"cookie": f"notify-staff={author.cookies['notify-staff']}"}
    ) as answer:
        raw = await answer.text()

    assert "<script>x" not in raw
    assert "&lt;/textarea&gt;ä" in raw
    assert 'value="bald"' in raw
    assert '<details class="language" open>' in raw


async def test_what_is_wrong_is_told_at_its_field_all_at_once(town: Town, author: Officer) -> None:
    where = await begin(author)
    wrong = form(
        town, severity="", groups="", valid_until="2026-03-29T02:30", send_at="gestern", then="look",
        **{"title-de": " ", "title-en": "Storm"},
    )  # fmt: skip
    code, _, leads = await author.post(where, wrong)
    assert leads == f"{where}/submit"
    code, _, leads = await author.call("GET", leads)
    assert (code, leads) == (303, f"{where}?check=1")

    _, page = await author.get(leads)

    for field in ("severity", "groups", "title-de", "body-en", "send_at", "valid_until"):
        assert f'href="#f-{field}"' in page, field
        assert f'id="f-{field}"' in page, field
        assert f'id="said-{field}"' in page, field
        assert f"said-{field}" in page.replace(f'id="said-{field}"', ""), field  # and is tied to it
    for said in ("Wählen Sie mindestens eine Gruppe.", "Schreiben Sie einen Titel (Deutsch).",
                 "Schreiben Sie einen Text (English)", "Schreiben Sie Tag und Uhrzeit"):  # fmt: skip
        assert said in page
    code, page, _ = await author.post(f"{where}/submit", {"version": "2"})
    assert code == 422
    assert "Wählen Sie mindestens eine Gruppe." in page
    assert await town.rows("SELECT 1 FROM broadcasts") == []


@pytest.mark.parametrize("hours", [3, 24])
async def test_an_end_some_hours_from_now_is_one_choice(
    town: Town, author: Officer, hours: int
) -> None:
    where = await begin(author)

    await author.post(where, form(town, valid_until="", until_in=str(hours)))

    (row,) = await town.rows("SELECT content FROM drafts")
    assert row["content"]["valid_until"] in {until(town, hours), until(town, hours)[:-1]}


async def test_a_time_that_comes_twice_is_told(town: Town, author: Officer) -> None:
    where = await begin(author)
    night = f"{clock.now().year + 1}-10-"
    days = [f"{night}{day}T02:30" for day in range(25, 32)]  # one of them is the Sunday
    told = 0
    for version, at in enumerate(days, 1):
        code, _, leads = await author.post(where, form(town, version=str(version), valid_until=at))
        told += "kommt zweimal" in await follow(author, code, leads)
    assert told == 1


async def test_a_stale_save_shows_both_and_what_is_chosen_is_kept(
    site: ClientSession, town: Town, author: Officer
) -> None:
    other = Officer(site, await enrol(town, Role.AUTHOR, email="bert@example.org"))
    where = await begin(author)
    await author.post(where, form(town, **{"sms-de": "Kurz"}))
    _, page = await author.get(where)
    base = hidden(page, "base")
    await other.post(
        where,
        form(town, version="2", severity="extreme", **{"title-de": "Orkan", "sms-de": "Kurz"}),
    )

    mine = form(town, version="2", base=base, **{"title-de": "Wind", "sms-de": "Kürzer"})
    code, page, _ = await author.post(where, mine)

    assert code == 409
    for said in (
        "Zwei Fassungen",
        "Orkan",
        "Wind",
        "Kürzer",
        "Extreme Gefahr",
        "Hier haben Sie nichts geändert",
    ):
        assert said in page, said
    assert 'name="take-body-de"' not in page  # the same in both
    (row,) = await town.rows("SELECT content FROM drafts")
    assert row["content"]["texts"]["de"]["title"] == "Orkan"
    assert hidden(page, "version") == "3"
    chosen = mine | {
        "version": "3", "take-title-de": "theirs", "take-sms-de": "mine", "take-severity": "theirs",
    }  # fmt: skip
    code, _, leads = await author.post(where, chosen)
    assert (code, leads) == (303, f"{where}?done=saved")
    (row,) = await town.rows("SELECT content, version FROM drafts")
    assert row["content"]["texts"]["de"] == {
        "title": "Orkan", "body": "Bleiben Sie **drin**.", "sms": "Kürzer",
    }  # fmt: skip
    assert (row["content"]["severity"], row["version"]) == ("extreme", 4)


async def test_of_what_only_others_changed_theirs_is_proposed(
    site: ClientSession, town: Town, author: Officer
) -> None:
    other = Officer(site, await enrol(town, Role.AUTHOR, email="bert@example.org"))
    where = await begin(author)
    await author.post(where, form(town))
    _, page = await author.get(where)
    await other.post(where, form(town, version="2", **{"title-de": "Orkan"}))

    _, page, _ = await author.post(
        where, form(town, version="2", base=hidden(page, "base"), **{"body-de": "Anders."})
    )

    assert 'id="f-theirs-title-de" name="take-title-de" value="theirs" checked' in page
    assert 'id="f-mine-body-de" name="take-body-de" value="mine" checked' in page


async def test_it_saves_itself_for_the_script(town: Town, author: Officer) -> None:
    where = await begin(author)

    async def quietly(data: dict[str, Any]) -> tuple[int, Any]:
        headers = {
            "cookie": f"notify-staff={author.cookies['notify-staff']}",
            "accept": "application/json",
        }
        async with author._site.post(where, data=data, headers=headers) as answer:
            return answer.status, await answer.json()

    code, kept = await quietly(form(town, valid_until="", until_in="6"))
    assert (code, kept["version"], kept["valid_until"]) == (200, 2, until(town))
    assert kept["said"].startswith("Gespeichert ")
    assert await quietly(form(town, version="1", **{"title-de": "Alt"})) == (409, {"why": "stale"})
    code, kept = await quietly(form(town, version="2", base=kept["base"], **{"title-de": "Neu"}))
    assert (code, kept["version"]) == (200, 3)
    await town.change("UPDATE drafts SET submitted_at = now()")
    assert await quietly(form(town, version="3")) == (409, {"why": "submitted"})


async def _minutes_pass(town: Town, minutes: int) -> None:
    """Since the drafts were saved."""
    for row in await town.rows("SELECT id, content ->> 'valid_until' AS ends FROM drafts"):
        ends = datetime.fromisoformat(row["ends"]) - timedelta(minutes=minutes)
        await town.change(
            "UPDATE drafts SET changed_at = changed_at - %(n)s * interval '1 min',"
            " content = jsonb_set(content, '{valid_until}', to_jsonb(%(ends)s::text))"
            " WHERE id = %(id)s",
            n=minutes, ends=ends.isoformat(timespec="minutes"), id=row["id"],
        )  # fmt: skip


async def test_hours_of_a_save_whose_answer_was_lost_are_no_change_by_oneself(
    town: Town, author: Officer
) -> None:
    where, sent = await begin(author), form(town, valid_until="", until_in="6")
    await author.post(where, sent)
    await _minutes_pass(town, 7)
    (kept,) = await town.rows("SELECT version, content FROM drafts")

    code, _, leads = await author.post(where, sent)

    assert (code, leads) == (303, f"{where}?done=saved")
    assert await town.rows("SELECT version, content FROM drafts") == [kept]
    # Other hours, or a title of another's, are a change.
    for changed in ({"until_in": "12"}, {"title-de": "Orkan"}):
        code, page, _ = await author.post(where, sent | changed)
        assert (code, 'class="version' in page) == (409, True)


async def test_hours_chosen_anew_count_from_now(town: Town, author: Officer) -> None:
    where = await begin(author)
    await author.post(where, form(town, valid_until="", until_in="6"))
    await _minutes_pass(town, 7)

    await author.post(where, form(town, version="2", valid_until="", until_in="6"))

    (kept,) = await town.rows("SELECT version, content ->> 'valid_until' AS ends FROM drafts")
    assert (kept["version"], kept["ends"]) == (3, until(town))


async def test_submitting_twice_leads_to_the_same_message(town: Town, author: Officer) -> None:
    where = await begin(author)
    await author.post(where, form(town))
    given = {"version": "2"}

    first = await author.post(f"{where}/submit", given)
    second = await author.post(f"{where}/submit", given)

    assert first[0] == second[0] == 303
    assert first[2].partition("?")[0] == second[2]
    assert len(await town.rows("SELECT 1 FROM broadcasts")) == 1
    for path in (where, f"{where}/submit"):
        assert (await author.call("GET", path))[2] == second[2]
    assert (await author.post(where, form(town, version="2", **{"title-de": "Zu spät"})))[
        2
    ] == second[2]


async def test_what_was_changed_since_is_read_again_before_it_goes(
    site: ClientSession, town: Town, author: Officer
) -> None:
    other = Officer(site, await enrol(town, Role.AUTHOR, email="bert@example.org"))
    where = await begin(author)
    await author.post(where, form(town))
    await other.post(where, form(town, version="2", **{"title-de": "Orkan"}))

    code, page, _ = await author.post(f"{where}/submit", {"version": "2"})

    assert code == 409
    assert "Es ist nichts gesendet" in page
    assert "Orkan" in page
    assert hidden(page, "version") == "3"
    assert await town.rows("SELECT 1 FROM broadcasts") == []


async def test_returned_it_is_changed_and_comes_again(
    town: Town, author: Officer, approver: Officer
) -> None:
    where = await begin(author)
    await author.post(where, form(town))
    await author.post(f"{where}/submit", {"version": "2"})
    broadcast = UUID(where.rpartition("/")[2])
    message = f"/staff/messages/{broadcast}"
    given = {"seen": await seen(town, broadcast), "reason": "Ort fehlt"}
    await approver.post(f"{message}/return", given)

    _, page = await author.get(message)
    assert "Ort fehlt" in page
    assert "Ändern und noch einmal zur Freigabe geben" in page
    _, page = await author.get("/staff/messages")
    assert where in page
    _, page = await author.get(where)
    assert "Sie wurde zurückgegeben" in page
    await author.post(where, form(town, version="2", **{"title-de": "Sturm in Elbtal"}))
    await author.post(f"{where}/submit", {"version": "3"})
    assert (await approver.post(f"{message}/approve", given))[0] == 409
    _, page = await approver.get(message)
    assert "Sturm in Elbtal" in page
    await approver.post(f"{message}/approve", {"seen": hidden(page, "seen")})
    assert await status(town, broadcast) == "approved"


async def test_an_author_takes_it_back(town: Town, author: Officer, approver: Officer) -> None:
    where = await begin(author)
    await author.post(where, form(town))
    await author.post(f"{where}/submit", {"version": "2"})
    broadcast = UUID(where.rpartition("/")[2])
    given = {"seen": await seen(town, broadcast)}
    _, page = await author.get(f"/staff/messages/{broadcast}")
    assert f"{where}/take-back" in page

    code, _, leads = await author.post(f"{where}/take-back")
    assert "Sie haben sie zurück" in await follow(author, code, leads)
    assert (await approver.post(f"/staff/messages/{broadcast}/approve", given))[0] == 409
    _, page = await approver.get(f"/staff/messages/{broadcast}")
    assert "Zurückgenommen von Vera Amt" in page
    code, _, leads = await author.post(f"{where}/take-back")
    assert leads == f"/staff/messages/{broadcast}?done=decided"


async def test_whoever_wrote_it_is_told_why_they_do_not_approve_it(
    site: ClientSession, town: Town, villages: None
) -> None:
    person = await enrol(town, Role.AUTHOR, email="beides@example.org")
    from notify.services import staffing
    from tests.web.officer import EVERYWHERE

    await staffing.add(
        town.db, settings=town.settings, within=EVERYWHERE, email=person.email, name="V",
        role=Role.APPROVER, group=None,
    )  # fmt: skip
    both = Officer(site, person)
    where = await begin(both)
    await both.post(where, form(town))
    await both.post(f"{where}/submit", {"version": "2"})
    message = where.replace("drafts", "messages")

    _, page = await both.get(message)
    assert f'action="{message}/approve"' not in page
    assert "Jemand anderes muss es freigeben." in page
    this = await seen(town, UUID(where.rpartition("/")[2]))
    code, page, _ = await both.post(f"{message}/approve", {"seen": this})
    assert code == 403
    assert "Jemand anderes muss es freigeben." in page
    assert await status(town, UUID(where.rpartition("/")[2])) == "submitted"


async def test_an_author_of_a_village_writes_to_nobody_beyond_it(
    site: ClientSession, town: Town, author: Officer
) -> None:
    everywhere = Officer(site, await enrol(town, Role.AUTHOR, email="all@example.org"))
    theirs = await begin(everywhere)
    await everywhere.post(theirs, form(town, groups="bergdorf"))
    where = await begin(author)

    code, page, _ = await author.post(where, form(town, groups="district"))
    assert code == 403
    for path in (theirs, f"{theirs}/submit"):
        assert (await author.get(path))[0] == 404
    assert (await author.post(theirs, form(town)))[0] == 404
    assert (await author.post(f"{theirs}/submit", {"version": "2"}))[0] == 404
    code, page, _ = await author.post(where, form(town, groups="nowhere"))
    assert code == 422
    assert "Sturm" in page
    assert theirs not in (await author.get("/staff/messages"))[1]


async def test_a_drill_looks_and_speaks_otherwise_and_goes_to_drill_groups_only(
    town: Town, author: Officer
) -> None:
    where = await begin(author)
    await author.post(where, form(town, drill="1"))
    code, page, _ = await author.post(f"{where}/submit", {"version": "2"})
    assert code == 422
    assert 'href="#f-groups"' in page
    assert "Eine Übung geht nur an Übungsgruppen" in page
    for slug in ("elbtal", "kita"):
        await groups.mark_drill(town.db, slug, True)

    _, page = await author.get(f"{where}/submit")

    assert "ÜBUNG" in page
    assert "Übung zur Freigabe geben" in page
    assert "exercise-button" in page
    assert "Diese Warnung" not in page
    assert (await author.post(f"{where}/submit", {"version": "2"}))[0] == 303


async def test_news_go_at_once_where_nobody_asks_for_approval(town: Town, author: Officer) -> None:
    where = await begin(author, "announcement")
    await author.post(where, form(town, kind="announcement", severity="", valid_until=""))
    _, page = await author.get(f"{where}/submit")
    assert "Jetzt an 0 Menschen senden" in page

    _, _, leads = await author.post(f"{where}/submit", {"version": "2"})

    assert leads.endswith("?done=sent")
    assert await status(town, UUID(where.rpartition("/")[2])) == "approved"


@pytest.mark.parametrize(
    ("relation", "title"),
    [("update", "Sturm"), ("all_clear", "Entwarnung: Sturm"), ("correction", "Korrektur: Sturm")],
)
async def test_from_a_running_alert_it_is_one_tap_to_what_follows(
    town: Town, author: Officer, approver: Officer, relation: str, title: str
) -> None:
    alert = await waiting(town, "elbtal")
    _, page = await author.get(f"/staff/messages/{alert}")
    assert 'name="relation"' not in page  # nobody has it yet
    await town.change("UPDATE broadcasts SET status = 'dispatching', dispatching_at = now()")
    _, page = await author.get(f"/staff/messages/{alert}")
    assert f'name="relation" value="{relation}"' in page
    _, theirs = await approver.get(f"/staff/messages/{alert}")
    assert 'name="relation"' not in theirs

    code, _, where = await author.post(
        "/staff/drafts", {"follows": str(alert), "relation": relation}
    )
    page = await follow(author, code, where)

    assert f'name="title-de" type="text" value="{title}"' in page
    assert f"/staff/messages/{alert}" in page
    assert 'value="elbtal" checked' in page
    await author.post(f"{where}/submit", {"version": "1"})
    (row,) = await town.rows(
        "SELECT * FROM broadcasts WHERE id = %(id)s", id=where.rpartition("/")[2]
    )
    assert (row["in_reply_to"], row["relation"]) == (alert, relation)
    assert row["status"] == ("submitted")


async def test_the_groups_of_its_thread_cannot_be_unticked(
    town: Town, author: Officer, approver: Officer
) -> None:
    first = await town.broadcast("elbtal", severity="severe")
    await town.plan()
    _, _, where = await author.post("/staff/drafts", {"follows": str(first), "relation": "update"})
    _, page = await author.get(where)
    assert 'value="elbtal" checked disabled aria-describedby="hint-groups-elbtal"' in page
    assert "Die frühere Nachricht ging hierhin, also auch diese." in page
    assert 'value="kita" disabled' not in page

    typed = form(town, groups="kita", then="look")
    code, _, leads = await author.post(where, typed)

    page = await follow(author, code, leads)
    assert "Diese Warnung für elbtal, kita zur Freigabe geben" in page


async def test_thrown_away_only_when_said_twice(town: Town, author: Officer) -> None:
    where = await begin(author)
    code, page, _ = await author.post(f"{where}/drop")
    assert (code, "Diesen Entwurf wegwerfen?" in page) == (200, True)
    assert (await author.post(f"{where}/drop", {"sure": "1", "version": "7"}))[0] == 409
    code, _, leads = await author.post(f"{where}/drop", {"sure": "1", "version": "1"})
    assert leads == "/staff/messages?done=dropped"
    assert await town.rows("SELECT 1 FROM drafts") == []


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({}, 422), ({"kind": "gossip"}, 422), ({"follows": "nonsense", "relation": "update"}, 404),
        ({"follows": "00000000-0000-0000-0000-000000000000", "relation": "update"}, 404),
        ({"follows": "00000000-0000-0000-0000-000000000000", "relation": "?"}, 422),
    ],
)  # fmt: skip
async def test_nonsense_begins_nothing(
    town: Town, author: Officer, data: dict[str, str], code: int
) -> None:
    assert (await author.post("/staff/drafts", data))[0] == code
    assert await town.rows("SELECT 1 FROM drafts") == []


@pytest.mark.parametrize("version", ["", "-1", "x", "٣", "9" * 40])
async def test_a_version_that_is_none_saves_nothing(
    town: Town, author: Officer, version: str
) -> None:
    where = await begin(author)
    assert (await author.post(where, form(town, version=version, base="[]")))[0] == 409
    assert (await author.post(f"{where}/submit", {"version": version}))[0] in {303, 409, 422}
    (row,) = await town.rows("SELECT version, submitted_at FROM drafts")
    assert (row["version"], row["submitted_at"]) == (1, None)


async def test_the_longest_texts_fit(town: Town, author: Officer) -> None:
    where = await begin(author)
    long = {f"body-{tag}": "ю" * 20_000 for tag in ("de", "en", "de-x-simple")}

    code, _, leads = await author.post(where, form(town, **long))

    assert (code, leads) == (303, f"{where}?done=saved")
    (row,) = await town.rows("SELECT content FROM drafts")
    assert len(row["content"]["texts"]["en"]["body"]) == 20_000


async def test_what_was_typed_when_the_session_ended_is_sent_again_and_not_lost(
    site: ClientSession, town: Town, villages: None
) -> None:
    person = await enrol(town, Role.AUTHOR, "elbtal")
    author = Officer(site, person)
    where = await begin(author)
    given = form(town, groups=["elbtal", "kita"], then="look", **{"body-de": "Eins\r\n<Zwei>"})
    word = author.cookies.pop("notify-staff")

    code, page, _ = await author.post(where, given)

    assert code == 401
    assert "Sie sind nicht mehr angemeldet" in page
    raw = '<input type="hidden" name="([^"]*)" value="([^"]*)">'
    fields = re.findall(raw, page)
    assert ("groups", "kita") in fields
    author.cookies["notify-staff"] = word
    code, _, leads = await author.post(where, fields)
    assert (code, leads) == (303, f"{where}/submit")
    (row,) = await town.rows("SELECT content FROM drafts")
    assert row["content"]["texts"]["de"]["body"] == "Eins\n<Zwei>"
    assert row["content"]["groups"] == ["elbtal", "kita"]


async def test_no_password_and_nothing_of_a_script_is_sent_back_to_whoever_is_signed_out(
    site: ClientSession,
) -> None:
    nobody = Officer(site)
    for path, typed in (("/staff/me/password", {"now": "geheim"}), ("/staff/sign-out", {})):
        code, page, leads = await nobody.post(path, typed)
        assert (code, leads) == (303, "/staff/sign-in?over=1")
        assert "geheim" not in page
    json = {"accept": "application/json"}
    async with site.post(
        "/staff/drafts", data={"kind": "alert"}, headers=json, allow_redirects=False
    ) as answer:
        assert answer.status == 303
