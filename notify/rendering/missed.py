"""Says why a broadcast left no trace with somebody."""

from notify.domain.missed import Missed
from notify.rendering.languages import Words


def said(words: Words, missed: Missed) -> str:
    """One sentence for staff, who are asked "why did I not get it?"."""
    return {
        Missed.NOT_SENT: words.gettext("It was not sent to anybody so far."),
        Missed.NOT_YET: words.gettext("The recipients are still being gathered. Look again soon."),
        Missed.DELETED: words.gettext(
            "Who got it is deleted: it is so long ago that it is not kept any more."
        ),
        Missed.STOPPED: words.gettext(
            "It was recalled, or its time was over, before it was their turn."
        ),
        Missed.NOT_LET_IN: words.gettext(
            "They asked to join the group, and nobody has let them in yet."
        ),
        Missed.FOLLOW_UP: words.gettext(
            "It went only to those who had got the message before it."
        ),
        Missed.LATER: words.gettext("They followed the group, or chose this way, only afterwards."),
        Missed.NO_TRACE: words.gettext(
            "There is no trace of it. Whoever runs the service has to look at the log."
        ),
    }[missed]  # fmt: skip
