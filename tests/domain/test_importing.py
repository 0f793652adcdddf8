"""Rows judged one by one, and people found behind them."""

import csv
import io
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notify.domain import csv_rows
from notify.domain.csv_out import harmless
from notify.domain.csv_rows import CsvRow
from notify.domain.import_report import ADDRESS_REFUSED, ROW_REFUSED, WORDS, Note, Problem
from notify.domain.importing import Entry, Person, judge, merge

GROUPS = {"town": 1, "kita": 2, "choir": 3}
P = Problem


def judged(**cells: str) -> tuple[Entry | None, list[Problem]]:
    given_ = {"email": "erika@example.org", "groups": "town", **cells}
    entry, notes = judge(CsvRow(2, given_), groups=GROUPS, region="DE")
    return entry, [note.problem for note in notes]


def entry(line: int, email: str | None = None, phone: str | None = None, **more: object) -> Entry:
    values = {"groups": (1,), "channels": ("email",), "name": None, "language": None, **more}
    return Entry(line=line, email=email, phone=phone, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cells", "problems"),
    [
        pytest.param({"email": ""}, [P.NO_ADDRESS], id="no address"),
        pytest.param({"email": "x"}, [P.BAD_EMAIL, P.NO_ADDRESS], id="bad mailbox"),
        pytest.param(
            {"email": "x", "phone": "110"}, [P.BAD_EMAIL, P.BAD_PHONE, P.NO_ADDRESS], id="both bad"
        ),
        pytest.param({"groups": ""}, [P.NO_GROUP], id="no group"),
        pytest.param({"groups": "x;y"}, [P.UNKNOWN_GROUP] * 2 + [P.NO_GROUP], id="unknown groups"),
        pytest.param({"channels": "fax"}, [P.UNKNOWN_CHANNEL, P.NO_CHANNEL], id="no channel"),
    ],
)
def test_a_row_without_address_group_or_channel_is_refused(
    cells: dict[str, str], problems: list[Problem]
) -> None:
    assert judged(**cells) == (None, problems)


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        pytest.param({"phone": "110"}, P.BAD_PHONE, id="bad phone"),
        pytest.param({"groups": "nowhere; town"}, P.UNKNOWN_GROUP, id="unknown group"),
        pytest.param({"channels": "email,fax"}, P.UNKNOWN_CHANNEL, id="unknown channel"),
        pytest.param({"language": "klingon!"}, P.BAD_LANGUAGE, id="language"),
        pytest.param({"name": "a\x1bb"}, P.BAD_NAME, id="name with an escape"),
        pytest.param({"name": "x" * 300}, P.BAD_NAME, id="long name"),
    ],
)
def test_what_is_good_in_a_row_is_kept_and_what_is_bad_told(
    cells: dict[str, str], problem: Problem
) -> None:
    kept, problems = judged(**cells)

    assert problems == [problem]
    assert kept == Entry(2, None, None, "erika@example.org", None, (1,), ("email",))


def test_more_cells_than_the_header_refuse_a_row_whatever_it_holds() -> None:
    cells = {"email": "erika@example.org", "groups": "town"}

    kept, (note,) = judge(CsvRow(7, cells, surplus=True), groups=GROUPS, region="DE")

    assert kept is None
    assert (note.line, note.problem) == (7, P.TOO_MANY_CELLS)


@pytest.mark.parametrize(
    ("cell", "channels"),
    [
        pytest.param("", ("email", "sms"), id="empty: as there are addresses"),
        pytest.param("SMS", ("sms",), id="one"),
        pytest.param("push, e-mail", ("email", "push"), id="comma"),
        pytest.param("email;sms|push/mail", ("email", "sms", "push"), id="any separator"),
    ],
)
def test_channels_are_read_in_any_order_and_writing(cell: str, channels: tuple[str, ...]) -> None:
    kept, problems = judged(phone="0151 23456789", channels=cell)

    assert problems == []
    assert kept is not None
    assert kept.channels == channels


@pytest.mark.parametrize(
    ("cell", "groups"),
    [
        pytest.param("town;kita", (1, 2), id="two"),
        pytest.param(" Kita ; TOWN ;; kita ", (2, 1), id="untidy"),
        pytest.param("town,kita|choir", (1, 2, 3), id="other separators"),
    ],
)
def test_groups_are_read_in_any_writing(cell: str, groups: tuple[int, ...]) -> None:
    kept, problems = judged(groups=cell)

    assert problems == []
    assert kept is not None
    assert kept.groups == groups


@pytest.mark.parametrize(
    ("cell", "language"),
    [
        pytest.param("", None, id="none"),
        pytest.param("EN", "en", id="tag"),
        pytest.param("Deutsch", "de", id="German word"),
        pytest.param("Turkish", "tr", id="English word"),
        pytest.param("Leichte Sprache", "de-x-simple", id="plain German"),
        pytest.param("ga", "ga", id="Irish, not the Ga language"),
    ],
)
def test_a_language_is_a_tag_or_a_name(cell: str, language: str | None) -> None:
    kept, problems = judged(language=cell)

    assert problems == []
    assert kept is not None
    assert kept.language == language


