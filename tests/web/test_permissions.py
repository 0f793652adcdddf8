"""The table of permissions against every route there is, for every role at every place."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from notify.bootstrap import App, push_hosts
from notify.domain.grants import DEEDS, Deed, Reach, Role
from notify.domain.keyring import Keyring
from notify.domain.scopes import Scope
from notify.queue import Bell
from notify.services import staffing
from notify.settings import Settings
from notify.store.database import Database
from notify.web.main import create_app
from tests.town import Town
from tests.web.caller import Caller
from tests.web.key_targets import called
from tests.web.officer import Officer, enrol
from tests.web.permissions import (
    ANYBODY,
    API,
    FROM_ABOVE,
    KEYS_REACH,
    OF_ALL,
    OWN,
    ROLES,
    STAFF,
    Call,
    Open,
)
from tests.web.targets import made

IDS = {
    "{slug}": "elbtal", "{group}": "elbtal", "{token}": "x", "{word}": "x", "{reference}": "x",
    "{name}": "x", "{mark}": "1-x", "{trial}": "1", "{delivery_id}": "1",
    "{broadcast_id}": str(uuid4()), "{resident_id}": str(uuid4()), "{draft_id}": str(uuid4()),
    "{template_id}": str(uuid4()), "{upload_id}": str(uuid4()), "{part}": "cap", "{key_id}": "1",
}  # fmt: skip
DEEDS_OF_STAFF = {
    route: frozenset({need}) if isinstance(need, Deed) else need
    for route, need in STAFF.items()
    if isinstance(need, Deed | frozenset)
}
CALLS = {route: need for route, need in API.items() if isinstance(need, Call)}
PLACES = ("everywhere", "above", "here", "below", "beside")


def _routes(routes: list[Any], prefix: str = "") -> Iterator[str]:
    """Method and path of every route, also of those in routers within."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _routes(inner.routes, prefix + route.include_context.prefix)
        else:
            for method in (getattr(route, "methods", None) or set()) - {"HEAD"}:
                yield f"{method} {prefix}{route.path}"


