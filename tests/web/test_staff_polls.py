"""Polls written on the staff's pages, and alerts that ask."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.services.test_overseeing import status
from tests.town import Town
from tests.web.officer import Officer, hidden
from tests.web.test_staff_drafts import approver, author, begin, follow, form, villages

__all__ = ["approver", "author", "villages"]


def poll(town: Town, **more: Any) -> dict[str, Any]:
    """A form with one question; more of them by number."""
    return form(
        town, kind="poll", severity="", count="1", shape1="single", secret="secret", shown="asked",
        **{"ask1-de": "Länger öffnen <b>?", "options1-de": "Ja\r\nNein"},
    ) | more  # fmt: skip


SECOND = {"count": "2", "shape2": "several", "most2": "2", "ask2-de": "Was fehlt?",
          "options2-de": "Bank\r\nBaum\r\nBrunnen"}  # fmt: skip


async def kept(town: Town) -> Any:
    (row,) = await town.rows("SELECT content FROM drafts")
    return row["content"]["asking"]


async def test_a_poll_from_the_first_word_to_the_approval(
    town: Town, author: Officer, approver: Officer
) -> None:
    await town.change("UPDATE groups SET news_need_approval = true")
    where = await begin(author, "poll")
    _, page = await author.get(where)
    for said in (
        "Umfrage: Menschen antworten",
        "Frage 1",
        "Wie wird geantwortet?",
        "Geheim",
        "Ende",
    ):
        assert said in page

    code, _, leads = await author.post(where, poll(town, tell="1", then="look", **SECOND))
    page = await follow(author, code, leads)
    for said in ("Länger öffnen <b>?", "Baum", "Was fehlt?", "Bis zu 2", "Geheim: ", "Ende: "):
        assert said in page
    code, _, leads = await author.post(f"{where}/submit", {"version": hidden(page, "version")})
    broadcast = UUID(where.rpartition("/")[2])
    assert await status(town, broadcast) == "submitted"
    (row,) = await town.rows("SELECT kind, asks FROM broadcasts")
    assert row["kind"] == "poll"
    assert row["asks"] == {
        "questions": [
            {"shape": "single",
             "wordings": {"de": {"ask": "Länger öffnen <b>?", "options": ["Ja", "Nein"]}}},
            {"shape": "several", "most": 2,
             "wordings": {"de": {"ask": "Was fehlt?", "options": ["Bank", "Baum", "Brunnen"]}}},
        ],
        "secret": True, "shown": "asked", "live": False, "tell": True, "urgent": None,
    }  # fmt: skip

    message = f"/staff/messages/{broadcast}"
    _, page = await approver.get(message)
    for said in ("Länger öffnen <b>?", "Baum", "Bis zu 2", "Geheim: ", "Diese Umfrage für", "freigeben",
                 "Wer gefragt wurde, sieht das Ergebnis, nach dem Ende."):  # fmt: skip
        assert said in page
    await approver.post(f"{message}/approve", {"seen": hidden(page, "seen")})
    assert await status(town, broadcast) == "approved"


async def test_an_alert_asks_whether_people_are_safe(town: Town, author: Officer) -> None:
    where = await begin(author)
    _, page = await author.get(where)
    assert "Fragen, ob die Menschen in Sicherheit sind" in page
    assert 'value="Sind Sie in Sicherheit?"' in page
    assert 'value="Are you safe?"' in page
    assert "Ja\nIch brauche Hilfe</textarea>" in page
    assert '<option value="2" selected>' in page

    asked = {"asks": "1", "urgent": "2", "ask0-de": "Sind Sie in Sicherheit?",
             "options0-de": "Ja\r\nIch brauche Hilfe", "ask0-en": "Are you safe?",
             "options0-en": "Yes\r\nI need help"}  # fmt: skip
    code, _, leads = await author.post(where, form(town, then="look", **asked))
    page = await follow(author, code, leads)
    assert "Ich brauche Hilfe" in page
    await author.post(f"{where}/submit", {"version": hidden(page, "version")})

    (row,) = await town.rows("SELECT kind, asks FROM broadcasts")
    assert (row["kind"], row["asks"]["urgent"], row["asks"]["secret"]) == ("alert", 2, False)
    assert row["asks"]["questions"] == [
        {"shape": "single", "wordings": {"de": {
            "ask": "Sind Sie in Sicherheit?", "options": ["Ja", "Ich brauche Hilfe"]}}},
    ]  # fmt: skip


async def test_an_alert_that_does_not_ask_keeps_nothing_of_what_is_proposed(
    town: Town, author: Officer
) -> None:
    where = await begin(author)

    await author.post(where, form(town, **{"ask0-de": "Sind Sie in Sicherheit?", "urgent": "1"}))

    assert (await kept(town))["one"]["wordings"] == {}
    await author.post(f"{where}/submit", {"version": "2"})
    (row,) = await town.rows("SELECT asks FROM broadcasts")
    assert row["asks"] is None


async def test_questions_are_added_and_taken_out_without_losing_what_was_typed(
    town: Town, author: Officer
) -> None:
    where = await begin(author, "poll")

    code, _, leads = await author.post(where, poll(town, then="question", **{"title-de": "Bad"}))
    assert leads == where
    page = await follow(author, code, where)
    assert "Frage 2" in page
    assert 'name="count" value="2"' in page
    assert "Länger öffnen <b>?" in page
    code, _, leads = await author.post(where, poll(town, version="2", then="drop-1", **SECOND))
    assert leads == where
    page = await follow(author, code, where)
    assert "Frage 2" not in page
    assert 'value="Was fehlt?"' in page
    assert 'value="several" checked' in page
    assert [one["shape"] for one in (await kept(town))["questions"]] == ["several"]
    for version in range(3, 8):
        fields = {"version": str(version), "then": "question", "count": str(min(version - 2, 5))}
        await author.post(where, poll(town, **fields))
    page = await follow(author, 303, where)
    assert "Frage 5" in page
    assert "Frage 6" not in page
    assert "Eine Frage hinzufügen" not in page


@pytest.mark.parametrize("button", ["drop-²", "drop-٣", "drop-", "drop-0", "drop-99"])
async def test_a_button_that_is_none_saves_and_takes_nothing_out(
    town: Town, author: Officer, button: str
) -> None:
    where = await begin(author, "poll")

    code, _, _ = await author.post(where, poll(town, then=button))

    assert code == 303
    assert len((await kept(town))["questions"]) == 1


async def test_what_is_wrong_with_a_question_is_told_at_its_field(
    town: Town, author: Officer
) -> None:
    where = await begin(author, "poll")
    wrong = poll(
        town, valid_until="", shape2="scale", low2="9", high2="1", shown="?", then="look", count="2",
        **{"ask1-de": "", "options1-de": "Ja", "options1-en": "Yes\r\nNo", "title-en": "Pool",
           "body-en": "Say it.", "ask2-de": "Wie?", "options2-de": "a"},
    )  # fmt: skip
    await author.post(where, wrong)

    _, page = await author.get(f"{where}?check=1")

    for field in (
        "ask1-de",
        "options1-de",
        "ask1-en",
        "low2",
        "options2-de",
        "shown",
        "valid_until",
    ):
        assert f'href="#f-{field}"' in page, field
        assert f'id="f-{field}"' in page, field
        assert f'id="said-{field}"' in page, field
    for said in ("Schreiben Sie die Frage (Deutsch)", "Schreiben Sie mindestens zwei Antworten (Deutsch)",
                 "Schreiben Sie eine Skala", "wann die Umfrage endet"):  # fmt: skip
        assert said in page
    code, page, _ = await author.post(f"{where}/submit", {"version": "2"})
    assert code == 422
    assert await town.rows("SELECT 1 FROM broadcasts") == []


@pytest.mark.parametrize(
    ("days", "said"),
    [(0, "innerhalb einer Minute nach dem Versand"), (400, "läuft mehr als ein Jahr")],
)
async def test_how_long_a_poll_is_open_is_bounded_and_told_at_its_field(
    town: Town, author: Officer, days: int, said: str
) -> None:
    where = await begin(author, "poll")
    begins = datetime.now(town.settings.zone) + timedelta(days=3)
    until = f"{begins + timedelta(days=days, seconds=20):%Y-%m-%dT%H:%M:%S}"
    typed = poll(town, send_at=f"{begins:%Y-%m-%dT%H:%M:%S}", valid_until=until, then="look")
    await author.post(where, typed)

    _, page = await author.get(f"{where}?check=1")

    told = page.partition('id="said-valid_until"')[2][:300]
    assert said in told
    code, page, _ = await author.post(f"{where}/submit", {"version": "2"})
    assert (code, said in page) == (422, True)
    assert await town.rows("SELECT 1 FROM broadcasts") == []


async def test_a_stale_save_shows_the_questions_of_both(town: Town, author: Officer) -> None:
    where = await begin(author, "poll")
    await author.post(where, poll(town))
    _, page = await author.get(where)
    base = hidden(page, "base")
    theirs = poll(town, version="2", **SECOND, **{"options1-de": "Ja\r\nNein\r\nWeiß nicht"})
    await author.post(where, theirs)

    code, page, _ = await author.post(
        where, poll(town, version="2", base=base, secret="named", **{"ask1-de": "Wie lange?"})
    )

    assert code == 409
    for said in ("1. Frage (Deutsch)", "Wie lange?", "Länger öffnen <b>?", "Mit Namen", "Geheim",
                 "Zahl der Fragen", "2. Frage (Deutsch)", "2. Wie wird geantwortet?", "Mehrere Antworten",
                 "Weiß nicht"):  # fmt: skip
        assert said in page, said
    chosen = {"version": "3", "take-ask1-de": "mine", "take-secret": "mine"} | {
        f"take-{name}": "theirs"
        for name in ("count", "options1-de", "shape2", "low2", "high2", "most2", "ask2-de", "options2-de")
    }  # fmt: skip
    mine = poll(town, base=base, secret="named", **{"ask1-de": "Wie lange?"})
    code, _, leads = await author.post(where, mine | chosen)
    assert (code, leads) == (303, f"{where}?done=saved")
    asking = await kept(town)
    assert asking["secret"] is False
    assert asking["questions"][0]["wordings"]["de"] == {
        "ask": "Wie lange?", "options": "Ja\nNein\nWeiß nicht",
    }  # fmt: skip
    assert asking["questions"][1]["most"] == "2"


async def test_questions_save_themselves_for_the_script(town: Town, author: Officer) -> None:
    where = await begin(author, "poll")
    headers = {
        "cookie": f"notify-staff={author.cookies['notify-staff']}",
        "accept": "application/json",
    }

    async with author._site.post(where, data=poll(town, **SECOND), headers=headers) as answer:
        assert answer.status == 200

    assert [one["shape"] for one in (await kept(town))["questions"]] == ["single", "several"]


@pytest.mark.parametrize("nasty", ["\0", "\ud7ff" * 9, "9" * 5000, "../<script>", "²"])
async def test_nothing_that_a_field_can_hold_breaks_the_editor(
    town: Town, author: Officer, nasty: str
) -> None:
    where = await begin(author, "poll")
    names = ("count", "shape1", "low1", "most1", "ask1-de", "options1-de", "shown", "secret", "urgent",
             "then", "ask9-de", "ask1-xx")  # fmt: skip
    for version, name in enumerate(names, 1):
        code, _, _ = await author.post(where, poll(town, version=str(version), **{name: nasty}))
        assert code in {303, 409}, name
        assert (await author.get(where))[0] == 200, name
        assert (await author.call("POST", f"{where}/reckon", poll(town, **{name: nasty})))[0] == 200


async def test_each_question_is_shown_as_the_sms_it_is(town: Town, author: Officer) -> None:
    where = await begin(author, "poll")

    code, page, _ = await author.call("POST", f"{where}/reckon", poll(town, **SECOND))

    assert code == 200
    for said in ("1 Ja\n2 Nein", "Frage 2, sobald Frage 1 beantwortet ist", "1 Bank\n2 Baum\n3 Brunnen",
                 "Wo man antwortet", "Länger öffnen <b>?"):  # fmt: skip
        assert said in page, said


async def test_a_question_too_long_for_sms_is_told_at_its_field(
    town: Town, author: Officer
) -> None:
    where = await begin(author, "poll")
    long = "\r\n".join(f"{letter * 79}ü{number}"[-80:] for number, letter in enumerate("abcdefghi"))
    more = {**SECOND, "shape2": "single", "ask2-de": "Ω" * 290, "options2-de": long}
    await author.post(where, poll(town, **more))

    code, page, _ = await author.post(f"{where}/submit", {"version": "2"})

    assert code == 422
    assert 'id="said-ask2-de"' in page
    assert "Kürzen Sie die Frage oder ihre Antworten" in page
    assert await town.rows("SELECT 1 FROM broadcasts") == []
