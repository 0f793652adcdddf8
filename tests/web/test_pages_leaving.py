"""A link shows, a button leaves; mail programs leave with one post."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession, FormData

from notify.domain.keyring import Keyring
from notify.services import confirming, leaving
from notify.store.database import Database

Publish = Callable[..., Awaitable[UUID]]
MakeGroup = Callable[..., Awaitable[int]]
DE = {"accept-language": "de"}


class Follower:
    """A resident with mail and phone who follows one group, and the link in her mail."""

    def __init__(self, db: Database, resident: UUID, link: str) -> None:
        self._db = db
        self.resident = resident
        self.link = link

    async def follows(self) -> list[dict[str, Any]]:
        async with self._db.transaction() as connection:
            return await connection.rows(
                "SELECT alerts, news FROM subscriptions WHERE resident_id = %(id)s",
                id=self.resident,
            )


@pytest.fixture
async def follower(db: Database, keyring: Keyring, group: MakeGroup, publish: Publish) -> Follower:
    town = await group()
    broadcast = await publish([town])
    async with db.transaction() as connection:
        row = await connection.row("INSERT INTO residents (language) VALUES ('de') RETURNING id")
        assert row is not None
        address = await connection.row(
            "INSERT INTO addresses (resident_id, channel, value, hash, state) VALUES"
            " (%(id)s, 'email', 'anna@example.org', 'x', 'proven') RETURNING id",
            id=row["id"],
        )
        assert address is not None
        await connection.run(
            "INSERT INTO subscriptions (resident_id, group_id, alerts, news) VALUES"
            " (%(id)s, %(group)s, ARRAY['email', 'sms'], ARRAY['email'])",
            id=row["id"],
            group=town,
        )
    token = leaving.seal(keyring, resident=row["id"], address_id=address["id"], broadcast=broadcast)
    return Follower(db, row["id"], f"/leave/{token}")


BEFORE = [{"alerts": ["email", "sms"], "news": ["email"]}]


async def test_a_link_shows_what_would_be_left_and_changes_nothing(
    site: ClientSession, follower: Follower
) -> None:
    async with site.head(follower.link) as head, site.get(follower.link) as answer:
        html = await answer.text()

    assert head.status == answer.status == 200
    assert "Warnungen per E-Mail" in html
    assert "Nur von: Gruppe town" in html
    assert html.count("<button") == 3
    assert answer.headers["cache-control"] == "no-store"
    assert "noindex" in html
    assert await follower.follows() == BEFORE


@pytest.mark.parametrize(
    ("choice", "left", "said"),
    [
        pytest.param(
            "this",
            [{"alerts": ["sms"], "news": ["email"]}],
            "Warnungen per E-Mail bekommen Sie nicht mehr.",
            id="this kind over this channel",
        ),
        pytest.param(
            "channel",
            [{"alerts": ["sms"], "news": []}],
            "Sie bekommen per E-Mail nichts mehr.",
            id="the channel",
        ),
        pytest.param("all", [], "Sie bekommen nichts mehr von uns", id="everything"),
    ],
)
async def test_a_button_leaves_and_says_what_happened_also_twice(
    site: ClientSession, follower: Follower, choice: str, left: list[object], said: str
) -> None:
    for _ in range(2):
        async with site.post(follower.link, data={"choice": choice}) as answer:
            html = await answer.text()

        assert answer.status == 200
        assert said in html
        assert "Wenn Sie es sich anders überlegen" in html
        assert await follower.follows() == left


@pytest.mark.parametrize("multipart", [False, True])
async def test_one_click_leaves_without_a_page_also_twice(
    site: ClientSession, follower: Follower, multipart: bool
) -> None:
    for _ in range(2):
        form = FormData(default_to_multipart=multipart)
        form.add_field("List-Unsubscribe", "One-Click")
        async with site.post(follower.link, data=form, allow_redirects=False) as answer:
            text = await answer.text()

        assert answer.status == 200
        assert answer.content_type == "text/plain"
        assert "<" not in text
        assert "set-cookie" not in answer.headers
        assert await follower.follows() == [{"alerts": ["sms"], "news": ["email"]}]


@pytest.mark.parametrize(
    "form", [{}, {"choice": "nothing"}, {"List-Unsubscribe": "Two-Click"}], ids=str
)
async def test_a_post_without_a_choice_asks_again_and_changes_nothing(
    site: ClientSession, follower: Follower, form: dict[str, str]
) -> None:
    async with site.post(follower.link, data=form) as answer:
        html = await answer.text()

    assert answer.status == 400
    assert "Bitte drücken Sie auf einen der Knöpfe." in html
    assert await follower.follows() == BEFORE


async def test_a_forged_link_is_a_page_that_is_not_there(
    site: ClientSession, follower: Follower
) -> None:
    forged = follower.link[:-3] + ("abc" if not follower.link.endswith("abc") else "xyz")

    for form in (None, {"choice": "all"}, {"List-Unsubscribe": "One-Click"}):
        async with site.request("POST" if form else "GET", forged, data=form) as answer:
            assert answer.status == 404
    assert await follower.follows() == BEFORE


async def test_a_huge_form_is_refused(site: ClientSession, follower: Follower) -> None:
    async with site.post(follower.link, data={"choice": "a" * 100_000}) as answer:
        assert answer.status == 413
    assert await follower.follows() == BEFORE


async def test_an_address_is_confirmed_by_the_button_and_not_by_the_link(
    site: ClientSession, follower: Follower, db: Database, keyring: Keyring
) -> None:
    async def state() -> list[str]:
        async with db.transaction() as connection:
            return [row["state"] for row in await connection.rows("SELECT state FROM addresses")]

    async with db.transaction() as connection:
        await connection.run("UPDATE addresses SET state = 'unverified'")
        row = await connection.row("SELECT id FROM addresses")
    assert row is not None
    link = f"/confirm/{confirming.seal(keyring, address_id=row['id'])}"

    async with site.get(link, headers=DE) as page:
        assert "Gehört diese Adresse Ihnen?" in await page.text()
    assert await state() == ["unverified"]
    async with site.post(link, headers=DE) as done:
        assert "Ihre Adresse ist bestätigt" in await done.text()
    assert await state() == ["proven"]
    async with site.post("/confirm/forged", headers=DE) as forged:
        assert forged.status == 404
