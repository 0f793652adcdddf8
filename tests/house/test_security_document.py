"""What docs/security.md says holds each point is there, and the limits in it are those of the code."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from notify.rates import Rate

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/security.md").read_text()
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
}
NAMED = sorted(set(re.findall(r"`(test_[^`\s\[]+)", DOCUMENT)))
FILES = sorted(set(re.findall(r"`(tests/[^`\s]+)`", DOCUMENT)))
POINTS = {
    f"{section}.{number}"
    for section, most in {
        "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1,
        "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5,
        "7.1": 2, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2,
        "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
    }.items()
    for number in range(1, most + 1)
}  # fmt: skip
"""Of levels 1 and 2 in ASVS 5.0, without those for single sign-on and for factors by SMS."""

SPANS = {600: "in 10 minutes", 900: "in 15 minutes", 3_600: "an hour", 86_400: "a day"}


def _rows(heading: str) -> Iterator[list[str]]:
    """The cells of each row of the table below a heading."""
    below = DOCUMENT.partition(f"{heading}\n")[2]
    assert below, heading
    lines = [line for line in re.split(r"^#", below, flags=re.MULTILINE)[0].splitlines() if line]
    for line in [line for line in lines if line.startswith("| ")][1:]:
        yield [cell.strip() for cell in line.strip("|").split(" | ")]


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_is_named_is_there(name: str) -> None:
    assert name in TESTS


@pytest.mark.parametrize("pattern", FILES)
def test_a_file_that_is_named_is_there(pattern: str) -> None:
    assert list(ROOT.glob(pattern))


def test_no_point_is_missing() -> None:
    told: set[str] = set()
    for chapter in (
        "## V2 Validation",
        "## V6 Authentication",
        "## V7 Sessions",
        "## V8 Access control",
    ):
        for point, *_ in _rows(chapter):
            for first, last in re.findall(r"([\d.]+\d)(?:–([\d.]+\d))?", point):
                section, _, begin = first.rpartition(".")
                end = (last or first).rpartition(".")[2]
                told |= {f"{section}.{number}" for number in range(int(begin), int(end) + 1)}

    assert told >= POINTS


@pytest.mark.parametrize(
    "heading",
    [
        "## V2 Validation", "## V4, V5 Requests and files", "## V6 Authentication", "## V7 Sessions",
        "## V8 Access control", "## V14 Data protection", "### Fields", "### Limits",
        "### What belongs together",
    ],
)  # fmt: skip
def test_each_row_says_what_holds_it(heading: str) -> None:
    for row in _rows(heading):
        assert re.search(r"`test_|`tests/|\]\(#|the tests named there", row[-1]), row


def test_the_limits_that_are_written_down_are_those_that_hold() -> None:
    found = 0
    for row in _rows("### Limits"):
        for cell in row[1:3]:
            for module, name in re.findall(r"`([a-z_]+)\.([A-Z_]+)`", cell):
                found += 1
                for said in _said(getattr(import_module(f"notify.services.{module}"), name)):
                    assert re.search(rf"(?<![\d,]){said}(?!\d|,\d)", cell), (name, said, cell)
    assert found > 15


def _said(limit: Any) -> list[str]:
    if isinstance(limit, tuple):
        return [words for one in limit for words in _said(one)]
    if isinstance(limit, Rate):
        return [f"{limit.most:,} {SPANS[limit.seconds]}"]
    return [f"{limit:,.0f}"]
