"""Which texts are a word to us by themselves: to be left alone, or to be reached again."""

import re
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
         "STOPP", "ABMELDEN", "ABMELDUNG", "ABBESTELLEN", "AUSTRAGEN"],
        Word.STOP,
    ),
    **dict.fromkeys(["START", "UNSTOP", "ANMELDEN"], Word.START),
}  # fmt: skip
_COURTESY = frozenset({"BITTE", "PLEASE", "DANKE"})
_SIGNATURE = re.compile(
    r"\n\s*\n\s*(?:--|gesendet (?:von|mit)\b|von meinem .* gesendet|sent (?:from|with)\b).*",
    re.DOTALL | re.IGNORECASE,
)
_LONGEST = 64


def word_of(body: str) -> Word | None:
    """The word that a text consists of, whatever case, spaces and punctuation it is written with.

    It may be repeated, be said with a please, and stand above the signature of a mail program. A
    word within a sentence is for a person to read, and so is a question.
    """
    plain = unicodedata.normalize("NFKC", _SIGNATURE.sub("", body.replace("\r\n", "\n"))).upper()
    if len(plain) > _LONGEST or "?" in plain:
        return None
    said = ["".join(filter(str.isalnum, part)) for part in plain.split()]
    said = [part for part in said if part and part not in _COURTESY]
    if len(set(said)) == 1:
        said = said[:1]
    return _WORDS.get("".join(said))
