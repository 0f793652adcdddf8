"""A file of residents is tried in the page, and then taken in, once and within reach."""

import re
from io import BytesIO

import pytest
from aiohttp import ClientSession, FormData

from notify.domain.grants import Role
from notify.services import uploading
from notify.web.pages.forms import UPLOAD
from tests.town import Town
from tests.web.officer import Officer, Person, enrol

START = "/staff/residents/import"
GOOD = b"name;email;groups\nErika;erika@example.org;elbtal\nBert;bert@example.org;elbtal\n"


@pytest.fixture
async def operator(town: Town) -> Person:
    await town.group("elbtal")
    await town.group("berg")
    return await enrol(town, Role.OPERATOR, "elbtal")


def form(content: bytes, *, name: str = "liste.csv", **fields: str) -> FormData:
    data = FormData()
    data.add_field("file", BytesIO(content), filename=name, content_type="text/csv")
    for field, value in fields.items():
        data.add_field(field, value)
    return data


async def _counts(town: Town) -> list[int]:
    return [
        len(await town.rows(f"SELECT FROM {table}"))
        for table in ("residents", "addresses", "subscriptions", "consents")
    ]


async def _recorded(town: Town) -> list[str]:
    rows = await town.rows("SELECT deed FROM audit WHERE deed LIKE 'import.%%' ORDER BY id")
    return [row["deed"] for row in rows]


async def test_a_trial_changes_nothing_and_the_button_does_what_it_said(
    site: ClientSession, town: Town, operator: Person
) -> None:
    officer = Officer(site, operator)

    status, _, path = await officer.post(START, form(GOOD, consent="Papier 2026"))
    assert status == 303
    _, trial = await officer.get(path)
    assert "Diese 2 Personen importieren" in trial
    assert "@example.org" not in trial
    assert await _counts(town) == [0, 0, 0, 0]

    _, _, leads = await officer.post(path)
    assert leads == path
    assert await _counts(town) == [2, 2, 2, 2]
    _, done = await officer.get(path)
    assert "Importiert" in done
    assert await town.rows("SELECT content FROM imports") == [{"content": None}]
    assert await _recorded(town) == ["import.tried", "import.applied"]


async def test_pressed_twice_or_uploaded_twice_it_is_taken_in_once(
    site: ClientSession, town: Town, operator: Person
) -> None:
    officer = Officer(site, operator)
    for _ in range(2):
        _, _, path = await officer.post(START, form(GOOD, consent="Papier 2026"))
        for _ in range(2):
            assert (await officer.post(path))[0] == 303

    assert await _counts(town) == [2, 2, 2, 2]
    assert (await _recorded(town)).count("import.applied") == 2


async def test_each_row_is_told_by_its_line_and_the_table_holds_the_cells(
    site: ClientSession, town: Town, operator: Person
) -> None:
    rows = (
        b"email,groups\n=cmd@example.org,elbtal\nnonsense,elbtal\nc@example.org,nowhere\n"
        b"d@example.org,berg\n=1+1,elbtal\nf@example.org,elbtal\n"
    )
    officer = Officer(site, operator)
    _, _, path = await officer.post(START, form(rows))

    _, trial = await officer.get(path)
    status, table = await officer.get(f"{path}/report.csv")

    assert "Zeile 3, email" in trial
    assert "Zeile 4:" in trial
    assert "Zeile 5:" in trial  # berg is beyond reach, and as if it were not there
    assert "nonsense" not in trial
    assert status == 200
    assert '"3";"email";"nonsense";' in table  # what Excel splits in German
    assert '"\'=1+1"' in table
    assert "Sie haben nicht gesagt, wo die Einwilligungen liegen" in trial


async def test_everybody_may_follow_one_group_that_the_file_does_not_name(
    site: ClientSession, town: Town, operator: Person
) -> None:
    officer = Officer(site, operator)
    content = b"email\na@example.org\n"

    without, text, _ = await officer.post(START, form(content))
    beyond, _, _ = await officer.post(START, form(content, also="berg"))
    _, _, path = await officer.post(START, form(content, also="elbtal"))
    _, trial = await officer.get(path)
    await officer.post(path)

    assert (without, beyond) == (422, 422)
    assert "Diese Person importieren" in trial
    assert "keine Spalte mit Gruppen" in text
    assert await town.rows(
        "SELECT g.slug FROM subscriptions s JOIN groups g ON g.id = s.group_id"
    ) == [{"slug": "elbtal"}]


