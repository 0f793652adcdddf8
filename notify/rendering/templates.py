"""Fills the templates of messages and pages with values, in one language at a time."""

from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from notify.rendering import labels
from notify.rendering.languages import TEMPLATES, Words, direction, own_name, words
from notify.rendering.markup import to_html, to_text
from notify.settings import Settings


class Templates:
    """All templates, for a town whose first language and zone are known.

    What staff wrote goes in as values and is never read as a template. A value that a template
    names and nobody gave raises jinja2.UndefinedError.
    """

    def __init__(self, *, default_language: str, zone: str) -> None:
        self._default = default_language
        self._zone = ZoneInfo(zone)
        self._environments: dict[str, Environment] = {}

    def words(self, language: str) -> Words:
        return words(language, default=self._default, zone=self._zone)

    def render(self, name: str, *, language: str, **values: Any) -> str:
        return self._template(name, language).render(**values)

    def check(self, name: str) -> None:
        """Raise jinja2.TemplateError when the template is missing or cannot be read."""
        self._template(name, self._default)

    def _template(self, name: str, language: str) -> Template:
        spoken = self.words(language)
        environment = self._environments.get(spoken.language)
        if environment is None:
            environment = self._environments[spoken.language] = _environment(spoken)
        return environment.get_template(name)


@cache
def _shared(default_language: str, zone: str) -> Templates:
    return Templates(default_language=default_language, zone=zone)


def templates(settings: Settings) -> Templates:
    """The templates for these settings, compiled once a process."""
    return _shared(settings.default_language, settings.timezone)


def _environment(spoken: Words) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        extensions=["jinja2.ext.i18n"],
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    install: Callable[..., None] = environment.install_gettext_translations  # type: ignore[attr-defined]
    install(spoken.catalogue, newstyle=True)
    environment.globals |= {
        "language": spoken.language,
        "direction": direction,
        "here": str,  # links keep to where they lead, unless a page knows more
        "switched": lambda language: f"?lang={quote(language)}",
        "own_name": own_name,
        "label": lambda broadcast: labels.label(spoken, broadcast),
        "marked": lambda broadcast, text: labels.marked(spoken, broadcast, text),
        "follows": lambda broadcast: labels.follows(spoken, broadcast),
        "severity_word": lambda severity: labels.severity(spoken, severity),
        "severity_sign": lambda severity: labels.SIGNS[severity],
    }
    environment.filters |= {
        "moment": spoken.moment,
        "short_moment": spoken.short_moment,
        "number": spoken.number,
        "time": spoken.time,
        "soon": spoken.soon,
        "as_html": to_html,
        "as_text": to_text,
    }
    return environment
