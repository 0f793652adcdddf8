"""Hears a call for help in whatever somebody texts, where people are asked whether they are safe.

Taken for more than it was rather than for less: only who says that no help is needed is not heard.
"""

import re
from typing import Final

_LONGEST: Final = 640  # characters
_CALLS: Final = frozenset(
    ["hilfe", "hilf", "helfen", "helft", "sos", "notfall", "notruf", "rettet", "retten",
     "rettung", "notarzt", "krankenwagen", "verletzt", "verletzte", "eingeklemmt",
     "eingeschlossen", "verschüttet", "help", "emergency", "rescue", "ambulance", "injured",
     "trapped", "stuck"]
)  # fmt: skip
_NONE: Final = frozenset(
    ["nicht", "nie", "kein", "keine", "keinen", "keinerlei", "keiner", "niemand", "not", "dont",
     "doesnt", "never", "no", "none", "nobody", "without", "ohne"]
)  # fmt: skip
_BETWEEN: Final = frozenset(
    ["brauche", "brauchen", "braucht", "brauchts", "benötige", "benötigen", "benötigt", "nötig",
     "notwendig", "erforderlich", "ich", "wir", "es", "ist", "sind", "war", "wurde", "wird",
     "mehr", "weitere", "eure", "ihre", "deine", "mir", "uns", "need", "needed", "needs",
     "required", "i", "we", "is", "are", "was", "any", "more", "your", "one", "got", "bin", "bei",
     "hier", "here"]
)  # fmt: skip
"""What may stand between the no and what it denies: `Hilfe brauchen wir nicht`, but not `Hilfe, wir
können nicht raus`."""


def calls_for_help(body: str, *, near: bool) -> bool:
    """Whether somebody seems to call for help. `near`: it was read as something like that."""
    said = re.sub("['’`´]", "", body[:_LONGEST].casefold())
    words = re.findall(r"\w+|[^\w\s]", said)
    calls = [place for place, word in enumerate(words) if word in _CALLS]
    denied = {place for place in calls if _is_denied(words, place)}
    return bool(set(calls) - denied) or (near and not denied)


def _is_denied(words: list[str], call: int) -> bool:
    """Whether a no belongs to this word: one before it, or one behind it that denies nothing else."""
    for no in (place for place, word in enumerate(words) if word in _NONE):
        if all(word in _BETWEEN for word in words[min(call, no) + 1 : max(call, no)]):
            after = words[no + 1 : no + 2]
            if no < call or not after or after[0] in _BETWEEN or not after[0].isalnum():
                return True
    return False
