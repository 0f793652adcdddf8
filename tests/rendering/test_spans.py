"""How long, in words."""

from zoneinfo import ZoneInfo

import pytest

from notify.rendering.languages import words
from notify.rendering.spans import ago, span


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-3, "0 Sekunden"), (0.4, "0 Sekunden"), (119, "119 Sekunden"), (120, "2 Minuten"),
     (7_199, "119 Minuten"), (7_200, "2 Stunden"), (172_799, "47 Stunden"), (172_800, "2 Tage"),
     (200_000_000, "2.314 Tage")],
)  # fmt: skip
def test_the_largest_of_which_there_are_two(seconds: float, said: str) -> None:
    assert span(words("de", default="de", zone=ZoneInfo("Europe/Berlin")), seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(60, "vor 60 Sekunden"), (7_200, "vor 2 Stunden"), (172_800, "vor 2 Tagen")],
)
def test_how_long_it_is_past(seconds: float, said: str) -> None:
    assert ago(words("de", default="de", zone=ZoneInfo("Europe/Berlin")), seconds) == said
