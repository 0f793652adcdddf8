"""A link shows what is asked, a button counts the answer; whoever only opens links votes for nobody."""

import asyncio
import re
from collections.abc import MutableMapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession

from notify import clock
from notify.domain.keyring import Keyring
from notify.domain.poll import How, Shape, Shown
from notify.domain.words import Kind
from notify.rendering.links import shorten
from notify.services import answering_pages, leaving, voting
from notify.settings import Settings
from notify.store.database import Database
from tests.services.test_answering import HOW, PARK, SAFE, WHEN, ballots, choice, poll
from tests.town import Town
from tests.web.test_pages_leaving import DE

MAIL, PHONE = "anna@example.org", "+4915112345678"
PUSH = "https://push.example.org/anna"


@pytest.fixture
def town(db: Database, keyring: Keyring, settings: Settings) -> Town:
    return Town(db, keyring, settings)


@dataclass
class Asked:
    """Anna, who is reached by mail, SMS and push, and what she is asked."""

    town: Town
    resident: UUID
    broadcast: UUID

    async def mail(self) -> str:
        address = await self._address("email")
        token = leaving.seal(
            self.town.keyring, resident=self.resident, address_id=address, broadcast=self.broadcast
        )
        return f"/answer/{token}"

    async def sms(self) -> str:
        voter = (await self.voter())["id"]
        return f"/answer/{self.town.keyring.mark('answer', voter)}"

    async def push(self) -> str:
        """Once it was on its way."""
        rows = await self.town.rows(
            "INSERT INTO attempts (delivery_id, number, sender, worker, lease_until)"
            " SELECT id, 1, 'push', gen_random_uuid(), now() FROM deliveries"
            " WHERE broadcast_id = %(broadcast)s AND resident_id = %(resident)s"
            " AND channel = 'push' RETURNING id",
            broadcast=self.broadcast, resident=self.resident,
        )  # fmt: skip
        return f"/answer/{self.town.keyring.mark('beacon', rows[0]['id'])}"

    async def voter(self) -> dict[str, Any]:
        (row,) = await self.town.rows(
            "SELECT * FROM voters WHERE broadcast_id = %(broadcast)s AND resident_id = %(resident)s",
            broadcast=self.broadcast, resident=self.resident,
        )  # fmt: skip
        return row

    async def ballots(self) -> list[tuple[int, list[int]]]:
        return await ballots(self.town, self.broadcast)

    async def _address(self, channel: str) -> int:
        (row,) = await self.town.rows(
            "SELECT id FROM addresses WHERE resident_id = %(id)s AND channel = %(channel)s",
            id=self.resident, channel=channel,
        )  # fmt: skip
        return int(row["id"])


async def asks(town: Town, *questions: Any, resident: UUID | None = None, **more: Any) -> Asked:
    """Anna and a poll that she is asked in."""
    if resident is None:
        group = await town.group("town")
        resident = await town.resident(group, email=MAIL, phone=PHONE, push=[PUSH])
    return Asked(town, resident, await poll(town, *(questions or (PARK,)), **more))


async def post(
    site: ClientSession, link: str, *pairs: tuple[str, str], **more: Any
) -> tuple[int, str]:
    async with site.post(link, data=list(pairs), headers=DE, **more) as answer:
        return answer.status, await answer.text()


async def read(site: ClientSession, link: str) -> tuple[int, str]:
    async with site.get(link, headers=DE) as answer:
        return answer.status, await answer.text()


