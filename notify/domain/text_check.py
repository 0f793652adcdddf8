"""Looks whether a text says what its readers need: who, what, where, what to do, until when; and what
makes a text hard to read or dear to send. Hints, not errors: who writes knows better.

German and English are understood a little; of other languages only what needs no language is said.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from notify.domain.draft import Words
from notify.domain.words import Kind, Relation

LONGEST_TITLE: Final = 50  # characters that a notification shows
LONGEST_SENTENCE: Final = 25  # words
LONGEST_LINK: Final = 30  # characters in an SMS
UNNAMED: Final = "Citizen Notify"
"""Who speaks where nobody gave a name."""


class Why(StrEnum):
    """What a hint is about."""

    WHO = "who"
    WHAT = "what"
    WHERE = "where"
    DO = "do"
    UNTIL = "until"
    LONG_TITLE = "long_title"
    LONG_SENTENCE = "long_sentence"
    CAPITALS = "capitals"
    GAP = "gap"
    LINK = "link"  # a long one in an SMS
    NO_LINK = "no_link"  # a page is spoken of and not linked
    SOUNDS_LIKE_DRILL = "sounds_like_drill"
    SOUNDS_REAL = "sounds_real"
    SEGMENTS = "segments"
    DEAR = "dear"  # signs for which the SMS needs more parts
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Hint:
    """`field` is title, body or sms; `said` is what of the text, or how much, it is about."""

    why: Why
    field: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What is known beside the text. `places` are names of the groups it goes to; `segments`,
    `dear` and `replaced` are of the SMS that is made of it."""

    language: str
    kind: str
    sender: str
    places: Sequence[str] = ()
    relation: str = ""
    drill: bool = False
    segments: int = 1
    dear: str = ""
    replaced: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class _Speech:
    """How a language says it; each is searched in title and body."""

    vague: re.Pattern[str]  # a word that says nothing, where all of a title are such
    place: re.Pattern[str]
    deed: re.Pattern[str]
    end: re.Pattern[str]
    drill: re.Pattern[str]
    page: re.Pattern[str]


def _any(*patterns: str, same_case: Sequence[str] = ()) -> re.Pattern[str]:
    """Any of these; big and small letters are the same but in `same_case`."""
    return re.compile("|".join([*(f"(?i:{one})" for one in patterns), *same_case]))


_GERMAN: Final = _Speech(
    vague=_any(
        r"achtung|warnung|wichtig\w*|information\w*|info|hinweise?|eilig|eilt|gefahr|notfall",
        r"dringend\w*|amtlich\w*|mitteilung|meldung|an|alle|die|bürger\w*|und",
    ),
    place=_any(
        r"(?:straße|platz|stadtgebiet|ortsteil|gemeinde|landkreis)\b",
        same_case=[
            (
                r"\b(?:[Ii]n|[Aa]n|[Aa]uf|[Bb]ei|[Üü]ber|[Ee]ntlang|[Zz]wischen)"
                r" (?:(?:der|dem|den|die|das) )?[A-ZÄÖÜ]\w+"
            ),
            # Of "am Montag" and "im Haus" neither is a place.
            (
                r"\b(?:[Aa]m|[Zz]um|[Ii]m|[Vv]om|[Rr]und um den|[Rr]und um die) (?!Haus|Freien|Notfall"
                r"|Abend|Morgen|Nachmittag|Ende|Mo\w+tag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag"
                r"|Sonntag)[A-ZÄÖÜ]\w+"
            ),
        ],
    ),
    deed=_any(
        r"\bbitte\b",
        same_case=[
            r"\b\w+(?:en|eln|ern) Sie\b",
            r"\bSie (?:können|dürfen|müssen|sollen|sollten|brauchen)\b",
            r"\b[A-ZÄÖÜ]\w+ (?:nicht )?[a-zäöü]\w+en[.!]",  # Fenster schließen.
        ],
    ),
    end=_any(r"\b(?:bis|spätestens|voraussichtlich|auf weiteres|dauert|endet)\b"),
    drill=_any(r"\bÜbung\w*", r"\bProbe(?:alarm|warnung)\w*", r"\bTestalarm\w*"),
    page=_any(r"\binternetseite\w*", r"\bnetzseite\w*", r"\bwebsite\b", r"\bhomepage\b"),
)

_ENGLISH: Final = _Speech(
    vague=_any(
        r"attention|warning|important|information|info|notice|alert|danger|urgent|emergency",
        r"official|message|to|all|residents|and|an|a|the",
    ),
    place=_any(
        r"\b(?:street|road|square|river|district|village|old town|town centre|station)\b",
        same_case=[
            (
                r"\b(?:[Ii]n|[Aa]t|[Nn]ear|[Oo]ver|[Aa]long|[Aa]round|[Bb]etween|[Oo]f)"
                r" (?:the )?[A-Z]\w+"
            ),
        ],
    ),
    deed=_any(
        r"(?:^|[.!?:]\s+|\band )(?:stay|go|keep|close|shut|avoid|boil|leave|call|move|turn|drink"
        r"|use|follow|check|bring|take|wait|drive|open|listen)\b",
        r"\b(?:do not|don't|please)\b",
        r"\byou (?:can|may|must|should|need)\b",
    ),
    end=_any(r"\b(?:until|till|by \d|further notice|ends?|over[.!,])"),
    drill=_any(r"\bexercise\b", r"\bdrill\b", r"\btest (?:alarm|alert|warning)\b"),
    page=_any(r"\bweb ?(?:site|page)\b", r"\bhomepage\b"),
)