def _path(path: str, **more: str) -> str:
    for name, value in (IDS | more).items():
        path = path.replace(name, value)
    return path


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With a way to send something."""
    return settings.model_copy(update={"smtp_urls": (SecretStr("smtp://relay.example"),)})


@pytest.fixture
async def village(town: Town) -> None:
    """A district with the village Elbtal, which has a kindergarten, and one beside it."""
    district = await town.group("district")
    elbtal = await town.group("elbtal", parent=district)
    await town.group("kita", parent=elbtal)
    await town.group("bergdorf", parent=district)


def test_every_route_is_in_the_table_and_only_those(
    db: Database, keyring: Keyring, settings: Settings
) -> None:
    app = create_app(App(settings, db, keyring, Bell(None), push_hosts(settings)))

    table = {f"{method} {path}" for method, path in (*STAFF, *API)} | ANYBODY | OWN

    assert set(_routes(app.routes)) == table


def test_roles_may_what_the_table_says() -> None:
    assert DEEDS == ROLES


@pytest.mark.parametrize(
    "route", [r for r, n in STAFF.items() if n is not Open.ANYBODY], ids=" ".join
)
async def test_nobody_gets_in_unless_signed_in(site: ClientSession, route: tuple[str, str]) -> None:
    method, path = route
    stranger = Officer(site)
    stranger.cookies["notify-staff"] = "x" * 43

    status, _, leads = await stranger.call(method, _path(path, **{"{staff_id}": str(uuid4())}))

    assert status == 303
    assert leads.startswith("/staff/sign-in?")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    "route", [r for r, n in STAFF.items() if n is Open.SIGNED_IN], ids=" ".join
)
async def test_whoever_is_signed_in_gets_to_what_is_theirs(
    site: ClientSession, town: Town, village: None, route: tuple[str, str], role: Role
) -> None:
    officer = Officer(site, await enrol(town, role, "kita"))

    status, _, leads = await officer.call(*route)

    assert status in {200, 303, 422}
    assert not leads.startswith("/staff/sign-in?next")


LISTS = {
    ("GET", "/staff/people"), ("GET", "/staff/messages"), ("GET", "/staff/inbox"),
    ("GET", "/staff/templates"), ("GET", "/staff/templates/new"), ("GET", "/staff/break-glass"),
    ("GET", "/staff/groups"), ("GET", "/staff/groups/new"), ("GET", "/staff/residents"),
    ("GET", "/staff/residents/import"), ("POST", "/staff/residents/import"),
    ("GET", "/staff/requests"), ("GET", "/staff/suppressions"), ("GET", "/staff/keys"),
    ("GET", "/staff/retention"),
    # One's own file; a row of it that names a group beyond is refused.
    *((need, path) for need, path in STAFF if "{upload_id}" in path),
}  # fmt: skip
"""What shows only what is within reach, and so is there for everybody with the deed."""

LENT = {
    ("GET", "/staff/templates/{template_id}"), ("GET", "/staff/templates/{template_id}/use"),
    ("POST", "/staff/templates/{template_id}/use"), ("GET", "/staff/break-glass/{template_id}"),
}  # fmt: skip
"""Of a template, which is for its place and all below: also for whoever has the deed below it."""

SEARCHES = {
    ("POST", "/staff/residents"), ("POST", "/staff/suppressions"),
    ("POST", "/staff/suppressions/lift"), ("POST", "/staff/suppressions/add"),
}  # fmt: skip
"""What finds nobody beyond reach, and says so at its field."""

PLACE_OF = {
    "everywhere": None,
    "above": "district",
    "here": "elbtal",
    "below": "kita",
    "beside": "bergdorf",
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("place", PLACES)
async def test_a_deed_needs_a_grant_at_its_place_or_above(
    site: ClientSession, town: Town, village: None, role: Role, place: str
) -> None:
    """Each route is tried upon somebody whose grant is at Elbtal."""
    person = await enrol(town, role, PLACE_OF[place], email="who@example.org")
    officer = Officer(site, person)
    covers = place in {"everywhere", "above", "here"}

    for (method, path), need in DEEDS_OF_STAFF.items():
        target = await made(town, person.id, path)
        before = await _everything(town)
        status, page, leads = await officer.call(
            method, target.path, target.form if method == "POST" else None,
            read=not path.endswith("/live"),
        )  # fmt: skip
        said = f"{role} {place} {method} {path}: {status} {leads}"
        if not need & ROLES[role]:
            assert status == 403, said
            assert await _everything(town) == before, said
        elif (
            place == "everywhere"
            or (covers and (method, path) not in OF_ALL | FROM_ABOVE)
            or (place == "above" and (method, path) in FROM_ABOVE)
            or (place == "below" and (method, path) in LENT)
            or (method, path) in LISTS
        ):
            assert status in {200, 303}, said
            after = await _everything(town)
            if method == "POST" and not path.endswith("/reckon"):
                assert after != before, said
            else:  # that somebody looked is written down, and nothing else
                assert after[1:] == before[1:], said
        else:
            assert status in ({422} if (method, path) in SEARCHES else {403, 404}), said
            # Only that they looked for somebody beyond reach is written down.
            since = 1 if (method, path) in SEARCHES else 0
            assert (await _everything(town))[since:] == before[since:], said
            assert target.secret is None or target.secret not in page, said


NO_PAGES = ("/live", "/mail", "/answering", ".csv", ".jsonl")
"""A mail stands in a frame of a page, as residents get it."""


async def test_every_page_of_staff_has_the_way_out(
    site: ClientSession, town: Town, village: None
) -> None:
    person = await enrol(town, Role.ADMINISTRATOR, email="who@example.org")
    for role in (Role.AUTHOR, Role.APPROVER):
        await staffing.add(
            town.db, settings=town.settings, within=Reach(everywhere=True), name="W",
            email="who@example.org", role=role, group=None,
        )  # fmt: skip
    officer, seen = Officer(site, person), 0

    for (method, path), need in STAFF.items():
        if method != "GET" or need is Open.ANYBODY or path.endswith(NO_PAGES):
            continue
        target = await made(town, person.id, path)
        status, page, leads = await officer.call("GET", target.path)
        if status == 303:  # as a draft whose text is not whole leads to where it is written
            status, page, _ = await officer.call("GET", leads)
        assert status == 200, f"{path}: {status}"
        assert 'action="/staff/sign-out"' in page, path
        seen += 1
    assert seen > 30


CHANGED = (
    "SELECT id FROM audit ORDER BY id",
    "SELECT id, version, submitted_at FROM drafts ORDER BY id",
    "SELECT id, ended_at, name FROM staff ORDER BY id",
    "SELECT * FROM grants ORDER BY id",
    "SELECT id, status FROM broadcasts ORDER BY id",
    "SELECT id FROM decisions ORDER BY id",
    "SELECT id, assigned_to, handled_at FROM inbound ORDER BY id",
    "SELECT id FROM notes ORDER BY id",
    "SELECT staff_id, hash FROM invitations ORDER BY staff_id",
    "SELECT id, retired_at FROM templates ORDER BY id",
    "SELECT template_id, version FROM template_versions ORDER BY 1, 2",
    "SELECT id, withdrawn_at FROM template_approvals ORDER BY id",
    "SELECT * FROM groups ORDER BY id",
    "SELECT * FROM subscriptions ORDER BY resident_id, group_id",
    "SELECT id, revoked_at FROM keys ORDER BY id",
    "SELECT * FROM suppressions ORDER BY hash",
    "SELECT id, done FROM imports ORDER BY id",
    "SELECT id FROM residents ORDER BY id",
    "SELECT id, state FROM addresses ORDER BY id",
    "SELECT id, used_at, tries FROM codes ORDER BY id",
    "SELECT broadcast_id, closed_at FROM polls ORDER BY broadcast_id",
    "SELECT id, helped_by FROM voters ORDER BY id",
)
EVERYTHING = "SELECT " + ", ".join(
    f"ARRAY(SELECT t::text FROM ({query}) AS t) AS q{at}" for at, query in enumerate(CHANGED)
)


async def _everything(town: Town) -> list[Any]:
    """What staff change, the audit log first; in one query, for it is asked some 4,100 times."""
    (row,) = await town.rows(EVERYTHING)
    return list(row.values())


async def test_the_list_shows_nobody_beyond_reach(
    site: ClientSession, town: Town, village: None
) -> None:
    for number, group in enumerate(("district", "elbtal", "kita", "bergdorf", None)):
        await staffing.add(
            town.db, settings=town.settings, within=Reach(everywhere=True), name="O",
            email=f"{number}@{group or 'everywhere'}.example", role=Role.VIEWER, group=group,
        )  # fmt: skip
    officer = Officer(site, await enrol(town, Role.ADMINISTRATOR, "elbtal"))

    _, text = await officer.get("/staff/people")

    seen = {
        g
        for g in ("district", "elbtal", "kita", "bergdorf", "everywhere")
        if f"@{g}.example" in text
    }
    assert seen == {"elbtal", "kita"}
    assert 'value="bergdorf"' not in text
    assert '<option value="">' not in text  # nothing is to be given everywhere


@pytest.mark.parametrize("route", CALLS, ids=" ".join)
async def test_nobody_calls_without_a_key(
    api: Caller, village: None, route: tuple[str, str]
) -> None:
    method, path = route

    answer = await Caller(api.site, api.db, None).call(
        method, _path(path.removeprefix("/api/v1")), {}
    )

    assert answer.status == 401


@pytest.mark.parametrize("place", KEYS_REACH)
async def test_a_key_needs_the_scope_of_the_route_and_a_grant_at_its_place_or_above(
    api: Caller, town: Town, village: None, place: str
) -> None:
    """Each route is called upon somebody or something at Elbtal, by keys of one scope each."""
    holders = {scope: await api.with_key(scope, group=PLACE_OF[place]) for scope in Scope}
    reaches = KEYS_REACH[place]

    for (method, path), need in CALLS.items():
        target = await called(town, path)
        before = await _everything(town)
        for scope in set(Scope) - {need.scope}:
            answer = await holders[scope].call(method, target.path, target.body)
            said = f"{place} {scope} {method} {path}: {answer.status} {answer.body}"
            assert answer.status == 403, said
            assert need.scope in answer.body["detail"], said
        assert await _everything(town) == before, f"{method} {path}"

        answer = await holders[need.scope].call(method, target.path, target.body)

        after = await _everything(town)
        said = f"{place} {method} {path}: {answer.status} {answer.body}"
        assert answer.status == (need.done if reaches else need.beyond), said
        assert (after != before) is (reaches and method != "GET"), said
        assert target.secret is None or (target.secret in str(answer.body)) is reaches, said
        assert target.personal is None or target.personal not in str(answer.body), said


@pytest.mark.parametrize("place", KEYS_REACH)
async def test_names_and_addresses_are_for_keys_that_may_read_them_where_they_reach(
    api: Caller, town: Town, village: None, place: str
) -> None:
    """And that they were shown is in the audit log."""
    for (method, path), need in CALLS.items():
        target = await called(town, path)
        reader = await api.with_key(need.scope, Scope.RESIDENTS_READ, group=PLACE_OF[place])
        before = await town.rows("SELECT id FROM audit WHERE deed LIKE '%%.viewed'")

        answer = await reader.call(method, target.path, target.body)

        said = f"{place} {method} {path}: {answer.status} {answer.body}"
        shown = need.personal and KEYS_REACH[place]
        assert (target.personal is not None) is need.personal, said
        assert not need.personal or (str(target.personal) in str(answer.body)) is shown, said
        lines = await town.rows("SELECT about FROM audit WHERE deed LIKE '%%.viewed' ORDER BY id")
        assert len(lines) - len(before) == shown, said
        assert not shown or "by_key" in lines[-1]["about"], said


@pytest.mark.parametrize("place", ["above", "here", "below", "beside"])
async def test_a_key_reaches_nothing_that_is_elsewhere_as_well(
    api: Caller, town: Town, village: None, place: str
) -> None:
    """What belongs to Elbtal and to another district, or to nobody: no key of a group gets at it."""
    await town.group("abroad")
    key = await api.with_key(group=PLACE_OF[place])

    for (method, path), need in CALLS.items():
        if path in {"/api/v1/requests", "/api/v1/requests/{resident_id}/{group}"}:
            continue  # a request is of one group
        target = await called(town, path, "elbtal", "abroad")
        before = await _everything(town)

        answer = await key.call(method, target.path, target.body)

        said = f"{place} {method} {path}: {answer.status} {answer.body}"
        assert answer.status == need.beyond, said
        assert await _everything(town) == before, said


async def test_a_call_takes_its_own_fields_and_no_others(
    api: Caller, town: Town, village: None
) -> None:
    """Nobody says of what they send who wrote it, which state it is in, or when it went."""
    beside = (
        "status",
        "editors",
        "key_id",
        "created_at",
        "approved_at",
        "thread_id",
        "id",
        "made_by",
    )
    tried = 0
    for method, path in CALLS:
        target = await called(town, path)
        before = await _everything(town)
        for field in beside if target.body else ():
            answer = await api.call(method, target.path, target.body | {field: str(uuid4())})
            tried += 1
            assert answer.status == 422, f"{method} {path} {field}: {answer.body}"
            assert [error["field"] for error in answer.body["errors"]] == [field]
        assert await _everything(town) == before, f"{method} {path}"
    assert tried == 6 * len(beside)


async def test_a_key_is_not_told_who_beyond_its_reach_has_an_address(
    api: Caller, town: Town, village: None
) -> None:
    (row,) = await town.rows("SELECT id FROM groups WHERE slug = 'bergdorf'")
    there = await town.resident(row["id"], email="anna@example.org")
    wanted = {
        "addresses": [{"channel": "email", "value": "anna@example.org"}], "consent": "form 1",
        "subscriptions": [{"group": "elbtal", "alerts": ["email"]}],
    }  # fmt: skip

    beyond = await (await api.with_key(group="elbtal")).post("/residents", wanted)
    within = await (await api.with_key(group="district")).post("/residents", wanted)

    assert (beyond.status, within.status) == (409, 409)
    assert str(there) not in str(beyond.body)
    assert within.body["resident_id"] == str(there)
    (line,) = await town.rows("SELECT about FROM audit WHERE deed = 'resident.found'")
    assert line["about"]["resident"] == str(there)
    assert "by_key" in line["about"]


@pytest.mark.parametrize("route", sorted(OWN))
async def test_a_resident_s_pages_need_their_session(site: ClientSession, route: str) -> None:
    method, path = route.split(" ")
    body: dict[str, Any] = {"json": {}} if path.startswith("/my/push") and method == "POST" else {}
    async with site.request(
        method, _path(path), allow_redirects=False, headers={"cookie": "notify=" + "x" * 43}, **body
    ) as answer:
        text = await answer.text()

    assert answer.status in {303, 401, 403, 404}, text
    if answer.status == 303:
        assert answer.headers["location"].startswith("/my")
