"""Leads most well-formed requests to what is there, so that more than refusals is seen.

Loaded by schemathesis (SCHEMATHESIS_HOOKS). Requests that are wrong on purpose stay as they are.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import schemathesis
from schemathesis import Case, GenerationMode, HookContext

KNOWN = "FUZZ_KNOWN"
"""The variable that tells, as JSON, the `group`, `broadcasts` and `deliveries` that are there."""

_STRAYS = 4  # one in so many stays as it was made


@schemathesis.hook
def map_case(context: HookContext, case: Case[Any]) -> Case[Any]:
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return case
    chance = _chance(case)
    if chance % _STRAYS:
        known = json.loads(os.environ[KNOWN])
        for name, there in (("broadcast_id", "broadcasts"), ("delivery_id", "deliveries")):
            if name in (case.path_parameters or {}):
                case.path_parameters[name] = known[there][chance % len(known[there])]
        mend = _BODIES.get(case.operation.label)
        if mend is not None and isinstance(case.body, dict):
            case.body = mend(case.body, known["group"], chance)
    return case


def _chance(case: Case[Any]) -> int:
    """The same for the same request, so that a seed stands for one run."""
    said = repr((case.operation.label, case.path_parameters, case.query, case.body))
    return int.from_bytes(hashlib.sha256(said.encode("utf-8", "replace")).digest()[:6])


_QUESTION = {"wordings": {"de": {"ask": "Eine Probe?", "options": ["Ja", "Nein"]}}}


def _broadcast(body: Mapping[str, Any], group: str, _chance: int) -> dict[str, Any]:
    texts = [text for text in dict(body.get("texts") or {}).values() if isinstance(text, dict)]
    first = texts[0] if texts else {"title": "Probe", "body": "Nur eine Probe."}
    kept = {name: body[name] for name in ("kind", "severity") if name in body}
    if kept.get("kind") == "poll":
        ask = body["ask"] if isinstance(body.get("ask"), dict) else {}
        kept |= {"ask": {**ask, "questions": [_QUESTION], "urgent": None}, "severity": None}
    return {
        "kind": "announcement",
        **kept,
        "groups": [group],
        "texts": {"de": {**first, "title": first.get("title") or "Probe"}},
        "valid_until": f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%dT00:00:00Z}",
    }


def _resident(body: Mapping[str, Any], group: str, chance: int) -> dict[str, Any]:
    return {
        **body,
        "language": "de",
        "addresses": [{"channel": "email", "value": f"p{chance}@fuzz.example"}],
        "subscriptions": [{"group": group, "alerts": ["email"], "news": ["email"]}],
    }


def _group(body: Mapping[str, Any], group: str, chance: int) -> dict[str, Any]:
    return {**body, "slug": f"g{chance}", "parent": group, "identity": {}}


_BODIES: Mapping[str, Callable[[Mapping[str, Any], str, int], dict[str, Any]]] = {
    "POST /api/v1/broadcasts": _broadcast,
    "POST /api/v1/residents": _resident,
    "POST /api/v1/groups": _group,
}
