"""A link shows, a button leaves; mail programs leave with one post."""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession, FormData

from notify import clock
from notify.domain.keyring import Keyring
from notify.services import confirming, leaving, returning
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
            "INSERT INTO addresses (resident_id, channel, value, hash, state) VALUES"
            " (%(id)s, 'sms', '+4915112345678', 'y', 'proven')",
            id=row["id"],
        )
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
    assert "Abmelden von: Gruppe town" in html
    assert "Warnungen per E-Mail" in html
    assert "Nur von: Gruppe town" in html
    assert "<details" not in html
    assert html.count("<button") == 4
    assert answer.headers["cache-control"] == "no-store"
    assert "noindex" in html
    assert await follower.follows() == BEFORE


@pytest.mark.parametrize(
    ("form", "left", "said"),
    [
        pytest.param(
            {"group": "town"},
            [],
            "Sie bekommen nichts mehr von uns, auch keine Warnungen vor Gefahr.",
            id="the only group",
        ),
        pytest.param(
            {"choice": "this"},
            [{"alerts": ["sms"], "news": ["email"]}],
            "Warnungen per E-Mail bekommen Sie nicht mehr.",
            id="this kind over this channel",
        ),
        pytest.param(
            {"choice": "channel"},
            [{"alerts": ["sms"], "news": []}],
            "Sie bekommen per E-Mail nichts mehr.",
            id="the channel",
        ),
        pytest.param({"choice": "all"}, [], "Sie bekommen nichts mehr von uns", id="everything"),
    ],
)
async def test_a_button_leaves_and_says_what_happened_also_twice(
    site: ClientSession, follower: Follower, form: dict[str, str], left: list[object], said: str
) -> None:
    for _ in range(2):
        async with site.post(follower.link, data=form) as answer:
            html = await answer.text()

        assert answer.status == 200
        assert said in html
        assert "Wenn Sie es sich anders überlegen" in html
        assert await follower.follows() == left


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        pytest.param("this", "Sie bekommen keine Warnungen vor Gefahr mehr.", id="news stay"),
        pytest.param("channel", "Sie bekommen nichts mehr von uns, auch keine Warnungen vor",
                     id="nothing stays"),
    ],
)  # fmt: skip
async def test_who_leaves_the_only_way_is_told_before_and_after_that_no_warning_comes_any_more(
    site: ClientSession, follower: Follower, db: Database, choice: str, said: str
) -> None:
    async with db.transaction() as connection:
        await connection.run("UPDATE subscriptions SET alerts = '{email}'")

    async with site.get(follower.link) as answer:
        asked = await answer.text()
    for _ in range(2):
        async with site.post(follower.link, data={"choice": choice}) as answer:
            html = await answer.text()

        assert said in html
        assert "Andere Wege bleiben" not in html
    assert asked.count("Sie bekommen dann keine Warnungen vor Gefahr mehr.") == 3
    assert "Andere Wege bleiben" not in asked


async def test_who_follows_a_group_below_is_told_that_warnings_still_come_and_may_leave_it_too(
    site: ClientSession, follower: Follower, db: Database, group: MakeGroup
) -> None:
    below = await group("kita")
    async with db.transaction() as connection:
        await connection.run(
            "UPDATE groups SET parent_id = (SELECT id FROM groups WHERE slug = 'town')"
            " WHERE slug = 'kita'"
        )
        await connection.run(
            "INSERT INTO subscriptions (resident_id, group_id, alerts, news)"
            " VALUES (%(id)s, %(group)s, '{sms}', '{}')",
            id=follower.resident, group=below,
        )  # fmt: skip

    for _ in range(2):
        async with site.post(follower.link, data={"group": "town"}) as answer:
            html = await answer.text()
        assert (
            "Warnungen an Gruppe town kommen weiter, weil Sie folgen: Gruppe kita" in html
        )  # fmt: skip
        assert '<button name="group" value="kita">' in html
    async with site.post(follower.link, data={"group": "kita"}) as answer:
        html = await answer.text()
    assert "kommen weiter" not in html
    assert "auch keine Warnungen vor Gefahr" in html
    assert await follower.follows() == []


