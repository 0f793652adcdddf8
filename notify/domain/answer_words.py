"""The words that stand around an answer, in German and English: what they say, or that they say
nothing. Whatever word is not here is strange, and a strange word makes an answer unsure."""

from collections.abc import Mapping
from typing import Final

from notify.domain.inbound import STOP_WORDS
from notify.domain.spelling import spellings


def _words(*lines: str) -> frozenset[str]:
    """Each of them, spelled with umlauts and without."""
    return frozenset(form for line in lines for word in line.split() for form in spellings(word))


def _values(start: int, *lines: str) -> Mapping[str, int]:
    """What each word counts; those that are alike stand joined by a stroke."""
    return {
        form: value
        for line in lines
        for value, alike in enumerate(line.split(), start)
        for word in alike.split("/")
        for form in spellings(word)
    }


NUMBERS: Final = _values(
    0,
    "null eins zwei/zwo drei vier fünf sechs sieben acht neun zehn",
    "zero one two three four five six seven eight nine ten",
)
_ENDINGS: Final = ("e", "er", "es", "en", "em", "ens")
ORDINALS: Final = {
    **_values(1, "first second third fourth fifth sixth seventh eighth ninth"),
    **{
        word + ending: value
        for word, value in _values(
            1, "erst zweit dritt viert fünft sechst siebt/siebent acht neunt"
        ).items()
        for ending in _ENDINGS
    },
}
AFTER_DIGITS: Final = _words("te ten ter tes st nd rd th")
"""Makes an ordinal of the number that it is written to."""
WEEKDAYS: Final[Mapping[str, str]] = {
    "montag": "mo", "dienstag": "di", "mittwoch": "mi", "donnerstag": "do", "freitag": "fr",
    "samstag": "sa", "sonnabend": "sa", "sonntag": "so",
    "monday": "mon", "tuesday": "tue", "wednesday": "wed", "thursday": "thu", "friday": "fri",
    "saturday": "sat", "sunday": "sun",
}  # fmt: skip
"""How each is written short."""
DAYS: Final = frozenset(WEEKDAYS) | frozenset(WEEKDAYS.values())
LAST: Final = _words("letzte letzter letztes letzten last")
ROMAN: Final[Mapping[str, int]] = {
    "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9,
}  # fmt: skip
LETTERS: Final = "abcdefghi"
PRONOUNS: Final = frozenset({"a", "i"})
"""Letters that are English words, too."""

YES: Final = _words(
    "ja jo joa jep jepp jup jap jawohl jawoll j dafür",
    "yes yep yup yeah yea yess y",
)
NO: Final = _words("nein ne nee nö nöö dagegen nie niemals n", "no nope nah never")
YES_PHRASES: Final = (("auf", "jeden", "fall"), ("na", "klar"), ("of", "course"))
NO_PHRASES: Final = (
    ("auf", "keinen", "fall"), ("auf", "gar", "keinen", "fall"), ("no", "way"),
)  # fmt: skip
YES_SIGNS: Final = frozenset("👍✅✔☑")
NO_SIGNS: Final = frozenset("👎❌✖✗✘🚫☐")
PERHAPS_YES: Final = _words(
    "ok okay klar gern gerne natürlich selbstverständlich unbedingt sicher sicherlich definitiv",
    "absolut einverstanden genau sure definitely absolutely certainly agreed exactly",
)
"""Says yes more firmly, or nothing beside another answer. Alone it may mean that a text was read."""
TYPED: Final = ("ja", "nein", "yes")
"""May be recognised in what somebody mistyped."""

STOPS: Final = _words(*STOP_WORDS)
FLATLY: Final = STOPS | _words("weder außer ausser ohne jein neither nor except without")
"""Denies all that is named, not one for another."""
DENIALS: Final = FLATLY | _words(
    "nicht kein keine keinen keiner keinem keines keins gegen",
    "not none against",
)
ALL: Final = _words("alle alles sämtliche all everything")
BOTH: Final = _words("beide beides both")
AND: Final = _words("und u and sowie")
OR: Final = _words("oder or bzw")
TURNS: Final = _words(
    "doch sondern quatsch korrektur falsch vielmehr sorry",
    "entschuldigung ups meinte actually wait correction meant",
)
"""After an answer: another follows. Before one: nothing."""
COMPARING: Final = _words("lieber statt stattdessen anstatt rather instead better besser than")
"""One rather than another: of two that are named one is meant."""
REASONS: Final = _words("weil denn damit because since")
OUT_OF: Final = _words("von aus out of")

KNOWING: Final = _words("weiß")
MYSELF: Final = frozenset({"ich"})
"""Who knows says so with the word for white."""

