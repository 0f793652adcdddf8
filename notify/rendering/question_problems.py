"""What is wrong with a question of a draft, in words that say what to do."""

from collections.abc import Mapping

from notify.domain.draft_questions_check import Flaw
from notify.domain.poll import HIGHEST, LONGEST_ASK, LONGEST_OPTION, MOST_OPTIONS
from notify.domain.submission import MOST_SEGMENTS
from notify.rendering.languages import Words, own_name


def said(words: Words, flaw: Flaw, *, language: str | None, word: str) -> str:
    """For the field where it is wrong."""
    return _sentences(words)[flaw] % {
        "language": own_name(language) if language else "", "word": word, "ask": LONGEST_ASK,
        "option": LONGEST_OPTION, "most": MOST_OPTIONS, "highest": HIGHEST, "parts": MOST_SEGMENTS,
    }  # fmt: skip


def _sentences(words: Words) -> Mapping[Flaw, str]:
    _ = words.gettext
    return {
        Flaw.NO_ASK: _("Write the question (%(language)s), or take it out."),
        Flaw.LONG_ASK: _("Shorten the question (%(language)s) to %(ask)s characters."),
        Flaw.NO_SHAPE: _("Choose how it is answered."),
        Flaw.FEW: _("Write at least two answers (%(language)s), each in a line of its own."),
        Flaw.MANY: _(
            "Keep to %(most)s answers (%(language)s): one digit has to be enough for each."
        ),
        Flaw.LONG_OPTION: _("Shorten “%(word)s” (%(language)s) to %(option)s characters."),
        Flaw.TWICE: _("“%(word)s” is there twice (%(language)s). Write another answer."),
        Flaw.ALIKE: _(
            "Whoever texts “%(word)s” (%(language)s) could mean another answer above it: they are "
            "spelled alike. Word one of them differently."
        ),
        Flaw.GAP_ASK: _(
            "There is a gap in the question (%(language)s), and nobody fills gaps in questions. Write "
            "what belongs there in place of ((…))."
        ),
        Flaw.GAP_OPTION: _(
            "There is a gap in “%(word)s” (%(language)s), and nobody fills gaps in answers. Write what "
            "belongs there in place of ((…))."
        ),
        Flaw.SIGNS_ASK: _(
            "The question (%(language)s) holds signs that cannot be seen or sent, as copied texts do. "
            "Delete it and type it anew."
        ),
        Flaw.SIGNS_OPTION: _(
            "An answer (%(language)s) holds signs that cannot be seen or sent, as copied texts do. "
            "Delete the answers and type them anew."
        ),
        Flaw.NO_WORD_ASK: _(
            "The question (%(language)s) has neither a letter nor a digit. Ask it in words."
        ),
        Flaw.NO_WORD_OPTION: _(
            "“%(word)s” (%(language)s) has neither a letter nor a digit, so nobody can text it. Write "
            "it in words."
        ),
        Flaw.ENDS_APART: _(
            "Say what the ends of the scale mean in every language, or in none: here (%(language)s) it "
            "is not as in the first."
        ),
        Flaw.ONE_ANSWER: _("The question of a warning has one answer to choose."),
        Flaw.UNEQUAL: _(
            "Write %(word)s answers (%(language)s), in the same order as in the first language: "
            "they are counted by their number."
        ),
        Flaw.ENDS: _(
            "Write two lines (%(language)s), what the lowest and the highest number mean, or none."
        ),
        Flaw.SCALE: _("Write a scale from a lower to a higher number, within 0 to %(highest)s."),
        Flaw.MOST: _("Write how many answers may be chosen, or leave it empty for all of them."),
        Flaw.SHOWN: _("Choose who sees the result."),
        Flaw.TELL: _(
            "Nobody can be told a result that only your team sees. Choose somebody else here, or do"
            " not have it told."
        ),
        Flaw.URGENT: _("Choose which of the answers asks for help."),
        Flaw.RESERVED: _(
            "Whoever texts this answer (%(language)s) would be understood as “%(word)s”, which "
            "means something else to us. Write it another way."
        ),
        Flaw.LONG_SMS: _(
            "The SMS with this question (%(language)s) would take more than %(parts)s parts. Shorten "
            "the question or its answers."
        ),
        Flaw.NO_RECEIVER: _(
            "Nobody could answer by SMS: the sender is a name. Have whoever runs the service set up a "
            "number."
        ),
        Flaw.OTHER: _("This question cannot be asked like this (%(language)s). Write it anew."),
    }