async def test_an_address_that_is_stopped_is_no_way_for_warnings(
    site: ClientSession, follower: Follower, db: Database
) -> None:
    async with db.transaction() as connection:
        await connection.run(
            "INSERT INTO suppressions (channel, hash, reason) VALUES ('sms', 'y', 'opted_out')"
        )

    async with site.post(follower.link, data={"choice": "channel"}) as answer:
        html = await answer.text()

    assert "Sie bekommen keine Warnungen vor Gefahr mehr." in html


def _undo(html: str) -> str:
    found = re.search(r'name="back" value="([^"]+)"', html)
    assert found
    return found[1]


async def test_each_group_that_the_message_came_through_has_a_button_and_many_are_folded_away(
    site: ClientSession, follower: Follower, db: Database, group: MakeGroup
) -> None:
    ids = [await group(f"kita-{number}") for number in range(6)]
    foreign = await group("foreign")
    async with db.transaction() as connection:
        await connection.run("UPDATE broadcasts SET group_ids = group_ids || %(ids)s", ids=ids)
        await connection.run(
            "INSERT INTO subscriptions (resident_id, group_id, alerts, news)"
            " SELECT %(id)s, unnest(%(groups)s::bigint[]), '{email}', '{email}'",
            id=follower.resident, groups=[*ids, foreign],
        )  # fmt: skip

    async with site.get(follower.link) as answer:
        html = await answer.text()
    shown, folded = html.split("<details")

    assert re.findall(r'name="group" value="([^"]+)"', shown) == [f"kita-{n}" for n in range(5)]
    assert re.findall(r'name="group" value="([^"]+)"', folded) == ["kita-5", "town"]
    assert "Weitere Gruppen (2)" in folded
    assert "Gruppe kita-4 und 2 weitere" in html
    async with site.post(follower.link, data={"group": "town"}) as answer:
        assert "Sie sind abgemeldet von: Gruppe town." in await answer.text()
    assert len(await follower.follows()) == 7
    async with site.post(follower.link, data={"group": "foreign"}) as answer:
        html = await answer.text()
    assert answer.status == 400
    assert "Die Nachricht kam nicht von dieser Gruppe." in html
    assert "<title>Fehler:" in html
    assert 'href="#f-choice"' in html
    assert len(await follower.follows()) == 7


async def test_names_of_groups_are_shown_as_they_are(
    site: ClientSession, follower: Follower, db: Database
) -> None:
    async with db.transaction() as connection:
        await connection.run('UPDATE groups SET names = \'{"de": "<b>Kita</b>"}\'')

    pages = []
    async with site.get(follower.link) as answer:
        pages.append(await answer.text())
    for form in ({"choice": "this"}, {"group": "town"}):
        async with site.post(follower.link, data=form) as answer:
            pages.append(await answer.text())

    assert all("<b>" not in html for html in pages)
    assert "&lt;b&gt;Kita" in pages[0]