async def test_opening_the_link_shows_what_is_asked_and_votes_for_nobody(
    site: ClientSession, town: Town
) -> None:
    anna = await asks(town, PARK, WHEN, HOW)
    before = await anna.voter()

    link = await anna.mail()
    for scanned in (link, await anna.sms(), await anna.push()):
        for how in ({}, {"purpose": "prefetch", "sec-purpose": "prefetch"}):
            async with site.head(scanned, headers=how) as head:
                assert head.status == 200
            async with site.get(scanned, headers=DE | how) as answer:
                assert answer.status == 200
    async with site.get(link, headers=DE) as answer:
        html = await answer.text()

    assert "Wohin soll der Spielplatz?" in html
    assert html.count('type="radio" id="f-q1') == 3
    assert html.count('type="checkbox" id="f-q2') == 2
    assert html.count('type="radio" id="f-q3') == 5
    assert "1 – schlecht" in html
    assert "5 – sehr gut" in html
    assert "checked" not in html
    assert "Geheim: " in html
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert '<meta name="robots" content="noindex">' in html
    assert await anna.ballots() == []
    assert await anna.voter() == before


@pytest.mark.parametrize("how", ["mail", "sms", "push"])
async def test_a_button_counts_the_answer_and_says_how_it_was_proven(
    site: ClientSession, town: Town, how: str
) -> None:
    anna = await asks(town)
    link = await getattr(anna, how)()

    status, html = await post(site, link, ("q1", "2"))

    voter = await anna.voter()
    assert status == 200
    assert "Ihre Antwort zählt" in html
    assert voter["receipt"] in html
    assert "Altstadt" not in html
    assert "Neustadt" not in html
    assert (voter["answered"], voter["how"]) == ([1], how)
    assert await anna.ballots() == [(1, [2])]


async def test_all_questions_are_answered_at_once(site: ClientSession, town: Town) -> None:
    anna = await asks(town, PARK, WHEN, HOW)

    _, html = await post(
        site, await anna.mail(), ("q1", "3"), ("q2", "1"), ("q2", "2"), ("q3", "5")
    )

    assert "Noch nicht beantwortet" not in html
    assert await anna.ballots() == [(1, [3]), (2, [1, 2]), (3, [5])]


async def test_what_is_left_out_is_told_and_may_follow(site: ClientSession, town: Town) -> None:
    anna = await asks(town, PARK, WHEN, HOW)
    link = await anna.mail()

    _, first = await post(site, link, ("q2", "1"))
    _, then = await post(site, link, ("q1", "1"), ("q3", "2"))

    assert "Noch nicht beantwortet: Frage 1, 3." in first
    assert "Noch nicht beantwortet" not in then
    assert await anna.ballots() == [(1, [1]), (2, [1]), (3, [2])]


async def test_the_last_answer_counts_over_all_ways(site: ClientSession, town: Town) -> None:
    anna = await asks(town)
    _, first = await post(site, await anna.mail(), ("q1", "1"))

    _, then = await post(site, await anna.push(), ("q1", "3"))

    assert "Ihre neue Antwort zählt" in then
    receipt = (await anna.voter())["receipt"]
    assert receipt in first
    assert receipt in then
    assert (await anna.voter())["how"] == "push"
    assert await anna.ballots() == [(1, [3])]


async def test_a_secret_answer_is_counted_and_never_read_back(
    site: ClientSession, town: Town
) -> None:
    anna = await asks(town)
    link = await anna.mail()
    await post(site, link, ("q1", "3"))

    _, html = await read(site, link)

    assert "Eine Antwort von Ihnen zählt" in html
    assert (await anna.voter())["receipt"] in html
    assert "checked" not in html


async def test_a_named_answer_is_shown_and_chosen_already(site: ClientSession, town: Town) -> None:
    anna = await asks(town, PARK, WHEN, secret=False)
    link = await anna.mail()
    _, counted = await post(site, link, ("q1", "3"), ("q2", "1"), ("q2", "2"))

    _, html = await read(site, link)

    assert "Montag, Freitag" in counted
    chosen = re.findall(r'name="(q\d)" value="(\d)" checked', html)
    assert chosen == [("q1", "3"), ("q2", "1"), ("q2", "2")]
    assert "Mit Ihrem Namen" in html


