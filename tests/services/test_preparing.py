"""Templates: written where one may, version by version, used below, approved in advance by another."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from notify.domain.broadcast import Text
from notify.domain.grants import Deed, Grant, OutOfReach, Role
from notify.domain.templating import Flawed, Prepared
from notify.domain.words import Kind, Severity
from notify.errors import Conflict, Invalid, NotFound
from notify.services import preparing
from notify.services.staff_sessions import Officer
from tests.services.test_overseeing import villages
from tests.town import Town

__all__ = ["villages"]

WATER = Prepared(
    name="Wasser abkochen", kind=Kind.ALERT, severity=Severity.SEVERE, groups=("elbtal",), hours=12,
    texts={
        "de": Text("Wasser abkochen in ((Ort))", "Kochen Sie das Wasser ab, weil *((Grund))*."),
        "en": Text("Boil water in ((Ort))", "Boil your water: ((Grund))"),
    },
)  # fmt: skip
VALUES = {"Ort": "Elbtal", "Grund": "Keime (E_coli)"}


async def officer(town: Town, role: Role, group: str | None = None) -> Officer:
    """Somebody new with this grant, who never had to sign in: that takes its time."""
    email, place = f"{uuid4().hex[:8]}@example.org", None
    if group is not None:
        place = (await town.rows("SELECT id FROM groups WHERE slug = %(g)s", g=group))[0]["id"]
    (made,) = await town.rows(
        "WITH who AS (INSERT INTO staff (email, name, language, password, totp)"
        " VALUES (%(email)s, 'Vera Amt', 'de', 'x', 'x') RETURNING id)"
        " INSERT INTO grants (staff_id, role, group_id) SELECT id, %(role)s, %(group)s FROM who"
        " RETURNING staff_id",
        email=email, role=role, group=place,
    )  # fmt: skip
    grants = (Grant(role, place),)
    return Officer(made["staff_id"], 0, "Vera Amt", email, "de", grants)


async def prepared(town: Town, by: Officer, place: str | None = "elbtal", **more: Any) -> UUID:
    return await preparing.add(
        town.db, by, replace(WATER, **more), place=place, settings=town.settings
    )


async def approved(town: Town, place: str | None = "elbtal", **more: Any) -> UUID:
    """A template that somebody may send alone, written and approved by two everywhere."""
    template = await prepared(town, await officer(town, Role.AUTHOR), place, **more)
    approver = await officer(town, Role.APPROVER)
    seen = (await preparing.read(town.db, approver, template)).template.seen
    await preparing.approve(town.db, approver, template, seen=seen)
    return template


async def _seen(town: Town, by: Officer, template: UUID) -> str:
    return (await preparing.read(town.db, by, template)).template.seen


async def _change(
    town: Town, by: Officer, template: UUID, version: int, what: Prepared = WATER
) -> int:
    return await preparing.change(
        town.db, by, template, what, version=version, settings=town.settings
    )


async def test_each_change_is_a_version_that_stays(town: Town, villages: None) -> None:
    anna, bert = await officer(town, Role.AUTHOR, "elbtal"), await officer(town, Role.AUTHOR)
    template = await prepared(town, anna)

    assert await _change(town, bert, template, 1, replace(WATER, hours=6)) == 2

    read = await preparing.read(town.db, anna, template)
    assert [(one.number, one.prepared.hours) for one in read.versions] == [(2, 6), (1, 12)]
    assert read.template.version == 2
    with pytest.raises(psycopg.errors.RaiseException):
        await town.change("UPDATE template_versions SET content = '{}'")
    deeds = await town.rows("SELECT deed, about FROM audit ORDER BY id DESC LIMIT 1")
    assert deeds[0]["deed"] == "template.written"
    assert deeds[0]["about"] == {"template": str(template), "version": "2"}


async def test_of_two_who_change_the_same_version_the_second_is_told(
    town: Town, villages: None
) -> None:
    anna, bert = await officer(town, Role.AUTHOR, "elbtal"), await officer(town, Role.AUTHOR)
    template = await prepared(town, anna)

    ends = await asyncio.gather(
        _change(town, anna, template, 1), _change(town, bert, template, 1), return_exceptions=True
    )

    assert sorted(isinstance(end, Conflict) for end in ends) == [False, True]


@pytest.mark.parametrize(
    ("group", "sees", "uses", "writes"),
    [(None, True, True, True), ("district", True, True, True), ("elbtal", True, True, True),
     ("kita", True, True, False), ("bergdorf", False, False, False)],
)  # fmt: skip
async def test_a_template_is_for_its_place_and_below_and_changed_by_who_writes_there(
    town: Town, villages: None, group: str | None, *, sees: bool, uses: bool, writes: bool
) -> None:
    rows = await town.rows("SELECT id FROM groups WHERE slug = 'elbtal'")
    await town.group("kita", parent=rows[0]["id"])
    template = await prepared(town, await officer(town, Role.AUTHOR))
    other = await officer(town, Role.AUTHOR, group)

    assert [one.id for one in await preparing.every(town.db, other)] == [template] * sees
    if not sees:
        for deed in (
            preparing.read(town.db, other, template), _change(town, other, template, 1),
            preparing.begin(town.db, other, template, VALUES, version=1, settings=town.settings),
        ):  # fmt: skip
            with pytest.raises(NotFound):
                await deed
    elif writes:
        assert await _change(town, other, template, 1) == 2
    elif not writes:
        with pytest.raises(OutOfReach):
            await _change(town, other, template, 1)
        with pytest.raises(OutOfReach):
            await preparing.retire(town.db, other, template)
    if uses:
        draft = await preparing.begin(
            town.db, other, template, VALUES, version=2 if writes else 1, settings=town.settings
        )
        assert draft.content.groups == (("elbtal",) if group != "kita" else ())


async def test_one_for_all_needs_a_grant_everywhere(town: Town, villages: None) -> None:
    anna = await officer(town, Role.AUTHOR, "elbtal")

    with pytest.raises(OutOfReach):
        await prepared(town, anna, None)
    with pytest.raises(OutOfReach):
        await prepared(town, anna, "bergdorf", groups=())
    template = await prepared(town, await officer(town, Role.AUTHOR), None)
    assert [one.id for one in await preparing.every(town.db, anna)] == [template]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUTHOR])
async def test_no_other_role_writes_templates(town: Town, villages: None, role: Role) -> None:
    template, other = (
        await prepared(town, await officer(town, Role.AUTHOR)),
        await officer(town, role),
    )

    for deed in (
        prepared(town, other), _change(town, other, template, 1),
        preparing.retire(town.db, other, template),
        preparing.begin(town.db, other, template, VALUES, version=1, settings=town.settings),
    ):  # fmt: skip
        with pytest.raises(OutOfReach):
            await deed


async def test_its_groups_are_at_its_place_or_below(town: Town, villages: None) -> None:
    anna = await officer(town, Role.AUTHOR)

    for groups in (("bergdorf",), ("district",), ("nowhere",)):
        with pytest.raises(Invalid):
            await prepared(town, anna, groups=groups)
    with pytest.raises(Flawed):
        await prepared(town, anna, name="")
    assert await town.rows("SELECT FROM templates") == []


async def test_a_draft_begins_filled_and_remembers_what_it_was_made_from(
    town: Town, villages: None
) -> None:
    anna = await officer(town, Role.AUTHOR, "elbtal")
    template = await prepared(town, anna)
    with pytest.raises(Flawed):
        await preparing.begin(
            town.db, anna, template, {"Ort": "x"}, version=1, settings=town.settings
        )

    draft = await preparing.begin(
        town.db, anna, template, VALUES, version=1, settings=town.settings
    )

    content = draft.content
    assert (content.kind, content.severity, content.groups) == ("alert", "severe", ("elbtal",))
    assert content.texts["de"].title == "Wasser abkochen in Elbtal"
    assert content.texts["de"].body == r"Kochen Sie das Wasser ab, weil *Keime (E\_coli)*."
    assert content.template == f"{template}/1"
    assert len(content.valid_until) == len("2026-11-26T18:00")


async def test_a_retired_one_is_used_and_changed_no_more(town: Town, villages: None) -> None:
    template, anna = await approved(town), await officer(town, Role.AUTHOR)

    await preparing.retire(town.db, anna, template)

    assert await preparing.every(town.db, anna) == []
    assert (await preparing.read(town.db, anna, template)).template.ahead is None
    with pytest.raises(Conflict):
        await _change(town, anna, template, 1)
    with pytest.raises(Conflict):
        await preparing.begin(town.db, anna, template, VALUES, version=1, settings=town.settings)


async def test_approved_in_advance_by_another_for_a_year(town: Town, villages: None) -> None:
    template, vera = await approved(town), await officer(town, Role.APPROVER, "elbtal")

    ahead = (await preparing.read(town.db, vera, template)).template.ahead
    assert ahead is not None
    assert (ahead.until - ahead.at).days == 365
    await town.change("UPDATE template_approvals SET valid_until = now()")
    assert (await preparing.read(town.db, vera, template)).template.ahead is None


async def test_a_new_version_is_not_approved_and_neither_is_what_was_not_seen(
    town: Town, villages: None
) -> None:
    template, anna = await approved(town), await officer(town, Role.AUTHOR)
    vera = await officer(town, Role.APPROVER, "elbtal")
    old = await _seen(town, vera, template)

    await _change(town, anna, template, 1, replace(WATER, hours=1))

    assert (await preparing.read(town.db, vera, template)).template.ahead is None
    for wrong in (old, "", "0" * 64):
        with pytest.raises(Conflict):
            await preparing.approve(town.db, vera, template, seen=wrong)
    await preparing.approve(town.db, vera, template, seen=await _seen(town, vera, template))
    assert (await preparing.read(town.db, vera, template)).template.ahead is not None


async def test_nobody_approves_in_advance_what_they_wrote(town: Town, villages: None) -> None:
    anna = await officer(town, Role.AUTHOR)
    both = replace(anna, grants=(*anna.grants, replace(anna.grants[0], role=Role.APPROVER)))
    template = await prepared(town, both)

    assert not (await preparing.read(town.db, both, template)).may_approve
    with pytest.raises(Conflict):
        await preparing.approve(town.db, both, template, seen=await _seen(town, both, template))


@pytest.mark.parametrize(("role", "group"), [(Role.AUTHOR, "district"), (Role.ADMINISTRATOR, None)])
async def test_who_may_not_approve_does_not_in_advance_either(
    town: Town, villages: None, role: Role, group: str | None
) -> None:
    template = await approved(town)
    other = await officer(town, role, group)

    with pytest.raises(OutOfReach):
        await preparing.approve(town.db, other, template, seen=await _seen(town, other, template))
    with pytest.raises(OutOfReach):
        await preparing.withdraw(town.db, other, template)
    assert (await preparing.read(town.db, other, template)).template.ahead is not None


async def test_an_approver_below_approves_nothing_above(town: Town, villages: None) -> None:
    template = await prepared(town, await officer(town, Role.AUTHOR), "district")
    vera = await officer(town, Role.APPROVER, "elbtal")

    assert [one.id for one in await preparing.every(town.db, vera, deed=Deed.APPROVE)] == [template]
    with pytest.raises(OutOfReach):
        await preparing.approve(town.db, vera, template, seen=await _seen(town, vera, template))


async def test_an_approval_is_withdrawn_and_only_a_warning_gets_one(
    town: Town, villages: None
) -> None:
    template, vera = await approved(town), await officer(town, Role.APPROVER, "elbtal")

    await preparing.withdraw(town.db, vera, template)
    await preparing.withdraw(town.db, vera, template)

    assert (await preparing.read(town.db, vera, template)).template.ahead is None
    news = await prepared(town, await officer(town, Role.AUTHOR, "elbtal"), kind=Kind.ANNOUNCEMENT)
    with pytest.raises(Conflict):
        await preparing.approve(town.db, vera, news, seen=await _seen(town, vera, news))
    deeds = await town.rows(
        "SELECT deed FROM audit WHERE starts_with(deed, 'template.') ORDER BY id"
    )
    assert [row["deed"] for row in deeds] == [
        "template.written", "template.approved", "template.withdrawn", "template.written",
    ]  # fmt: skip


async def test_who_wrote_an_earlier_version_approves_none_after_it_until_somebody_else_did(
    town: Town, villages: None
) -> None:
    author, other = await officer(town, Role.AUTHOR), await officer(town, Role.AUTHOR)
    both = replace(author, grants=(*author.grants, replace(author.grants[0], role=Role.APPROVER)))
    template = await prepared(town, author)
    assert await _change(town, other, template, 1, replace(WATER, hours=6)) == 2

    read = await preparing.read(town.db, both, template)
    assert not read.may_approve
    with pytest.raises(Conflict):
        await preparing.approve(town.db, both, template, seen=read.template.seen)

    vera = await officer(town, Role.APPROVER)
    await preparing.approve(town.db, vera, template, seen=read.template.seen)
    assert await _change(town, other, template, 2, replace(WATER, hours=9)) == 3
    read = await preparing.read(town.db, both, template)
    assert read.may_approve
    await preparing.approve(town.db, both, template, seen=read.template.seen)
