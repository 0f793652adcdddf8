"""The HTML part of a mail in a frame beside the other previews: as it arrives, and able to do nothing."""

from uuid import uuid4

import pytest
from aiohttp import ClientSession

from notify.domain.broadcast import Text
from notify.domain.draft import Content, Words
from notify.domain.grants import Role
from notify.services import drafting
from tests.services.test_overseeing import officer as found_officer
from tests.services.test_overseeing import waiting
from tests.town import Town
from tests.web.officer import Officer, enrol

SAID = {
    "de": Text("Sturm <b>jetzt</b>", "Bleiben Sie im **Haus**.<script>alert(1)</script>"),
    "en": Text("Storm", "Stay in."),
}


async def test_a_mail_is_shown_in_each_language_and_may_do_nothing(
    site: ClientSession, town: Town
) -> None:
    await town.group("elbtal")
    alert = await waiting(town, "elbtal", texts=SAID)
    person = await enrol(town, Role.VIEWER, "elbtal")
    where, cookie = f"/staff/messages/{alert}/mail", {"cookie": f"notify-staff={person.word}"}
    _, page = await Officer(site, person).get(f"/staff/messages/{alert}")
    assert f'sandbox tabindex="-1" loading="lazy" src="{where}?in=de"' in page

    async with site.get(f"{where}?in=de", headers=cookie) as answer:
        german, headers = await answer.text(), answer.headers
    async with site.get(f"{where}?in=en", headers=cookie) as answer:
        english = await answer.text()

    assert "im <strong>Haus</strong>" in german
    assert "Sturm &lt;b&gt;jetzt" in german
    assert "<script" not in german
    assert "Stay in." in english
    assert '<base target="_blank">' in german
    (policy,) = headers.getall("content-security-policy")
    for part in ("default-src 'none'", "form-action 'none'", "frame-ancestors 'self'", "sandbox"):
        assert part in policy.split("; ")
    assert "script-src" not in policy
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("asked", ["fr", "", "../de"])
async def test_a_language_that_it_is_not_written_in_is_not_there(
    site: ClientSession, town: Town, asked: str
) -> None:
    await town.group("elbtal")
    alert = await waiting(town, "elbtal", texts=SAID)
    viewer = Officer(site, await enrol(town, Role.VIEWER))

    code, _ = await viewer.get(f"/staff/messages/{alert}/mail?in={asked}")

    assert code == 404
    code, _ = await viewer.get(f"/staff/messages/{uuid4()}/mail")
    assert code == 404


async def test_a_draft_shows_its_mail_once_it_is_saved(site: ClientSession, town: Town) -> None:
    await town.group("elbtal")
    vera = await found_officer(town, Role.AUTHOR, "elbtal", email="vera@example.org")
    content = Content(
        kind="alert", groups=("elbtal",), texts={"de": Words("Sturm", "Im Haus bleiben.")}
    )
    draft = await drafting.begin(town.db, vera, content)
    bare = await drafting.begin(town.db, vera, Content(kind="alert"))
    other = await enrol(town, Role.AUTHOR, "elbtal", email="bert@example.org")
    author, path = Officer(site, other), f"/staff/drafts/{draft.id}"
    typed = {
        "kind": "alert",
        "groups": "elbtal",
        "title-de": "Sturm",
        "body-de": "Im Haus bleiben.",
    }

    _, kept, _ = await author.post(f"{path}/reckon", typed)
    _, changed, _ = await author.post(f"{path}/reckon", typed | {"title-de": "Orkan"})
    code, mail = await author.get(f"{path}/mail?in=de")

    # What is typed and not saved is not what the frame would show.
    assert f'src="{path}/mail?in=de"' in kept
    assert "<iframe" not in changed
    assert (code, "Im Haus bleiben." in mail) == (200, True)
    code, _ = await author.get(f"/staff/drafts/{bare.id}/mail")
    assert code == 404