async def test_what_is_left_out_stays_and_is_shown_so(site: ClientSession, town: Town) -> None:
    anna = await asks(town, PARK, WHEN, secret=False)
    link = await anna.mail()
    await post(site, link, ("q1", "1"), ("q2", "2"))

    _, html = await post(site, link, ("q1", "3"))

    assert await anna.ballots() == [(1, [3]), (2, [2])]
    assert re.findall(r"<dd[^>]*>([^<]*)</dd>", html) == ["Park", "Freitag"]


@pytest.mark.parametrize("given", ["", "abc", "-1", "²", "9999"])
async def test_what_is_no_number_is_no_answer_to_a_scale_that_begins_at_nought(
    site: ClientSession, town: Town, given: str
) -> None:
    anna = await asks(town, choice("Wie gut?", shape=Shape.SCALE, low=0, high=10))

    status, html = await post(site, await anna.mail(), ("q1", given))

    assert (status, "Bitte wählen Sie aus" in html) == (422, True)
    assert await anna.ballots() == []
    await post(site, await anna.mail(), ("q1", "0"))
    assert await anna.ballots() == [(1, [0])]


@pytest.mark.parametrize(
    ("given", "said", "field"),
    [
        pytest.param([], "Bitte wählen Sie eine Antwort.", "q1", id="nothing"),
        pytest.param([("q1", "")], "Bitte wählen Sie aus", "q1", id="empty"),
        pytest.param([("q1", "4")], "Bitte wählen Sie aus", "q1", id="not offered"),
        pytest.param([("q1", "-1")], "Bitte wählen Sie aus", "q1", id="no number"),
        pytest.param([("q1", "²")], "Bitte wählen Sie aus", "q1", id="odd digit"),
        pytest.param([("q1", "1"), ("q1", "2")], "höchstens 1.", "q1", id="two of one"),
        pytest.param(
            [("q1", "2"), ("q2", "1"), ("q2", "2"), ("q2", "3")], "höchstens 2.", "q2", id="many"
        ),
    ],
)
async def test_what_is_no_answer_is_told_at_its_question_and_nothing_is_lost(
    site: ClientSession, town: Town, given: list[tuple[str, str]], said: str, field: str
) -> None:
    some = choice("Welche?", "A", "B", "C", shape=WHEN.shape, most=2)
    anna = await asks(town, PARK, some)

    status, html = await post(site, await anna.mail(), *given)

    assert status == 422
    (problem,) = re.findall(rf'id="said-{field}".*?</p>', html)
    assert said in problem
    assert f'href="#f-{field}"' in html
    assert await anna.ballots() == []
    offered = [pair for pair in given if pair[1] in {"1", "2", "3"}]
    assert re.findall(r'name="(q\d)" value="(\d)" checked', html) == offered


@pytest.mark.parametrize("live", [False, True], ids=["closed", "while open"])
@pytest.mark.parametrize("shown", list(Shown))
async def test_the_result_is_led_to_where_it_may_be_seen(
    site: ClientSession, town: Town, shown: Shown, live: bool
) -> None:
    anna = await asks(town)
    await town.change(
        "UPDATE broadcasts SET asks = asks || jsonb_build_object('shown', %(shown)s::text,"
        " 'live', %(live)s::boolean)",
        shown=str(shown), live=live,
    )  # fmt: skip
    link = await anna.mail()
    if not live:
        await town.change("UPDATE polls SET closed_at = now()")

    _, html = await (post(site, link, ("q1", "1")) if live else read(site, link))

    leads = re.findall(r'href="(/polls/[^"]*)"', html)
    if shown is Shown.STAFF:
        assert leads == []
    elif shown is Shown.EVERYONE:
        assert "?" not in leads[0]
    else:
        mark = leads[0].partition("?by=")[2]
        assert town.keyring.unmark("result", mark) == (await anna.voter())["id"]