def test_rows_that_share_an_address_are_one_person_also_by_way_of_a_third() -> None:
    rows = [
        entry(2, "a@x.org", name="Erika", groups=(1,), channels=("email",)),
        entry(3, None, "+491", groups=(2,), channels=("sms",)),
        entry(4, "b@x.org"),
        entry(5, "a@x.org", "+491", language="en", groups=(1, 3), channels=("email", "sms")),
    ]

    people, notes = merge(rows)

    erika, other = people
    assert (erika.lines, erika.name, erika.language) == ((2, 3, 5), "Erika", "en")
    assert (erika.email, erika.phone, erika.phone_line) == ("a@x.org", "+491", 3)
    assert dict(erika.wishes) == {1: ("email", "sms"), 2: ("sms",), 3: ("email", "sms")}
    assert other.lines == (4,)
    assert [(note.line, note.problem) for note in notes] == [(3, P.DUPLICATE), (5, P.DUPLICATE)]


def test_of_two_addresses_of_one_person_the_first_is_kept_and_the_second_told() -> None:
    people, notes = merge([entry(2, "a@x.org", "+491"), entry(3, "b@x.org", "+491")])

    assert [(person.email, person.phone) for person in people] == [("a@x.org", "+491")]
    assert Note(3, "email", P.SECOND_ADDRESS, "b@x.org") in notes


def test_every_problem_has_words_for_a_clerk() -> None:
    assert set(WORDS) == set(Problem)
    assert not ROW_REFUSED & ADDRESS_REFUSED


@pytest.mark.parametrize("cell", ["=1+1", "+49 151", "-1", "@x", "\t=1", " =1", "＝1"])
def test_no_cell_of_a_report_is_calculated_by_a_spreadsheet(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    assert harmless("erika@example.org") == "erika@example.org"


MAILS = ["a@x.org", "A@X.org ", "b@x.org", "c@x.org", "mailto:c@x.org", "", "", "bad", "a@@x.org"]
PHONES = ["0151 23456789", "+49 151 23456789", "0152/23456789", "0170 1234567", "", "", "110", "x"]
CELLS = st.tuples(
    st.sampled_from(["", "Erika", 'Bert "B"', "Zoë; Ü", "a\nb", "=1"]),
    st.sampled_from(["", "de", "Englisch", "??"]),
    st.sampled_from(MAILS),
    st.sampled_from(PHONES),
    st.sampled_from(["town", "town;kita", "nowhere", "nowhere;kita", ""]),
    st.sampled_from(["", "email", "sms push", "fax", "email fax"]),
)


def written(rows: list[tuple[str, ...]], delimiter: str, ending: str, mark: bool) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=ending)
    writer.writerow(["Name", "Sprache", "E-Mail", "Telefon", "Gruppen", "Kanäle"])
    writer.writerows(rows)
    return ("\ufeff" if mark else "").encode() + out.getvalue().encode()


def addresses(row: tuple[str, ...]) -> set[str]:
    kept, _ = judge(CsvRow(0, {"email": row[2], "phone": row[3], "groups": "town"}),
                    groups=GROUPS, region="DE")  # fmt: skip
    return {value for value in (kept.email, kept.phone) if value} if kept else set()


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(CELLS, max_size=14),
    delimiter=st.sampled_from(",;"),
    ending=st.sampled_from(["\n", "\r\n"]),
    mark=st.booleans(),
)
def test_every_address_of_a_messy_file_is_somebodys_exactly_once_or_its_absence_is_told(
    rows: list[tuple[str, ...]], delimiter: str, ending: str, mark: bool
) -> None:
    content = io.BytesIO(written(rows, delimiter, ending, mark))
    read = list(csv_rows.read(csv_rows.decoded(content)))
    results = [judge(row, groups=GROUPS, region="DE") for row in read]
    people, merged = merge([kept for kept, _ in results if kept])
    notes = [*merged, *(note for _, said in results for note in said)]

    refused = {note.line for note in notes if note.problem in ROW_REFUSED}
    untold = {note.line for note in notes if note.problem in ADDRESS_REFUSED}
    owners = Counter(value for person in people for _, value in person.addresses)
    home = {line: person for person in people for line in person.lines}

    assert all(count == 1 for count in owners.values())
    assert sorted([*refused, *home]) == [row.line for row in read]
    filled = [cells for cells in rows if any(cell.strip() for cell in cells)]
    for row, cells in zip(read, filled, strict=True):
        if row.line in refused:
            continue
        person = home[row.line]
        for value in addresses(cells):
            assert owners[value] == 1 or row.line in untold
        assert held(person) & addresses(cells) or row.line in untold


def held(person: Person) -> set[str]:
    return {value for _, value in person.addresses}
