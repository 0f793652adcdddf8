"""Whoever reads can read it: contrast, and severities that differ in lightness, not hue alone."""

import re
from itertools import pairwise

import pytest

from notify.rendering.languages import TEMPLATES

CSS = (TEMPLATES / "web/static/notify.css").read_text()
MAIL = (TEMPLATES / "messages/mail.css").read_text()
SEVERITIES = ("extreme", "severe", "moderate", "minor")
AAA = 7.0


def _tokens(*, dark: bool) -> dict[str, str]:
    blocks = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", blocks[0]))
    if dark:
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", blocks[1]))
    return found


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_pair_of_colours_on_pages_reads_at_aaa(dark: bool) -> None:
    colours = _tokens(dark=dark)
    pairs = [(f"on-{name}", name) for name in (*SEVERITIES, "clear", "accent")]
    pairs += [(ink, ground) for ink in ("ink", "muted") for ground in ("paper", "shade")]
    pairs.append(("accent", "paper"))

    poor = {pair: _contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}

    assert {pair: ratio for pair, ratio in poor.items() if ratio < AAA} == {}


def test_severities_differ_in_lightness_so_that_no_eye_needs_their_hue() -> None:
    colours = _tokens(dark=False)

    steps = [_luminance(colours[name]) for name in SEVERITIES]

    assert steps == sorted(steps)
    assert all(_contrast(colours[a], colours[b]) >= 1.4 for a, b in pairwise(SEVERITIES))


def test_every_block_of_colour_in_mails_reads_at_aaa() -> None:
    blocks = re.findall(r"background: (#[0-9a-f]{6})(?: !important)?; color: (#[0-9a-f]{6})", MAIL)

    poor = [pair for pair in blocks if _contrast(*pair) < AAA]

    assert len(blocks) >= 10
    assert poor == []
