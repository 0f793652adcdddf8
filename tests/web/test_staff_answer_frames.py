"""The page of answering in a frame beside the other previews: what residents see, and no way to send."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientSession

from notify.domain.draft import Words
from notify.domain.draft_questions import Asked, Asking, Typed
from notify.domain.grants import Role
from notify.services import drafting
from tests.polled import DAYS, GRADE, NAMED, POOL, poll
from tests.services.test_overseeing import officer as found_officer
from tests.services.test_submitting_drafts import alert
from tests.town import Town
from tests.web.officer import Officer, enrol

TEXTS = {"de": Words("Freibad", "Sagen Sie es <i>uns</i>."), "en": Words("Pool", "Tell us.")}
LONGER = Typed(
    wordings={"de": Asked("Länger öffnen?", "Ja\nNein<script>"), "en": Asked("Longer?", "Yes\nNo")}
)
ON_DAYS = Typed(shape="several", most="2", wordings={"de": Asked("Wann?", "Mo\nDi\nMi")})


async def begun(town: Town, *questions: Typed, by: str = "vera@example.org", **more: Any) -> UUID:
    """The draft of a poll."""
    vera = await found_officer(town, Role.AUTHOR, "elbtal", email=by)
    content = replace(
        alert(kind="poll", severity="", texts=TEXTS, asking=Asking(questions=questions)), **more
    )
    return (await drafting.begin(town.db, vera, content)).id


async def test_a_draft_shows_the_form_that_residents_will_see_without_a_way_to_send(
    site: ClientSession, town: Town
) -> None:
    await town.group("elbtal")
    draft = await begun(town, LONGER, ON_DAYS)
    person = await enrol(town, Role.AUTHOR, "elbtal", email="w@example.org")
    where, cookie = f"/staff/drafts/{draft}/answering", {"cookie": f"notify-staff={person.word}"}

    async with site.get(f"{where}?in=de", headers=cookie) as answer:
        german, headers = await answer.text(), answer.headers
    async with site.get(f"{where}?in=en", headers=cookie) as answer:
        english = await answer.text()

    assert german.count('type="radio"') == 2
    assert german.count('type="checkbox"') == 3
    for said in (
        "Länger öffnen?",
        "Nein&lt;script&gt;",
        "Jetzt antworten",
        "Antworten bis",
    ):
        assert said in german
    assert '<html lang="en"' in english
    assert "Longer?" in english
    assert "Wann?" in english  # as residents get it who read English: it is not translated
    for page in (german, english):
        assert "<form" not in page
        assert "<script" not in page
        assert '<base target="_blank">' in page
    (policy,) = headers.getall("content-security-policy")
    for part in ("default-src 'none'", "form-action 'none'", "frame-ancestors 'self'"):
        assert part in policy.split("; ")
    assert "sandbox allow-same-origin" in policy.split("; ")
    assert "script" not in policy
    assert headers["cache-control"] == "no-store"


async def test_what_stands_beside_a_draft_is_framed_once_it_is_saved(
    site: ClientSession, town: Town
) -> None:
    await town.group("elbtal")
    draft = await begun(town, LONGER)
    author, path = (
        Officer(site, await enrol(town, Role.AUTHOR, "elbtal", email="w@example.org")),
        f"/staff/drafts/{draft}",
    )

    _, kept = await author.get(path)
    typed = {"kind": "poll", "groups": "elbtal", "title-de": "Anders", "body-de": "X", "count": "1",
             "ask1-de": "Was?", "options1-de": "A\nB", "shape1": "single"}  # fmt: skip
    _, changed, _ = await author.post(f"{path}/reckon", typed)

    for tag in ("de", "en"):
        assert (
            f'sandbox="allow-same-origin" tabindex="-1" loading="lazy" src="{path}/answering?in={tag}"'
            in kept
        )
    assert "<iframe" not in changed
    assert "Was?" in changed


async def test_a_message_shows_it_to_whoever_reads_it(site: ClientSession, town: Town) -> None:
    polled = await poll(town, {"elbtal": 1}, ask=replace(NAMED, questions=(POOL, DAYS, GRADE)))
    viewer = Officer(site, await enrol(town, Role.VIEWER, "elbtal"))
    path = f"/staff/messages/{polled.id}"

    _, page = await viewer.get(path)
    code, framed = await viewer.get(f"{path}/answering?in=de")

    assert f'src="{path}/answering?in=de"' in page
    assert code == 200
    assert framed.count('type="radio"') == 3 + 5
    assert "sehr gut" in framed
    assert "das Amt" in framed or "Namen" in framed
    status, _, _ = await viewer.post(f"{path}/answering?in=de", {"q1": "1"})
    assert status in {403, 405}
    assert await polled.ballots() == []


@pytest.mark.parametrize("asked", ["fr", "", "../de"])
async def test_what_asks_nothing_in_a_language_is_not_there(
    site: ClientSession, town: Town, asked: str
) -> None:
    await town.group("elbtal")
    draft = await begun(town, LONGER)
    silent = await begun(town, kind="announcement", by="bert@example.org")
    author = Officer(site, await enrol(town, Role.AUTHOR, "elbtal", email="w@example.org"))

    code, _ = await author.get(f"/staff/drafts/{draft}/answering?in={asked}")
    assert code == 404
    code, _ = await author.get(f"/staff/drafts/{silent}/answering?in=de")
    assert code == 404
    code, _ = await author.get(f"/staff/drafts/{uuid4()}/answering")
    assert code == 404