_SPEECHES: Final[Mapping[str, _Speech]] = {"de": _GERMAN, "en": _ENGLISH}

_LINK: Final = re.compile(r"https?://\S+|\bwww\.\S+")
_GAP: Final = re.compile(
    r"\[[^\]\n]{1,60}\](?!\()|_{3,}|\bX{2,}\b|\{\{?[^}\n]{1,60}\}\}?|…{2,}|\bTODO\b"
)
_LOUD: Final = 3  # words in capitals, one after the other
_WORD: Final = re.compile(r"\w+")
_SENTENCE: Final = re.compile(r"[^.!?\n]+")


def check(text: Words, about: About) -> list[Hint]:
    """What might be better, in the order of the fields. Of what is not written yet nothing is said."""
    if text.empty:
        return []
    hints = [*_essentials(text, about), *_drills(text, about), *_form(text)]
    if about.segments > 1:
        hints.append(Hint(Why.SEGMENTS, "sms", str(about.segments)))
        if about.dear:
            hints.append(Hint(Why.DEAR, "sms", about.dear))
    if about.replaced:
        hints.append(Hint(Why.REPLACED, "sms", " ".join(was for was, _ in about.replaced)))
    order = ("title", "body", "sms")
    return sorted(hints, key=lambda hint: order.index(hint.field))


def complete(text: Words, about: About) -> bool:
    """Whether all that an alert has to say was looked for, and found."""
    whole = bool(text.title.strip() and text.body.strip())
    understood = _speech(about.language) is not None
    return whole and understood and about.kind == Kind.ALERT and not check(text, about)


def _speech(language: str) -> _Speech | None:
    return _SPEECHES.get(language.partition("-")[0].lower())


def _essentials(text: Words, about: About) -> Iterator[Hint]:
    """Who, what, where, what to do, until when."""
    if about.sender.strip() in {"", UNNAMED}:
        yield Hint(Why.WHO, "title")
    speech = _speech(about.language)
    if speech is None:
        return
    words = _WORD.findall(text.title)
    if text.title.strip() and all(speech.vague.fullmatch(word) for word in words):
        yield Hint(Why.WHAT, "title", text.title.strip())
    if speech.page.search(text.body) and not _LINK.search(text.body) and "](" not in text.body:
        yield Hint(Why.NO_LINK, "body")
    if about.kind == Kind.ALERT and text.body.strip():
        yield from _of_alerts(text, about, speech)


def _of_alerts(text: Words, about: About, speech: _Speech) -> Iterator[Hint]:
    whole = f"{text.title}. {text.body}"
    named = any(one.casefold() in whole.casefold() for one in about.places if one)
    if not named and not speech.place.search(whole):
        yield Hint(Why.WHERE, "body")
    if not speech.deed.search(text.body):
        yield Hint(Why.DO, "body")
    if about.relation != Relation.ALL_CLEAR and not speech.end.search(whole):
        yield Hint(Why.UNTIL, "body")


def _drills(text: Words, about: About) -> Iterator[Hint]:
    """A drill that does not say so, and what is none and sounds like one."""
    speech = _speech(about.language)
    if speech is None:
        return
    found = [
        (name, match) for name, words in _fields(text) if (match := speech.drill.search(words))
    ]
    if about.drill and not found:
        yield Hint(Why.SOUNDS_REAL, "body")
    if not about.drill:
        yield from (Hint(Why.SOUNDS_LIKE_DRILL, name, match[0]) for name, match in found)


def _form(text: Words) -> Iterator[Hint]:
    """What needs no language."""
    if len(text.title) > LONGEST_TITLE:
        yield Hint(Why.LONG_TITLE, "title", str(len(text.title)))
    for name, words in _fields(text):
        if loud := _loud(words):
            yield Hint(Why.CAPITALS, name, loud)
        if gap := _GAP.search(words):
            yield Hint(Why.GAP, name, gap[0])
        longest = max((len(one.split()) for one in _SENTENCE.findall(words)), default=0)
        if longest > LONGEST_SENTENCE:
            yield Hint(Why.LONG_SENTENCE, name, str(longest))
    link = _LINK.search(text.sms)
    if link and len(link[0]) > LONGEST_LINK:
        yield Hint(Why.LINK, "sms", link[0])


def _loud(words: str) -> str:
    """The first run of words in capitals; a short one is a name or an abbreviation."""
    run: list[str] = []
    for word in [*words.split(), "end"]:
        if word.isupper() and sum(map(str.isalpha, word)) > 1:
            run.append(word)
        elif len(run) >= _LOUD:
            break
        else:
            run = []
    return " ".join(run)


def _fields(text: Words) -> Sequence[tuple[str, str]]:
    return (("title", text.title), ("body", text.body), ("sms", text.sms))
