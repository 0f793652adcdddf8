"""What a notification says once one of its buttons was pressed."""

from dataclasses import dataclass
from datetime import datetime

from notify.rendering.languages import Words


@dataclass(frozen=True, slots=True)
class Told:
    """What stands in place of the question."""

    title: str
    body: str


def counted(said: Words, *, receipt: str, until: datetime, needs_help: bool) -> Told:
    """The answer is counted; what it was is not said, for a screen is seen by others."""
    if needs_help:
        body = said.gettext("We noted that you need help. Danger to life? Call 112 now.")
    else:
        body = said.gettext("Receipt: %(receipt)s. Changed your mind? Tap here until %(until)s.") % {
            "receipt": receipt, "until": said.short_moment(until),
        }  # fmt: skip
    return Told(said.gettext("Your answer is counted"), body)


def closed(said: Words) -> Told:
    """It came too late, or the question was withdrawn."""
    return Told(
        said.gettext("Your answer does not count"), said.gettext("The time to answer is over.")
    )


def not_counted(said: Words) -> Told:
    """It reached nobody, or was none; the page helps."""
    return Told(
        said.gettext("Your answer is not counted yet"),
        said.gettext("Tap here and answer on the page."),
    )
