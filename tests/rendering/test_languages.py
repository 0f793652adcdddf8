"""Every reader is spoken to in the best language there is."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from notify.rendering.languages import (
    accepted,
    choose,
    direction,
    negotiate,
    own_name,
    words,
)

BERLIN = ZoneInfo("Europe/Berlin")
EVENING = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "default", "spoken"),
    [
        pytest.param("de", "de", "de", id="known"),
        pytest.param("DE_at", "en", "de", id="a region speaks its language"),
        pytest.param("de-x-simple", "en", "de", id="plain German"),
        pytest.param("uk", "de", "de", id="unknown: the town's first"),
        pytest.param("uk", "fr", "en", id="both unknown: English"),
        pytest.param("en", "de", "en", id="English needs no catalogue"),
        pytest.param("../../etc", "de", "de", id="not a path"),
    ],
)
def test_words_fall_back(language: str, default: str, spoken: str) -> None:
    assert words(language, default=default, zone=BERLIN).language == spoken


@pytest.mark.parametrize(
    ("language", "written"),
    [
        pytest.param("de", "Sonntag, 22. November 2026, 18:00 Uhr", id="de"),
        pytest.param("en", "Sunday, 22 November 2026, 18:00", id="en"),
    ],
)
def test_a_moment_has_its_weekday_in_the_town_s_time(language: str, written: str) -> None:
    assert words(language, default="de", zone=BERLIN).moment(EVENING) == written


@pytest.mark.parametrize(
    ("language", "written"),
    [
        pytest.param("de", "So., 22. Nov., 18:00 Uhr", id="de"),
        pytest.param("en", "Sun, 22 Nov, 18:00", id="en"),
    ],
)
def test_a_short_moment_fits_a_list(language: str, written: str) -> None:
    assert words(language, default="de", zone=BERLIN).short_moment(EVENING) == written


@pytest.mark.parametrize(
    ("language", "chosen"),
    [
        pytest.param("uk", "uk", id="exactly"),
        pytest.param("en-GB", "en", id="by the parent"),
        pytest.param("fr", "de", id="the town's first"),
        pytest.param("DE-X-Simple", "de-x-simple", id="whatever the case"),
    ],
)
def test_a_text_is_chosen_with_its_true_language(language: str, chosen: str) -> None:
    texts = {"de": "d", "en": "e", "uk": "u", "de-x-simple": "s"}

    assert choose(texts, language, default="de") == (chosen, texts[chosen])


def test_a_text_without_the_first_language_is_better_than_none() -> None:
    assert choose({"uk": "u"}, "en", default="de") == ("uk", "u")


@pytest.mark.parametrize(
    ("header", "wishes"),
    [
        pytest.param("de-AT,de;q=0.8,en;q=0.5", ["de-AT", "de", "en"], id="as browsers send it"),
        pytest.param("en;q=0.5, uk", ["uk", "en"], id="by weight"),
        pytest.param("*, de;q=0", [], id="anything, and a refusal"),
        pytest.param("de;q=x, ;;, ,en", ["en"], id="broken parts count nothing"),
        pytest.param("", [], id="none"),
    ],
)
def test_an_accept_language_header_is_read(header: str, wishes: list[str]) -> None:
    assert accepted(header) == wishes


def test_the_first_wish_that_is_offered_wins() -> None:
    chosen = negotiate(["fr", "en-US", "de"], offered=["de", "en"], default="de")

    assert chosen == "en"
    assert negotiate(["fr"], offered=["de", "en"], default="de") == "de"


def test_arabic_runs_from_the_right() -> None:
    assert [direction(tag) for tag in ("ar", "fa-AF", "de", "x-unknown")] == [
        "rtl",
        "rtl",
        "ltr",
        "ltr",
    ]


def test_languages_are_called_by_their_own_names() -> None:
    names = [own_name(tag) for tag in ("de", "en", "uk", "de-x-simple", "zz-zz-zz")]

    assert names == ["Deutsch", "English", "українська", "Deutsch, leicht verständlich", "zz-zz-zz"]
