"""What is wrong with a draft, in words that say what to do."""

from collections.abc import Mapping

from notify.domain.draft_check import Problem, Wrong
from notify.domain.submission import LONGEST_BODY, LONGEST_TITLE, MOST_SEGMENTS
from notify.rendering import question_problems
from notify.rendering.languages import Words, own_name


def said(words: Words, problem: Problem) -> str:
    """For the field where it is wrong; in words for any field where there are none of its own."""
    if problem.flaw is not None:
        return question_problems.said(
            words, problem.flaw, language=problem.language, word=problem.word
        )
    field = problem.field.partition("-")[0]
    every = _sentences(words)
    sentence = (
        every.get((field, problem.wrong))
        or every.get(("", problem.wrong))
        or words.gettext("This cannot be sent as it is. Write it anew.")
    )
    return sentence % {
        "language": own_name(problem.language) if problem.language else "",
        "title": words.number(LONGEST_TITLE), "body": words.number(LONGEST_BODY),
        "parts": MOST_SEGMENTS,
    }  # fmt: skip


def _sentences(words: Words) -> Mapping[tuple[str, Wrong], str]:
    return {
        ("kind", Wrong.MISSING): words.gettext("Choose what it is: a warning, news or a poll."),
        ("", Wrong.FOLLOWS_NOTHING): words.gettext(
            "What this follows has reached nobody yet. Recall that one instead."
        ),
        ("", Wrong.ENDED): words.gettext(
            "The all-clear was given. Write a new warning instead of an update."
        ),
        ("", Wrong.FORGOTTEN): words.gettext(
            "It is too long ago: who got what this follows was deleted. Write a new message."
        ),
        ("severity", Wrong.MISSING): words.gettext("Choose how great the danger is."),
        ("drill", Wrong.OTHER): words.gettext(
            "This follows a real message, so it cannot be a drill."
        ),
        ("groups", Wrong.MISSING): words.gettext("Choose at least one group."),
        ("groups", Wrong.NO_DRILL_GROUP): words.gettext(
            "A drill goes to groups for drills only, and a warning also to all groups below. Choose "
            "others, or have an administrator set these up for drills."
        ),
        ("groups", Wrong.THREAD_GREW): words.gettext(
            "What this follows went to more groups meanwhile, and so would this. They are ticked "
            "now: look it over again."
        ),
        ("title", Wrong.MISSING): words.gettext("Write a title (%(language)s)."),
        ("body", Wrong.MISSING): words.gettext(
            "Write a text (%(language)s): what happened, where, and what to do."
        ),
        ("title", Wrong.TOO_LONG): words.gettext(
            "Shorten the title (%(language)s) to %(title)s characters."
        ),
        ("body", Wrong.TOO_LONG): words.gettext(
            "Shorten the text (%(language)s) to %(body)s characters."
        ),
        ("", Wrong.GAP): words.gettext(
            "A gap is left here (%(language)s): write what belongs between ((and))."
        ),
        ("", Wrong.SMS_TOO_LONG): words.gettext(
            "The SMS (%(language)s) would take more than %(parts)s parts. Write a shorter text for "
            "SMS."
        ),
        ("valid_until", Wrong.MISSING): words.gettext(
            "Say until when it is valid, or when the poll closes."
        ),
        ("", Wrong.SHORT): words.gettext(
            "The poll would close within a minute of being sent. Let it close later, so that people "
            "can read and answer it."
        ),
        ("", Wrong.LONG): words.gettext(
            "The poll would be open for more than a year. Let it close earlier."
        ),
        ("", Wrong.UNREADABLE): words.gettext("Write day and time like 2030-12-31T18:00."),
        ("", Wrong.FAR): words.gettext("This is too far away. Choose a time nearer to today."),
        ("", Wrong.SKIPPED): words.gettext(
            "There is no such time: clocks go forward then. Choose one an hour earlier or later."
        ),
        ("", Wrong.PASSED): words.gettext("This time has passed. Choose a later one."),
        ("send_at", Wrong.PASSED): words.gettext(
            "This time has passed. Choose a later one, or leave it empty to send at once."
        ),
        ("", Wrong.NOT_BEFORE_END): words.gettext(
            "It would be over before it is sent. Send it earlier, or let it be valid longer."
        ),
    }
