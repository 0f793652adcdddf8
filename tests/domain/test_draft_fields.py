"""Two versions of a draft, told apart and made one, field by field."""

from dataclasses import replace

import pytest

from notify.domain.draft import Content, Words, from_json, to_json
from notify.domain.draft_fields import differences, fields, marks, merged, untouched
from notify.domain.draft_questions import Asked, Asking, Typed

MINE = Content(
    kind="alert", severity="severe", drill=True, groups=("elbtal", "kita"),
    texts={"de": Words("Sturm", "Bleiben Sie drin.", "Drin bleiben!"), "en": Words("Storm")},
    valid_until="2026-11-26T18:00", send_at="2026-11-26T12:00",
    asking=Asking(on=True, one=Typed(wordings={"de": Asked("Sicher?", "Ja\nHilfe")}), urgent="1"),
)  # fmt: skip
THEIRS = Content(
    kind="announcement", severity="minor", groups=("bergdorf",),
    texts={"de": Words("Wind", "Es wird windig."), "uk": Words("Буря")},
    valid_until="2026-11-27T18:00", follows=MINE.follows,
    asking=Asking(
        questions=(
            Typed(wordings={"de": Asked("Länger?", "Ja\nNein"), "uk": Asked("?")}),
            Typed(shape="scale", low="0", high="9", most="2"),
        ),
        secret=False, shown="staff", live=True, tell=True,
    ),
)  # fmt: skip
ALL = {
    "kind", "severity", "drill", "groups", "valid_until", "send_at", "title-de", "body-de", "sms-de",
    "title-en", "title-uk",
    "count", "secret", "shown", "live", "tell", "asks", "urgent", "ask0-de", "options0-de",
    "ask1-de", "options1-de", "ask1-uk", "shape2", "low2", "high2", "most2",
}  # fmt: skip

SECOND = {"shape2", "low2", "high2", "most2"}


def test_a_draft_is_the_same_once_it_was_kept() -> None:
    for content in (MINE, THEIRS, Content()):
        assert from_json(to_json(content)) == content


def test_the_fields_in_which_two_differ_are_all_that_differ() -> None:
    assert set(differences(MINE, THEIRS)) == ALL
    assert differences(MINE, MINE) == []
    assert differences(MINE, replace(MINE, groups=("kita", "elbtal"))) == []


@pytest.mark.parametrize("take", [set(), ALL, *({name} for name in sorted(ALL))])
def test_of_each_field_the_version_is_taken_that_was_chosen(take: set[str]) -> None:
    made = merged(MINE, THEIRS, take)

    one, other = fields(MINE), fields(THEIRS)
    for name in ALL:
        if name == "count" and take & SECOND:
            assert fields(made)[name] == "2"  # what was chosen of a question has a place
            continue
        wanted = other if name in take else one
        assert fields(made).get(name, "") == wanted.get(name, ""), name
    assert all(not words.empty for words in made.texts.values())


def test_what_is_as_it_was_is_known_by_its_mark() -> None:
    before = marks(MINE)

    assert untouched(MINE, before) >= {"kind", "title-de", "groups", "drill"}
    changed = merged(MINE, THEIRS, {"title-de", "drill", "title-uk"})
    there = {*fields(MINE), *fields(changed)}
    assert {name for name in ALL & there if name not in untouched(changed, before)} == {
        "title-de", "drill", "title-uk",
    }  # fmt: skip
    assert marks(Content()) == ""
