"""Which texts are a word to us by themselves: to be left alone, or to be reached again."""

import unicodedata
from enum import StrEnum


class Word(StrEnum):
    STOP = "stop"
    START = "start"


# Twilio acts on the English ones by itself, number by number; the German ones are ours.
# YES, which Twilio takes for a START, is not among them: it will be the answer to a question. Nor
# is ENDE: in a flood it asks whether it is over.
_WORDS = {
    **dict.fromkeys(
        ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT",
         "STOPP", "ABMELDEN"],
        Word.STOP,
    ),
    "START": Word.START,
    "UNSTOP": Word.START,
}  # fmt: skip
_LONGEST = 64


def word_of(body: str) -> Word | None:
    """The word that a text consists of, whatever case, spaces and punctuation it is written with.

    A word within a sentence is for a person to read, and so is a question.
    """
    if len(body) > _LONGEST:
        return None
    plain = unicodedata.normalize("NFKC", body).upper()
    if "?" in plain:
        return None
    return _WORDS.get("".join(sign for sign in plain if sign.isalnum()))
