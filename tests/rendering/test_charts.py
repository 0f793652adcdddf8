"""Pictures of figures: well-formed, named, in their frame, and whatever somebody called a group."""

import re
from xml.etree import ElementTree

import pytest

from notify.rendering.charts import Bar, Series, bars, rising

SVG = "{http://www.w3.org/2000/svg}"


def _number(n: float) -> str:
    return f"{n:g}"


def _read(picture: str) -> ElementTree.Element:
    named = picture.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return ElementTree.fromstring(named)  # noqa: S314 - ours


def _rising(*series: Series) -> ElementTree.Element:
    return _read(rising("c", series, title="T", said="S", ends=("14:00", "14:05"), number=_number))


def _lines(picture: ElementTree.Element, index: int) -> list[tuple[float, float]]:
    """The points of a line; what explains it is left out."""
    path = picture.findall(f".//{SVG}path[@class='line line-{index}']")[0].attrib["d"]
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path)]


def test_it_is_a_picture_with_a_name_and_a_description() -> None:
    picture = _rising(Series("E-Mail", [1, 2]))

    assert picture.attrib["role"] == "img"
    for by, tag, text in (("labelledby", "title", "T"), ("describedby", "desc", "S")):
        found = picture.find(f"{SVG}{tag}")
        assert found is not None
        assert (found.attrib["id"], found.text) == (picture.attrib[f"aria-{by}"], text)


def test_a_line_adds_up_within_its_frame() -> None:
    picture = _rising(Series("E-Mail", [10, 0, 30]), Series("SMS", [40, 40, 20]))

    for index in (0, 1):
        points = _lines(picture, index)
        assert [x for x, _ in points] == sorted(x for x, _ in points)
        assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)
        assert all(0 <= x <= 340 and 0 <= y <= 210 for x, y in points)
    assert {text.text for text in picture.findall(f"{SVG}text")} >= {"0", "50", "100", "SMS"}


@pytest.mark.parametrize("steps", [[], [0], [0, 0], [7], [1], [10**7, 1]])
def test_little_and_much_is_drawn(steps: list[int]) -> None:
    _rising(Series("E-Mail", steps))
    assert _rising() is not None


def test_lines_differ_in_more_than_colour() -> None:
    picture = _rising(*(Series(name, [1, 1]) for name in ("E-Mail", "SMS", "Push")))

    dashes = {
        path.get("stroke-dasharray")
        for path in picture.findall(f"{SVG}path")
        if "line" in path.get("class", "")
    }
    assert len(dashes) == 3


def test_bars_are_as_long_as_what_they_say() -> None:
    rows = [Bar("A", 50, 100), Bar("B", 0, 25), Bar("C", 3, 3)]
    picture = _read(bars("b", rows, title="T", said="S", number=_number))

    widths = [[float(rect.attrib["width"]) for rect in picture.findall(f"{SVG}rect[@class='{name}']")]
              for name in ("whole", "part")]  # fmt: skip
    assert widths[0] == [336, 84, pytest.approx(10.1, abs=0.1)]
    assert widths[1] == [168, 0, pytest.approx(10.1, abs=0.1)]
    assert float(picture.attrib["viewBox"].split()[3]) == 120


@pytest.mark.parametrize("label", ["<script>alert(1)</script>", 'a" onload="x', "&", "ü" * 500, ""])
def test_what_somebody_called_it_is_text(label: str) -> None:
    drawn = bars("b", [Bar(label, 1, 2)], title=label, said=label, number=_number)

    picture = _read(drawn)
    shown = picture.findall(f"{SVG}text")[0].text or ""
    assert shown == label or (shown.endswith("…") and len(shown) < 60)
    assert not picture.findall(f".//{SVG}script")


def test_nothing_to_draw_is_an_empty_picture() -> None:
    assert _read(bars("b", [], title="T", said="S", number=_number)).findall(f"{SVG}rect") == []
