"""What the parts of a group are called on its page, and what may be wrong with them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from notify.domain import colours
from notify.errors import Conflict, Invalid, NotifyError
from notify.rendering.languages import Words
from notify.services.group_editing import Stale

IDENTITY: Final = (
    "sender_name", "mail_from", "colour", "contact", "imprint", "privacy", "accessibility",
    "enforcement", "cost_centre",
)  # fmt: skip
"""In the order of the form."""

LONG: Final = frozenset({"contact", "imprint", "privacy", "accessibility", "enforcement"})
"""Texts of several lines, in Markdown."""


def identity(words: Words) -> Sequence[Mapping[str, Any]]:
    """Each thing that a group says of itself: `key`, `label`, `hint` or None, whether `long`."""
    labels = {
        "sender_name": (
            words.gettext("Who speaks"),
            words.gettext("Stands first in every message."),
        ),
        "mail_from": (words.gettext("Address that mails come from"), None),
        "colour": (
            words.gettext("Colour of links and buttons"),
            words.gettext("Like #0b4a8f, dark enough to be read on white."),
        ),
        "contact": (words.gettext("Contact"), words.gettext("Whom residents ask, and how.")),
        "imprint": (words.gettext("Imprint"), None),
        "privacy": (words.gettext("Privacy"), None),
        "accessibility": (words.gettext("Accessibility"), None),
        "enforcement": (
            words.gettext("Enforcement body"),
            words.gettext("Where residents turn to if barriers stay."),
        ),
        "cost_centre": (words.gettext("Cost centre"), None),
    }
    return [
        {"key": key, "label": labels[key][0], "hint": labels[key][1], "long": key in LONG}
        for key in IDENTITY
    ]


def problems(
    words: Words, problem: NotifyError | None, language: str,
    typed: Mapping[str, Any] | None = None,
) -> Sequence[Mapping[str, str]]:  # fmt: skip
    """What is wrong, at its field; `typed` is what the form held."""
    if problem is None or isinstance(problem, Stale):
        return ()
    if isinstance(problem, Conflict):
        said = words.gettext("There is a group with this short name already.")
        return [{"field": "slug", "said": said}]
    field = problem.field if isinstance(problem, Invalid) and problem.field else "slug"
    field = f"name.{language}" if field == "name" else field
    return [{"field": field, "said": _said(words, field, typed or {})}]


def _said(words: Words, field: str, typed: Mapping[str, Any]) -> str:
    known = {
        "slug": words.gettext(
            "Write small letters from a to z, digits and hyphens, at most 63, for example kita-sued."
        ),
        "parent": words.gettext("There is no such group within your reach."),
        "sms_cap": words.gettext("Write a whole number, or leave it empty for no limit."),
        "identity.mail_from": words.gettext("Write one e-mail address like erika@example.org."),
    }
    if field == "identity.colour":
        return _colour(words, typed.get("identity", {}).get("colour", ""))
    if field.startswith("name."):
        return words.gettext("Write a name in one line of at most 200 characters.")
    return known.get(field) or words.gettext("This is too long, or holds signs that no text has.")


def _colour(words: Words, typed: str) -> str:
    colour = typed.strip().lower()
    try:
        has = colours.contrast(colour, colours.PAPER)
        would = colours.on_light(colour).colour
    except ValueError:
        return words.gettext("Write a colour like #0b4a8f.")
    if len(colour) != 7:
        return words.gettext("Write a colour like #0b4a8f.")
    text = words.gettext(
        "This colour is too light to be read on white: its contrast is %(has)s, and %(needed)s are"
        " needed. %(would)s would do."
    )
    return text % {"has": f"{has:.1f}", "needed": f"{colours.AAA:.0f}", "would": would}
