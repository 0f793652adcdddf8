"""Judges a password that somebody chooses.

By what it would take to guess it, not by rules of composition (ASVS 5.0, 6.2.5): zxcvbn knows the
words, names, dates and keyboard runs that people take, and what is said here about the person.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from zxcvbn import zxcvbn

from notify.errors import Invalid

SHORTEST: Final = 12
LONGEST: Final = 200
_JUDGED: Final = 72  # characters; judging takes time that grows with their number
_STRONG: Final = 3  # of 4: more than 100,000,000 guesses


def judge_password(password: str, *, about: Sequence[str] = ()) -> str:
    """The password, if it will do. `about` are words that anybody would try for this person.

    Raises Invalid for the field `password`; its message never repeats it.
    """
    if len(password) < SHORTEST:
        raise Invalid(f"Take at least {SHORTEST} characters.", field="password")
    if len(password) > LONGEST:
        raise Invalid(f"Take at most {LONGEST} characters.", field="password")
    judge: Callable[..., Mapping[str, Any]] = zxcvbn  # it has no types
    if judge(password[:_JUDGED], user_inputs=list(about))["score"] < _STRONG:
        raise Invalid(
            "This is easy to guess. Take four words that have nothing to do with each other.",
            field="password",
        )
    return password
