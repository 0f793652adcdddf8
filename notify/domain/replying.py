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
    COUNTED = "counted"  # every question has an answer
    COUNTED_ANEW = "counted_anew"  # in the place of an earlier one
    QUESTION = "question"  # the next one, or the same once more where it was asked for
    UNCLEAR = "unclear"  # no answer: how to answer
    ANSWER_THERE = "answer_there"  # no answer again: on a page
    POLL_CLOSED = "poll_closed"
    SAFE = "safe"  # to the question of an alert
    HELP_NOTED = "help_noted"
    KEPT = "kept"  # for a person to read
    EMPTY = "empty"


class Sort(StrEnum):
    """Answers that are counted together."""

    STOP = "stop"
    COMMAND = "command"
    QUESTION = "question"
    ANSWER = "answer"
    UNREAD = "unread"  # a text that was no answer
    KEPT = "kept"


MOST_A_DAY: Final[Mapping[Sort, int]] = {
    Sort.STOP: 3,
    Sort.COMMAND: 5,
    Sort.QUESTION: 40,  # each is put after an answer; who is not asked cannot go on
    Sort.ANSWER: 12,
    Sort.UNREAD: 4,
    Sort.KEPT: 1,
}
"""Answers to one number within a day. What is asked for is done nevertheless."""

PROOFS: Final = frozenset({Say.JOINED, Say.ALREADY, Say.REQUESTED, Say.PROVED})
"""Said after a text by which the number is proven: it is reached again."""

_CHANGED: Final = PROOFS | {
    Say.STOPPED, Say.STARTED, Say.LEFT, Say.MUTED, Say.LANG, Say.COUNTED, Say.COUNTED_ANEW,
    Say.QUESTION, Say.POLL_CLOSED, Say.SAFE, Say.HELP_NOTED,
}  # fmt: skip
_OF_CHANGES: Final = timedelta(days=1)
_OF_QUESTIONS: Final = timedelta(minutes=10)


_SORTS: Final[Mapping[Say, Sort]] = {
    Say.STOPPED: Sort.STOP,
    **dict.fromkeys([Say.COUNTED, Say.COUNTED_ANEW, Say.SAFE, Say.HELP_NOTED], Sort.ANSWER),
    Say.QUESTION: Sort.QUESTION,
    **dict.fromkeys([Say.UNCLEAR, Say.ANSWER_THERE, Say.POLL_CLOSED], Sort.UNREAD),
    **dict.fromkeys([Say.KEPT, Say.EMPTY], Sort.KEPT),
}


UNASKED: Final = frozenset(
    {Say.COUNTED, Say.COUNTED_ANEW, Say.QUESTION, Say.UNCLEAR, Say.ANSWER_THERE, Say.POLL_CLOSED}
)
"""Of a poll; not told to who wants no SMS: their answer counts all the same. What an alert says is."""


def sort_of(say: Say) -> Sort:
    return _SORTS.get(say, Sort.COMMAND)


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
