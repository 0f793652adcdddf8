"""Why an address is stopped is looked up one by one, and taken back where that is for staff."""

import pytest
from aiohttp import ClientSession

from notify.domain.grants import Role
from tests.town import Town
from tests.web.officer import Officer, Person, enrol

MAIL, BEYOND = "erika@example.org", "bert@example.org"
ASKED = {"named": MAIL, "reason": "Sie hat angerufen"}


@pytest.fixture
async def operator(town: Town) -> Person:
    await town.resident(await town.group("elbtal"), email=MAIL)
    await town.resident(await town.group("berg"), email=BEYOND)
    return await enrol(town, Role.OPERATOR, "elbtal")


async def _stop(town: Town, mail: str, reason: str) -> None:
    await town.change(
        "INSERT INTO suppressions (channel, hash, reason, code) VALUES ('email', %(h)s, %(r)s, '5.1.1')",
        h=town.keyring.address_hash("email", mail), r=reason,
    )  # fmt: skip


async def _stopped(town: Town) -> list[str]:
    return [row["reason"] for row in await town.rows("SELECT reason FROM suppressions ORDER BY 1")]


async def _recorded(town: Town) -> list[tuple[str, dict[str, str]]]:
    rows = await town.rows(
        "SELECT deed, about FROM audit WHERE deed LIKE 'suppression.%%' ORDER BY id"
    )
    return [(row["deed"], row["about"]) for row in rows]


@pytest.mark.parametrize("reason", ["bounced", "gone"])
async def test_what_came_back_or_was_gone_is_lifted(
    site: ClientSession, town: Town, operator: Person, reason: str
) -> None:
    await _stop(town, MAIL, reason)
    officer = Officer(site, operator)

    status, text, _ = await officer.post("/staff/suppressions", ASKED)
    assert status == 200
    assert "5.1.1" in text
    assert "/staff/suppressions/lift" in text
    _, _, leads = await officer.post("/staff/suppressions/lift", ASKED)

    assert leads == "/staff/suppressions?done=lifted"
    assert await _stopped(town) == []
    (who,) = await town.rows("SELECT resident_id FROM addresses WHERE value = %(m)s", m=MAIL)
    about = {"channel": "email", "reason": "Sie hat angerufen", "resident": str(who["resident_id"])}
    assert await _recorded(town) == [("suppression.viewed", about), ("suppression.lifted", about)]


@pytest.mark.parametrize("reason", ["complained", "opted_out"])
async def test_what_its_owner_said_is_only_theirs_to_take_back(
    site: ClientSession, town: Town, operator: Person, reason: str
) -> None:
    await _stop(town, MAIL, reason)
    officer = Officer(site, operator)

    _, text, _ = await officer.post("/staff/suppressions", ASKED)
    assert "/staff/suppressions/lift" not in text
    assert "nur die Person selbst" in text
    assert (await officer.post("/staff/suppressions/lift", ASKED))[0] == 422
    assert await _stopped(town) == [reason]


async def test_an_address_is_stopped_only_for_what_staff_can_lift(
    site: ClientSession, town: Town, operator: Person
) -> None:
    officer = Officer(site, operator)

    for why in ("bounced", "opted_out", ""):
        assert (await officer.post("/staff/suppressions/add", ASKED | {"why": why}))[0] == 422
    _, _, leads = await officer.post("/staff/suppressions/add", ASKED | {"why": "gone"})
    twice, _, _ = await officer.post("/staff/suppressions/add", ASKED | {"why": "gone"})

    assert (leads, twice) == ("/staff/suppressions?done=added", 422)
    assert await _stopped(town) == ["gone"]


async def test_who_also_follows_a_group_beyond_is_not_stopped(
    site: ClientSession, town: Town, operator: Person
) -> None:
    await town.change(
        "INSERT INTO subscriptions (resident_id, group_id, alerts, news)"
        " SELECT a.resident_id, g.id, '{}', '{}'"
        " FROM addresses a, groups g WHERE a.value = %(mail)s AND g.slug = 'berg'", mail=MAIL,
    )  # fmt: skip
    form = ASKED | {"why": "gone"}

    status, text, _ = await Officer(site, operator).post("/staff/suppressions/add", form)

    assert status == 422
    assert 'id="said-named"' in text
    assert await _stopped(town) == []
    everywhere = await enrol(town, Role.OPERATOR, email="all@example.org")
    _, _, leads = await Officer(site, everywhere).post("/staff/suppressions/add", form)
    assert leads == "/staff/suppressions?done=added"


@pytest.mark.parametrize(
    ("given", "field"),
    [({"named": "erika"}, "named"), ({"named": ""}, "named"), ({"reason": "ok"}, "reason"),
     ({"named": BEYOND}, "named"), ({"named": "nobody@example.org"}, "named")],
)  # fmt: skip
async def test_without_a_reason_or_beyond_reach_nothing_is_told(
    site: ClientSession, town: Town, operator: Person, given: dict[str, str], field: str
) -> None:
    await _stop(town, BEYOND, "bounced")
    officer = Officer(site, operator)
    for path in ("", "/lift", "/add"):
        status, text, _ = await officer.post(
            f"/staff/suppressions{path}", ASKED | given | {"why": "gone"}
        )
        assert status == 422
        assert f'id="said-{field}"' in text
    assert await _stopped(town) == ["bounced"]
    # Who tries one address after the other shows in the log, without the addresses.
    beyond = "@" in given.get("named", "")
    assert await _recorded(town) == [("suppression.sought", {})] * (3 if beyond else 0)


async def test_figures_count_those_within_reach(
    site: ClientSession, town: Town, operator: Person
) -> None:
    await _stop(town, BEYOND, "bounced")
    everywhere = await enrol(town, Role.OPERATOR, email="all@example.org")

    _, here = await Officer(site, operator).get("/staff/suppressions")
    _, all_ = await Officer(site, everywhere).get("/staff/suppressions")

    assert "<table" not in here
    assert "<table" in all_


async def test_an_address_that_is_nobodys_is_named_in_the_log_by_its_keyed_hash(
    site: ClientSession, town: Town
) -> None:
    everywhere = await enrol(town, Role.OPERATOR, email="all@example.org")
    form = ASKED | {"named": "frei@example.org", "why": "gone"}
    await Officer(site, everywhere).post("/staff/suppressions/add", form)

    ((deed, about),) = await _recorded(town)
    assert deed == "suppression.added"
    assert about["address"] == town.keyring.address_hash("email", "frei@example.org").hex()[:16]
    assert "frei" not in str(about)
