"""Who may make whom what, where: no further than one's own grants reach."""

import asyncio
from uuid import UUID

import pytest

from channels.messages import Email
from notify.domain.grants import DEEDS, Deed, Grant, OutOfReach, Reach, Role, reach
from notify.domain.words import Channel
from notify.errors import Conflict, Invalid, NotFound
from notify.services import inviting, proofs, staff_sessions, staffing
from notify.services.staffing import Added
from tests.services.test_telling_staff import sent
from tests.town import Town
from tests.web.officer import EVERYWHERE, PASSWORD, Person, code, enrol, sign_in

District = dict[str, int]


@pytest.fixture
async def district(town: Town) -> District:
    """A district with a village in it, which has a kindergarten, and another village."""
    top = await town.group("district")
    elbtal = await town.group("elbtal", parent=top)
    return {
        "district": top,
        "elbtal": elbtal,
        "kita": await town.group("kita", parent=elbtal),
        "bergdorf": await town.group("bergdorf", parent=top),
    }


async def add(
    town: Town, email: str, role: Role, group: str | None, *, within: Reach = EVERYWHERE
) -> Added:
    return await staffing.add(
        town.db, settings=town.settings, within=within, email=email, name="N", role=role,
        group=group,
    )  # fmt: skip


@pytest.mark.parametrize("deed", Deed)
def test_a_deed_is_done_where_a_role_with_it_was_given(deed: Deed) -> None:
    for role in Role:
        for place in (None, 7):
            found = reach([Grant(role, place)], deed)
            assert bool(found) == (deed in DEEDS[role])
            assert found.everywhere == (place is None and bool(found))
    assert reach([Grant(Role.VIEWER, 1), Grant(Role.VIEWER, 2)], Deed.LOOK).tops == [1, 2]


@pytest.mark.parametrize("group", ["district", "bergdorf", None])
async def test_an_administrator_of_a_village_gives_no_grant_beyond_it(
    town: Town, district: District, group: str | None
) -> None:
    village = Reach(groups=frozenset({district["elbtal"]}))

    with pytest.raises(OutOfReach):
        await add(town, "x@example.org", Role.VIEWER, group, within=village)

    assert await town.rows("SELECT 1 FROM staff") == []
    assert (await add(town, "x@example.org", Role.AUTHOR, "kita", within=village)).link


async def test_nor_gets_into_the_account_of_somebody_with_grants_beyond_it(
    town: Town, district: District
) -> None:
    village = Reach(groups=frozenset({district["elbtal"]}))
    both = (await add(town, "both@example.org", Role.AUTHOR, "elbtal")).staff_id
    await add(town, "both@example.org", Role.AUTHOR, "bergdorf")
    theirs = (await add(town, "theirs@example.org", Role.AUTHOR, "kita")).staff_id
    other = (await add(town, "other@example.org", Role.AUTHOR, "bergdorf")).staff_id

    seen = await staffing.every(town.db, within=village)
    assert {(row["email"], row["mine"]) for row in seen} == {
        ("both@example.org", False), ("theirs@example.org", True),
    }  # fmt: skip
    for act in (staffing.end, _invite):
        with pytest.raises(OutOfReach):
            await act(town, both, village) if act is _invite else await staffing.end(
                town.db, both, within=village
            )
    with pytest.raises(NotFound):
        await _invite(town, other, village)
    assert await _invite(town, theirs, village)
    held = {
        one["slug"]: one["id"]
        for one in (await staffing.one(town.db, both, within=village))["grants"]
    }
    with pytest.raises(OutOfReach):
        await staffing.withdraw(town.db, both, held["bergdorf"], within=village)
    await staffing.withdraw(town.db, both, held["elbtal"], within=village)
    with pytest.raises(NotFound):
        await staffing.one(town.db, both, within=village)


async def _invite(town: Town, staff_id: UUID, within: Reach) -> str:
    return await staffing.invite(town.db, staff_id, settings=town.settings, within=within)


async def test_the_last_administrator_of_everything_stays(town: Town, district: District) -> None:
    first = await enrol(town)
    await add(town, "village@example.org", Role.ADMINISTRATOR, "elbtal")
    row = await staffing.one(town.db, first.id, within=EVERYWHERE)

    with pytest.raises(Conflict):
        await staffing.withdraw(town.db, first.id, row["grants"][0]["id"], within=EVERYWHERE)
    with pytest.raises(Conflict):
        await staffing.end(town.db, first.id, within=EVERYWHERE)

    second = await enrol(town, email="second@example.org")
    ends = await asyncio.gather(
        staffing.end(town.db, first.id, within=EVERYWHERE),
        staffing.end(town.db, second.id, within=EVERYWHERE),
        return_exceptions=True,
    )
    assert sorted(type(end).__name__ for end in ends) == ["Conflict", "NoneType"]


