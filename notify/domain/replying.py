"""Who may be answered by SMS, how often, and until when an answer is worth sending.

Texts may come from machines and answers cost money: nobody, not even by mistake, may keep us
writing.
"""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import phonenumbers

_NUMBER: Final = re.compile(r"\+[1-9]\d{6,14}")


class Say(StrEnum):
    """What an answer says."""

    STOPPED = "stopped"
    STARTED = "started"
    HELP = "help"
    PROVED = "proved"
    TAKEN = "taken"  # a code of a page, for a number that somebody has proven
    JOINED = "joined"
    ALREADY = "already"  # follows the group by SMS since before
    REQUESTED = "requested"  # the group is closed
    LEFT = "left"
    MUTED = "muted"  # the group's SMS only
    NOT_FOLLOWING = "not_following"
    LIST = "list"
    LANG = "lang"
    WHICH_GROUP = "which_group"
    WHICH_LANG = "which_lang"
    KEPT = "kept"  # for a person to read
    EMPTY = "empty"


class Sort(StrEnum):
    """Answers that are counted together."""

    STOP = "stop"
    COMMAND = "command"
    KEPT = "kept"


MOST_A_DAY: Final[Mapping[Sort, int]] = {Sort.STOP: 3, Sort.COMMAND: 5, Sort.KEPT: 1}
"""Answers to one number within a day. What is asked for is done nevertheless."""

PROOFS: Final = frozenset({Say.JOINED, Say.ALREADY, Say.REQUESTED, Say.PROVED})
"""Said after a text by which the number is proven: it is reached again."""

_CHANGED: Final = PROOFS | {
    Say.STOPPED, Say.STARTED, Say.LEFT, Say.MUTED, Say.LANG,
}  # fmt: skip
_OF_CHANGES: Final = timedelta(days=1)
_OF_QUESTIONS: Final = timedelta(minutes=10)


def sort_of(say: Say) -> Sort:
    if say is Say.STOPPED:
        return Sort.STOP
    return Sort.KEPT if say in {Say.KEPT, Say.EMPTY} else Sort.COMMAND


def worth(say: Say) -> timedelta:
    """How long after the text its answer is of use: that something was changed is told for a day,
    who asked and had no answer has asked somebody else."""
    return _OF_CHANGES if say in _CHANGED else _OF_QUESTIONS


def in_time(say: Say, *, said_at: datetime | None, now: datetime) -> bool:
    """Whether the text came a short while ago; one without a time came just now."""
    return said_at is None or now - said_at <= worth(say)


def is_phone(sender: str) -> bool:
    """Whether it is a number in E.164; short codes and names are no phones."""
    return _NUMBER.fullmatch(sender) is not None


def in_countries(phone: str, countries: Collection[str]) -> bool:
    """Whether a number in E.164 is one of these countries', by their two letters."""
    try:
        country = phonenumbers.region_code_for_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return False
    return country is not None and country in countries
