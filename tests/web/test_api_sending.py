"""Broadcasts over HTTP: what is taken, what is refused and with which words, what is repeated."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from channels.memory import MemoryChannel
from channels.messages import Email
from notify.services import auditing
from tests.town import Town
from tests.web.caller import QUESTION, Caller, alert, asks, fields, in_hours, is_problem


async def _reader(town: Town) -> None:
    await town.resident(await town.group(), email="erika@example.org", alerts=["email"])


def _text(**changes: str) -> dict[str, Any]:
    return {"de": {"title": "Sturm", "body": "Bleiben Sie im Haus."} | changes}


async def test_an_alert_is_taken_and_goes_out(api: Caller, town: Town) -> None:
    await _reader(town)
    texts = _text(sms="Sturm!") | {"en": {"title": "Storm", "body": "Stay inside."}}

    answer = await api.send(texts=texts)

    assert answer.status == 202
    assert answer.body["status"] == "approved"
    assert answer.headers["location"] == f"/api/v1/broadcasts/{answer.body['id']}"
    assert answer.body["sms"]["de"]["segments"] == 1
    await town.plan()
    assert await town.statuses(UUID(answer.body["id"])) == ["pending"]


async def test_what_a_program_sends_and_recalls_is_in_the_audit_log(
    api: Caller, town: Town
) -> None:
    await _reader(town)

    sent = await api.send()
    await api.post(f"/broadcasts/{sent.body['id']}/cancel")

    lines = [line async for line, _ in auditing.lines(town.db)]
    mine = [line for line in lines if "by_key" in line.about]
    assert [line.deed for line in mine] == ["broadcast.submitted", "broadcast.recalled"]
    assert {line.about["broadcast"] for line in mine} == {sent.body["id"]}


async def test_a_drill_is_taken_for_groups_for_drills_and_refused_for_others(
    api: Caller, town: Town
) -> None:
    await town.group("crew")
    refused = await api.send(groups=["crew"], drill=True)
    await town.change("UPDATE groups SET drill = true")

    taken = await api.send(groups=["crew"], drill=True)

    assert (refused.status, fields(refused)) == (422, ["groups"])
    assert taken.status == 202
    shown = await api.get(f"/broadcasts/{taken.body['id']}")
    assert shown.body["drill"] is True


async def test_the_author_hears_what_the_sms_carries_instead(api: Caller, town: Town) -> None:
    await town.group()

    answer = await api.send(texts=_text(sms="„Sturm“ – bleiben Sie im Haus…"))

    assert answer.status == 202
    replaced = dict(answer.body["sms"]["de"]["replaced"])
    assert replaced["„"] == '"'
    assert replaced["–"] == "-"


_NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        pytest.param(
            {"texts": {"en": {"title": "Storm", "body": "Stay."}}}, "texts.de", "Write it under",
            id="first language missing",
        ),
        pytest.param({"texts": {}}, "texts.de", "missing", id="no text at all"),
        pytest.param({"texts": _text(title=" ")}, "texts.de.title", "empty", id="empty title"),
        pytest.param({"texts": _text(body="\n")}, "texts.de.body", "empty", id="empty text"),
        pytest.param({"texts": _text(sms="")}, "texts.de.sms", "leave it out", id="empty sms"),
        pytest.param(
            {"texts": _text(sms="Ü" * 1000)}, "texts.de.sms", "shorter", id="more than 6 parts"
        ),
        pytest.param({"texts": _text(title="x" * 201)}, "texts.de.title", "Shorten", id="long title"),
        pytest.param({"texts": _text(body="a\0b")}, "texts.de.body", "U+0000", id="NUL"),
        pytest.param({"texts": _text(title="\ud800")}, "texts.de.title", "half of one", id="surrogate"),
        pytest.param({"texts": {"": {"title": "a", "body": "b"}} | _text()}, "texts", "tag",
                     id="no language"),
        pytest.param({"valid_until": None}, "valid_until", "until when", id="no valid_until"),
        pytest.param({"valid_until": in_hours(-1)}, "valid_until", "ahead", id="long past"),
        pytest.param({"valid_until": "9999-12-31T23:59:59-12:00"}, "valid_until", "nearer",
                     id="end of time"),
        pytest.param({"valid_until": "0001-01-01T00:00:00"}, "valid_until", "nearer", id="year 1"),
        pytest.param({"valid_until": 1e30}, "valid_until", "date", id="huge number"),
        pytest.param({"groups": []}, "groups", "at least one", id="no group"),
        pytest.param({"groups": ["town", "nix"]}, "groups.1", "Create it", id="unknown group"),
        pytest.param({"groups": ["a\0"]}, "groups.0", "Create it", id="NUL in a group"),
        pytest.param({"kind": "poll"}, "ask.questions", "at least one", id="poll without a question"),
        pytest.param({"kind": "announcement", "ask": asks()}, "ask", "poll", id="news that ask"),
        pytest.param(
            {"kind": "poll", "severity": None, "ask": asks(), "valid_until": None}, "valid_until",
            "close", id="no close",
        ),
        pytest.param(
            {"kind": "poll", "severity": None, "ask": asks(), "send_at": in_hours(5),
             "valid_until": in_hours(5 + 5 / 3600)},
            "valid_until", "later valid_until", id="closes seconds after it is sent",
        ),
        pytest.param(
            {"kind": "poll", "severity": None, "ask": asks(), "valid_until": in_hours(367 * 24)},
            "valid_until", "earlier valid_until", id="open for more than a year",
        ),
        pytest.param({"kind": "poll", "ask": asks()}, "severity", "Leave severity out",
                     id="a poll of a danger"),
        pytest.param({"ask": asks(QUESTION | {"low": 0})}, "ask.questions.0.low", "Leave it out",
                     id="lowest of no scale"),
        pytest.param({"ask": asks(QUESTION | {"shape": "several", "high": 5})},
                     "ask.questions.0.high", "Leave it out", id="highest of no scale"),
        pytest.param({"ask": asks(QUESTION | {"most": 1})}, "ask.questions.0.most", "Leave it out",
                     id="most of one choice"),
        pytest.param({"ask": {"questions": []}}, "ask.questions", "at least 1", id="no question"),
        pytest.param({"ask": asks(*[QUESTION] * 6)}, "ask.questions", "at most 5", id="six questions"),
        pytest.param({"ask": asks(secret="yes")}, "ask.secret", "boolean", id="half a yes"),
        pytest.param({"ask": asks(urgent=True)}, "ask.urgent", "integer", id="urgent"),
        pytest.param({"ask": asks(shown="nobody")}, "ask.shown", "everyone", id="shown"),
        pytest.param({"ask": asks(colour="red")}, "ask.colour", "no such field", id="more in ask"),
        pytest.param({"ask": asks(QUESTION | {"high": 11})}, "ask.questions.0.high", "10", id="scale"),
        pytest.param({"ask": asks(QUESTION | {"low": 1.5})}, "ask.questions.0.low", "integer", id="low"),
        pytest.param(
            {"ask": asks({"wordings": {"de": {"ask": "x" * 301, "options": ["a", "b"]}}})},
            "ask.questions.0.wordings.de.ask", "at most 300", id="long question",
        ),
        pytest.param(
            {"ask": asks({"wordings": {"de": {"ask": "x", "options": list("abcdefghij")}}})},
            "ask.questions.0.wordings.de.options", "at most 9", id="ten options",
        ),
        pytest.param({"kind": "gossip"}, "kind", "alert", id="no kind"),
        pytest.param({"send_at": in_hours(-1)}, "send_at", "ahead", id="sent in the past"),
        pytest.param({"send_at": in_hours(7)}, "send_at", "Send earlier", id="sent too late"),
        pytest.param(
            {"send_at": "2027-03-28T02:30:00", "valid_until": "2027-04-01T00:00:00"}, "send_at",
            "clocks go forward", id="an hour that is not",
        ),
        pytest.param({"severity": "bad"}, "severity", "extreme", id="severity"),
        pytest.param({"colour": "red"}, "colour", "no such field", id="unknown field"),
        pytest.param({"in_reply_to": {"id": "x", "relation": "update"}}, "in_reply_to.id", "UUID",
                     id="no id"),
    ],
)  # fmt: skip
async def test_what_cannot_be_sent_is_refused_with_words_that_help(
    api: Caller, town: Town, changes: dict[str, Any], field: str, says: str
) -> None:
    await town.group()
    wanted = {name: value for name, value in (alert() | changes).items() if value is not None}

    answer = await api.post("/broadcasts", wanted)

    assert is_problem(answer, 422)
    assert field in fields(answer)
    assert says in answer.body["detail"]
    assert await town.rows("SELECT 1 FROM broadcasts") == []


@pytest.mark.parametrize(
    ("send_at", "utc"),
    [
        pytest.param("2027-07-01T12:00:00", "2027-07-01T10:00:00Z", id="summer"),
        pytest.param("2027-12-01T12:00:00", "2027-12-01T11:00:00Z", id="winter"),
        pytest.param("2027-10-31T02:30:00", "2027-10-31T00:30:00Z", id="twice: the first"),
        pytest.param("2027-12-01T12:00:00-05:00", "2027-12-01T17:00:00Z", id="with an offset"),
    ],
)
async def test_the_time_to_send_at_is_the_town_s(
    api: Caller, town: Town, send_at: str, utc: str
) -> None:
    await town.group()

    sent = await api.send(kind="announcement", severity=None, valid_until=None, send_at=send_at)

    assert sent.body["status"] == "scheduled"
    seen = await api.get(f"/broadcasts/{sent.body['id']}")
    assert datetime.fromisoformat(seen.body["send_at"]) == datetime.fromisoformat(utc)


async def test_an_all_clear_follows_what_was_sent(api: Caller, town: Town) -> None:
    await _reader(town)
    first = await api.send()
    early = await api.send(in_reply_to={"id": first.body["id"], "relation": "all_clear"})
    await town.plan()
    await (await town.pump(MemoryChannel[Email]())).round()

    after = await api.send(
        in_reply_to={"id": first.body["id"], "relation": "all_clear"}, groups=None, valid_until=None
    )

    assert is_problem(early, 422)
    assert "Cancel" in early.body["detail"]
    assert after.status == 202
    seen = (await api.get(f"/broadcasts/{after.body['id']}")).body
    assert seen["thread_id"] == first.body["id"]
    assert seen["in_reply_to"] == {"id": first.body["id"], "relation": "all_clear"}
    assert seen["groups"] == ["town"]


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        pytest.param({"id": str(uuid4()), "relation": "update"}, 404, id="to nothing"),
        pytest.param({"id": str(uuid4()), "relation": "gossip"}, 422, id="no relation"),
        pytest.param({"id": str(uuid4())}, 422, id="half"),
    ],
)
async def test_a_follow_up_of_nothing_is_refused(
    api: Caller, town: Town, reply: dict[str, str], status: int
) -> None:
    await town.group()

    assert is_problem(await api.send(in_reply_to=reply), status)


async def test_an_announcement_cannot_follow_an_alert(api: Caller, town: Town) -> None:
    await _reader(town)
    first = await api.send()
    await town.plan()

    answer = await api.send(
        kind="announcement", in_reply_to={"id": first.body["id"], "relation": "update"}
    )

    assert is_problem(answer, 422)
    assert fields(answer) == ["kind"]


async def test_a_broadcast_can_be_recalled_twice_but_not_when_it_is_over(
    api: Caller, town: Town
) -> None:
    await _reader(town)
    sent = await api.send()

    once, twice = [await api.post(f"/broadcasts/{sent.body['id']}/cancel") for _ in range(2)]

    assert (once.status, once.body["status"]) == (202, "cancelled")
    assert twice.body == once.body
    await town.change("UPDATE broadcasts SET status = 'dispatched', cancelled_at = NULL")
    late = await api.post(f"/broadcasts/{sent.body['id']}/cancel")
    assert is_problem(late, 409)
    assert "all-clear" in late.body["detail"]
    assert is_problem(await api.post(f"/broadcasts/{uuid4()}/cancel"), 404)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        pytest.param(b"", "application/json", 422, id="nothing"),
        pytest.param(b"{", "application/json", 422, id="broken"),
        pytest.param(b"[]", "application/json", 422, id="a list"),
        pytest.param(b"null", "application/json", 422, id="null"),
        pytest.param(b"{}", "text/plain", 422, id="plain text"),
        pytest.param(b"\xff\xfe", "application/json", 422, id="no utf-8"),
        pytest.param(b"[" * 100_000, "application/json", 400, id="a well"),
        pytest.param(b'{"kind":' + b"9" * 5000 + b"}", "application/json", 400, id="a long number"),
        pytest.param(b'{"\\ud800":1}', "application/json", 422, id="half a name"),
        pytest.param(b'{"kind":NaN,"valid_until":Infinity}', "application/json", 422, id="NaN"),
        pytest.param(b'"' + b"x" * 5_000_000 + b'"', "application/json", 413, id="huge"),
    ],
)
async def test_a_body_that_is_none_is_a_problem_of_the_caller(
    api: Caller, body: bytes, kind: str, status: int
) -> None:
    assert is_problem(await api.raw("/broadcasts", body, kind), status)


async def test_the_right_way_is_shown_where_there_is_none(api: Caller) -> None:
    assert is_problem(await api.get("/nothing"), 404)
    wrong = await api.get("/broadcasts")
    assert is_problem(wrong, 405)
    assert wrong.headers["allow"] == "POST"


async def test_a_date_far_ahead_is_as_good_as_any(api: Caller, town: Town) -> None:
    await town.group()
    until = (_NOW + timedelta(days=3000)).isoformat()

    assert (await api.send(valid_until=until)).status == 202


async def test_a_first_question_too_long_for_sms_is_told_at_the_question(
    api: Caller, town: Town
) -> None:
    await town.group()
    options = [f"{number} " + "lang " * 15 for number in range(9)]
    long = {"shape": "single", "wordings": {"de": {"ask": "Warum? " * 40, "options": options}}}

    answer = await api.post(
        "/broadcasts", alert() | {"kind": "poll", "ask": asks(long), "severity": None}
    )

    assert answer.status == 422
    assert fields(answer) == ["ask.questions.0.wordings.de.ask"]
    assert "Shorten the title, the first question" in answer.body["detail"]


async def test_a_poll_is_taken_with_all_that_it_asks(api: Caller, town: Town) -> None:
    await town.group()
    several = {
        "shape": "several", "most": 2,
        "wordings": {"de": {"ask": "Was fehlt?", "options": ["Bank", "Baum", "Brunnen"]}},
    }  # fmt: skip
    scale = {"shape": "scale", "low": 0, "high": 10, "wordings": {"de": {"ask": "Wie gut?"}}}
    wanted = asks(QUESTION, several, scale, secret=False, shown="asked", live=True, tell=True)

    sent = await api.send(kind="poll", severity=None, ask=wanted)

    assert sent.status == 202
    shown = (await api.get(f"/broadcasts/{sent.body['id']}")).body
    assert (shown["kind"], shown["valid_until"] is not None) == ("poll", True)
    assert shown["ask"] == wanted | {"urgent": None, "questions": [
        QUESTION, several,
        scale | {"wordings": {"de": {"ask": "Wie gut?", "options": []}}},
    ]}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "secret", "shown"),
    [
        pytest.param({"kind": "poll", "severity": None}, True, "everyone", id="a poll"),
        pytest.param({}, False, "staff", id="an alert"),
    ],
)
async def test_what_is_not_said_of_a_question_is_as_usual(
    api: Caller, town: Town, changes: dict[str, Any], secret: bool, shown: str
) -> None:
    await town.group()

    sent = await api.send(ask=asks(), **changes)

    assert sent.status == 202
    seen = (await api.get(f"/broadcasts/{sent.body['id']}")).body["ask"]
    assert (seen["secret"], seen["shown"], seen["live"], seen["tell"]) == (
        secret,
        shown,
        False,
        False,
    )


async def test_what_asks_nothing_says_so(api: Caller, town: Town) -> None:
    await town.group()

    sent = await api.send()

    assert (await api.get(f"/broadcasts/{sent.body['id']}")).body["ask"] is None
