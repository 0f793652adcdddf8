"""The buttons of a notification: pressed, counted once, and what is shown instead."""

from typing import Any

import pytest
from aiohttp import ClientSession

from notify.domain.keyring import Keyring
from notify.domain.poll import Shape
from notify.domain.words import Kind
from notify.rates import Rate
from notify.services import answering_pages
from notify.settings import Settings
from notify.store.database import Database
from tests.services.test_answering import PARK, SAFE, choice
from tests.town import Town
from tests.web.test_pages_answering import Asked, asks


@pytest.fixture
def town(db: Database, keyring: Keyring, settings: Settings) -> Town:
    return Town(db, keyring, settings)


async def button(asked: Asked) -> str:
    return (await asked.push()).replace("/answer/", "/hooks/push/") + "/answer"


async def press(site: ClientSession, url: str, choice: Any) -> tuple[int, dict[str, str]]:
    async with site.post(url, json={"choice": choice}) as answer:
        return answer.status, await answer.json() if answer.content_type.endswith("json") else {}


async def test_a_button_counts_once_however_often_it_is_told(
    site: ClientSession, town: Town
) -> None:
    anna = await asks(town)
    url = await button(anna)

    told = [await press(site, url, 2) for _ in range(3)]

    voter = await anna.voter()
    assert [status for status, _ in told] == [200, 200, 200]
    assert told[0][1]["title"] == "Ihre Antwort zählt"
    assert voter["receipt"] in told[0][1]["body"]
    assert "Neustadt" not in str(told)
    assert (voter["answered"], voter["how"]) == ([1], "push")
    assert await anna.ballots() == [(1, [2])]


async def test_another_button_changes_the_answer(site: ClientSession, town: Town) -> None:
    anna = await asks(town)
    url = await button(anna)
    await press(site, url, 1)
    await press(site, url, 2)

    assert await anna.ballots() == [(1, [2])]


async def test_who_needs_help_is_told_of_112(site: ClientSession, town: Town) -> None:
    anna = await asks(town, SAFE, kind=Kind.ALERT, urgent=2, secret=False)

    _, told = await press(site, await button(anna), 2)

    assert "112" in told["body"]


async def test_after_the_close_it_says_so(site: ClientSession, town: Town) -> None:
    anna = await asks(town)
    url = await button(anna)
    await town.change("UPDATE polls SET closed_at = now()")

    status, told = await press(site, url, 1)

    assert (status, told["title"]) == (409, "Ihre Antwort zählt nicht")
    assert await anna.ballots() == []


@pytest.mark.parametrize("choice", [0, 4, -1, 2**40, "1", 1.0, True, None, [1], {}])
async def test_what_is_no_answer_leads_to_the_page(
    site: ClientSession, town: Town, choice: Any
) -> None:
    anna = await asks(town)

    status, told = await press(site, await button(anna), choice)

    assert (status, told["title"]) == (422, "Ihre Antwort zählt noch nicht")
    assert await anna.ballots() == []


async def test_what_is_no_number_is_no_answer_to_a_scale_that_begins_at_nought(
    site: ClientSession, town: Town
) -> None:
    anna = await asks(town, choice("Wie gut?", shape=Shape.SCALE, low=0, high=10))
    url = await button(anna)

    assert [(await press(site, url, wrong))[0] for wrong in ("1", None, -1)] == [422] * 3
    assert await anna.ballots() == []
    assert (await press(site, url, 0))[0] == 200


async def test_only_who_was_sent_the_notification_may(site: ClientSession, town: Town) -> None:
    anna = await asks(town, PARK)
    url = await button(anna)
    other = Keyring(["another-key-of-another-town"])

    for forged in (
        url.replace("-", "-0"),
        "/hooks/push/none/answer",
        f"/hooks/push/{other.mark('beacon', 1)}/answer",
    ):
        assert (await press(site, forged, 1))[0] == 403
    unknown = f"/hooks/push/{town.keyring.mark('beacon', 10**9)}/answer"
    assert (await press(site, unknown, 1))[0] == 404
    await town.change("UPDATE addresses SET state = 'gone' WHERE channel = 'push'")
    assert (await press(site, url, 1))[0] == 404
    assert await anna.ballots() == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [(b"{", "application/json", 400), (b"choice=1", "text/plain", 415), (b"[1]", "application/json", 400)],
)  # fmt: skip
async def test_broken_calls_are_refused(
    site: ClientSession, town: Town, body: bytes, kind: str, status: int
) -> None:
    url = await button(await asks(town))

    async with site.post(url, data=body, headers={"content-type": kind}) as answer:
        assert answer.status == status


async def test_pressing_on_and_on_is_held_up_and_not_tried_again(
    site: ClientSession, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await asks(town)
    url = await button(anna)
    monkeypatch.setattr(answering_pages, "MOST", (Rate(1, 600),))

    assert [(await press(site, url, n))[0] for n in (1, 2)] == [200, 403]
    assert await anna.ballots() == [(1, [1])]
