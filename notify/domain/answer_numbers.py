"""Reads numbers and letters as answers: 2, ２, two, the 2nd, b), 8 of 10."""

from notify.domain import answer_words as words
from notify.domain.answer_marks import Around, Mark, Says
from notify.domain.answer_names import Chosen, within
from notify.domain.answer_tokens import Token
from notify.domain.poll import Shape

_DASHES = frozenset("-‐‑–—−")


def number_mark(around: Around, at: int) -> Mark | None:
    """What a number says, in digits or as a word; None where there is none."""
    token = around.tokens[at]
    if token.number is None:
        return None
    if token.digits and around.after(at, words.AFTER_DIGITS) and around.tokens[at + 1].gap == "":
        return _ordinal(around, at, token.number, 2)
    return (
        _of_something_else(around, at)
        or (_on_scale(around, at, token.number) if around.scale else None)
        or _value(around, at, token)
    )


def ordinal_mark(around: Around, at: int) -> Mark | None:
    """What the first, the second or the last says."""
    forms = around.tokens[at].forms
    value = next((words.ORDINALS[form] for form in forms if form in words.ORDINALS), None)
    if value is None and any(form in words.LAST for form in forms):
        value = around.question.choices[-1]
    if value is None or within(around.tokens[at], around.names.asked):
        return None
    if around.after(at, words.AFTER_OTHER):
        return Mark(Says.STRANGE, length=2)
    return _ordinal(around, at, value, 1)


def letter_mark(around: Around, at: int) -> Mark | None:
    """What a letter or a Roman number says; each may be just a word."""
    form = around.tokens[at].forms[0]
    if around.scale or not (form in words.ROMAN or (len(form) == 1 and form in words.LETTERS)):
        return None
    if len(form) > 1:
        numbers = around.known(words.ROMAN[form])
        return Mark(Says.CHOSEN, numbers) if numbers else None
    letter = around.known(words.LETTERS.index(form) + 1) if form in words.LETTERS else frozenset()
    numbers = letter | around.names.named(form)
    if not _ends(around, at):
        if form in words.PRONOUNS:
            return Mark(Says.NOTHING)
        return Mark(Says.LIKELY, numbers) if numbers else None
    if form in words.ROMAN:
        return Mark(Says.LIKELY, numbers | around.known(words.ROMAN[form]))
    return Mark(Says.CHOSEN if len(numbers) == 1 else Says.LIKELY, numbers) if numbers else None


def _ends(around: Around, at: int) -> bool:
    """Whether nothing follows that would make a word of this letter."""
    follows = around.next(at)
    if follows is None or follows.breaks or around.before(at, words.CHOICE):
        return True
    return len(follows.forms[0]) == 1 or around.after(
        at, words.PLEASE | words.AND | words.OR | words.SIGNING
    )


def _ordinal(around: Around, at: int, value: int, length: int) -> Mark:
    """`length` words are the ordinal; a `one` after it belongs to it."""
    follows = around.next(at + length - 1)
    if follows is not None and follows.number == 1 and not follows.digits:
        length += 1
    numbers = around.known(value)
    if not numbers:
        return Mark(Says.OUTSIDE, length=length, digits=True)
    return Mark(Says.LIKELY if around.scale else Says.CHOSEN, numbers, length, digits=True)


def _of_something_else(around: Around, at: int) -> Mark | None:
    """A time, an address, an amount of things."""
    names = around.names
    follows = around.next(at)
    if (
        follows is not None
        and follows.gap in {"", " ", ".", ". "}
        and within(follows, words.FLOORS)
    ):
        return Mark(Says.STRANGE, length=2)
    if around.after(at, words.AFTER_OTHER) and not around.after(at, names.common):
        return Mark(Says.STRANGE, length=2)
    if at == 0 or around.tokens[at].breaks or around.before(at, names.first):
        return None
    street = any(form.endswith(words.STREETS) for form in around.tokens[at - 1].forms)
    if street or around.before(at, words.BEFORE_OTHER):
        return Mark(Says.STRANGE)
    return None


def _on_scale(around: Around, at: int, value: int) -> Mark | None:
    """8 of 10, 8/10; 7.5, which lies between two; -2, which may be meant below zero."""
    high, token = around.question.high, around.tokens[at]
    length = _fraction(around, at)
    if length:
        numbers = around.known(value)
        if not numbers:
            return Mark(Says.OUTSIDE, length=length, digits=True)
        same = around.tokens[at + length - 1].number == high
        return Mark(Says.CHOSEN if same else Says.LIKELY, numbers, length, digits=True)
    follows = around.next(at)
    if token.digits and follows is not None and follows.digits and follows.gap in {",", "."}:
        numbers = around.known(value) | around.known(value + 1)
        return Mark(Says.LIKELY if numbers else Says.OUTSIDE, numbers, 2, digits=True)
    if token.gap[-1:] in _DASHES and (at == 0 or token.gap[:1].isspace()) and token.gap[-1:]:
        return Mark(Says.LIKELY, around.known(value), digits=True)
    return None


def _fraction(around: Around, at: int) -> int:
    """How many words are `8 of 10`; none for anything else."""
    for length, between in ((2, ()), (3, (1,)), (4, (1, 2))):
        last = at + length - 1
        if last >= len(around.tokens) or around.tokens[last].number is None:
            continue
        stroke = length > 2 or around.tokens[last].gap.strip() == "/"
        linked = all(
            any(form in words.OUT_OF for form in around.tokens[at + step].forms) for step in between
        )
        if stroke and linked:
            return length
    return 0


def _value(around: Around, at: int, token: Token) -> Mark:
    """The option of that number, or the one that has the number in its text."""
    value = token.number or 0
    by_number = around.known(value)
    by_text: Chosen = frozenset()
    if not around.before(at, words.CHOICE):
        by_text = around.names.named(str(value))
    numbers = by_number | by_text
    if not numbers:
        return _together(around, token)
    if by_number and len(numbers) > 1:
        return Mark(Says.EITHER, numbers, digits=True)
    sure = len(numbers) == 1 and not _doubtful(around, at)
    return Mark(Says.CHOSEN if sure else Says.LIKELY, numbers, digits=True)


def _doubtful(around: Around, at: int) -> bool:
    """Whether the number counts something, or is said with a word that all options have and yet is
    none of theirs. What both ends of a scale have (very good, very bad) says nothing of that."""
    common = frozenset[str]() if around.scale else around.names.common
    beside = around.before(at, common) and not around.tokens[at].breaks
    return beside or around.after(at, common) or around.before(at, words.COUNTING)


def _together(around: Around, token: Token) -> Mark:
    """13 means 1 and 3 where several may be chosen; 22 may mean 2."""
    digits = [int(sign) for sign in token.forms[0]]
    numbers = frozenset(digits)
    if not token.digits or around.scale or not numbers <= set(around.question.choices):
        return Mark(Says.OUTSIDE, digits=True)
    if len(numbers) == len(digits) and around.question.shape is Shape.SEVERAL:
        alone = sum(one.digits for one in around.tokens) == 1
        return Mark(Says.CHOSEN if alone else Says.LIKELY, numbers, digits=True)
    if len(numbers) == 1:
        return Mark(Says.LIKELY, numbers, digits=True)
    return Mark(Says.OUTSIDE, digits=True)
