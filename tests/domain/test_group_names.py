"""The group that somebody means who writes its name with a telephone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.domain.group_names import MOST_NEAR, find
from notify.domain.groups import Group

GROUPS = [
    Group(1, "musterstadt", None, {"de": "Musterstadt", "en": "Sampletown"}),
    Group(2, "kita-sued", "musterstadt", {"de": "Kita Süd", "en": "South Kindergarten"}),
    Group(3, "kita-nord", "musterstadt", {"de": "Kita Nord"}),
    Group(4, "feuerwehr", "musterstadt", {"de": "Freiwillige Feuerwehr"}),
    Group(5, "strasse-am-fluss", "musterstadt", {"de": "Straße am Fluß"}),
    Group(6, "a-markt", "musterstadt", {"de": "Markt"}),
    Group(7, "b-markt", "musterstadt", {"de": "Markt"}),
    Group(8, "an-der-muehle", "musterstadt", {"de": "An der Mühle"}),
    Group(9, "nord", "musterstadt", {"de": "Kita-Nord e. V."}),
]


@pytest.mark.parametrize(
    ("text", "slug"),
    [("kita-sued", "kita-sued"), ("KITA-SUED", "kita-sued"), ("kita sued", "kita-sued"),
     ("Kita Süd", "kita-sued"), ("kita süd", "kita-sued"), ("kita sud", "kita-sued"),
     ("Kitasüd", "kita-sued"), ("kita_süd", "kita-sued"), ("Kita Su\u0308d", "kita-sued"),
     ("south kindergarten", "kita-sued"), ("SOUTH  KINDERGARTEN", "kita-sued"),
     ("von der Kita Süd", "kita-sued"), ("the group kita sued", "kita-sued"),
     ("für Kita Süd", "kita-sued"), ("Musterstadt", "musterstadt"), ("sampletown", "musterstadt"),
     ("freiwillige feuerwehr", "feuerwehr"), ("Feuerwehr", "feuerwehr"),
     ("strasse am fluss", "strasse-am-fluss"), ("Straße am Fluss", "strasse-am-fluss"),
     ("An der Mühle", "an-der-muehle"), ("an der muhle", "an-der-muehle"),
     ("a-markt", "a-markt"), ("kita-nord", "kita-nord"), ("nord", "nord")],
)  # fmt: skip
def test_a_group_is_found_by_slug_or_name_however_it_is_written(text: str, slug: str) -> None:
    found = find(text, GROUPS)
    assert found.group is not None
    assert found.group.slug == slug


@pytest.mark.parametrize(
    ("text", "slugs"),
    [("kita", {"kita-sued", "kita-nord", "nord"}), ("Kita Sdü", {"kita-sued", "kita-nord"}),
     ("musterstad", {"musterstadt"}), ("feuerwer", {"feuerwehr"}),
     ("Markt", {"a-markt", "b-markt"}), ("mühle", {"an-der-muehle"}),
     ("die Kita Süd in Musterstadt", {"kita-sued", "musterstadt"})],
)  # fmt: skip
def test_what_is_like_some_is_not_taken_for_one(text: str, slugs: set[str]) -> None:
    found = find(text, GROUPS)
    assert found.group is None
    assert {group.slug for group in found.near} & slugs
    if text in {"kita", "Markt"}:
        assert {group.slug for group in found.near} == slugs


@pytest.mark.parametrize(
    "text",
    ["", "x", "ab", "!!!", "the rain", "den Regen", "den Hund", "beim Amt", "von Zeitungen", "der",
     "Wann kann ich mich", "von der", "日本", "0"],
)  # fmt: skip
def test_what_is_like_none_finds_none(text: str) -> None:
    assert find(text, GROUPS) == find("", [])


@given(st.text(max_size=120))
def test_any_text_finds_few(text: str) -> None:
    assert len(find(text, GROUPS).near) <= MOST_NEAR
