"""Rules of the house that no tool knows: sizes, numbers, documents, what the wheel carries."""

import ast
import itertools
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from zipfile import ZipFile

import pytest

from notify.settings import Settings

ROOT = Path(__file__).parents[2]
PACKAGES = ("notify", "channels", "workers", "sandbox", "demo", "rig", "faults", "bench")
MODULES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
ABOVE = ("demo", "rig", "faults", "bench", "tests")  # the service knows none of them
LONGEST = 300
NAME = re.compile(r"\bNOTIFY_([A-Z][A-Z_]*[A-Z])\b")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_fits_in_a_head(path: Path) -> None:
    assert len(path.read_text().splitlines()) < LONGEST


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    tree = ast.parse(path.read_text())

    assert ast.get_docstring(tree), f"{_name(path)} has no docstring"


def _imports(path: Path) -> set[str]:
    """The packages a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        pytest.param("notify", {"sandbox", "workers", *ABOVE}, id="notify"),
        pytest.param("channels", {"sandbox", "workers", "notify", *ABOVE}, id="channels"),
        pytest.param("workers", {"sandbox", *ABOVE}, id="workers"),
        pytest.param("sandbox", {"notify", "channels", "workers", *ABOVE}, id="sandbox"),
        pytest.param("demo", {"rig", "faults", "bench", "tests"}, id="demo"),
        pytest.param("rig", {"faults", "bench", "tests"}, id="rig"),
        pytest.param("faults", {"bench", "tests"}, id="faults"),
        pytest.param("bench", {"faults", "tests"}, id="bench"),
    ],
)
def test_imports_run_one_way(package: str, forbidden: set[str]) -> None:
    for path in (ROOT / package).rglob("*.py"):
        assert not _imports(path) & forbidden, _name(path)


def test_migrations_are_numbered_in_a_row_and_each_follows_the_one_before() -> None:
    paths = sorted((ROOT / "notify/store/migrations").glob("*.sql"))

    numbers = [int(path.name[:4]) for path in paths]
    assert numbers == list(range(1, len(paths) + 1))
    for before, path in itertools.pairwise(paths):
        assert f"-- depends: {before.stem}" in path.read_text(), path.name


def test_every_setting_is_documented_with_its_name() -> None:
    told = set(NAME.findall((ROOT / "docs/operations.md").read_text()))

    assert {field.upper() for field in Settings.model_fields} <= told


@pytest.mark.parametrize("path", ["README.md", ".env.example", *sorted(
    _name(path) for path in (ROOT / "docs").rglob("*.md")
)])  # fmt: skip
def test_no_document_names_a_setting_that_is_not_there(path: str) -> None:
    told = set(NAME.findall((ROOT / path).read_text()))

    known = {field.upper() for field in Settings.model_fields} | {"TEST_DATABASE_URL"}
    assert told <= known


def test_the_changelog_has_each_heading_once_a_version() -> None:
    for version in (ROOT / "CHANGELOG.md").read_text().split("\n## ")[1:]:
        headings = [line for line in version.splitlines() if line.startswith("### ")]
        assert len(headings) == len(set(headings)), version.splitlines()[0]


def test_every_command_of_the_house_loads() -> None:
    commands = {entry.name: entry.load() for entry in entry_points(group="notify.commands")}

    assert set(commands) >= {"worker", "demo"}
    assert all(map(callable, commands.values()))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of all that a built wheel holds."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True, timeout=50,
    )  # fmt: skip
    (built,) = folder.glob("*.whl")
    with ZipFile(built) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("templates/**/*.html", id="templates"),
        pytest.param("templates/**/*.txt", id="texts"),
        pytest.param("templates/**/*.css", id="styles"),
        pytest.param("templates/locale/**/*.po", id="languages"),
        pytest.param("notify/store/migrations/*.sql", id="migrations"),
        pytest.param("*/py.typed", id="types"),
        pytest.param("notify/**/*.py", id="notify"),
        pytest.param("channels/**/*.py", id="channels"),
        pytest.param("workers/**/*.py", id="workers"),
        pytest.param("sandbox/**/*.py", id="sandbox"),
        pytest.param("demo/**/*.py", id="demo"),
    ],
)
def test_the_wheel_carries_all_that_runs(wheel: set[str], pattern: str) -> None:
    ours = {
        _name(path) for path in ROOT.glob(pattern)
        if path.parts[len(ROOT.parts)] not in {".venv", "build", "dist"}
    }  # fmt: skip

    assert ours
    assert ours <= wheel


def test_the_wheel_carries_no_tests_and_its_licence(wheel: set[str]) -> None:
    assert not [
        name for name in wheel if name.startswith(("tests/", "docs/", "bench/", "faults/", "rig/"))
    ]
    assert [name for name in wheel if name.endswith("licenses/LICENSE")]
