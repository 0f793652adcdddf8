"""Draws figures as SVG for those who rather look than read. A table beside it says the same.

Drawn by the server, coloured by notify.css; what differs differs in its dashes too. Narrow, so that its
letters can be read on a phone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate
from typing import Final

_WIDTH: Final = 340
_HEIGHT: Final = 210
_TOP, _BOTTOM, _LEFT, _RIGHT = 30, 24, 44, 8  # around the plot
_ROW: Final = 40  # of a bar with its label above
_BAR: Final = 14
_LETTER: Final = 6.4  # how wide one is, about
_DASHES: Final = ("", "7 3", "2 3", "9 3 2 3")

Number = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Series:
    """One line: what it is called, and what was added in each step."""

    name: str
    steps: Sequence[int]


@dataclass(frozen=True, slots=True)
class Bar:
    """`part` of `whole`, under a label."""

    label: str
    part: int
    whole: int


def rising(
    name: str, series: Sequence[Series], *, title: str, said: str, ends: tuple[str, str],
    number: Number,
) -> str:  # fmt: skip
    """Lines that add up from left to right. `name` is for ids, `said` describes the picture to who
    does not see it, `ends` are what the first and last moment are called."""
    lines = [[*accumulate(one.steps)] for one in series]
    highest = _round_up(max((line[-1] for line in lines if line), default=0))
    right, ground = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    parts = []
    for share in (0, 1, 2):
        y = ground - share * (ground - _TOP) / 2
        parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{right}"/>')
        parts.append(_text(_LEFT - 4, y + 4, number(highest * share / 2), anchor="end"))
    parts.append(_text(_LEFT, _HEIGHT - 6, ends[0]))
    parts.append(_text(right, _HEIGHT - 6, ends[1], anchor="end"))
    at = float(_LEFT)
    for index, (one, line) in enumerate(zip(series, lines, strict=True)):
        style = f'class="line line-{index}" stroke-dasharray="{_DASHES[index % len(_DASHES)]}"'
        width = (right - _LEFT) / max(1, len(line) - 1)
        points = [f"{_LEFT + i * width:.1f} {ground - n / highest * (ground - _TOP):.1f}"
                  for i, n in enumerate(line)]  # fmt: skip
        if len(points) == 1:  # all of it at once
            points = [f"{_LEFT} {ground}", points[0].replace(f"{_LEFT:.1f} ", f"{right} ")]
        parts.append(f'<path {style} d="M{"L".join(points)}"/>')
        parts.append(f'<path {style} d="M{at:.1f} 12h20"/>')
        parts.append(_text(at + 24, 16, one.name))
        at += 24 + len(one.name) * _LETTER + 14
    return _svg(name, title, said, _HEIGHT, parts)


def bars(name: str, rows: Sequence[Bar], *, title: str, said: str, number: Number) -> str:
    """A bar for each row: as long as the whole, filled as far as the part."""
    longest = max((row.whole for row in rows), default=0) or 1
    parts = []
    for index, row in enumerate(rows):
        y = index * _ROW
        whole, part = (n / longest * (_WIDTH - 4) for n in (row.whole, row.part))
        parts.append(_text(2, y + 14, row.label))
        parts.append(
            _text(_WIDTH - 2, y + 14, f"{number(row.part)} / {number(row.whole)}", anchor="end")
        )
        parts.append(
            f'<rect class="whole" x="2" y="{y + 20}" width="{whole:.1f}" height="{_BAR}"/>'
        )
        parts.append(f'<rect class="part" x="2" y="{y + 20}" width="{part:.1f}" height="{_BAR}"/>')
    return _svg(name, title, said, max(1, len(rows)) * _ROW, parts)  # fmt: skip


def _svg(name: str, title: str, said: str, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {height}" role="img"'
        f' aria-labelledby="{name}-title" aria-describedby="{name}-said">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-said">{escape(said)}</desc>{"".join(parts)}</svg>'
    )


def _text(x: float, y: float, text: str, *, anchor: str = "start") -> str:
    room = int(_WIDTH / _LETTER) - 14
    short = text if len(text) <= room else text[: room - 1] + "…"
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(short)}</text>'


def _round_up(n: int) -> int:
    """The next number that is half of which is whole and easy to read."""
    power = 2
    while True:
        for step in (1, 2, 5):
            if power * step >= n:
                return power * step
        power *= 10