CHOICE: Final = _words(
    "option optionen antwort antworten auswahl wahl möglichkeit vorschlag variante",
    "options answer answers choice reply",
)
"""Before a number: that of an option."""
LABEL: Final = CHOICE | _words("nr nummer num number ziffer zahl punkt")
PLEASE: Final = _words(
    "bitte please danke dankeschön thanks thank thx plz pls merci",
    # in the languages that are spoken most beside German
    "lütfen teşekkürler شكرا дякую пожалуйста спасибо proszę dziękuję",
)
POINTS: Final = _words("punkt punkte punkten stern sterne sternen star stars point points")

GREETINGS: Final = _words("hallo hi hey hello moin servus grüezi grüß dear liebe lieber liebes")
TITLES: Final = _words("frau herr herrn dr mr mrs ms dear liebe lieber liebes name heiße")
"""A name may follow, up to the next comma."""
SIGNING: Final = _words(
    "gruß grüße grüßen mfg lg vg glg bg hochachtungsvoll regards yours sincerely cheers wishes"
)
"""A name may follow, up to the end."""
WISHING: Final = _words(
    "guten gute gutes schönen schöne schönes frohe frohes angenehmen good nice great lovely happy"
)
WISHED: Final = _words(
    "tag morgen abend nacht mittag nachmittag wochenende woche montag dienstag mittwoch donnerstag",
    "freitag samstag sonntag feiertag feiertage ostern weihnachten day morning evening afternoon",
    "night weekend week",
)
SIR: Final = frozenset({"sir"})
"""Sir or Madam is one who is greeted."""
FOLLOWED_BY_GOOD: Final = _words("alles everything all")
GOOD: Final = _words("gut ok okay klar bestens good fine")

FILLERS: Final = PLEASE | LABEL | GREETINGS | TITLES | SIGNING | _words(
    # German
    "der die das den dem des ein eine einen einer eines ich wir mir mich uns es am im in an zum zur",
    "ist bin sind wäre war für mit von vom und meine mein meiner unsere unser stimme stimmen nehme",
    "nehmen wähle wählen votiere möchte möchten will wollen würde würden hätte hätten finde finden gebe",
    "geben so also nur ganz sehr mal hm äh hiermit eindeutig schön gut wichtig wichtigsten",
    "besten herr herrn frau damen herren geehrte geehrter liebes stadt rathaus gott viele liebe beste",
    "herzliche herzlichen freundlichen freundliche dank vielen tschüss tschüs noch umfrage frage euch sage sag",
    "geht gehen lautet zusammen beim",
    "ihnen sie ihr ihre davon hand auf jeden fall",
    # English
    "the my our me us we is am are be it this that to with for vote votes voting choose pick take go",
    "goes say want would like will have in on at you your very much best kind warm sir madam mr mrs",
    "ms there poll survey question bye of them these course do and",
    # signatures of phones
    "gesendet meinem iphone ipad handy smartphone samsung galaxy android gerät sent from get outlook ios",
)  # fmt: skip
UNSURE: Final = _words(
    "bis höchstens mindestens etwa circa ca vielleicht eventuell ungefähr most least maybe perhaps about"
)
"""Even where the question has them, they say something in an answer."""

BEFORE_OTHER: Final = _words(
    "um frage question hausnummer haus straße strasse str seit ab nach vor tel telefon zimmer wohnung stock etage plz",
    "at house street room phone flat",
)
"""A number after it is no answer."""
STREETS: Final = ("strasse", "straße", "str", "weg", "gasse", "platz", "allee", "street", "road")
AFTER_OTHER: Final = _words(
    "uhr h pm am oclock prozent euro eur x mal kind kinder kindern person personen leute jahr jahre",
    "jahren tag tage tagen woche wochen monat monate stunde stunden minute minuten min km m cm meter",
    "grad kids kid children people person persons year years day days week weeks month months hour",
    "hours minutes times",
)
"""A number before it is no answer."""
FLOORS: Final = _words("stock stockwerk og etage obergeschoss floor")
WHEN: Final = frozenset({"um", "ab", "seit", "at"})
"""Before a time; who texts an option may leave it out."""
COUNTING: Final = _words("sind habe haben hab are have has am in im an zu mit on")
"""A number after it may count something else, or be a day."""
BEING: Final = _words("bin sind war waren am are was were")
SOMEWHERE: Final = _words("in im an am auf beim at on der die das the nr nummer number")
"""After a word of being: where, or who, somebody is."""
PRAISE: Final = _words("sehr gut schön wichtig good best besten very great")
"""Beside a number on a scale it may say the opposite."""
