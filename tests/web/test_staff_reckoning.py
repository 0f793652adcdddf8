"""Beside the form of a draft: whom it reaches, what arrives, what might be better; nothing saved."""

import re
from typing import Any

import pytest
from aiohttp import ClientSession

from notify.domain.draft import Content, Words
from notify.domain.grants import Grant, Role
from notify.services import drafting
from notify.services.staff_sessions import Officer as Staff
from notify.settings import Settings
from notify.store import reckoning as store
from notify.store import senders
from tests.services.test_overseeing import waiting
from tests.town import Town
from tests.web.officer import Officer, Person, enrol

GOOD = {
    "kind": "alert", "severity": "severe", "groups": "elbtal",
    "title-de": "Orkan in Elbtal ab 18 Uhr", "body-de": "Bleiben Sie bis 22 Uhr im **Haus**.",
    "title-en": "Hurricane in Elbtal", "body-en": "Stay inside until 10 pm.",
}  # fmt: skip


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={
            "smtp_urls": ("smtp://x",), "vapid_private_key": "x", "sms_price": "0.075 EUR",
            "twilio_account_sid": "AC0",
        }
    )  # fmt: skip


@pytest.fixture
async def village(town: Town) -> int:
    """Elbtal, followed in German and English, and beside it Bergdorf."""
    elbtal = await town.group("elbtal")
    await town.group("bergdorf")
    await town.resident(
        elbtal, email="a@example.org", phone="+4915100000001", alerts=["email", "sms"]
    )
    await town.resident(elbtal, email="b@example.org", phone="+4915100000002", language="en",
                        alerts=["email", "sms"])  # fmt: skip
    await town.resident(elbtal, email="c@example.org", state="unverified", alerts=["email"])
    await town.resident(elbtal, alerts=[])
    return elbtal


async def _draft(town: Town, person: Person, content: Content | None = None) -> str:
    staff = Staff(
        id=person.id, session=0, name="V", email=person.email, language="de",
        grants=(Grant(Role.AUTHOR, None),),
    )  # fmt: skip
    draft = await drafting.begin(town.db, staff, content or Content(groups=("elbtal",)))
    return f"/staff/drafts/{draft.id}/reckon"


async def _reckon(
    site: ClientSession, town: Town, form: dict[str, Any], *, content: Content | None = None
) -> tuple[int, str]:
    person = await enrol(town, Role.AUTHOR, "elbtal")
    path = await _draft(town, person, content)
    status, text, _ = await Officer(site, person).post(path, form)
    return status, " ".join(text.split())


async def test_the_numbers_and_looks_of_what_is_typed_are_shown(
    site: ClientSession, town: Town, village: int
) -> None:
    before = await town.rows("SELECT * FROM drafts")

    status, page = await _reckon(site, town, GOOD)

    assert status == 200
    assert '<div id="audience"' in page
    assert '<div id="previews"' in page
    assert "<strong>2</strong> Menschen werden erreicht, <strong>2</strong> nicht" in page
    assert re.search(
        r'<th scope="row">SMS</th><td>2</td><td>[^<]+</td><td>2</td><td>1</td><td>1<', page
    )
    assert "hat die Adresse nicht bestätigt" in page
    assert "chose" not in page
    assert "Zu bezahlen: 2 SMS, etwa 0,15 €." in page
    assert "Musterstadt: WARNUNG: Orkan in Elbtal ab 18 Uhr" in page
    assert "Musterstadt: WARNING: Hurricane in Elbtal" in page
    assert "Warnung: Orkan in Elbtal ab 18 Uhr" in page
    assert "im <strong>Haus</strong>" in page
    assert "Das geht besser" not in page
    assert page.count("Sagt wer, was, wo") == 2
    after = await town.rows("SELECT * FROM drafts")
    assert before == []
    assert [row["version"] for row in after] == [1]
    assert after[0]["content"]["texts"] == {}


async def test_a_poll_waits_for_a_number_that_receives_and_the_page_says_so(
    site: ClientSession, town: Town, village: int
) -> None:
    async with town.db.transaction() as connection:
        await senders.ensure(connection, "Musterstadt", channel="sms", rate=9.0, place=0)
    await town.resident(village, phone="+4915100000003", news=["sms"])
    asks = {"count": "1", "shape1": "single", "ask1-de": "Länger?", "options1-de": "Ja\r\nNein"}
    person = await enrol(town, Role.AUTHOR, "elbtal")
    author, path = Officer(site, person), await _draft(town, person)

    _, poll, _ = await author.post(path, {**GOOD, **asks, "kind": "poll", "severity": ""})
    _, news, _ = await author.post(path, {**GOOD, "kind": "announcement", "severity": ""})

    said = "Per SMS geht eine Umfrage nur von einer Nummer aus, die auch Antworten empfängt."
    assert "geht gerade nicht" in poll
    assert said in poll
    assert "geht gerade nicht" not in news
    assert said not in news


