"""A program reads how a poll stands."""

from uuid import uuid4

from notify.domain.scopes import Scope
from notify.services import closing_polls
from notify.web.api.result_shapes import ResultOut
from tests.polled import poll
from tests.town import Town
from tests.web.caller import Caller


async def test_a_program_reads_the_result_before_and_after_the_close(
    api: Caller, town: Town
) -> None:
    polled = await poll(town, {"north": 12, "south": 13})
    for voter in polled.everybody:
        await polled.vote(voter, 1, 2)
        await polled.vote(voter, 3, 4)

    before = await api.get(f"/broadcasts/{polled.id}/results")
    await closing_polls.close(town.db, polled.id)
    after = await api.get(f"/broadcasts/{polled.id}/results")

    assert (before.status, after.status) == (200, 200)
    assert after.body["closed_at"] is not None
    assert after.body | {"closed_at": None} == before.body
    found = ResultOut.model_validate(after.body)
    assert (found.asked, found.answered) == (25, 25)
    assert [choice.n for choice in found.questions[0].choices] == [0, 25, 0]
    assert [part.answered for part in found.questions[0].groups] == [13, 12]
    assert (found.questions[2].mean, found.questions[2].median) == (4, 4)


async def test_there_is_none_of_what_asks_nothing_or_is_not_there(api: Caller, town: Town) -> None:
    await town.group()
    silent = await api.get(f"/broadcasts/{await town.broadcast('town')}/results")
    assert silent.status == 409
    assert "asks nothing" in silent.body["detail"]
    assert (await api.get(f"/broadcasts/{uuid4()}/results")).status == 404


async def test_a_key_has_to_reach_it_and_may_read(api: Caller, town: Town) -> None:
    polled = await poll(town, {"north": 1})
    await town.group("elsewhere")
    path = f"/broadcasts/{polled.id}/results"

    near = await api.with_key(Scope.BROADCASTS_READ, group="north")
    assert (await near.get(path)).status == 200
    far = await api.with_key(Scope.BROADCASTS_READ, group="elsewhere")
    assert (await far.get(path)).status == 404
    blind = await api.with_key(Scope.GROUPS_WRITE)
    assert (await blind.get(path)).status == 403
