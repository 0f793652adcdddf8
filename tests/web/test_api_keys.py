"""Keys over HTTP: who may do what, where, and what a repeated request does."""

import asyncio
from uuid import UUID, uuid4

import pytest

from notify.domain.scopes import ORDINARY, Scope
from notify.services import submitting
from tests.town import Town
from tests.web.caller import Caller, alert, fields, is_problem


async def _reader(town: Town) -> None:
    await town.resident(await town.group(), email="erika@example.org", alerts=["email"])


async def test_without_the_scope_an_alert_waits_until_it_is_approved(
    api: Caller, town: Town
) -> None:
    await _reader(town)
    modest = await api.with_key(*ORDINARY)

    sent = await modest.send()
    await town.plan()

    number = UUID(sent.body["id"])
    assert sent.body["status"] == "submitted"
    assert await town.statuses(number) == []

    await submitting.approve(town.db, number)
    await town.plan()

    assert await town.statuses(number) == ["pending"]


async def test_an_announcement_needs_no_approval(api: Caller, town: Town) -> None:
    await town.group()
    modest = await api.with_key(*ORDINARY)

    sent = await modest.send(kind="announcement", severity=None, valid_until=None)

    assert sent.body["status"] == "approved"


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("notify_guess", id="unknown"),
        pytest.param("ä" * 50, id="umlauts"),
        pytest.param("x" * 5000, id="long"),
    ],
)
async def test_who_has_no_key_in_use_learns_how_to_get_one(api: Caller, token: str | None) -> None:
    answer = await Caller(api.site, api.db, token).get(f"/broadcasts/{uuid4()}")

    assert is_problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "notify key create" in answer.body["detail"]


@pytest.mark.parametrize(
    ("method", "path", "needs"),
    [
        pytest.param("POST", "/groups", Scope.GROUPS_WRITE, id="groups"),
        pytest.param("POST", "/residents", Scope.RESIDENTS_WRITE, id="residents"),
        pytest.param("POST", "/broadcasts", Scope.BROADCASTS_WRITE, id="send"),
        pytest.param("POST", f"/broadcasts/{uuid4()}/cancel", Scope.BROADCASTS_WRITE, id="cancel"),
        pytest.param("GET", f"/broadcasts/{uuid4()}", Scope.BROADCASTS_READ, id="look"),
        pytest.param("GET", f"/broadcasts/{uuid4()}/deliveries", Scope.BROADCASTS_READ, id="rows"),
        pytest.param("GET", f"/broadcasts/{uuid4()}/results", Scope.BROADCASTS_READ, id="results"),
        pytest.param("GET", "/deliveries/1", Scope.BROADCASTS_READ, id="one"),
    ],
)
async def test_a_key_without_the_scope_is_told_which_it_lacks(
    api: Caller, method: str, path: str, needs: Scope
) -> None:
    modest = await api.with_key(*(scope for scope in Scope if scope is not needs))

    answer = await modest.call(method, path, {} if method == "POST" else None)

    assert is_problem(answer, 403)
    assert needs in answer.body["detail"]


async def test_a_village_cannot_send_to_its_district_nor_see_what_that_sent(
    api: Caller, town: Town
) -> None:
    district = await town.group("district")
    await town.group("village", parent=district)
    village = await api.with_key(group="village")
    above = await api.send(groups=["district"])

    refused = await village.send(groups=["district"])
    both = await village.send(groups=["village", "district"])
    unseen = await village.get(f"/broadcasts/{above.body['id']}")
    rows = await village.get(f"/broadcasts/{above.body['id']}/deliveries")
    recalled = await village.post(f"/broadcasts/{above.body['id']}/cancel")
    own = await village.send(groups=["village"])

    assert is_problem(refused, 403)
    assert is_problem(both, 403)
    assert is_problem(unseen, 404)
    assert is_problem(rows, 404)
    assert is_problem(recalled, 404)
    assert own.status == 202
    seen = await village.get(f"/broadcasts/{own.body['id']}")
    assert seen.body["groups"] == ["village"]


async def test_the_same_request_again_is_answered_again_and_sent_once(
    api: Caller, town: Town
) -> None:
    await town.group()
    wanted = alert()

    first = await api.post("/broadcasts", wanted, Idempotency_Key="k1")
    again = await api.post("/broadcasts", wanted, Idempotency_Key="k1")
    other_words = await api.post(
        "/broadcasts", wanted | {"severity": "minor"}, Idempotency_Key="k1"
    )
    other_program = await (await api.with_key()).post("/broadcasts", wanted, Idempotency_Key="k1")

    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert is_problem(other_words, 422)
    assert fields(other_words) == ["Idempotency-Key"]
    assert other_program.body["id"] != first.body["id"]
    assert len(await town.rows("SELECT 1 FROM broadcasts")) == 2


async def test_requests_at_the_same_moment_make_one_broadcast(api: Caller, town: Town) -> None:
    await town.group()
    wanted = alert()

    answers = await asyncio.gather(
        *(api.post("/broadcasts", wanted, Idempotency_Key="k1") for _ in range(8))
    )

    assert {answer.status for answer in answers} <= {202, 409}
    assert len({answer.body["id"] for answer in answers if answer.status == 202}) == 1
    assert len(await town.rows("SELECT 1 FROM broadcasts")) == 1


async def test_a_refused_request_keeps_nothing_under_its_key(api: Caller, town: Town) -> None:
    refused = await api.post("/broadcasts", alert(), Idempotency_Key="k1")
    await town.group()

    taken = await api.post("/broadcasts", alert(), Idempotency_Key="k1")

    assert is_problem(refused, 422)
    assert taken.status == 202


async def test_a_key_too_long_is_refused(api: Caller) -> None:
    assert is_problem(await api.post("/broadcasts", alert(), Idempotency_Key="k" * 256), 422)