async def test_the_same_grant_twice_is_told_and_another_needs_no_invitation(
    town: Town, district: District
) -> None:
    await enrol(town, Role.AUTHOR, "elbtal", email="a@example.org")

    with pytest.raises(Conflict):
        await add(town, "A@example.org", Role.AUTHOR, "elbtal")
    assert (await add(town, "a@example.org", Role.APPROVER, "elbtal")).link is None


@pytest.mark.parametrize(
    ("email", "group", "failure"),
    [
        pytest.param("nothing", None, Invalid, id="no address"),
        pytest.param("a@example.org", "nowhere", NotFound, id="no group"),
    ],
)
async def test_what_is_no_person_or_place_is_refused(
    town: Town, email: str, group: str | None, failure: type[Exception]
) -> None:
    with pytest.raises(failure):
        await add(town, email, Role.VIEWER, group)
    assert await town.rows("SELECT 1 FROM staff") == []


async def test_a_withdrawn_grant_is_gone_in_an_open_session(town: Town, district: District) -> None:
    person = await enrol(town, Role.AUTHOR, "elbtal")
    before = await staff_sessions.find(town.db, person.word)
    assert before is not None
    assert before.reach(Deed.WRITE).tops == [district["elbtal"]]
    row = await staffing.one(town.db, person.id, within=EVERYWHERE)

    await staffing.withdraw(town.db, person.id, row["grants"][0]["id"], within=EVERYWHERE)

    after = await staff_sessions.find(town.db, person.word)
    assert after is not None
    assert not after.reach(Deed.WRITE)


async def _answer(town: Town, link: str, secret: str, **given: str) -> inviting.Enrolled | None:
    values = {"password": PASSWORD, "code": code(secret)} | given
    return await inviting.answer(
        town.db, town.keyring, settings=town.settings, word=link.rpartition("/")[2],
        secret=secret, browser="", **values,
    )  # fmt: skip


async def test_an_invitation_works_once_and_only_the_latest(town: Town) -> None:
    added = await add(town, "a@example.org", Role.ADMINISTRATOR, None)
    assert added.link
    newer = await _invite(town, added.staff_id, EVERYWHERE)
    secret = proofs.new_secret()

    assert await _answer(town, added.link, secret) is None
    twice = await asyncio.gather(*(_answer(town, newer, secret) for _ in range(2)))
    assert [one is None for one in twice].count(True) == 1
    assert await inviting.look(town.db, newer.rpartition("/")[2]) is None


async def test_an_invitation_ends_by_itself(town: Town) -> None:
    added = await add(town, "a@example.org", Role.ADMINISTRATOR, None)
    assert added.link
    await town.change("UPDATE invitations SET valid_until = now()")

    assert await _answer(town, added.link, proofs.new_secret()) is None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        pytest.param({"password": "kurz"}, "password", id="short"),
        pytest.param({"password": "x" * 201}, "password", id="long"),
        pytest.param({"password": "passwort1234"}, "password", id="common"),
        pytest.param({"password": "aaaaaaaaaaaaaaaa"}, "password", id="one letter"),
        pytest.param({"password": "qwertzuiopasdf"}, "password", id="keyboard"),
        pytest.param({"password": "musterstadt2026"}, "password", id="the town"),
        pytest.param({"password": "anna.muster@example.org"}, "password", id="oneself"),
        pytest.param({"code": "000000"}, "code", id="code"),
    ],
)
async def test_what_will_not_do_is_told_by_its_field_and_the_invitation_holds(
    town: Town, given: dict[str, str], field: str
) -> None:
    added = await add(town, "anna.muster@example.org", Role.ADMINISTRATOR, None)
    assert added.link
    secret = proofs.new_secret()

    with pytest.raises(Invalid) as told:
        await _answer(town, added.link, secret, **given)
    assert told.value.field == field
    assert given.get("password", "") not in told.value.message or not given.get("password")
    assert await _answer(town, added.link, secret) is not None


async def test_a_new_invitation_lets_in_whoever_lost_everything_and_nobody_else(
    town: Town,
) -> None:
    person = await enrol(town)
    link = await _invite(town, person.id, EVERYWHERE)
    assert await staff_sessions.find(town.db, person.word)  # until it is used, all stays

    secret = proofs.new_secret()
    done = await _answer(town, link, secret, password="sandkuchen turbine moosgrün leiter")

    assert done is not None
    assert await staff_sessions.find(town.db, person.word) is None
    with pytest.raises(Exception, match="not right"):
        await sign_in(town, person)
    assert not set(person.recovery) & set(done.recovery)


async def test_whoever_was_ended_comes_back_without_what_they_had(
    town: Town, district: District
) -> None:
    await enrol(town)
    person: Person = await enrol(town, Role.AUTHOR, "elbtal", email="b@example.org")
    await staffing.end(town.db, person.id, within=EVERYWHERE)

    again = await add(town, "b@example.org", Role.VIEWER, "kita")

    assert again.staff_id == person.id
    assert again.link
    row = await staffing.one(town.db, person.id, within=EVERYWHERE)
    assert [(one["role"], one["slug"]) for one in row["grants"]] == [("viewer", "kita")]


