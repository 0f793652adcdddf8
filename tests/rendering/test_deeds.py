"""Every deed that is recorded anywhere has words, and none has words that is recorded nowhere."""

import ast
from collections.abc import Iterator
from pathlib import Path

from notify.rendering import deeds

NOTIFY = Path(deeds.__file__).parents[1]
RECORDERS = {"record", "record_after", "looked", "searching"}
GIVEN_ON = {"auditing.py", "caring.py"}
"""Where what records takes the deed from its caller, who is looked at as well."""


def _recorded() -> Iterator[tuple[str, str]]:
    """Each deed with the module that records it."""
    for path in sorted(NOTIFY.rglob("*.py")):
        text = path.read_text()
        if "auditing" not in text and path.name != "auditing.py":
            continue
        tree = ast.parse(text)
        for call in [node for node in ast.walk(tree) if isinstance(node, ast.Call)]:
            if _name(call) in RECORDERS:
                for deed in _deeds(call, tree, path):
                    yield deed, path.name


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _deeds(call: ast.Call, tree: ast.Module, path: Path) -> list[str]:
    """What stands in the place of the deed: a text, one of two, or a noun with the verbs that the
    module's own callers give. Fails where it is anything else."""
    place = {"record_after": 1}.get(_name(call), 2)
    given = call.args[place]
    if isinstance(given, ast.IfExp):
        return [_text(given.body), _text(given.orelse)]
    if isinstance(given, ast.JoinedStr):
        noun = _text(given.values[0])
        verbs = {
            _text(one)
            for other in ast.walk(tree)
            if isinstance(other, ast.Call) and _name(other) == "_note"
            for one in other.args
            if isinstance(one, ast.Constant)
        }
        assert verbs, path
        return [f"{noun}{verb}" for verb in verbs]
    if isinstance(given, ast.Name) and path.name in GIVEN_ON:
        return []
    return [_text(given)]


def _text(node: ast.expr) -> str:
    assert isinstance(node, ast.Constant), ast.unparse(node)
    assert isinstance(node.value, str)
    return node.value


def test_every_deed_that_is_recorded_has_words_and_no_other() -> None:
    recorded = dict(_recorded())

    assert {deed: module for deed, module in recorded.items() if deed not in deeds.SAID} == {}
    assert set(deeds.SAID) <= set(recorded)


def test_no_two_deeds_are_told_alike() -> None:
    assert len(set(deeds.SAID.values())) == len(deeds.SAID)
