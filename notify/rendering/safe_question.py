"""The question that a warning may carry, as it is proposed: whether people are safe."""

from collections.abc import Iterable

from notify.domain.draft_questions import Asked, Typed
from notify.rendering.languages import speaks
from notify.rendering.templates import Templates


def proposed(catalogues: Templates, languages: Iterable[str]) -> Typed:
    """In each of these languages that we speak; its second answer asks for help."""
    found = {}
    for language in languages:
        if speaks(language):
            _ = catalogues.words(language).gettext
            options = "\n".join((_("Yes"), _("I need help")))
            found[language] = Asked(_("Are you safe?"), options)
    return Typed(wordings=found)
