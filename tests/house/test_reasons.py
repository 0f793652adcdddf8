"""Every reason word that the code can give has a plain sentence, and no sentence is left over."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from channels import base, bounces, replies, twilio_codes
from notify.domain.words import Skip, Suppressed
from notify.rendering.languages import words
from notify.rendering.reasons import ENDED, SAID, said

ROOT = Path(__file__).parents[2]
ZONE = ZoneInfo("Europe/Berlin")
WORD = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
CASES = re.compile(r"reason = CASE.*?END|CASE\s+WHEN b\.cancelled_at.*?verdict", re.DOTALL)
IN_SQL = re.compile(r"THEN '([a-z_]+)'|ELSE '([a-z_]+)'")
VERDICTS = {"go", "wait", "superseded"}  # of the claim, which are no reasons

FAILURES = {
    name
    for name, value in vars(base).items()
    if isinstance(value, type) and issubclass(value, base.Failure)
} | {"Unreachable", "Unanswered"}  # of channels.twilio_http, whose text becomes a reason


def _modules(*packages: str) -> Iterator[ast.Module]:
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield ast.parse(path.read_text())


def _text(node: ast.expr | None) -> set[str]:
    """The words an expression may be: a literal, or either side of a choice."""
    if isinstance(node, ast.IfExp):
        return _text(node.body) | _text(node.orelse)
    if isinstance(node, ast.BoolOp):
        return set().union(*map(_text, node.values))
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    return set()


def _raised() -> set[str]:
    """First words of failures made anywhere in the code."""
    found: set[str] = set()
    for tree in _modules("channels", "notify", "workers"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                first = node.args[0] if node.args else None
                found |= _text(first) if node.func.id in FAILURES else set()
            if isinstance(node, ast.keyword) and node.arg == "reason":
                found |= _text(node.value)
    return found


def _returned() -> set[str]:
    """Reasons that functions of the readers of reports give as the first of a pair, or in a
    variable named so."""
    found: set[str] = set()
    for name in ("bounces.py", "twilio_receipts.py", "smtp.py"):
        for node in ast.walk(ast.parse((ROOT / "channels" / name).read_text())):
            if isinstance(node, ast.Return):
                found |= _pairs(node.value)
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "reason":
                found |= _text(node.value)
    return found


def _pairs(node: ast.expr | None) -> set[str]:
    if isinstance(node, ast.IfExp):
        return _pairs(node.body) | _pairs(node.orelse)
    return _text(node.elts[0]) if isinstance(node, ast.Tuple) else set()


def _tables() -> set[str]:
    meanings = {meaning.reason for meaning in twilio_codes.CODES.values()}
    meanings |= {meaning.reason for meaning in twilio_codes._STATUSES.values()}
    meanings |= {meaning.reason for _, meaning in replies._MEANINGS}
    return meanings | {rule.reason for rule in replies._RULES} | set(bounces._COMPLAINTS.values())


def _in_sql() -> set[str]:
    """What the database writes by itself, where a column named reason is set or a claim judged."""
    found: set[str] = set()
    for path in (ROOT / "notify/store").glob("*.py"):
        for place in CASES.findall(path.read_text()):
            found |= {one or other for one, other in IN_SQL.findall(place)}
    return found - VERDICTS


def _used() -> set[str]:
    every = (
        _raised() | _returned() | _tables() | _in_sql() | {*map(str, Skip), *map(str, Suppressed)}
    )
    return {word for word in every if WORD.fullmatch(word)}


def test_every_reason_has_a_sentence_and_every_sentence_a_reason() -> None:
    used = _used()

    assert used - SAID.keys() == set()
    assert SAID.keys() - used == set()


@pytest.mark.parametrize(
    "word",
    [
        pytest.param("no_such_number", id="table"),
        pytest.param("service_resting", id="raised"),
        pytest.param("unreadable_answer", id="trouble"),
        pytest.param("redirected", id="a choice"),
        pytest.param("gave_up", id="returned"),
        pytest.param("lease_lapsed", id="swept"),
        pytest.param("left", id="claimed"),
        pytest.param("stopped", id="or"),
        pytest.param("no_channel", id="skipped"),
    ],
)
def test_no_place_where_reasons_come_from_is_overlooked(word: str) -> None:
    assert word in _used()


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_sentence_is_one_and_not_the_bare_word(language: str) -> None:
    chosen = words(language, default="de", zone=ZONE)

    for word in SAID:
        spoken = said(chosen, word)
        assert spoken is not None, word
        assert spoken[0].isupper(), word
        assert spoken.endswith("."), word
        assert "_" not in spoken.replace("NOTIFY_PUBLIC_URL", "").replace("NOTIFY_PUSH_HOSTS", "")


def test_no_further_try_is_promised_of_what_is_over() -> None:
    promises = {word for word, sentence in SAID.items() if "by itself" in sentence}
    assert promises == ENDED.keys()
    for language in ("de", "en"):
        chosen = words(language, default="de", zone=ZONE)
        for word in promises:
            for status in ("failed", "expired"):
                spoken = said(chosen, word, status) or ""
                assert spoken.startswith(("Not delivered: ", "Nicht zugestellt: ")), word
            assert said(chosen, word, "pending") == said(chosen, word)


def test_german_is_spoken_in_german() -> None:
    german = words("de-AT", default="en", zone=ZONE)

    assert said(german, "mailbox_full") == (
        "Das Postfach ist voll. Der Inhaber muss Platz schaffen."
    )


def test_a_word_of_another_version_has_no_sentence() -> None:
    english = words("en", default="en", zone=ZONE)

    assert said(english, "from_the_future") is None
    assert said(english, None) is None