async def test_whoever_was_invited_from_above_is_not_taken_over_from_below(
    town: Town, district: District
) -> None:
    village = Reach(groups=frozenset({district["elbtal"]}))
    boss = await add(town, "boss@example.org", Role.ADMINISTRATOR, None)

    with pytest.raises(Conflict):
        await add(town, "boss@example.org", Role.VIEWER, "elbtal", within=village)

    assert len(await town.rows("SELECT 1 FROM grants")) == 1
    assert boss.link
    assert await inviting.look(town.db, boss.link.rpartition("/")[2]), "their own link holds"


async def test_an_administrator_of_everything_is_nobodys_below(
    town: Town, district: District
) -> None:
    village = Reach(groups=frozenset({district["elbtal"]}))
    boss = await enrol(town, email="boss@example.org")
    await add(town, "boss@example.org", Role.VIEWER, "elbtal", within=village)

    assert [row["mine"] for row in await staffing.every(town.db, within=village)] == [False]
    with pytest.raises(OutOfReach):
        await _invite(town, boss.id, village)
    with pytest.raises(OutOfReach):
        await staffing.end(town.db, boss.id, within=village)


async def test_nor_does_an_open_invitation_grow_beyond_whoever_gave_it(
    town: Town, district: District
) -> None:
    elbtal = Reach(groups=frozenset({district["elbtal"]}))
    bergdorf = Reach(groups=frozenset({district["bergdorf"]}))
    first = await add(town, "x@example.org", Role.VIEWER, "elbtal", within=elbtal)

    with pytest.raises(Conflict):
        await add(town, "x@example.org", Role.ADMINISTRATOR, "bergdorf", within=bergdorf)

    above = await add(town, "x@example.org", Role.ADMINISTRATOR, "bergdorf")
    assert above.link
    assert first.link
    assert await inviting.look(town.db, first.link.rpartition("/")[2]) is None


async def test_nor_does_one_for_somebody_who_has_an_account(town: Town, district: District) -> None:
    vera = await enrol(town, Role.AUTHOR, "elbtal", email="vera@example.org")
    village = Reach(groups=frozenset({district["elbtal"]}))
    link = await staffing.invite(town.db, vera.id, settings=town.settings, within=village)

    await add(town, "vera@example.org", Role.ADMINISTRATOR, None)

    assert await inviting.look(town.db, link.rpartition("/")[2]) is None


async def test_who_never_signed_in_does_not_look_after_everything(town: Town) -> None:
    first = await enrol(town, email="first@example.org")
    await add(town, "never@example.org", Role.ADMINISTRATOR, None)

    with pytest.raises(Conflict):
        await staffing.end(town.db, first.id, within=EVERYWHERE)

    never = await staffing.by_email(town.db, "never@example.org")
    await staffing.end(town.db, never, within=EVERYWHERE)


async def test_who_was_ended_comes_back_by_the_name_that_others_know(
    town: Town, district: District
) -> None:
    vera = await enrol(town, Role.AUTHOR, "bergdorf", email="vera@example.org")
    await staffing.end(town.db, vera.id, within=EVERYWHERE)

    village = Reach(groups=frozenset({district["elbtal"]}))
    assert (await add(town, "vera@example.org", Role.VIEWER, "elbtal", within=village)).link

    assert (await staffing.one(town.db, vera.id, within=village))["name"] == "Vera Amt"


async def test_who_has_an_account_is_told_that_a_link_opens_it_and_was_used(
    town: Town, district: District
) -> None:
    vera = await enrol(town, Role.APPROVER, "elbtal", email="vera@example.org")
    village = Reach(groups=frozenset({district["elbtal"]}))
    assert await town.rows("SELECT kind FROM notes") == [], "nobody had the account before"

    link = await staffing.invite(town.db, vera.id, settings=town.settings, within=village)
    (told,) = await sent(town, Channel.EMAIL, Email)
    secret = proofs.new_secret()
    await inviting.answer(
        town.db, town.keyring, settings=town.settings, word=link.rpartition("/")[2], secret=secret,
        password=PASSWORD, code=code(secret), browser="x",
    )  # fmt: skip
    (used,) = await sent(town, Channel.EMAIL, Email)

    assert (told.to, used.to) == ("vera@example.org", "vera@example.org")
    assert "Ein neuer Link" in told.form.subject
    assert "neues Passwort" in used.form.subject
    for mail in (told, used):
        assert f"{town.settings.public_url}/staff/me" in mail.form.text
        assert "/staff/welcome" not in mail.form.text + mail.form.html


async def test_without_mail_nothing_is_put_in_the_way(town: Town) -> None:
    vera = await enrol(town, Role.APPROVER, email="vera@example.org")

    await staffing.invite(
        town.db, vera.id, settings=town.settings, within=EVERYWHERE, channels=[Channel.SMS]
    )

    assert await town.rows("SELECT kind FROM notes") == []
