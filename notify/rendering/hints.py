"""Says what might be better in a text, and what to do about it."""

from notify.domain.text_check import LONGEST_SENTENCE, LONGEST_TITLE, Hint, Why
from notify.rendering.languages import Words


def said(words: Words, hint: Hint) -> str:
    """One hint, in a sentence or two."""
    return _sentences(words)[hint.why] % {
        "said": hint.said, "title": LONGEST_TITLE, "sentence": LONGEST_SENTENCE,
    }  # fmt: skip


def _sentences(words: Words) -> dict[Why, str]:
    _ = words.gettext
    return {
        Why.WHO: _("Nobody is named who speaks. Give the group a sender's name."),
        Why.WHAT: _("“%(said)s” does not say what happened. Name it in the title."),
        Why.WHERE: _("Where does it apply? Name the place or the street."),
        Why.DO: _("What are people to do? Write it as a request: “Close the windows.”"),
        Why.UNTIL: _("Until when does it apply? Name a time, or say when you will write again."),
        Why.LONG_TITLE: _(
            "The title has %(said)s characters. Phones show %(title)s of them: shorten it."
        ),
        Why.LONG_SENTENCE: _(
            "A sentence has %(said)s words. Make two of it: up to %(sentence)s are easy to read."
        ),
        Why.CAPITALS: _("“%(said)s” is all capitals, which is hard to read. Write it as usual."),
        Why.GAP: _("“%(said)s” looks like a gap. Fill it in."),
        Why.LINK: _(
            "The link %(said)s takes up much of the SMS. Leave it out: a short link to the whole"
            " message stands at the end of each SMS."
        ),
        Why.NO_LINK: _("You speak of a web page. Put its link into the text."),
        Why.SOUNDS_LIKE_DRILL: _(
            "“%(said)s” sounds like a drill, and this is none. Write it another way, or mark"
            " this as a drill."
        ),
        Why.SOUNDS_REAL: _("This is a drill, and the text does not say so. Say it in the text."),
        Why.SEGMENTS: _(
            "The SMS takes up %(said)s parts, and each one is paid for. Write a shorter text for SMS."
        ),
        Why.DEAR: _(
            "With these characters less than half as much fits into one SMS: %(said)s. Leave them out."
        ),
        Why.REPLACED: _(
            "An SMS does not carry these characters well: %(said)s. Others take their place."
        ),
    }
