"""Colours that everybody can read: contrast as WCAG 2.2 computes it, at its strictest level."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

AAA: Final = 7.0
PAPER: Final = "#ffffff"
DARK_PAPER: Final = "#161614"
DARK_INK: Final = "#121211"

_STEPS = 100  # between a colour and black or white


@dataclass(frozen=True, slots=True)
class Accent:
    """A colour for links and buttons, and what is written on it."""

    colour: str
    on: str


def contrast(one: str, other: str) -> float:
    """From 1 to 21; both like `#0b4a8f`."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def reads(colour: str) -> bool:
    """Whether text in it can be read on white, and white text on it."""
    return contrast(colour, PAPER) >= AAA


def on_light(colour: str) -> Accent:
    """The colour itself, or the lightest of its shades that reads."""
    return Accent(next(c for c in _towards(colour, "#000000") if reads(c)), PAPER)


def on_dark(colour: str) -> Accent:
    """The darkest tint that reads on the paper of the dark, and under dark ink."""
    tints = _towards(colour, PAPER)
    return Accent(
        next(c for c in tints if min(contrast(c, DARK_PAPER), contrast(c, DARK_INK)) >= AAA),
        DARK_INK,
    )


def _towards(colour: str, end: str) -> Iterator[str]:
    for step in range(_STEPS + 1):
        mixed = (
            round(a + (b - a) * step / _STEPS)
            for a, b in zip(_parts(colour), _parts(end), strict=True)
        )
        yield "#" + "".join(f"{part:02x}" for part in mixed)


def _parts(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _luminance(colour: str) -> float:
    """Relative luminance, from 0 to 1."""
    parts = [part / 255 for part in _parts(colour)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
