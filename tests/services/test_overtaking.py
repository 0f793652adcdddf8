"""What was let go and overtaken in its thread does not end without a word."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from channels.messages import Email
from notify import clock
from notify.domain.grants import OutOfReach, Role
from notify.domain.words import Channel, Relation
from notify.errors import Conflict, NotFound
from notify.services import overseeing, overtaking, submitting, threads
from notify.services.drafting import Draft
from notify.services.overtaking import Overtake
from notify.services.staff_sessions import Officer
from tests.services.test_overseeing import officer, status, villages, waiting
from tests.services.test_telling_staff import sent, tell, ways
from tests.town import Town
from tests.web.officer import EVERYWHERE

__all__ = ["villages"]


@pytest.fixture
async def alert(town: Town, villages: None) -> UUID:
    alert = await town.broadcast("elbtal")
    await town.plan()
    return alert


async def scheduled(town: Town, alert: UUID, *by: Officer, **more: Any) -> UUID:
    given: dict[str, Any] = {
        "follows": alert, "relation": Relation.UPDATE, "send_at": clock.now() + timedelta(hours=2),
        "severity": "severe",
    } | more  # fmt: skip
    update = await town.broadcast("elbtal", **given)
    await town.change(
        "UPDATE broadcasts SET editors = %(by)s WHERE id = %(id)s",
        by=[one.id for one in by], id=update,
    )  # fmt: skip
    return update


async def follow(town: Town, alert: UUID, relation: Relation) -> UUID:
    done = await town.broadcast("elbtal", follows=alert, relation=relation)
    await town.plan()
    return done


async def known(town: Town, who: Officer, broadcast: UUID) -> Overtake | None:
    found = await overseeing.look(town.db, broadcast, settings=town.settings, within=EVERYWHERE)
    said = await threads.said(town.db, found.row["thread_id"], within=EVERYWHERE)
    return await overtaking.of(town.db, who, found, said, now=clock.now())


async def anew(town: Town, who: Officer, broadcast: UUID) -> Draft:
    return await overtaking.write_anew(
        town.db, who, broadcast, settings=town.settings, now=clock.now()
    )


@pytest.mark.parametrize("relation", list(Relation))
async def test_a_scheduled_update_says_what_overtook_it_and_is_written_anew(
    town: Town, alert: UUID, relation: Relation
) -> None:
    anna, vera = await officer(town, Role.AUTHOR), await officer(town, Role.APPROVER)
    update = await scheduled(town, alert, anna)
    assert await known(town, anna, update) is None
    with pytest.raises(Conflict):
        await anew(town, anna, update)

    over = await follow(town, alert, relation)

    assert await status(town, update) == "cancelled"
    found = await known(town, anna, update)
    assert found is not None
    assert found.by is not None
    assert (found.by.broadcast.id, found.waits) == (over, False)
    draft = await anew(town, anna, update)
    follows = ("", "") if relation is Relation.ALL_CLEAR else (str(over), "update")
    assert (draft.content.follows, draft.content.relation) == follows
    assert draft.content.texts["de"].title == "Sturm"
    assert (draft.content.groups, draft.content.severity) == (("elbtal",), "severe")
    seen = await known(town, vera, update)
    assert seen is not None
    assert seen.anew is None
    with pytest.raises(OutOfReach):
        await anew(town, vera, update)


async def test_its_author_and_its_approvers_see_it_on_the_first_page_for_two_days(
    town: Town, alert: UUID
) -> None:
    anna, other = await officer(town, Role.AUTHOR), await officer(town, Role.AUTHOR, "elbtal")
    vera, far = await officer(town, Role.APPROVER), await officer(town, Role.APPROVER, "bergdorf")
    update = await scheduled(town, alert, anna)
    over = await follow(town, alert, Relation.ALL_CLEAR)

    for who, sees in ((anna, True), (vera, True), (other, False), (far, False)):
        shown = await overtaking.lately(town.db, who)
        assert [(one.broadcast.id, one.row["over_id"]) for one in shown] == [(update, over)] * sees
    await town.change("UPDATE broadcasts SET superseded_at = now() - interval '49 hours'")
    assert await overtaking.lately(town.db, anna) == []


async def test_what_was_recalled_by_hand_was_not_overtaken(town: Town, alert: UUID) -> None:
    anna = await officer(town, Role.AUTHOR)
    update = await scheduled(town, alert, anna)
    await submitting.cancel(town.db, update, within=None)
    await follow(town, alert, Relation.UPDATE)

    assert await known(town, anna, update) is None
    assert await overtaking.lately(town.db, anna) == []
    assert await tell(town) == 0


async def test_its_author_is_told_once_and_nobody_else(town: Town, alert: UUID) -> None:
    anna, gone = (
        await officer(town, Role.AUTHOR, "elbtal"),
        await officer(town, Role.AUTHOR, "bergdorf"),
    )
    await officer(town, Role.APPROVER)
    update = await scheduled(town, alert, anna, gone)
    assert await tell(town) == 0
    await follow(town, alert, Relation.ALL_CLEAR)

    assert await tell(town) == 1
    assert await tell(town) == 0

    assert await ways(town) == [("overtaken", "email", "author.elbtal@example.org")]
    (mail,) = await sent(town, Channel.EMAIL, Email)
    assert mail.form.subject == "Überholt, nicht gesendet: Sturm"
    assert "eine andere Nachricht gesendet: Entwarnung." in mail.form.text
    assert f"/staff/messages/{update}" in mail.form.text


async def test_what_waits_and_was_overtaken_leaves_an_approver_something_to_do(
    town: Town, alert: UUID
) -> None:
    both = await officer(town, Role.AUTHOR)
    clear = await waiting(town, "elbtal", in_reply_to=alert, relation=Relation.ALL_CLEAR)
    assert await known(town, both, clear) is None

    update = await follow(town, alert, Relation.UPDATE)

    found = await known(town, both, clear)
    assert found is not None
    assert found.by is not None
    assert (found.by.broadcast.id, found.waits) == (update, True)
    draft = await anew(town, both, clear)
    assert (draft.content.follows, draft.content.relation) == (str(update), "all_clear")

    await follow(town, alert, Relation.ALL_CLEAR)
    found = await known(town, both, clear)
    assert found is not None
    assert found.anew is None  # it would say once more what everybody has
    with pytest.raises(Conflict):
        await anew(town, both, clear)


async def test_nobody_writes_anew_what_is_beyond_them(town: Town, alert: UUID) -> None:
    away = await officer(town, Role.AUTHOR, "bergdorf")
    update = await scheduled(town, alert)
    await follow(town, alert, Relation.UPDATE)

    with pytest.raises(NotFound):
        await anew(town, away, update)
    assert await town.rows("SELECT FROM drafts") == []
