"""Residents are found one by one, within reach, and seen for a reason that is kept."""

from uuid import UUID

import pytest
from aiohttp import ClientSession

from notify.domain.grants import Role
from tests.town import Town
from tests.web.joiner import latest_code
from tests.web.officer import Officer, Person, enrol

MAIL, PHONE = "erika@example.org", "+4915112345678"


class Village:
    """Elbtal, Bergdorf beside it, and who follows what."""

    def __init__(self, town: Town) -> None:
        self.town = town

    async def build(self) -> "Village":
        self.elbtal, self.bergdorf = await self.town.group("elbtal"), await self.town.group("berg")
        self.erika = await self.town.resident(self.elbtal, email=MAIL, phone=PHONE)
        self.bert = await self.town.resident(self.bergdorf, email="bert@example.org")
        self.both = await self.town.resident(self.elbtal, self.bergdorf, email="both@example.org")
        await self.town.change(
            "UPDATE residents SET name = 'Erika Muster' WHERE id = %(id)s", id=self.erika
        )
        self.operator = await enrol(self.town, Role.OPERATOR, "elbtal")
        return self

    async def recorded(self, deed: str) -> list[dict[str, str]]:
        rows = await self.town.rows("SELECT about FROM audit WHERE deed = %(d)s", d=deed)
        return [row["about"] for row in rows]


@pytest.fixture
async def village(town: Town) -> Village:
    return await Village(town).build()


@pytest.mark.parametrize("named", [MAIL, " ERIKA@example.org ", PHONE, "0151 12345678"])
async def test_one_is_found_by_the_whole_address_or_number_and_that_is_kept(
    site: ClientSession, village: Village, named: str
) -> None:
    officer = Officer(site, village.operator)

    status, _, leads = await officer.post("/staff/residents", {"named": named})

    assert (status, leads) == (303, f"/staff/residents/{village.erika}")
    assert await village.recorded("resident.found") == [{"resident": str(village.erika)}]


@pytest.mark.parametrize("named", ["erika", "erika@", "bert@example.org", "nobody@example.org", ""])
async def test_nobody_else_is_found_and_those_beyond_are_as_if_not_there(
    site: ClientSession, village: Village, named: str
) -> None:
    status, text, _ = await Officer(site, village.operator).post(
        "/staff/residents", {"named": named}
    )

    assert status == 422
    assert 'id="said-named"' in text
    assert await village.recorded("resident.found") == []
    beyond = named in {"bert@example.org", "nobody@example.org"}
    assert ("Niemand, für den Sie zuständig sind" in text) == beyond
    assert await village.recorded("resident.sought") == ([{}] if beyond else [])


async def test_name_and_addresses_show_only_for_a_reason_that_is_kept(
    site: ClientSession, village: Village
) -> None:
    officer, path = Officer(site, village.operator), f"/staff/residents/{village.erika}"
    hidden = ("Erika Muster", MAIL, PHONE)

    _, page = await officer.get(path)
    short, unsaid, _ = await officer.post(path, {"reason": "ok"})
    assert short == 422
    assert 'id="said-reason"' in unsaid
    assert not [secret for secret in hidden if secret in page + unsaid]
    assert await village.recorded("resident.viewed") == []

    status, seen, _ = await officer.post(path, {"reason": "Sie hat angerufen"})
    assert status == 200
    assert [secret for secret in hidden if secret in seen] == [*hidden]
    assert await village.recorded("resident.viewed") == [
        {"resident": str(village.erika), "reason": "Sie hat angerufen"}
    ]
    _, again = await officer.get(path)
    assert not [secret for secret in hidden if secret in again]


async def test_only_subscriptions_within_reach_are_shown(
    site: ClientSession, village: Village
) -> None:
    _, page = await Officer(site, village.operator).get(f"/staff/residents/{village.both}")
    assert "elbtal" in page
    assert "berg<" not in page
    assert "auch in Gruppen, für die Sie nicht zuständig sind" in page


async def test_a_subscription_within_reach_is_ended_after_asking(
    site: ClientSession, village: Village, town: Town
) -> None:
    officer, path = Officer(site, village.operator), f"/staff/residents/{village.both}/leave"

    asked, text, _ = await officer.post(path, {"group": "elbtal"})
    beyond, _, _ = await officer.post(path, {"group": "berg", "sure": "1"})
    follows = "SELECT group_id FROM subscriptions WHERE resident_id = %(id)s ORDER BY 1"
    assert (asked, beyond) == (200, 404)
    assert 'name="sure"' in text
    assert len(await town.rows(follows, id=village.both)) == 2

    _, _, leads = await officer.post(path, {"group": "elbtal", "sure": "1"})
    assert leads == "/staff/residents?done=left"  # from now on they are beyond reach
    assert await town.rows(follows, id=village.both) == [{"group_id": village.bergdorf}]
    (version,) = await town.rows(
        "SELECT version FROM addresses WHERE resident_id = %(id)s", id=village.both
    )
    assert version["version"] == 2  # what is queued looks closer
    assert await village.recorded("subscription.ended") == [
        {"resident": str(village.both), "group": "elbtal"}
    ]


