"""The locks hold every requirement, with hashes, and name no place to fetch them from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

HOUSE = Path(__file__).parents[2]
PROJECT = tomllib.loads((HOUSE / "pyproject.toml").read_text())["project"]
RUN = [Requirement(each) for each in PROJECT["dependencies"]]
DEV = [Requirement(each) for each in PROJECT["optional-dependencies"]["dev"]]
BUILD = [Requirement("hatchling"), Requirement("editables")]
LOCKS = ("requirements.txt", "requirements-dev.txt")


def locked(lock: str) -> dict[str, Version]:
    found = re.findall(r"^([\w.-]+)(?:\[.*?\])?==(\S+)", (HOUSE / lock).read_text(), re.MULTILINE)
    return {canonicalize_name(name): Version(version) for name, version in found}


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        pytest.param("requirements.txt", RUN + BUILD, id="to run"),
        pytest.param("requirements-dev.txt", RUN + DEV + BUILD, id="to develop"),
    ],
)
def test_every_requirement_is_locked_at_a_version_it_allows(
    lock: str, wanted: list[Requirement]
) -> None:
    versions = locked(lock)

    for requirement in wanted:
        version = versions.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name}: run `make lock`"
        assert requirement.specifier.contains(version), f"{requirement}: run `make lock`"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_version_has_hashes(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", (HOUSE / lock).read_text())

    bare = [entry for entry in entries if "==" in entry and "--hash=sha256:" not in entry]
    assert bare == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_no_address_and_no_folder(lock: str) -> None:
    text = (HOUSE / lock).read_text()

    assert not re.search(r"://|--index|--extra-index|--find-links|^-e|@ |/", text, re.MULTILINE)


def test_both_locks_agree() -> None:
    run, dev = (locked(lock) for lock in LOCKS)

    assert run.items() <= dev.items()


def test_the_licence_is_here_in_full() -> None:
    text = (HOUSE / "LICENSE").read_text()

    articles = re.findall(r"^(\d+)\.[A-Z]", text, re.MULTILINE)
    assert articles == [str(number) for number in range(1, 16)]
    assert text.startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2")
    assert text.rstrip().endswith("require the production of a new EUPL version.")
    assert PROJECT["license"] == "EUPL-1.2"
