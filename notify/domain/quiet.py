"""The hours of a day in which somebody wants no news, as they are typed."""

import re
from dataclasses import dataclass
from datetime import time

from notify.errors import Invalid

_TIME = re.compile(r"([01]?\d|2[0-3])(?:[:.]([0-5]\d))?(?::[0-5]\d)?(?: ?Uhr)?")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """On the town's clocks; over midnight where they end earlier than they begin."""

    begin: time
    until: time


def read(begin: str, until: str) -> QuietHours | None:
    """The hours as typed, None where both are left empty.

    Raises Invalid with the field `begin` or `until`: for one without the other, for what is no
    time, and where both are the same.
    """
    if not begin.strip() and not until.strip():
        return None
    hours = QuietHours(_time(begin, "begin"), _time(until, "until"))
    if hours.begin == hours.until:
        raise Invalid("Beginning and end are the same. Write two times.", field="until")
    return hours


def _time(typed: str, field: str) -> time:
    match = _TIME.fullmatch(typed.strip())
    if match is None:
        raise Invalid("Write a time like 22:00.", field=field)
    return time(int(match[1]), int(match[2] or 0))