async def test_nobody_who_also_follows_something_beyond_is_changed(
    site: ClientSession, town: Town, operator: Person
) -> None:
    """Else a phone of one's own, added to somebody of another town, would open their page."""
    rows = await town.rows("SELECT id, slug FROM groups")
    ids = {row["slug"]: row["id"] for row in rows}
    await town.resident(ids["berg"], email="bert@example.org")
    await town.resident(ids["elbtal"], ids["berg"], email="both@example.org")
    await town.resident(ids["elbtal"], email="erika@example.org")
    before = await _counts(town)
    officer = Officer(site, operator)
    content = (
        b"email,phone,groups\nbert@example.org,015112345601,elbtal\n"
        b"both@example.org,015112345602,elbtal\nerika@example.org,015112345603,elbtal\n"
    )

    _, _, path = await officer.post(START, form(content, consent="Papier"))
    _, trial = await officer.get(path)
    await officer.post(path)

    assert "Diese Person importieren" in trial
    assert trial.count("auch in Gruppen, für die Sie nicht zuständig sind") == 2
    phones = await town.rows("SELECT value FROM addresses WHERE channel = 'sms'")
    assert phones == [{"value": "+4915112345603"}]
    assert (await _counts(town))[2] == before[2]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Die Datei ist leer"),
        (b"\xff\xfe\x00", "nicht in UTF-8"),
        (b"a;b\n1;2\n", "nennt die Spalten nicht"),
        (b"email;groups;schuhe\n", "Spalte „schuhe“"),
        (b'email;groups\n"a;b\n', "Anführungszeichen"),
        (b"x" * (UPLOAD + 1), "größer als 3 MB"),
    ],
)
async def test_a_file_that_cannot_be_read_is_told_at_its_field_and_not_kept(
    site: ClientSession, town: Town, operator: Person, content: bytes, said: str
) -> None:
    status, text, _ = await Officer(site, operator).post(START, form(content, consent="Papier 7"))

    assert status == 422
    assert 'id="said-file"' in text
    assert said in text
    assert await town.rows("SELECT FROM imports") == []


async def test_without_a_file_it_says_so_and_keeps_what_was_typed(
    site: ClientSession, operator: Person
) -> None:
    status, text, _ = await Officer(site, operator).post(START, {"consent": "Papier 7"})
    assert status == 422
    assert 'id="said-file"' in text
    assert 'value="Papier 7"' in text


async def test_a_file_is_its_uploader_s_alone_and_over_in_an_hour(
    site: ClientSession, town: Town, operator: Person
) -> None:
    _, _, path = await Officer(site, operator).post(START, form(GOOD))
    other = Officer(site, await enrol(town, Role.ADMINISTRATOR, email="other@example.org"))

    over = f"{START}?done=over"
    for method in ("GET", "POST"):
        assert (await other.call(method, path))[2] == over
    assert (await other.get(f"{path}/report.csv"))[0] == 404
    await other.post(f"{path}/drop")
    assert await town.rows("SELECT FROM imports")
    await town.change("UPDATE imports SET valid_until = now()")
    for method in ("GET", "POST"):
        assert (await Officer(site, operator).call(method, path))[2] == over
    assert await _counts(town) == [0, 0, 0, 0]


async def test_a_file_is_dropped_and_a_new_one_takes_the_place_of_the_old(
    site: ClientSession, town: Town, operator: Person
) -> None:
    officer = Officer(site, operator)
    _, _, first = await officer.post(START, form(GOOD))
    _, _, second = await officer.post(START, form(GOOD))
    assert (await officer.call("GET", first))[2] == f"{START}?done=over"

    _, _, leads = await officer.post(f"{second}/drop")
    assert leads == f"{START}?done=dropped"
    assert await town.rows("SELECT FROM imports") == []


@pytest.mark.parametrize(
    ("name", "tidy"),
    [("liste.csv", "liste.csv"), ("../../etc/passwd", "passwd"), ("C:\\Temp\\liste.csv", "liste.csv"),
     ("..", "residents.csv"), ("", "residents.csv"), ("a\0\n\x1b[0mb.csv", "a[0mb.csv"),
     ("ü" * 100 + ".csv", "ü" * 56 + ".csv"), (".bashrc", "bashrc")],
)  # fmt: skip
def test_what_a_file_is_called_is_no_way_into_a_folder(name: str, tidy: str) -> None:
    assert uploading.tidy_name(name) == tidy


async def test_another_import_at_work_is_told_and_nothing_is_half_done(
    site: ClientSession, town: Town, operator: Person
) -> None:
    from notify.store import importing as store

    officer = Officer(site, operator)
    _, _, path = await officer.post(START, form(GOOD))
    async with town.db.transaction() as connection:
        assert await store.hold(connection)
        status, text, _ = await officer.post(path)

    assert status == 409
    assert "ein anderer Import läuft gerade" in text.replace("Ein", "ein")
    assert re.search("Diese 2 Personen importieren", text)
    assert await _counts(town) == [0, 0, 0, 0]