async def test_how_much_of_the_time_is_for_what_is_still_going_out_is_said(
    site: ClientSession, town: Town, village: int
) -> None:
    async with town.db.transaction() as connection:
        await senders.ensure(connection, "+491", channel="sms", rate=0.01, place=0)
    other = await town.group("talheim")
    for number in range(3):
        await town.resident(other, phone=f"+4915155500{number}")
    person = await enrol(town, Role.AUTHOR, "elbtal")
    author, path = Officer(site, person), await _draft(town, person)
    _, alone, _ = await author.post(path, GOOD)
    await town.broadcast("talheim")
    await town.plan()

    _, page, _ = await author.post(path, GOOD)

    # Two SMS here, and of the three there so many go before the last of them.
    assert "andere Nachrichten" not in alone
    assert "Es dauert etwa 6 Minuten, davon 3 Minuten für andere Nachrichten" in page


@pytest.mark.parametrize(
    ("form", "says"),
    [
        pytest.param({}, ["Wählen Sie zuerst, was es ist", "Wählen Sie, wer es bekommt",
                          "Schreiben Sie Titel und Text", "Titel und Text in der ersten Sprache"],
                     id="nothing"),
        pytest.param({"kind": "alert"}, ["Wählen Sie, wer es bekommt"], id="no group"),
        pytest.param({"kind": "alert", "groups": "elbtal"},
                     ["<strong>2</strong> Menschen", "Schreiben Sie Titel und Text"], id="no text"),
        pytest.param({"kind": "gossip", "groups": "elbtal"}, ["Wählen Sie zuerst"], id="no such kind"),
        pytest.param({"kind": "alert", "groups": "nowhere"}, ["Wählen Sie, wer es bekommt"],
                     id="no such group"),
        pytest.param({"kind": "alert", "groups": "elbtal", "title-en": "Storm", "severity": "?"},
                     ["WARNING: Storm", "Titel und Text in der ersten Sprache"],
                     id="not in the first language"),
        pytest.param({"kind": "alert", "groups": "elbtal", "title-de": "X", "valid_until": "morgen",
                      "send_at": "2026-03-29T02:30"}, ["WARNUNG: X"], id="no times"),
        pytest.param(GOOD | {"drill": "1"},
                     ["Eine Übung geht nur an Übungsgruppen", "<strong>0</strong> Menschen",
                      "ÜBUNG: WARNUNG: Orkan", "ÜBUNG: Orkan", "EXERCISE: WARNING: Hurricane",
                      "der Text sagt es nicht"], id="drill to others"),
        pytest.param(GOOD | {"title-de": "Achtung"}, ["„Achtung“ sagt nicht, was passiert ist"],
                     id="hint"),
        pytest.param(GOOD | {"body-de": "<script>alert(1)</script> {{ 7*7 }}"},
                     ["<script>alert(1)</script> {{ 7*7 }}"], id="scripts"),
    ],
)  # fmt: skip
async def test_what_is_half_done_or_wrong_is_told_in_place_of_failing(
    site: ClientSession, town: Town, village: int, form: dict[str, str], says: list[str]
) -> None:
    status, page = await _reckon(site, town, form)

    assert status == 200
    for words in says:
        assert words in page


async def test_what_is_typed_runs_nowhere(site: ClientSession, town: Town, village: int) -> None:
    person = await enrol(town, Role.AUTHOR, "elbtal")
    path = await _draft(town, person)
    evil = "<img src=x onerror=alert(1)>"
    form = GOOD | {"title-de": evil, "body-de": evil, "sms-de": evil}

    async with site.post(
        path, data=form, headers={"cookie": f"notify-staff={person.word}"}
    ) as answer:
        raw = await answer.text()

    assert answer.status == 200
    assert "<img" not in raw
    assert "&lt;img src=x" in raw


@pytest.mark.parametrize("group", ["bergdorf"])
async def test_an_author_reckons_nobody_beyond_their_grant(
    site: ClientSession, town: Town, village: int, group: str
) -> None:
    status, page = await _reckon(site, town, GOOD | {"groups": group})

    assert status == 403
    assert "Menschen werden erreicht" not in page


async def test_where_others_count_that_is_told_and_the_rest_is_shown(
    site: ClientSession, town: Town, village: int
) -> None:
    person = await enrol(town, Role.AUTHOR, "elbtal")
    path = await _draft(town, person)
    async with town.db.transaction() as one, town.db.transaction() as other:
        assert await store.turn(one)
        assert await store.turn(other)

        status, page, _ = await Officer(site, person).post(path, GOOD)

    assert status == 200
    assert "dauert gerade zu lange" in page
    assert "WARNUNG: Orkan" in page


