"""`notify residents sign-up` and `notify group requests`, as a clerk types them."""

import re

import pytest
from typer.testing import CliRunner

from notify.cli import groups, residents
from tests.cli.test_residents import town

__all__ = ["town"]


def typed(*words: str, ends: int = 0) -> str:
    app = groups.app if words[0] == "group" else residents.app
    result = CliRunner().invoke(app, list(words[1:]))
    assert result.exit_code == ends, result.output
    return result.output


def test_somebody_at_the_desk_is_signed_up(town: str) -> None:
    said = typed(
        "residents", "sign-up", "--reference", "form 17", "--group", "town", "--phone",
        "0151 12345678",
    )  # fmt: skip
    resident = re.search(r"Signed up: (\S+)", said)
    assert resident
    assert "confirm" in said

    assert "1 sent" in typed("residents", "code", resident[1])
    assert "not the code" in typed("residents", "confirm", resident[1], "000", ends=1)


def test_the_sentence_for_the_paper_form_is_printed(town: str) -> None:
    german, english = typed("residents", "form"), typed("residents", "form", "--language", "en")

    assert german.startswith("Ich möchte")
    assert english.startswith("I want")
    assert re.search(r"Version \w{12}\n", german)


def test_a_group_is_described_and_its_requests_are_listed(town: str) -> None:
    said = typed("group", "describe", "town", "--sends", "Wasser", "--often", "en=Seldom")
    assert "de, en" in said
    assert "Nobody is waiting" in typed("group", "requests")
    nobody = "00000000-0000-0000-0000-000000000000"
    for word in ("approve", "refuse"):
        assert "waits" in typed("group", word, nobody, "town", ends=1)
    with pytest.raises(AssertionError):
        typed("group", "describe", "nix", "--sends", "x")