async def test_who_has_left_the_group_is_told_so_and_may_leave_the_rest(
    site: ClientSession, follower: Follower
) -> None:
    async with site.post(follower.link, data={"group": "town"}):
        pass

    async with site.get(follower.link) as answer:
        html = await answer.text()

    assert "Abgemeldet sind Sie schon von: Gruppe town" in html
    assert re.findall(r'<button name="(\w+)" value="(\w+)"', html) == [
        ("choice", "channel"), ("choice", "all"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "form", [{"group": "town"}, {"choice": "this"}, {"choice": "channel"}, {"choice": "all"}]
)
async def test_a_button_brings_back_what_was_just_left_and_nothing_chosen_since_is_lost(
    site: ClientSession, follower: Follower, db: Database, group: MakeGroup,
    form: dict[str, str],
) -> None:  # fmt: skip
    other = await group("other")
    async with site.post(follower.link, data=form) as answer:
        undo = _undo(await answer.text())
    async with db.transaction() as connection:
        await connection.run(
            "INSERT INTO subscriptions (resident_id, group_id, alerts, news) VALUES"
            " (%(id)s, %(group)s, ARRAY['sms'], ARRAY[]::text[])",
            id=follower.resident,
            group=other,
        )

    for _ in range(2):
        async with site.post(follower.link, data={"back": undo}) as answer:
            html = await answer.text()
        assert answer.status == 200
        assert "Sie sind wieder angemeldet" in html
        assert "Gruppe town" in html

    found = await follower.follows()
    assert {"alerts": ["sms"], "news": []} in found
    assert sorted(map(str, found)) == sorted(map(str, [*BEFORE, {"alerts": ["sms"], "news": []}]))


async def test_what_was_left_before_is_not_offered_back_the_second_time(
    site: ClientSession, follower: Follower
) -> None:
    for offered in (True, False):
        async with site.post(follower.link, data={"choice": "all"}) as answer:
            html = await answer.text()
        assert ('name="back"' in html) is offered
        assert 'href="/my"' in html


async def test_only_who_left_comes_back_and_not_much_later(
    site: ClientSession, follower: Follower, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site.post(follower.link, data={"choice": "all"}) as answer:
        undo = _undo(await answer.text())
    other = leaving.seal(keyring, resident=UUID(int=1), address_id=1, broadcast=UUID(int=2))
    ahead = clock.now() + returning.HOLDS * 1.1
    for link, token in ((f"/leave/{other}", undo), (follower.link, undo + "x"),
                        (follower.link, "")):  # fmt: skip
        async with site.post(link, data={"back": token}) as answer:
            assert answer.status == 404
    monkeypatch.setattr(clock, "now", lambda: ahead)
    async with site.post(follower.link, data={"back": undo}) as answer:
        assert answer.status == 404
    assert await follower.follows() == []


async def test_a_browser_that_was_let_go_is_used_again(
    site: ClientSession, follower: Follower, db: Database, keyring: Keyring, publish: Publish
) -> None:
    async with db.transaction() as connection:
        rows = [
            await connection.row(
                "INSERT INTO addresses (resident_id, channel, value, keys, hash, state) VALUES"
                " (%(id)s, 'push', %(v)s, '{}', 'x', 'proven') RETURNING id",
                id=follower.resident, v=f"https://push.example/{n}",
            )
            for n in range(2)
        ]  # fmt: skip
        row = await connection.row("SELECT id FROM broadcasts")
    assert row is not None
    assert rows[0] is not None
    token = leaving.seal(
        keyring, resident=follower.resident, address_id=rows[0]["id"], broadcast=row["id"]
    )

    async def live() -> int:
        async with db.transaction() as connection:
            return len(await connection.rows("SELECT FROM addresses WHERE live"))

    async with site.post(f"/leave/{token}", data={"choice": "channel"}) as answer:
        undo = _undo(await answer.text())
    assert await live() == 3
    async with site.post(f"/leave/{token}", data={"back": undo}) as answer:
        assert answer.status == 200
    assert await live() == 4


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
    "form",
    [
        {},
        {"choice": "nothing"},
        {"choice": "nothing", "group": ""},
        {"List-Unsubscribe": "Two-Click"},
    ],
    ids=str,
)
async def test_a_post_without_a_choice_asks_again_and_changes_nothing(
    site: ClientSession, follower: Follower, form: dict[str, str]
) -> None:
    async with site.post(follower.link, data=form) as answer:
        html = await answer.text()

    assert answer.status == 400
    assert "Es hat sich nichts geändert" in html
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
            rows = await connection.rows("SELECT state FROM addresses WHERE channel = 'email'")
            return [row["state"] for row in rows]

    async with db.transaction() as connection:
        await connection.run("UPDATE addresses SET state = 'unverified'")
        row = await connection.row("SELECT id FROM addresses WHERE channel = 'email'")
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
