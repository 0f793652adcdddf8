"""What the editor shows of what a draft asks, and the buttons that add a question and take one out."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from notify.bootstrap import App
from notify.domain.draft import Content
from notify.domain.draft_questions import OF_ALERT, Asked, Asking, Typed, added, removed
from notify.domain.languages import to_choose
from notify.domain.poll import MOST_QUESTIONS
from notify.rendering.languages import Words
from notify.rendering.safe_question import proposed
from notify.rendering.templates import templates

ADD: Final = "question"
DROP: Final = "drop-"
"""Before the number of the question that is taken out."""


def pressed(content: Content, button: str) -> Content:
    """What is asked after one of these buttons; the same after any other."""
    if button == ADD:
        return replace(content, asking=added(content.asking))
    number = _dropped(button)
    if number is not None:
        return replace(content, asking=removed(content.asking, number))
    return content


def where(content: Content, button: str, first_language: str) -> str:
    """The part of the page to go on with after such a button; empty after another."""
    count = len(content.asking.as_shown)
    if button == ADD:
        return f"#f-ask{count}-{first_language}"
    number = _dropped(button)
    return "" if number is None else f"#f-ask{min(number, count)}-{first_language}"


def _dropped(button: str) -> int | None:
    number = button.removeprefix(DROP)
    if number == button or not (number.isascii() and number.isdigit()):
        return None
    return int(number[:2])


def asking_values(app: App, content: Content, wrong: Collection[str]) -> Mapping[str, Any]:
    """What `draft_questions.html` takes; `wrong` are the fields in which something is wrong."""
    asking = content.asking
    return safe_values(app, asking, content.texts, wrong) | {
        "most_questions": MOST_QUESTIONS,
        "questions": [
            _question(app, number, one, content.texts, wrong)
            for number, one in enumerate(asking.as_shown, 1)
        ],
    }


def safe_values(
    app: App, asking: Asking, texts: Collection[str], wrong: Collection[str]
) -> dict[str, Any]:
    """The question of an alert. Where nobody asks yet whether people are safe, it is there to be
    ticked; `texts` are the languages that are open."""
    safe = asking.one
    if not safe.wordings:
        safe = proposed(templates(app.settings), to_choose(app.settings.languages))
    return {"asking": asking, "safe": _question(app, OF_ALERT, safe, texts, wrong)}


def _question(
    app: App, number: int, one: Typed, texts: Collection[str], wrong: Collection[str]
) -> Mapping[str, Any]:
    first = app.settings.default_language
    return {
        "number": number,
        "typed": one,
        "texts": [
            {
                "language": tag,
                "said": one.wordings.get(tag, Asked()),
                "first": tag == first,
                "open": tag in texts
                or f"ask{number}-{tag}" in wrong
                or f"options{number}-{tag}" in wrong,
            }
            for tag in to_choose(app.settings.languages)
        ],
    }


def called(words: Words, part: str) -> str | None:
    """What a field is called where two versions stand beside each other; None for another's."""
    plain = {
        "count": words.gettext("Number of questions"),
        "secret": words.gettext("Does anybody learn who answered what?"),
        "shown": words.gettext("Who sees the result?"),
        "live": words.gettext("They see it before it closes, too"),
        "tell": words.gettext("Tell the result to whoever took part"),
        "asks": words.gettext("Ask whether people are safe"),
        "urgent": words.gettext("Which answer asks for help?"),
    }
    if part in plain:
        return plain[part]
    name, number = part[:-1], part[-1:]
    named = {
        "ask": words.gettext("Question"),
        "options": words.gettext("Answers"),
        "shape": words.gettext("How is it answered?"),
        "low": words.gettext("Lowest number"),
        "high": words.gettext("Highest number"),
        "most": words.gettext("How many may be chosen?"),
    }.get(name)
    if named is None or not number.isdigit():
        return None
    return named if number == str(OF_ALERT) else f"{number}. {named}"


def shown(words: Words, part: str, value: str) -> str | None:
    """What such a field holds, in words; None where it is what was typed."""
    choices = {
        "single": words.gettext("One answer"),
        "several": words.gettext("Several answers"),
        "scale": words.gettext("A number on a scale"),
        "secret": words.gettext("Secret"),
        "named": words.gettext("Named"),
        "everyone": words.gettext("Everyone, on the public page"),
        "asked": words.gettext("Who was asked"),
        "staff": words.gettext("You and your colleagues"),
    }
    if part in {"secret", "shown"} or part[:-1] == "shape":
        return choices.get(value)
    if part in {"live", "tell", "asks"}:
        return words.gettext("yes") if value else words.gettext("no")
    return None
