"""The questions of a poll as an SMS puts them: what is asked, the options, how to answer."""

from notify.domain.poll import Ask, Question, Shape
from notify.rendering.languages import Words, choose
from notify.rendering.lines import one_line


def sms(said: Words, ask: Ask, number: int, *, language: str, default: str) -> str:
    """Question `number`, counted from 1: one line for it, one for each option, one that says how to
    answer."""
    question = ask.questions[number - 1]
    _, wording = choose(question.wordings, language, default=default)
    return "\n".join(
        [one_line(wording.ask), *_options(question, wording.options), how_to(said, question)]
    )


def options(said: Words, ask: Ask, number: int, *, language: str, default: str) -> str:
    """How to answer question `number`, with the options, on one line: for whom it was unclear."""
    question = ask.questions[number - 1]
    _, wording = choose(question.wordings, language, default=default)
    listed = ", ".join(_options(question, wording.options))
    how = how_to(said, question)
    return f"{how if how.endswith('.') else f'{how}.'} {listed}".strip()


def how_to(said: Words, question: Question) -> str:
    """What is to be texted."""
    match question.shape:
        case Shape.SINGLE:
            return said.gettext("Reply with the digit.")
        case Shape.SEVERAL:
            if question.most is not None:
                return said.gettext("Reply with up to %(most)s digits, like: 1 2") % {
                    "most": question.most
                }
            return said.gettext("Reply with the digits, like: 1 2")
        case Shape.SCALE:
            return said.gettext("Reply with a number from %(low)s to %(high)s.") % {
                "low": question.low, "high": question.high,
            }  # fmt: skip


def _options(question: Question, texts: tuple[str, ...]) -> list[str]:
    if question.shape is Shape.SCALE:
        ends = (question.low, question.high)
        return [f"{n} = {one_line(text)}" for n, text in zip(ends, texts, strict=False)]
    return [f"{n} {one_line(text)}" for n, text in enumerate(texts, 1)]
