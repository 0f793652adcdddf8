"""A colour is one that everybody can read, or it is refused with one that would do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.domain.colours import AAA, DARK_PAPER, PAPER, contrast, on_dark, on_light, reads
from notify.domain.groups import check_identity
from notify.errors import Invalid

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#ffffff", "#ffffff", 1.0), ("#767676", "#ffffff", 4.54)],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.01)


@given(COLOURS)
def test_any_colour_is_turned_into_one_that_reads(colour: str) -> None:
    light, dark = on_light(colour), on_dark(colour)

    assert contrast(light.colour, PAPER) >= AAA
    assert contrast(light.colour, light.on) >= AAA
    assert contrast(dark.colour, DARK_PAPER) >= AAA
    assert contrast(dark.colour, dark.on) >= AAA


@given(COLOURS)
def test_what_reads_stays_as_it_is_and_the_rest_is_refused(colour: str) -> None:
    if reads(colour):
        assert on_light(colour).colour == colour
        assert check_identity({"colour": colour}) == {"colour": colour}
        return
    with pytest.raises(Invalid) as refused:
        check_identity({"colour": colour})
    assert refused.value.field == "identity.colour"
    assert check_identity({"colour": refused.value.message[-17:-10]})


def test_the_refusal_says_why_and_what_would_do() -> None:
    with pytest.raises(Invalid, match=r"contrast of 1\.5, and 7 are needed. #[0-9a-f]{6} would do"):
        check_identity({"colour": "#FFCC00"})
