"""Reads the forms about templates, and says in the reader's words what is wrong with them."""

from collections.abc import Mapping, Sequence
from typing import Any

from notify.domain import draft_questions
from notify.domain.broadcast import Text
from notify.domain.draft import Words as Typed
from notify.domain.draft_questions import Asking
from notify.domain.templating import (
    MOST_GAPS,
    MOST_HOURS,
    Flaw,
    Flawed,
    FlawedQuestion,
    Prepared,
    gaps_of,
)
from notify.domain.words import Kind, Severity
from notify.errors import Invalid
from notify.rendering import question_problems
from notify.rendering.languages import Words, own_name
from notify.web.pages.forms import Fields
from notify.web.pages.staff.draft_form import asked


def parse(form: Fields, *, languages: Sequence[str], first: str) -> Prepared:
    """What was typed, right or wrong; a language in which nothing was typed is left out."""
    texts = {}
    for language in languages:
        typed = Typed(*(form.one(f"{part}-{language}") for part in ("title", "body", "sms")))
        if language == first or not typed.empty:
            texts[language] = Text(typed.title, typed.body.replace("\r\n", "\n"), typed.sms or None)
    kind = form.one("kind")
    severity = form.one("severity")
    return Prepared(
        name=form.one("name"),
        kind=Kind.ANNOUNCEMENT if kind == Kind.ANNOUNCEMENT else Kind.ALERT,
        severity=Severity(severity) if severity in {*Severity} and kind != "announcement" else None,
        groups=tuple(dict.fromkeys(form.all("group"))),
        texts=texts,
        hours=number(form.one("hours")),
        asking=_asking(form, languages) if kind != Kind.ANNOUNCEMENT else None,
    )


def _asking(form: Fields, languages: Sequence[str]) -> Asking | None:
    """The question that an alert carries, where it does."""
    if not form.has("asks"):
        return None
    return draft_questions.read(asked(form), languages, before=Asking())


def number(text: str) -> int:
    """0 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else 0


def values(form: Fields, texts: Mapping[str, Text]) -> dict[str, str]:
    """What was typed into the gaps, which the form numbers in their order."""
    return {name: form.one(f"gap-{n}") for n, name in enumerate(gaps_of(texts))}


def gap_fields(texts: Mapping[str, Text], typed: Mapping[str, str]) -> list[dict[str, str]]:
    """A field for each gap, with what was typed."""
    return [
        {"name": f"gap-{n}", "label": name, "value": typed.get(name, "")}
        for n, name in enumerate(gaps_of(texts))
    ]


def problems(
    words: Words, problem: Invalid, texts: Mapping[str, Text] | None = None
) -> list[dict[str, Any]]:
    """Of a template's own form; with `texts` of one that fills its gaps."""
    if isinstance(problem, FlawedQuestion):
        said_of = question_problems.said(
            words, problem.why, language=problem.language, word=problem.word
        )
        return [{"field": problem.field, "said": said_of}]
    if isinstance(problem, Flawed):
        return [{"field": _field(problem, texts), "said": _said(words, problem)}]
    said = {
        "groups": words.gettext("Choose at least one group, where the template is for."),
        "place": words.gettext("Choose where the template is for."),
        "name": words.gettext("Write one line of at most 100 characters."),
        "hours": _hours(words),
        "reason": words.gettext("Say in at most 500 characters why nobody could approve it."),
        "alone": words.gettext("Say that you could reach nobody who may approve it."),
    }
    field = problem.field or ""
    if field in said:
        return [{"field": "group" if field == "groups" else field, "said": said[field]}]
    return [{"field": _part(field), "said": _text(words, field)}]


def _field(problem: Flawed, texts: Mapping[str, Text] | None) -> str:
    if texts is not None and problem.names:
        names = gaps_of(texts)
        return f"gap-{names.index(problem.names[0])}" if problem.names[0] in names else "gap-0"
    return _part(problem.field or "")


def _part(field: str) -> str:
    """`texts.de.title` is the field `title-de`."""
    _, _, rest = field.partition("texts.")
    if not rest:
        return field
    language, _, part = rest.partition(".")
    return f"{part or 'title'}-{language}"


def _said(words: Words, problem: Flawed) -> str:
    if problem.flaw is Flaw.TEXT:
        return _text(words, problem.field or "")
    said = {
        Flaw.NO_NAME: words.gettext("Give the template a name."),
        Flaw.NO_SEVERITY: words.gettext("Say how bad it is."),
        Flaw.HOURS: _hours(words),
        Flaw.BROKEN: words.gettext(
            "Write a gap like ((Street)): two brackets, a short name without brackets, two brackets."
        ),
        Flaw.TOO_MANY: words.gettext(
            "Keep to %(most)s gaps: somebody has to fill them in a hurry."
        ),
        Flaw.DIFFERENT: words.gettext(
            "These gaps are not in every language: %(names)s. Name them alike in all of them."
        ),
        Flaw.VALUE: words.gettext(
            "Write one line of at most 200 characters, without double brackets."
        ),
    }
    sentence = said.get(problem.flaw) or words.gettext("Fill this gap: %(names)s")
    return sentence % {"names": ", ".join(problem.names), "most": MOST_GAPS}


def _hours(words: Words) -> str:
    return words.gettext("Write for how many hours, from 1 to %(most)s.") % {"most": MOST_HOURS}


def _text(words: Words, field: str) -> str:
    """A text that is missing or too long."""
    language = field.removeprefix("texts.").partition(".")[0]
    return words.gettext(
        "Write a title of at most 200 characters and a text, in %(language)s. An SMS may have six"
        " parts."
    ) % {"language": own_name(language)}
