"""A session sees and changes only what is its own, whatever ids it is given."""

import re
from typing import Any

import pytest
from aiohttp import ClientSession

from notify.bootstrap import App, push_hosts
from notify.domain.codes import Purpose
from notify.domain.keyring import Keyring
from notify.queue import Bell
from notify.services import proving
from notify.web.main import create_app
from tests.town import Town
from tests.web.visitor import Visitor

HERS = ("bert@example.org", "+4915199999999", "Berts Chor", "choir", "Geheim für Bert")


@pytest.fixture
async def two(site: ClientSession, town: Town, keyring: Keyring) -> tuple[Visitor, Visitor]:
    """Anna and Bert, each with a page open; Bert has all that one can have."""
    group, choir = await town.group("town"), await town.group("choir")
    await town.change(
        "UPDATE groups SET closed = true, names = jsonb_build_object('de', 'Berts Chor')"
        " WHERE id = %(id)s",
        id=choir,
    )
    anna = await town.resident(group, email="anna@example.org", phone="+4915112345678")
    bert = await town.resident(
        group, choir, email="bert@example.org", phone="+4915199999999",
        push=["https://fcm.googleapis.com/b"],
    )  # fmt: skip
    await town.change(
        "INSERT INTO addresses (resident_id, channel, value, hash, state) VALUES"
        " (%(id)s, 'email', 'bert2@example.org', 'x', 'asked')",
        id=bert,
    )
    await town.change(
        "UPDATE groups SET names = jsonb_build_object('de', 'Stadt') WHERE id = %(id)s", id=group
    )
    broadcast = await town.broadcast("choir")
    await town.plan()
    await town.change(
        "UPDATE broadcasts SET texts = jsonb_set(texts, '{de,title}', '\"Geheim für Bert\"')"
        " WHERE id = %(id)s",
        id=broadcast,
    )
    await town.change(
        "INSERT INTO inbound (provider, provider_id, sender, recipient, body, how, sent_at)"
        " VALUES ('twilio', 'SM1', '+4915199999999', '+49151', 'Geheim für Bert', 'hook', now())"
    )
    return await Visitor.of(site, town, anna), await Visitor.of(site, town, bert)


async def everything_of(visitor: Visitor) -> Any:
    """All rows of a resident, to compare."""
    tables = ("addresses", "subscriptions", "deliveries", "consents", "codes")
    rows: dict[str, Any] = {
        table: await visitor.town.rows(  # the names are ours
            f"SELECT * FROM {table} WHERE resident_id = %(id)s ORDER BY 1, 2",
            id=visitor.resident,
        )
        for table in tables
    }
    rows["person"] = await visitor.town.rows(
        "SELECT * FROM residents WHERE id = %(id)s", id=visitor.resident
    )
    rows["texts"] = await visitor.town.rows("SELECT body FROM inbound")
    return rows


def own_routes(town: Town, method: str) -> list[str]:
    """The paths below /my that take a method, as the application has them."""
    made = App(town.settings, town.db, town.keyring, Bell(None), push_hosts(town.settings))
    parts = [part for part in create_app(made).routes if hasattr(part, "original_router")]
    routes = [route for part in parts for route in part.original_router.routes]
    return sorted(
        {
            route.path for route in routes
            if getattr(route, "path", "").startswith("/my") and method in (route.methods or ())
        }
    )  # fmt: skip


READ = ["/my", "/my/addresses", "/my/export", "/my/join", "/my/received", "/my/settings",
        "/my/erase", "/my/code"]  # fmt: skip


async def test_nothing_of_another_is_on_any_page(two: tuple[Visitor, Visitor]) -> None:
    anna, bert = two
    (last,) = await anna.town.rows("SELECT max(id) + 1 AS id FROM deliveries")
    for path in [*READ, f"/my/received?before={last['id']}", f"/my/export?id={bert.resident}"]:
        _, html = await anna.get(path)
        for word in HERS:
            if (path, word) in {("/my/join", "Berts Chor"), ("/my/join", "choir")}:
                continue  # it may be asked for
            assert word not in html, path
    shown = "".join([(await bert.get(path))[1] for path in READ])
    for word in HERS:
        assert word in shown


async def test_nothing_of_another_is_changed_by_any_form(
    two: tuple[Visitor, Visitor], keyring: Keyring
) -> None:
    anna, bert = two
    town = anna.town
    rows = await town.rows("SELECT id FROM addresses WHERE resident_id = %(id)s", id=bert.resident)
    ids = [row["id"] for row in rows]
    async with town.db.transaction() as connection:
        code = await proving.send(connection, ids[-1], purpose=Purpose.PROVE)
    assert code is not None
    right = proving.digits(keyring, code)
    before = await everything_of(bert)

    for number in ids:
        form = {"id": str(number), f"code-{number}": right, "address": "new@example.org"}
        for path in ("again", "remove", "code"):
            await anna.post(f"/my/addresses/{path}", form)
    ticks = [("shown", "choir"), ("shown", "town"), ("alerts.town", "email"), ("sure", "1"),
             ("leave", "choir"), ("resident", str(bert.resident))]  # fmt: skip
    await anna.post("/my/groups", ticks)
    await anna.post("/my/settings", {"language": "en", "begin": "1:00", "until": "2:00"})
    await anna.post("/my/close", {"others": "1"})
    await anna.post("/my/erase", {"resident": str(bert.resident)})

    assert await everything_of(bert) == before
    assert (await bert.get("/my/settings"))[0] == 200
    assert (await anna.get("/my/settings"))[0] == 303


async def test_without_a_session_every_page_but_the_door_leads_to_the_door(
    site: ClientSession, two: tuple[Visitor, Visitor]
) -> None:
    before = await everything_of(two[1])
    assert {*own_routes(two[0].town, "GET")} >= {*READ}
    doors = {"/my/enter", "/my/code", "/my/close"}
    for method in ("GET", "POST"):
        for path in own_routes(two[0].town, method):
            if path == "/my" or (method == "POST" and path in doors):
                continue
            one = re.sub(r"\{\w+\}", "1", path)
            for cookie in ("", "notify=forged"):
                async with site.request(
                    method, one, headers={"cookie": cookie}, allow_redirects=False
                ) as answer:
                    text = await answer.text()
                    assert not any(word in text for word in HERS), (method, path)
                    if not path.startswith("/my/push"):  # these speak JSON with a script
                        assert answer.status == 303, (method, path)
                        assert answer.headers["location"] in {"/my", "/my?closed=1"}
                    elif method == "POST":
                        assert 400 <= answer.status < 500, (method, path)
    assert await everything_of(two[1]) == before
