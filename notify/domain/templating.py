"""Templates: texts that staff prepare, with named gaps like `((Street))` that are filled before
anything is sent.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from notify.domain import draft_questions, draft_questions_check
from notify.domain.broadcast import Text
from notify.domain.draft_questions import Asking, to_ask
from notify.domain.lines import one_line
from notify.domain.poll import Ask
from notify.domain.submission import check_texts
from notify.domain.words import Kind, Severity
from notify.errors import Invalid

MOST_GAPS: Final = 12
LONGEST_GAP: Final = 40  # characters of a gap's name
LONGEST_VALUE: Final = 200  # characters of what fills it
LONGEST_NAME: Final = 100
MOST_HOURS: Final = 720
_GAP: Final = re.compile(r"\(\(([^()\n]*)\)\)")
_MARKS: Final = re.compile(r"([\\`*_\[\]<>&])")  # what means something to Markdown anywhere
_FIRST: Final = re.compile(r"^(?:([#+=~-])|(\d{1,9})([.)]))")  # and what does at a line's beginning


class Flaw(StrEnum):
    """What is wrong with a template, or with how it is filled."""

    NO_NAME = "no_name"
    NO_SEVERITY = "no_severity"
    HOURS = "hours"
    TEXT = "text"  # a text is missing, or too long
    BROKEN = "broken"  # brackets that are no gap
    TOO_MANY = "too_many"
    DIFFERENT = "different"  # languages have different gaps
    OPEN = "open"  # a gap is not filled
    VALUE = "value"  # this does not fit into a gap
    UNKNOWN = "unknown"  # there is no such gap
    QUESTION = "question"  # of an alert


class Flawed(Invalid):
    """`names` are the gaps that it is about."""

    def __init__(
        self, flaw: Flaw, message: str, *, field: str, names: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message, field=field)
        self.flaw = flaw
        self.names = names


class FlawedQuestion(Flawed):
    """What an alert asks cannot be asked like this; `why` says what is wrong, in which language, and
    about which word."""

    def __init__(self, found: draft_questions_check.Found) -> None:
        field, self.why, self.language, self.word = found
        super().__init__(Flaw.QUESTION, "The question cannot be asked like this.", field=field)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What one version of a template holds. `groups` are slugs of those it is always for; `hours`
    how long it is valid from when it is sent; `asking` is what an alert asks, if it does."""

    name: str
    kind: Kind
    texts: Mapping[str, Text]
    severity: Severity | None = None
    groups: tuple[str, ...] = ()
    hours: int = 6
    asking: Asking | None = None

    @property
    def ask(self) -> Ask | None:
        """What is asked of whoever it reaches."""
        if self.asking is None or self.kind is not Kind.ALERT:
            return None
        return to_ask(self.asking, alert=True, languages=self.texts)


def to_json(prepared: Prepared) -> dict[str, Any]:
    """What asks nothing is kept as it was before anything could ask."""
    kept = asdict(prepared)
    if prepared.asking is None:
        del kept["asking"]
    return kept


def from_json(kept: Mapping[str, Any]) -> Prepared:
    return Prepared(
        name=kept["name"], kind=Kind(kept["kind"]), groups=tuple(kept["groups"]),
        texts={language: Text(**text) for language, text in kept["texts"].items()},
        severity=Severity(kept["severity"]) if kept["severity"] else None, hours=kept["hours"],
        asking=draft_questions.from_json(kept["asking"]) if kept.get("asking") else None,
    )  # fmt: skip


def fingerprint(prepared: Prepared) -> bytes:
    """A hash (SHA-256) of all that somebody approves in it."""
    return hashlib.sha256(json.dumps(to_json(prepared), sort_keys=True).encode()).digest()


def gaps(text: str) -> list[str]:
    """The names of its gaps, each once, the first first."""
    return list(dict.fromkeys(found.strip() for found in _GAP.findall(text)))


def gaps_of(texts: Mapping[str, Text]) -> list[str]:
    """The same of texts in several languages."""
    return list(dict.fromkeys(name for text in texts.values() for name in _gaps_in(text)))