async def test_erasing_asks_and_then_takes_all_that_there_is(
    site: ClientSession, village: Village, town: Town
) -> None:
    officer, path = Officer(site, village.operator), f"/staff/residents/{village.erika}/erase"

    _, text, _ = await officer.post(path)
    assert 'name="sure"' in text
    assert await town.rows("SELECT FROM residents WHERE id = %(id)s", id=village.erika)
    _, _, leads = await officer.post(path, {"sure": "1"})

    assert leads == "/staff/residents?done=erased"
    assert await town.rows("SELECT FROM residents WHERE id = %(id)s", id=village.erika) == []
    assert await village.recorded("resident.erased") == [{"resident": str(village.erika)}]
    assert (await officer.post(path, {"sure": "1"}))[0] == 404


async def test_who_also_follows_something_beyond_is_not_theirs_to_erase(
    site: ClientSession, village: Village, town: Town
) -> None:
    status, text, _ = await Officer(site, village.operator).post(
        f"/staff/residents/{village.both}/erase", {"sure": "1"}
    )
    assert status == 422
    assert 'id="said-erase"' in text
    assert await town.rows("SELECT FROM residents WHERE id = %(id)s", id=village.both)


async def test_an_address_is_confirmed_with_the_code_that_is_read_out(
    site: ClientSession, village: Village, town: Town
) -> None:
    who = await town.resident(village.elbtal, email="neu@example.org", state="unverified")
    officer, path = Officer(site, village.operator), f"/staff/residents/{who}"

    _, _, leads = await officer.post(f"{path}/codes")
    assert leads == f"{path}?done=codes"
    wrong, text, _ = await officer.post(f"{path}/confirm", {"code": "000000"})
    assert wrong == 422
    assert 'id="said-code"' in text
    _, digits = await latest_code(town.db, town.keyring, "neu@example.org")
    _, _, leads = await officer.post(f"{path}/confirm", {"code": digits})

    assert leads == f"{path}?done=proven"
    assert await town.rows("SELECT state FROM addresses WHERE value = 'neu@example.org'") == [
        {"state": "proven"}
    ]
    assert await village.recorded("resident.codes_sent") == [{"resident": str(who), "codes": "1"}]
    assert [line["resident"] for line in await village.recorded("resident.proven")] == [str(who)]


async def _requests(town: Town, group: int) -> UUID:
    who = await town.resident(group, email=f"{group}@example.org")
    await town.change(
        "UPDATE subscriptions SET state = 'requested' WHERE resident_id = %(id)s", id=who
    )
    return who


@pytest.mark.parametrize(("decision", "left"), [("approve", ["active"]), ("refuse", [])])
async def test_a_request_is_decided_once_and_the_resident_told(
    site: ClientSession, village: Village, town: Town, decision: str, left: list[str]
) -> None:
    who = await _requests(town, village.elbtal)
    other = await _requests(town, village.bergdorf)
    officer = Officer(site, village.operator)

    _, page = await officer.get("/staff/requests")
    assert f"/staff/residents/{who}" in page
    assert str(other) not in page
    assert "@example.org" not in page
    form = {"resident": str(who), "group": "elbtal", "decision": decision}
    _, _, leads = await officer.post("/staff/requests", form)
    _, _, again = await officer.post("/staff/requests", form)

    word = "approved" if decision == "approve" else "refused"
    assert leads == f"/staff/requests?done={word}"
    assert again == "/staff/requests?done=gone"
    states = await town.rows("SELECT state FROM subscriptions WHERE resident_id = %(id)s", id=who)
    assert [row["state"] for row in states] == left
    assert len(await town.rows("SELECT FROM notes WHERE kind = 'request'")) == 1
    assert await village.recorded(f"request.{word}") == [{"resident": str(who), "group": "elbtal"}]


async def test_what_residents_are_called_is_escaped(
    site: ClientSession, village: Village, town: Town
) -> None:
    await town.change(
        "UPDATE residents SET name = '<script>x</script>' WHERE id = %(id)s", id=village.erika
    )
    cookie: Person = village.operator
    async with site.post(
        f"/staff/residents/{village.erika}", data={"reason": "<i>warum</i>"},
        headers={"cookie": f"notify-staff={cookie.word}"},
    ) as answer:  # fmt: skip
        raw = await answer.text()
    assert "<script>x" not in raw
    assert "&lt;script&gt;x" in raw
