"""Staff decide over HTTP who joins a closed group, and what groups say of themselves."""

from typing import Any
from uuid import uuid4

from notify.domain.scopes import Scope
from notify.services import proving
from tests.services.test_requesting import asks
from tests.town import Town
from tests.web.caller import Caller, fields, is_problem


async def test_a_request_is_listed_and_approved(api: Caller, town: Town) -> None:
    kita = await town.group("kita")
    anna = await asks(town, kita, email="anna@example.org")

    listed = await api.get("/requests")
    done = await api.post(f"/requests/{anna}/kita", {"decision": "approve"})

    (request,) = listed.body["requests"]
    assert (request["resident_id"], request["group"]) == (str(anna), "kita")
    assert done.body == {"decision": "approve", "told": True}
    assert (await api.get("/requests?group=kita")).body == {"requests": []}
    assert is_problem(await api.post(f"/requests/{anna}/kita", {"decision": "refuse"}), 404)


async def test_names_are_for_those_who_may_read_them(api: Caller, town: Town) -> None:
    anna = await asks(town, await town.group("kita"), email="anna@example.org")
    await town.change("UPDATE residents SET name = 'Anna' WHERE id = %(r)s", r=anna)
    writer = await api.with_key(Scope.RESIDENTS_WRITE)

    assert (await api.get("/requests")).body["requests"][0]["resident_name"] == "Anna"
    assert (await writer.get("/requests")).body["requests"][0]["resident_name"] is None


async def test_only_with_the_scope_and_within_the_grant(api: Caller, town: Town) -> None:
    north, south = await town.group("north"), await town.group("south")
    anna = await asks(town, south, email="anna@example.org")
    await asks(town, north, email="ben@example.org")
    other = await api.with_key(Scope.GROUPS_WRITE)
    mine = await api.with_key(group="north")

    assert is_problem(await other.get("/requests"), 403)
    assert is_problem(await other.post(f"/requests/{anna}/south", {"decision": "approve"}), 403)
    assert is_problem(await mine.post(f"/requests/{anna}/south", {"decision": "approve"}), 403)
    assert is_problem(await mine.get("/requests?group=south"), 403)
    assert [r["group"] for r in (await mine.get("/requests")).body["requests"]] == ["north"]


async def test_what_is_asked_wrong_is_told(api: Caller, town: Town) -> None:
    await town.group("kita")

    assert is_problem(await api.post(f"/requests/{uuid4()}/kita", {"decision": "approve"}), 404)
    wrong = await api.post(f"/requests/{uuid4()}/kita", {"decision": "perhaps"})
    assert is_problem(wrong, 422)
    assert fields(wrong) == ["decision"]
    assert is_problem(await api.get("/requests?group=nix"), 404)


ABOUT = {"de": {"sends": "Wasser", "often": "Selten", "example": "Kein Wasser."}}


async def test_a_group_says_what_it_sends(api: Caller, town: Town) -> None:
    made = await api.post("/groups", {"slug": "water", "name": "Wasser", "about": ABOUT})
    assert (made.status, made.body["about"]) == (201, ABOUT)

    changed = await api.call("PUT", "/groups/water/about", {"about": {"EN": {"sends": " Water "}}})

    assert changed.body["about"] == {"en": {"sends": "Water"}}
    lines = await town.rows("SELECT deed, about FROM audit WHERE deed LIKE 'group.%%' ORDER BY id")
    assert [line["deed"] for line in lines] == ["group.made", "group.changed"]
    assert all(line["about"]["group"] == "water" and line["about"]["by_key"] for line in lines)
    mine = await api.with_key(group="water")
    await town.group("other")
    assert is_problem(await mine.call("PUT", "/groups/other/about", {"about": ABOUT}), 403)
    assert is_problem(await api.call("PUT", "/groups/nix/about", {"about": ABOUT}), 404)
    rows = await town.rows("SELECT about FROM groups WHERE slug = 'other'")
    assert rows[0]["about"] == {}


async def test_what_a_group_may_say_is_bounded(api: Caller) -> None:
    for about in (
        {"de": {"size": "x"}}, {"de": {"sends": "x" * 301}}, {"de": {"sends": "a\nb"}},
        {"nonsense tag": {"sends": "x"}},
    ):  # fmt: skip
        answer = await api.post("/groups", {"slug": "water", "name": "Wasser", "about": about})
        assert is_problem(answer, 422)
        assert fields(answer)[0].startswith("about.")
    for slug in ("code", "done"):
        answer = await api.post("/groups", {"slug": slug, "name": "Code"})
        assert is_problem(answer, 422)


async def test_the_desk_signs_up_sends_another_code_and_takes_it(api: Caller, town: Town) -> None:
    await town.group("town")
    wanted = {
        "addresses": [{"channel": "sms", "value": "0151 12345678"}], "consent": "form 17",
        "subscriptions": [{"group": "town", "alerts": ["sms"]}], "desk": True,
    }  # fmt: skip
    made = await api.post("/residents", wanted)
    assert made.status == 201
    place = f"/residents/{made.body['id']}"

    assert (await api.post(f"{place}/codes")).body == {"sent": 1}
    assert is_problem(await api.post(f"{place}/confirm", {"code": "000"}), 409)
    (row,) = await town.rows("SELECT id FROM codes WHERE valid_until > now()")
    done = await api.post(f"{place}/confirm", {"code": proving.digits(town.keyring, row["id"])})

    assert (done.status, done.body) == (200, {"channel": "sms"})
    assert is_problem(await api.post("/residents", wanted | {"consent": None}), 422)
    assert is_problem(await api.post(f"/residents/{uuid4()}/codes"), 404)


async def test_the_desk_is_told_what_to_do_where_no_code_may_go(api: Caller, town: Town) -> None:
    await town.group("town")
    wanted: dict[str, Any] = {
        "addresses": [{"channel": "sms", "value": "0151 12345678"}], "consent": "form 17",
        "subscriptions": [{"group": "town", "alerts": ["sms"]}], "desk": True, "language": "en",
        "wording": "Yes, please.", "version": "2026-1",
    }  # fmt: skip
    place = f"/residents/{(await api.post('/residents', wanted)).body['id']}"
    (kept,) = await town.rows("SELECT * FROM consents")
    assert (kept["wording"], kept["version"], kept["language"]) == ("Yes, please.", "2026-1", "en")

    answers = [await api.post(f"{place}/codes") for _ in range(4)]
    assert [answer.status for answer in answers] == [202] * 3 + [429]
    assert is_problem(answers[-1], 429)
    assert answers[-1].body["detail"] == "Too many codes were asked for. Try again in 15 minutes."
    assert 0 < int(answers[-1].headers["retry-after"]) <= 900

    await town.change(
        "INSERT INTO sms_asked (day, n) VALUES ((now() AT TIME ZONE 'Europe/Berlin')::date, 500)"
        " ON CONFLICT (day) DO UPDATE SET n = 500"
    )
    other = wanted | {"addresses": [{"channel": "sms", "value": "0151 12345679"}]}
    spent = await api.post("/residents", other)
    assert is_problem(spent, 429)
    assert "e-mail address" in spent.body["detail"]
    abroad = wanted | {"addresses": [{"channel": "sms", "value": "+12025550123"}]}
    assert is_problem(await api.post("/residents", abroad), 422)
    assert len(await town.rows("SELECT FROM residents")) == 1