def check(prepared: Prepared, *, first_language: str) -> None:
    """Raises Flawed for the first thing that is wrong with a template."""
    if not prepared.name.strip():
        raise Flawed(Flaw.NO_NAME, "Give the template a name.", field="name")
    one_line(prepared.name, field="name", limit=LONGEST_NAME)
    if prepared.kind is Kind.ALERT and prepared.severity is None:
        raise Flawed(Flaw.NO_SEVERITY, "Say how bad it is.", field="severity")
    if not 1 <= prepared.hours <= MOST_HOURS:
        raise Flawed(Flaw.HOURS, f"Write hours from 1 to {MOST_HOURS}.", field="hours")
    try:
        check_texts(prepared.texts, first_language=first_language)
    except Invalid as problem:
        raise Flawed(Flaw.TEXT, problem.message, field=problem.field or "texts") from None
    for language, text in prepared.texts.items():
        for part, words in _parts(text).items():
            _check_brackets(words, field=f"texts.{language}.{part}")
    _check_names(prepared.texts, first_language=first_language)
    _check_question(prepared, first_language)


def fill(texts: Mapping[str, Text], values: Mapping[str, str]) -> dict[str, Text]:
    """The texts with all gaps filled. In the body a value means just its characters, whatever they
    are to Markdown. Raises Flawed for a value that is missing, too much or does not fit."""
    names = gaps_of(texts)
    for name in values:
        if name not in names:
            raise Flawed(Flaw.UNKNOWN, f"There is no gap {name!r}.", field="gaps", names=(name,))
    tidy = {name: _value(name, values.get(name, "")) for name in names}
    return {
        language: Text(
            _filled(text.title, tidy),
            _filled(text.body, {name: _literal(value) for name, value in tidy.items()}),
            None if text.sms is None else _filled(text.sms, tidy),
        )
        for language, text in texts.items()
    }


def _check_question(prepared: Prepared, first_language: str) -> None:
    if prepared.asking is None or prepared.kind is not Kind.ALERT:
        return
    for found in draft_questions_check.check(
        prepared.asking, alert=True, languages=prepared.texts, first_language=first_language
    ):
        raise FlawedQuestion(found)


def _gaps_in(text: Text) -> list[str]:
    return [name for words in _parts(text).values() for name in gaps(words)]


def _parts(text: Text) -> dict[str, str]:
    return {"title": text.title, "body": text.body, "sms": text.sms or ""}


def _check_brackets(words: str, *, field: str) -> None:
    rest = _GAP.sub("", words)
    bad = [name for name in gaps(words) if not name or len(name) > LONGEST_GAP]
    if "((" in rest or bad:
        raise Flawed(
            Flaw.BROKEN,
            "Write a gap like ((Street)): two brackets, a name of at most "
            f"{LONGEST_GAP} characters without brackets, two brackets.",
            field=field,
        )


def _check_names(texts: Mapping[str, Text], *, first_language: str) -> None:
    wanted = set(_gaps_in(texts[first_language]))
    if len(wanted) > MOST_GAPS:
        raise Flawed(
            Flaw.TOO_MANY, f"Keep to {MOST_GAPS} gaps: somebody has to fill them in a hurry.",
            field=f"texts.{first_language}.body",
        )  # fmt: skip
    for language, text in texts.items():
        different = wanted ^ set(_gaps_in(text))
        if different:
            names = tuple(sorted(different))
            raise Flawed(
                Flaw.DIFFERENT,
                f"The gaps in {language!r} are not those in {first_language!r}: "
                f"{', '.join(names)}. Name them alike.",
                field=f"texts.{language}.body",
                names=names,
            )


def _value(name: str, value: str) -> str:
    try:
        tidy = one_line(value, field="gaps", limit=LONGEST_VALUE)
    except Invalid as problem:
        raise Flawed(Flaw.VALUE, problem.message, field="gaps", names=(name,)) from None
    if not tidy:
        raise Flawed(Flaw.OPEN, f"Fill the gap {name!r}.", field="gaps", names=(name,))
    if "((" in tidy or "))" in tidy:
        raise Flawed(Flaw.VALUE, "Write no double brackets here.", field="gaps", names=(name,))
    return tidy


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _GAP.sub(lambda found: values[found[1].strip()], text)


def _literal(value: str) -> str:
    """The value as Markdown that shows just that."""
    return _FIRST.sub(_escaped, _MARKS.sub(r"\\\1", value))


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}"
