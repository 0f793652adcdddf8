"""What is wrong with a draft, before it is submitted."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from notify.domain.broadcast import Text
from notify.domain.draft import Content, Words
from notify.domain.draft_check import Wrong, check, comes_twice, submission
from notify.domain.words import Kind, Relation, Severity

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GOOD = Content(
    kind="alert", severity="severe", groups=("elbtal",), texts={"de": Words("Sturm", "Bleiben Sie drin.")},
    valid_until="2026-03-01T18:00",
)  # fmt: skip
NEWS = replace(GOOD, kind="announcement", severity="", valid_until="")


def wrong(content: Content) -> list[tuple[str, Wrong]]:
    found = check(content, first_language="de", zone=BERLIN, now=NOW)
    return [(problem.field, problem.wrong) for problem in found]


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        NEWS,
        replace(NEWS, severity="nonsense"),
        replace(GOOD, send_at="2026-03-01T17:59"),
        replace(GOOD, texts={**GOOD.texts, "en": Words("Storm", "Stay inside.", "Stay in!")}),
        replace(GOOD, severity="", relation="all_clear"),
        replace(GOOD, severity="", relation="correction"),
        replace(GOOD, valid_until="2026-03-29T03:00"),  # the first moment after the gap
        replace(GOOD, valid_until="2026-03-01T13:01"),  # a minute ahead, in winter time
    ],
)
def test_nothing_is_wrong_with_what_can_be_sent(content: Content) -> None:
    assert wrong(content) == []
    submission(content)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": ""}, ("kind", Wrong.MISSING)),
        ({"kind": "poll"}, ("ask1-de", Wrong.QUESTION)),
        ({"kind": "poll", "valid_until": ""}, ("valid_until", Wrong.MISSING)),
        ({"kind": "poll", "valid_until": "2026-03-01T13:00:59"}, ("valid_until", Wrong.SHORT)),
        ({"kind": "poll", "send_at": "2026-03-01T17:59:01"}, ("valid_until", Wrong.SHORT)),
        ({"kind": "poll", "valid_until": "2027-03-02T13:01"}, ("valid_until", Wrong.LONG)),
        ({"severity": ""}, ("severity", Wrong.MISSING)),
        ({"severity": "awful"}, ("severity", Wrong.MISSING)),
        ({"groups": ()}, ("groups", Wrong.MISSING)),
        ({"texts": {"de": Words(" ", "Text")}}, ("title-de", Wrong.MISSING)),
        ({"texts": {"de": Words("Sturm", "\n")}}, ("body-de", Wrong.MISSING)),
        ({"texts": {**GOOD.texts, "en": Words("Storm")}}, ("body-en", Wrong.MISSING)),
        ({"texts": {**GOOD.texts, "en": Words(sms="Hi")}}, ("title-en", Wrong.MISSING)),
        ({"texts": {"de": Words("x" * 201, "Text")}}, ("title-de", Wrong.TOO_LONG)),
        ({"texts": {"de": Words("x", "y" * 20_001)}}, ("body-de", Wrong.TOO_LONG)),
        ({"texts": {"de": Words("Sturm in ((Ort))", "x")}}, ("title-de", Wrong.GAP)),
        ({"texts": {**GOOD.texts, "en": Words("x", "x", "((where))")}}, ("sms-en", Wrong.GAP)),
        ({"valid_until": ""}, ("valid_until", Wrong.MISSING)),
        ({"valid_until": "heute Abend"}, ("valid_until", Wrong.UNREADABLE)),
        ({"valid_until": "2026-03-01T18:00+01:00"}, ("valid_until", Wrong.UNREADABLE)),
        ({"valid_until": "9999-12-31T23:59"}, ("valid_until", Wrong.FAR)),
        ({"valid_until": "0001-01-01T00:00"}, ("valid_until", Wrong.PASSED)),
        ({"valid_until": "2026-03-01T13:00"}, ("valid_until", Wrong.PASSED)),
        ({"valid_until": "2026-03-29T02:30"}, ("valid_until", Wrong.SKIPPED)),
        ({"send_at": "2026-03-29T02:00"}, ("send_at", Wrong.SKIPPED)),
        ({"send_at": "2026-03-01T12:59"}, ("send_at", Wrong.PASSED)),
        ({"send_at": "2026-03-01T18:00"}, ("send_at", Wrong.NOT_BEFORE_END)),
        ({"send_at": "morgen"}, ("send_at", Wrong.UNREADABLE)),
    ],
)
def test_what_is_wrong_is_told_at_its_field(change: Any, told: tuple[str, Wrong]) -> None:
    assert told in wrong(replace(GOOD, **change))


@pytest.mark.parametrize(
    "change",
    [
        {"valid_until": "2026-03-01T13:01"},
        {"valid_until": "2027-03-01T13:00"},
        {"send_at": "2027-03-01T12:00", "valid_until": "2028-03-01T12:00"},  # from when it is sent
    ],
)
def test_a_poll_may_be_open_from_a_minute_to_a_year(change: Any) -> None:
    told = wrong(replace(GOOD, kind="poll", severity="", **change))
    assert {field for field, _ in told} == {"ask1-de", "options1-de"}  # it asks nothing here


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_form() -> None:
    assert [field for field, _ in wrong(Content(kind="alert"))] == [
        "severity", "groups", "title-de", "body-de", "valid_until",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "twice"),
    [
        ("2026-10-25T02:00", True), ("2026-10-25T02:59", True), ("2026-10-25T03:00", False),
        ("2026-10-25T01:59", False), ("2026-03-29T02:30", False), ("2026-11-26T18:00", False),
        ("", False), ("bald", False), ("0001-01-01T00:00", False),
    ],
)  # fmt: skip
def test_a_time_that_comes_twice_when_clocks_go_back_is_known(text: str, twice: bool) -> None:
    assert comes_twice(text, BERLIN) is twice


def test_a_draft_says_what_is_to_be_sent() -> None:
    content = replace(
        GOOD, drill=True, follows="6f9619ff-8b86-d011-b42d-00cf4fc964ff", relation="update",
        send_at="2026-03-01T17:00",
    )  # fmt: skip

    asked = submission(content)

    assert (asked.kind, asked.severity, asked.groups) == (Kind.ALERT, Severity.SEVERE, ("elbtal",))
    assert asked.texts == {"de": Text("Sturm", "Bleiben Sie drin.", None)}
    assert (asked.valid_until, asked.send_at) == (
        datetime.fromisoformat("2026-03-01T18:00"), datetime.fromisoformat("2026-03-01T17:00"),
    )  # fmt: skip
    assert (str(asked.in_reply_to), asked.relation) == (content.follows, Relation.UPDATE)
    assert asked.drill
    assert submission(replace(NEWS, severity="severe")).severity is None
