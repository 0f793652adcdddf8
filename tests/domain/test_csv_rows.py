"""Files as spreadsheets and people make them."""

import codecs

import pytest

from notify.domain import csv_rows
from notify.domain.csv_rows import BrokenFile, CsvRow

HEADER = "name,language,email,phone,groups,channels\n"


def rows(text: str | bytes) -> list[CsvRow]:
    content = text if isinstance(text, bytes) else text.encode()
    return list(csv_rows.read(csv_rows.decoded(content.splitlines(keepends=True))))


def lines(content: bytes) -> list[bytes]:
    return [line + b"\n" for line in content.split(b"\n")]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("name,email,groups\nErika,e@x.org,town;kita\n", id="comma"),
        pytest.param('name;email;groups\nErika;e@x.org;"town;kita"\n', id="semicolon"),
        pytest.param("groups,name,email\ntown;kita,Erika,e@x.org", id="other order, no last break"),
        pytest.param("Name,E-Mail,Gruppen\r\nErika,e@x.org,town;kita\r\n", id="German, CRLF"),
        pytest.param("NAME, e mail ,GROUPS\nErika,e@x.org,town;kita\n", id="case and spaces"),
        pytest.param("\ufeffname,email,groups\nErika,e@x.org,town;kita\n", id="byte order mark"),
        pytest.param('\ufeff"name","email","groups"\nErika,e@x.org,town;kita\n', id="mark, quotes"),
        pytest.param('sep=;\nname;email;groups\nErika;e@x.org;"town;kita"\n', id="hint of Excel"),
        pytest.param("\n \nname,email,groups\n\n,,\nErika,e@x.org,town;kita\n\n", id="blank lines"),
        pytest.param("name,email,groups,,\nErika,e@x.org,town;kita,,\n", id="empty columns"),
        pytest.param("name,email,groups\rErika,e@x.org,town;kita\r", id="carriage returns only"),
        pytest.param("name,email,groups\nErika,e@x.org,town;kita,,\n", id="empty cells beyond"),
        pytest.param("name,email,groups,phone\nErika,e@x.org,town;kita\n", id="a cell missing"),
    ],
)
def test_a_row_is_read_from_any_usual_form(content: str) -> None:
    (row,) = rows(content)

    assert (row["name"], row["email"], row["groups"]) == ("Erika", "e@x.org", "town;kita")
    assert (row["phone"], row.surplus) == ("", False)


def test_a_cell_may_hold_line_breaks_and_the_next_row_still_knows_its_line() -> None:
    content = 'name,email,groups\n"Erika\nMuster ""Eri""",e@x.org,town\n\nBert,b@x.org,town\n'

    first, second = rows(content)

    assert (first.line, first["name"]) == (2, 'Erika\nMuster "Eri"')
    assert (second.line, second["name"]) == (5, "Bert")


def test_a_quotation_mark_inside_an_unquoted_cell_is_only_a_sign() -> None:
    (row,) = rows('name,email,groups\nErika "Eri" Muster,e@x.org,town\n')

    assert row["name"] == 'Erika "Eri" Muster'


def test_more_cells_than_columns_are_told_of() -> None:
    (row,) = rows("name;email;groups\nErika;e@x.org;town;kita\n")

    assert row.surplus


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"\n \n", "empty", id="blank"),
        pytest.param(b"Erika,e@x.org,town\n", "first line", id="no header"),
        pytest.param(b"name,email\nErika,e@x.org\n", "column groups", id="no groups"),
        pytest.param(b"name,groups\nErika,town\n", "neither", id="no address column"),
        pytest.param(b"email,e-mail,groups\n", "twice", id="column twice"),
        pytest.param(b"email,groups,fax\n", "“fax”", id="unknown column"),
        pytest.param("email,groups\nä@x.org,town\n".encode("latin-1"), "Line 2", id="Latin-1"),
        pytest.param(HEADER.encode("utf-16"), "UTF-8", id="UTF-16"),
        pytest.param(HEADER.encode("utf-16-le"), "NUL", id="UTF-16 without a mark"),
        pytest.param(b"email,groups\na@x.org,to\0wn\n", "Line 2", id="NUL"),
        pytest.param(b'email,groups\na@x.org,town\n"b@x.org,town\nc@x.org,town\n', "Line 3",
                     id="quotes that never close"),
        pytest.param(b'email,groups\n"b@x.org,town\n"c@x.org",town\n', "Line 2",
                     id="quotes that close too late"),
        pytest.param(b'"email,groups\n', "first line", id="quotes in the header"),
        pytest.param(b"email,groups\n" + b"a" * 200_000 + b",town\n", "Line 2", id="long cell"),
        pytest.param(codecs.BOM_UTF8, "empty", id="only a mark"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_as_a_whole_is_broken(content: bytes, said: str) -> None:
    with pytest.raises(BrokenFile) as refusal:
        list(csv_rows.read(csv_rows.decoded(lines(content))))

    assert said in refusal.value.message


def test_a_file_may_not_have_more_than_a_million_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "MOST_ROWS", 2)
    content = "email,groups\n" + "a@x.org,town\n" * 3

    with pytest.raises(BrokenFile) as refusal:
        rows(content)

    assert "rows" in refusal.value.message
