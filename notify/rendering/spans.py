"""How long something takes or took, in words."""

from notify.rendering.languages import Words

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def span(words: Words, seconds: float) -> str:
    """`12 seconds`, `3 minutes`, `5 hours`, `2 days`: the largest of which there are two at least."""
    n = max(0, round(seconds))
    if n < 2 * _MINUTE:
        return words.gettext("%(n)s seconds") % {"n": words.number(n)}
    if n < 2 * _HOUR:
        return words.gettext("%(n)s minutes") % {"n": words.number(n // _MINUTE)}
    if n < 2 * _DAY:
        return words.gettext("%(n)s hours") % {"n": words.number(n // _HOUR)}
    return words.gettext("%(n)s days") % {"n": words.number(n // _DAY)}


def ago(words: Words, seconds: float) -> str:
    """How long something is past: `2 days ago`. German bends the days, and nothing shorter."""
    if seconds >= 2 * _DAY:
        return words.gettext("%(n)s days ago") % {"n": words.number(round(seconds) // _DAY)}
    return words.gettext("%(ago)s ago") % {"ago": span(words, seconds)}