async def test_a_cap_that_stops_news_is_told(site: ClientSession, town: Town, village: int) -> None:
    await town.change("UPDATE groups SET sms_cap = 1 WHERE slug = 'elbtal'")

    _, alert = await _reckon(site, town, GOOD)
    person = await enrol(town, Role.AUTHOR, "elbtal", email="other@example.org")
    _, news, _ = await Officer(site, person).post(
        await _draft(town, person), GOOD | {"kind": "announcement"}
    )

    assert "von den 1 SMS dieses Monats 2 verbraucht. Warnungen werden trotzdem gesendet" in alert
    assert "Was darüber liegt, wird nicht gesendet" in " ".join(news.split())


async def test_texts_that_the_form_does_not_show_are_shown_as_they_are(
    site: ClientSession, town: Town, village: int
) -> None:
    kept = Content(groups=("elbtal",), texts={"fr": Words("Orage", "Restez chez vous.")})

    _, page = await _reckon(site, town, GOOD, content=kept)

    assert "Orage" in page
    assert "français" in page


async def test_a_test_to_oneself_says_so_and_keeps_what_was_typed(
    site: ClientSession, town: Town, village: int
) -> None:
    person = await enrol(town, Role.AUTHOR, "elbtal")
    path = (await _draft(town, person)).replace("/reckon", "/test")
    officer = Officer(site, person)

    status, page, _ = await officer.post(path, GOOD)
    empty = await officer.post(path, {"groups": "elbtal"})
    last = empty
    for _ in range(10):
        last = await officer.post(path, GOOD)

    assert status == 200
    assert "Der Test ist unterwegs zu Ihnen, per E-Mail." in " ".join(page.split())
    assert re.search(
        r"kommt einmal in jeder Sprache:\s*<span[^>]*>Deutsch</span>, <span[^>]*>English<", page
    )
    assert 'name="title-de" value="Orkan in Elbtal ab 18 Uhr"' in page
    assert (empty[0], "Es gibt noch nichts zu senden" in empty[1]) == (422, True)
    assert (last[0], "genug Tests" in last[1]) == (409, True)
    notes = await town.rows("SELECT kind FROM notes")
    assert [row["kind"] for row in notes] == ["test"] * 20  # in each of two languages


@pytest.mark.parametrize(
    "form",
    [
        {**GOOD, "body-de": "", "body-en": ""},
        {**GOOD, "kind": "announcement"},
        {"kind": "alert", "groups": "elbtal", "title-de-x-simple": "Sturm in Elbtal"},
    ],
)
async def test_nobody_is_told_that_all_is_said_where_it_was_not_looked_for(
    site: ClientSession, town: Town, village: int, form: dict[str, str]
) -> None:
    _, page = await _reckon(site, town, form)

    assert "Sagt wer, was, wo" not in page


async def test_who_approves_sees_whom_it_reaches_before_they_do(
    site: ClientSession, town: Town, village: int
) -> None:
    alert = await waiting(town, "elbtal")
    approver = Officer(site, await enrol(town, Role.APPROVER, "elbtal"))

    status, page = await approver.get(f"/staff/messages/{alert}")
    page = " ".join(page.split())

    assert status == 200
    assert "<strong>2</strong> Menschen werden erreicht, <strong>2</strong> nicht" in page
    assert "Zu bezahlen: 2 SMS, etwa 0,15 €." in page
    assert page.index("Menschen werden erreicht") < page.index("Ihre Entscheidung")
    await town.change("UPDATE broadcasts SET status = 'approved'")
    _, later = await approver.get(f"/staff/messages/{alert}")
    assert "Menschen werden erreicht" not in later


async def test_who_approves_may_do_so_where_it_cannot_be_counted(
    site: ClientSession, town: Town, village: int
) -> None:
    alert = await waiting(town, "elbtal")
    approver = Officer(site, await enrol(town, Role.APPROVER, "elbtal"))
    async with town.db.transaction() as one, town.db.transaction() as other:
        assert await store.turn(one)
        assert await store.turn(other)

        status, page = await approver.get(f"/staff/messages/{alert}")

    assert status == 200
    assert "dauert gerade zu lange" in page
    assert "Ihre Entscheidung" in page


async def test_the_button_that_approves_a_drill_is_not_that_of_a_real_alert(
    site: ClientSession, town: Town, village: int
) -> None:
    approver = Officer(site, await enrol(town, Role.APPROVER, "elbtal"))
    real = await waiting(town, "elbtal")
    await town.change("UPDATE groups SET drill = true WHERE slug = 'elbtal'")
    drill = await waiting(town, "elbtal", drill=True)

    buttons = []
    for broadcast in (real, drill):
        _, page = await approver.get(f"/staff/messages/{broadcast}")
        found = re.search(r"/approve\">.*?<button class=\"([^\"]*)\">([^<]*)<", page, re.DOTALL)
        assert found
        buttons.append(found.groups())

    assert buttons == [
        ("main", "Diese Warnung für elbtal freigeben"),
        ("main exercise-button", "Diese Übung für elbtal beginnen lassen"),
    ]
