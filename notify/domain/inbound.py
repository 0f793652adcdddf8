"""What a text asks for: to be left alone, to be reached again, help, a group, a list, a language.

A word that stands alone is known however it is written. A keyword has the group as the rest of the
text. Whatever else is said is for a person to read.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Word(StrEnum):
    """What is asked for, in the order in which it is looked for."""

    STOP = "stop"
    START = "start"
    HELP = "help"
    ANSWER = "answer"  # to the question of a poll or an alert; what it says is not kept here
    CODE = "code"  # shown on a page, to prove the number
    JOIN = "join"
    LEAVE = "leave"
    STOP_GROUP = "stop_group"  # no SMS about one group
    LIST = "list"
    LANG = "lang"


@dataclass(frozen=True, slots=True)
class Command:
    """What a text asks for. `rest` is what stands beside the word as it was written, of a code its
    digits; `language` is that of the word, where it has one. Not `sure`: a person may be meant
    unless the rest is just the name of a group."""

    word: Word
    rest: str = ""
    language: str | None = None
    sure: bool = True


# Twilio acts on these by itself, number by number, where one stands alone and is written plainly.
_PROVIDER_S: Final = frozenset(
    ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"]
)
# The German ones are ours. YES, which Twilio takes for a START, is not among them: it will be the
# answer to a question. Nor is ENDE: in a flood it asks whether it is over.
_WORDS: Final = {
    **dict.fromkeys(
        [*_PROVIDER_S, "STOPP", "ABMELDEN", "ABMELDUNG", "ABBESTELLEN", "AUSTRAGEN"], Word.STOP
    ),
    **dict.fromkeys(["START", "UNSTOP", "ANMELDEN"], Word.START),
    **dict.fromkeys(["HELP", "HILFE", "INFO"], Word.HELP),
    **dict.fromkeys(["LIST", "LISTE"], Word.LIST),
}
STOP_WORDS: Final = frozenset(spelled for spelled, word in _WORDS.items() if word is Word.STOP)
_KEYWORDS: Final = {
    **dict.fromkeys(["JOIN", "MITMACHEN", "ANMELDEN", "ANMELDUNG"], Word.JOIN),
    **dict.fromkeys(["LEAVE", "ABMELDEN", "ABMELDUNG", "AUSTRAGEN", "ABBESTELLEN"], Word.LEAVE),
    **dict.fromkeys(["STOP", "STOPP"], Word.STOP_GROUP),
    **dict.fromkeys(["LANG", "LANGUAGE", "SPRACHE"], Word.LANG),
}
_SAID_LAST: Final = frozenset(["MITMACHEN", "ANMELDEN", "ABMELDEN", "AUSTRAGEN", "ABBESTELLEN"])
"""A German sentence ends with its verb."""

_ENGLISH: Final = frozenset(["HELP", "LIST", "JOIN", "LEAVE", "LANGUAGE", "UNSUBSCRIBE"])
_GERMAN: Final = frozenset(
    ["STOPP", "ABMELDEN", "ABMELDUNG", "ABBESTELLEN", "AUSTRAGEN", "ANMELDEN", "ANMELDUNG", "HILFE",
     "LISTE", "MITMACHEN", "SPRACHE"]
)  # fmt: skip
_COURTESY: Final = frozenset({"BITTE", "PLEASE", "DANKE", "THANKS"})
_NEGATION: Final = frozenset(
    {"NICHT", "NIE", "KEIN", "KEINE", "KEINEN", "NOT", "DONT", "NEVER", "NO"}
)
_QUESTIONS: Final = frozenset({Word.HELP, Word.LIST})
"""May be asked: nothing is changed by them."""

_SIGNATURE: Final = re.compile(
    r"--|gesendet (?:von|mit)\b|von meinem .* gesendet|sent (?:from|with)\b", re.IGNORECASE
)
_CODE: Final = re.compile(r"(?:[^\W\d]{1,20}\W{1,3})?(\d{3})[ -]?(\d{3})\W{0,3}")
_DIGITS: Final = re.compile(r"\d{1,2}")
"""An answer to a poll. Who answers and wants to stop is not asked back either."""
_POLL: Final = re.compile(r"[A-Z]\d{1,2}")
"""The code of a poll. Who begins with it and wants to stop is not asked back."""
_AUTOMATIC: Final = re.compile(
    r"\bauto-? ?(?:matisch\w*|mated|matic\w*|reply|response|antwort|responder)\b"
    r"|\bout of (?:the )?office\b|\babwesenheits|\b(?:do not|don't|no)[ -]?reply\b"
    r"|\bnicht (?:auf|an) diese (?:sms|nachricht|nummer) antworten|\bantworten sie nicht\b"
    r"|\b(?:nicht|not) (?:erreichbar|available|st(?:ö|oe)ren)\b"
    r"|\babwesend\b|\bnicht im büro\b|\bempfängt keine (?:sms|nachrichten|antworten)\b"
    r"|\b(?:does not|doesn't|cannot|can't) (?:accept|receive) (?:replies|messages|sms)\b"
    r"|\b(?:nicht zugestellt werden|not be delivered)\b"
    r"|\bfahre (?:gerade|derzeit)\b|\b(?:i'?m|i am|am) (?:currently )?driving\b"
    r"|\bkann (?:gerade|jetzt|derzeit|momentan) nicht (?:sprechen|telefonieren|reden)\b"
    r"|\bcan(?:'?t|not) talk (?:right )?now\b",
    re.IGNORECASE,
)
_LONGEST: Final = 64  # characters of a word alone
_LONGEST_COMMAND: Final = 120


def word_of(body: str) -> Word | None:
    """The word that a text consists of, whatever case, spaces and punctuation it is written with.

    It may be repeated, be said with a please, and stand above the signature of a mail program. A
    word within a sentence is for a person to read, and so is a question.
    """
    alone = _alone(plain_of(body))
    return alone.word if alone else None


def command_of(body: str) -> Command | None:
    """What a text asks of us; None where it is for a person to read."""
    plain = plain_of(body)
    return _alone(plain) or _code(plain) or _keyword(plain)


def provider_answers(body: str) -> bool:
    """Whether Twilio has acted on this text by itself, and has answered it."""
    return body.strip().upper() in _PROVIDER_S


def is_automatic(body: str) -> bool:
    """Whether a machine seems to have written it: nobody would read an answer."""
    return _AUTOMATIC.search(body[:1_000].replace("’", "'")) is not None


def plain_of(body: str) -> str:
    """A text without signature, without signs that are not seen, in the plain form of each letter."""
    text = unicodedata.normalize("NFKC", _without_signature(body.replace("\r\n", "\n")))
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf").strip()


def reserved_word(text: str) -> str | None:
    """The word of ours for which `text` would be taken that is meant to be something else; None
    where there is none. What begins with a word to stop is too near to it: who shortens it stops."""
    parts = [spelled for part in plain_of(text).split() if (spelled := letters(part))]
    if parts and _WORDS.get(parts[0]) is Word.STOP:
        return parts[0]
    command = command_of(text)
    if command is None:
        return None
    known = [part for part in parts if part in _WORDS or part in _KEYWORDS]
    return known[0] if known else "".join(parts)


def _without_signature(body: str) -> str:
    """What stands above an empty line and the signature of a mail program."""
    lines = body.split("\n")
    for number in range(2, len(lines)):
        if not lines[number - 1].strip() and _SIGNATURE.match(lines[number].lstrip()):
            return "\n".join(lines[:number])
    return body


def letters(text: str) -> str:
    """The letters and digits of a text in capitals."""
    return "".join(filter(str.isalnum, text)).upper()


def _alone(plain: str) -> Command | None:
    if len(plain) > _LONGEST:
        return None
    said = [letters(part) for part in plain.split()]
    said = [part for part in said if part and part not in _COURTESY]
    coded = len(said) > 1 and _POLL.fullmatch(said[0])
    said = said[1:] if coded else said
    others = [part for part in said if not _DIGITS.fullmatch(part)]
    answers = len(others) < len(said)
    if len(set(others)) == 1:
        others = others[:1]
    spelled = "".join(others)
    word = _WORDS.get(spelled)
    if word is None or ((coded or answers) and word is not Word.STOP):
        return None
    if answers and _KEYWORDS.get(spelled) is Word.LEAVE:
        return None
    if "?" in plain and word not in _QUESTIONS:
        return None
    return Command(word, language=_language(spelled))


def _code(plain: str) -> Command | None:
    found = _CODE.fullmatch(plain)
    if found is None:
        return None
    return Command(Word.CODE, "".join(str(unicodedata.digit(sign)) for sign in found[1] + found[2]))


def _keyword(plain: str) -> Command | None:
    if len(plain) > _LONGEST_COMMAND or "?" in plain:
        return None
    parts = [(letters(part), part) for part in plain.split()]
    parts = [(letters, part) for letters, part in parts if letters and letters not in _COURTESY]
    if not parts or any(letters in _NEGATION for letters, _ in parts):
        return None
    first, last = parts[0][0], parts[-1][0]
    if first in _KEYWORDS:
        word, rest = _KEYWORDS[first], parts[1:]
        sure = word is not Word.STOP_GROUP
    elif last in _SAID_LAST:
        first, word, rest, sure = last, _KEYWORDS[last], parts[:-1], False
    else:
        return None
    return Command(word, _trimmed(" ".join(part for _, part in rest)), _language(first), sure)


def _trimmed(text: str) -> str:
    """Without quotes, brackets and full stops around it."""
    begin, end = 0, len(text)
    while begin < end and not text[begin].isalnum():
        begin += 1
    while end > begin and not text[end - 1].isalnum():
        end -= 1
    return text[begin:end]


def _language(word: str) -> str | None:
    return "de" if word in _GERMAN else "en" if word in _ENGLISH else None
