"""What simulated residents text as their answers, and what each of them means by it.

They write as people do: digits and letters, words and typos, chatter, a change of mind. Whatever they
write, their meaning is set down beside it, and the count is held against that.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SURVEY, SPEED = "survey", "speed"
"""The polls, by name. The second is asked last."""

Meaning = Mapping[tuple[str, int], frozenset[int]]
"""What somebody chose, by poll and number of the question."""

LETTERS = "ABC"
ARABIC, FULL_WIDTH, DEVANAGARI = "٠١٢٣٤٥", "０１２３４５", "०१२३४५"

PLACES = {1: ("Altstadt", "Old town"), 2: ("Neustadt", "New town"), 3: ("Stadtpark", "city park")}
MISSPELT = {1: "Altsatdt", 2: "Neustdat", 3: "Stadtprak"}
YES_NO = {
    1: ("ja", "Ja bitte", "yes", "Yes!", "JA"),
    2: ("nein", "Nein, danke", "no", "No", "NEIN"),
}
HAZY = ("weiß nicht", "keine Ahnung", "dunno")
STOPS = ("STOP", "Stopp bitte", "stop")


class Turn(StrEnum):
    """How somebody deals with one poll."""

    PLAIN = "plain"
    TWICE = "twice"  # the gateway posts the same text again
    CHANGED = "changed"  # first the one, then the other
    HAZY = "hazy"  # a text that is no answer, then one
    MISSPELT = "misspelt"  # is asked back, then the digit
    ANEW = "anew"  # all of the questions once more
    HALF = "half"  # the first question only
    STOP = "stop"  # instead of an answer
    LATE = "late"  # behind the close only
    SILENT = "silent"


SPEED_TURNS = (
    Turn.PLAIN, Turn.CHANGED, Turn.TWICE, Turn.HAZY, Turn.LATE, Turn.PLAIN, Turn.SILENT, Turn.STOP,
    Turn.PLAIN,
)  # fmt: skip
SURVEY_TURNS = (
    Turn.PLAIN, Turn.MISSPELT, Turn.PLAIN, Turn.CHANGED, Turn.ANEW, Turn.TWICE, Turn.HAZY,
    Turn.HALF, Turn.PLAIN, Turn.SILENT,
)  # fmt: skip
"""Of two lengths without a common part, so that everything meets everything."""


@dataclass(frozen=True, slots=True)
class Text:
    """One SMS. `times` is how often the gateway posts it."""

    body: str
    times: int = 1


@dataclass(slots=True)
class Voice:
    """What somebody texts while the polls are open and, in `late`, after the close; and what counts.
    `ends`: by whether they say STOP."""

    texts: list[Text] = field(default_factory=list)
    late: list[Text] = field(default_factory=list)
    means: dict[tuple[str, int], frozenset[int]] = field(default_factory=dict)
    ends: bool = False

    @property
    def finished(self) -> bool:
        """Whether they answered all of some poll, so that they have a receipt."""
        return (SPEED, 1) in self.means or (SURVEY, 3) in self.means


def voice(number: int, *, codes: Mapping[str, str], seed: int) -> Voice:
    """The same voice every time for the same seed. `codes` are those of the polls, by name."""
    dice = random.Random(f"{seed}/{number}")
    speaker = _Speaker(dice, codes)
    speed = SPEED_TURNS[number % len(SPEED_TURNS)]
    survey = SURVEY_TURNS[number % len(SURVEY_TURNS)]
    if number % 2:  # the one that was asked first, by its code; then the other by its own
        speaker.survey(survey)
        speaker.speed(speed, named=survey is not Turn.SILENT)
    else:
        speaker.speed(speed, named=False)
        if not speaker.said.ends:
            speaker.survey(survey)
    return speaker.said


class _Speaker:
    """Puts a voice together."""

    def __init__(self, dice: random.Random, codes: Mapping[str, str]) -> None:
        self.said = Voice()
        self._dice = dice
        self._codes = codes

    def speed(self, turn: Turn, *, named: bool) -> None:
        """Yes or no. `named`: the other was asked or answered last, so this one needs its code."""
        means, other = self._dice.sample((1, 2), 2)
        if turn is Turn.SILENT:
            return
        if turn is Turn.LATE:
            self.said.late.append(Text(self._yes_no(means, alone=True)))
            return
        if turn is Turn.STOP:
            self.said.texts.append(Text(self._dice.choice(STOPS)))
            self.said.ends = True
            return
        if turn is Turn.CHANGED:
            self._say(self._yes_no(other, alone=not named), SPEED if named else None)
        if turn is Turn.HAZY:
            self._say(self._dice.choice(HAZY), SPEED if named else None)
        times = 2 if turn is Turn.TWICE else 1
        self._say(self._yes_no(means, alone=not named), SPEED if named else None, times=times)
        self.said.means[SPEED, 1] = frozenset({means})

    def survey(self, turn: Turn) -> None:
        """Three questions. The first is named; with its answer the next is asked, which is then the
        latest."""
        if turn is Turn.SILENT:
            return
        if turn is Turn.ANEW:
            self._all(Turn.PLAIN)
            self._say(self._dice.choice(("NEU", "neu", "new")))
            self._rest(1, turn, named=False)
            return
        self._all(turn)
        if turn is Turn.CHANGED:
            value = self._dice.randint(1, 5)
            self._say(_digit(value, self._dice))
            self.said.means[SURVEY, 3] = frozenset({value})

    def _all(self, turn: Turn) -> None:
        self._rest(1, turn, named=True)

    def _rest(self, first: int, turn: Turn, *, named: bool) -> None:
        place = self._dice.randint(1, 3)
        if turn is Turn.MISSPELT:
            self._say(MISSPELT[place], SURVEY if named else None)
            self._say(str(place), SURVEY if named else None)
        else:
            self._say(self._place(place, alone=not named), SURVEY if named else None)
        self.said.means[SURVEY, first] = frozenset({place})
        if turn is Turn.HALF:
            return
        if turn is Turn.HAZY:
            self._say(self._dice.choice(HAZY))
        days = frozenset(self._dice.sample((1, 2, 3), self._dice.randint(1, 3)))
        self._say(self._days(days), times=2 if turn is Turn.TWICE else 1)
        self.said.means[SURVEY, 2] = days
        value = self._dice.randint(1, 5)
        self._say(_digit(value, self._dice))
        self.said.means[SURVEY, 3] = frozenset({value})

    def _say(self, body: str, poll: str | None = None, *, times: int = 1) -> None:
        if poll is not None:
            code = self._codes[poll]
            body = self._dice.choice(
                (f"{code} {body}", f"{code.lower()} {body}", f"{code}: {body}", f"{code} - {body}")
            )
        self.said.texts.append(Text(body, times))

    def _yes_no(self, choice: int, *, alone: bool) -> str:
        said = (
            *YES_NO[choice], *_chatter(choice, alone=alone), str(choice), f"{choice}.",
            f"{LETTERS[choice - 1].lower()})",
        )  # fmt: skip
        return self._dice.choice(said)

    def _place(self, choice: int, *, alone: bool) -> str:
        letter = LETTERS[choice - 1]
        said = (
            str(choice), f"{choice}.", letter, f"{letter.lower()})", *PLACES[choice],
            ARABIC[choice], FULL_WIDTH[choice], DEVANAGARI[choice], f"{choice} bitte",
            f"Nr. {choice}", f"{choice} - {PLACES[choice][0]}", *_chatter(choice, alone=alone),
        )  # fmt: skip
        return self._dice.choice(said)

    def _days(self, chosen: frozenset[int]) -> str:
        numbers = [str(n) for n in sorted(chosen)]
        if len(numbers) == 1:
            return self._dice.choice((numbers[0], f"Guten Tag, {numbers[0]} bitte. LG Erna"))
        joint = self._dice.choice((" ", ",", ", ", "+", " und ", "&"))
        return joint.join(numbers)


def _chatter(choice: int, *, alone: bool) -> tuple[str, ...]:
    """The digit within a letter; only where no code stands before it."""
    if not alone:
        return ()
    return (
        f"Guten Tag, ich stimme für {choice}. Mit freundlichen Grüßen Erna Müller",
        f"Hallo, ich nehme die Nummer {choice}.\n\nVon meinem iPhone gesendet",
    )


def _digit(value: int, dice: random.Random) -> str:
    return dice.choice((str(value), f"{value}.", ARABIC[value], FULL_WIDTH[value], f" {value} "))