async def test_after_the_close_no_answer_counts(site: ClientSession, town: Town) -> None:
    anna = await asks(town)
    link = await anna.mail()
    await town.change("UPDATE polls SET close_at = now() - interval '1 second'")

    status, html = await read(site, link)
    late, told = await post(site, link, ("q1", "1"))

    assert status == late == 200
    assert "Die Zeit zum Antworten ist vorbei" in html
    assert "<form" not in html
    assert "Ihre Antwort zählt nicht: Sie kam zu spät." in told
    assert await anna.ballots() == []


async def test_what_is_withdrawn_takes_no_answer(site: ClientSession, town: Town) -> None:
    anna = await asks(town)
    await town.change("UPDATE broadcasts SET cancelled_at = now()")

    _, html = await post(site, await anna.mail(), ("q1", "1"))

    assert "zurückgezogen" in html
    assert await anna.ballots() == []


async def test_links_that_are_not_ours_say_what_to_do(site: ClientSession, town: Town) -> None:
    anna = await asks(town)
    mail, sms, push = await anna.mail(), await anna.sms(), await anna.push()
    other = Keyring(["another-key-of-another-town"])
    voter = (await anna.voter())["id"]

    for link in (
        mail[:-1], f"{mail}x", sms[:-2], push[:-2], "/answer/none", "/answer/1-", "/answer/%00",
        f"/answer/{other.mark('answer', voter)}", f"/answer/{town.keyring.mark('bounce', voter)}",
        f"/answer/{town.keyring.mark('answer', voter + 1)}", "/answer/" + "9" * 400,
        f"/answer/{town.keyring.mark('beacon', 10**17)}",
    ):  # fmt: skip
        for status, html in (await read(site, link), await post(site, link, ("q1", "1"))):
            assert status == 404
            assert "Mit diesem Link können Sie nicht antworten" in html
            assert 'href="/my"' in html
    assert await anna.ballots() == []


@pytest.mark.parametrize("how", ["mail", "sms", "push"])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE addresses SET state = 'asked' WHERE resident_id = %(id)s",
        "UPDATE addresses SET state = 'gone' WHERE resident_id = %(id)s",
        (
            "UPDATE addresses SET resident_id = (SELECT id FROM residents WHERE id <> %(id)s)"
            " WHERE resident_id = %(id)s"
        ),
    ],
    ids=["not proven", "gone", "somebody else's"],
)
async def test_only_a_proven_address_of_their_own_counts(
    site: ClientSession, town: Town, how: str, change: str
) -> None:
    anna = await asks(town)
    await town.resident()
    link = await getattr(anna, how)()
    await town.change(change, id=anna.resident)

    status, _ = await post(site, link, ("q1", "1"))

    assert status == 404
    assert await anna.ballots() == []


async def test_who_joined_later_is_not_asked(site: ClientSession, town: Town) -> None:
    anna = await asks(town)
    (group,) = await town.rows("SELECT id FROM groups")
    ben = Asked(town, await town.resident(group["id"], email="ben@example.org"), anna.broadcast)

    status, _ = await post(site, await ben.mail(), ("q1", "1"))

    assert status == 404


async def test_it_says_before_somebody_answers_what_secret_is_worth(
    site: ClientSession, town: Town
) -> None:
    secret = await asks(town)
    named = await asks(town, resident=secret.resident, secret=False)
    said = ("Wer Zugriff auf die ganze Datenbank hat", "Sicherungen aus der Zeit davor",
            "vertraulich, aber nicht anonym", "Sie entscheidet nichts von selbst")  # fmt: skip

    for link in (await secret.mail(), f"/b/{shorten(secret.broadcast)}"):
        _, html = await read(site, link)
        assert [words for words in said if words not in html] == []
        assert "schon vor dem Ende zu sehen" not in html
    await town.change("""UPDATE broadcasts SET asks = asks || '{"live": true}'""")
    _, html = await read(site, await secret.mail())
    assert "schon vor dem Ende zu sehen" in html
    _, html = await read(site, await named.mail())
    assert said[0] not in html
    assert "Mit Ihrem Namen: Die Verwaltung sieht" in html


