"""Texts are kept to one line, or to a size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.rendering.lines import cut, one_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("Sturm\r\nBcc: a@b.example", "Sturm Bcc: a@b.example", id="no second header"),
        pytest.param("  a \t b\n", "a b", id="spaces"),
        pytest.param("a\x00b\x85c\u2028d", "a b c d", id="controls and separators"),
    ],
)
def test_one_line_is_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("text", "size", "kept"),
    [
        pytest.param("bleiben Sie im Haus", 19, "bleiben Sie im Haus", id="fits"),
        pytest.param("bleiben Sie im Haus", 18, "bleiben Sie im …", id="at a word"),
        pytest.param("bleiben Sie im Haus", 13, "bleiben Sie …", id="just the word"),
        pytest.param("unverwechselbar", 8, "unverw …", id="one endless word"),
        pytest.param("unverwechselbar", 2, "", id="no room"),
    ],
)
def test_a_text_is_cut_at_a_word(text: str, size: int, kept: str) -> None:
    assert cut(text, size=size) == kept


@given(st.text(), st.integers(min_value=-3, max_value=50))
def test_a_cut_text_keeps_its_size(text: str, size: int) -> None:
    assert len(cut(text, size=size)) <= max(size, 0)