async def test_an_alert_that_asks_says_what_to_do_in_danger(
    site: ClientSession, town: Town
) -> None:
    anna = await asks(town, SAFE, kind=Kind.ALERT, urgent=2, secret=False)
    link = await anna.mail()

    _, help_ = await post(site, link, ("q1", "2"))
    _, safe = await post(site, link, ("q1", "1"))

    assert "dass Sie Hilfe brauchen" in help_
    assert "112" in help_
    assert "dass Sie in Sicherheit sind" in safe
    assert "Hilfe brauchen" not in safe


async def test_the_page_speaks_the_language_of_the_resident(
    site: ClientSession, town: Town
) -> None:
    both = replace(PARK, wordings={
        "de": PARK.wordings["de"], "en": choice("Where to?", "Old town", "New town", "Park").wordings["de"],
    })  # fmt: skip
    group = await town.group("town")
    ben = await town.resident(group, email="ben@example.org", language="en")
    asked = await asks(town, both, resident=ben)

    _, html = await read(site, await asked.mail())
    async with site.get(f"{await asked.mail()}?lang=de") as answer:
        german = await answer.text()

    assert "Where to?" in html
    assert "Answer now" in html
    assert "Jetzt antworten" in german


async def test_answer_after_answer_is_held_up(
    site: ClientSession, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await asks(town)
    link = await anna.mail()
    monkeypatch.setattr(answering_pages, "MOST", (replace(answering_pages.MOST[0], most=2),))

    statuses = [(await post(site, link, ("q1", n)))[0] for n in ("1", "2", "3")]

    assert statuses == [200, 200, 429]
    assert await anna.ballots() == [(1, [2])]


async def test_another_site_cannot_answer(site: ClientSession, town: Town) -> None:
    anna = await asks(town)

    async with site.post(
        await anna.mail(), data={"q1": "1"}, headers={"sec-fetch-site": "cross-site"}
    ) as answer:
        assert answer.status == 403
    assert await anna.ballots() == []


async def test_one_wrong_question_leaves_all_as_it_was(town: Town) -> None:
    anna = await asks(town, PARK, WHEN)
    voter = answering_pages.Voter((await anna.voter())["id"], How.MAIL)

    with pytest.raises(voting.Closed):
        async with town.db.transaction() as connection:
            await answering_pages.count(
                connection, anna.broadcast, voter, {1: {1}, 2: {1}},
                at=clock.now() + timedelta(days=1),
            )  # fmt: skip
    assert await anna.ballots() == []


async def test_answers_over_all_ways_at_once_are_one_vote(site: ClientSession, town: Town) -> None:
    anna = await asks(town)
    links = [await anna.mail(), await anna.sms(), await anna.push()]

    done = await asyncio.gather(
        *(post(site, link, ("q1", str(1 + place % 3))) for place, link in enumerate(links * 4))
    )

    assert {status for status, _ in done} == {200}
    (ballot,) = await anna.ballots()
    assert ballot[0] == 1
    receipts = {re.findall(r'class="receipt">(\w+)<', html)[0] for _, html in done}
    assert receipts == {(await anna.voter())["receipt"]}


async def test_no_log_holds_a_link_or_an_answer(
    site: ClientSession, town: Town, events: list[MutableMapping[str, Any]]
) -> None:
    anna = await asks(town)
    links = [await anna.mail(), await anna.sms(), await anna.push()]

    for link in (*links, *(f"{link}x" for link in links)):
        await read(site, link)
        await post(site, link, ("q1", "2"))
        await post(site, link, ("q1", "7"))

    for link in links:
        assert link.rpartition("/")[2] not in str(events)
    assert "choice" not in str(events)
    assert str(anna.resident) not in str(events)
