"""What somebody who took part in a poll is told of its result: the first question, and where the rest
stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from notify.domain.broadcast import Identity
from notify.domain.results import Result
from notify.domain.tally import Counted
from notify.rendering import labels, links, results
from notify.rendering.languages import Words, choose
from notify.rendering.lines import cut, one_line
from notify.rendering.messages import PUSH_TITLE, Letter, Renderer
from notify.rendering.notices import Notice
from notify.rendering.sms_text import SmsText, plain_sms

MOST_SEGMENTS: Final = 2
_LONGEST_NAME: Final = 30  # characters of the town's name
_LONGEST_TITLE: Final = 60
_LONGEST_OPTION: Final = 30
_LINES: Final = 9


@dataclass(frozen=True, slots=True)
class Said:
    """One result in words. `lines` are the answers to the first question, the most frequent first;
    `more` says that there are other questions."""

    head: str
    title: str
    turnout: str
    ask: str
    lines: tuple[str, ...]
    more: str


def kept(result: Result, *, language: str, default: str) -> dict[str, Any]:
    """What a note keeps of it, for a reader of `language`."""
    first: Counted = result.questions[0]
    title = choose(result.titles, language, default=default)[1]
    lines = [
        [results.option(first.question, choice, language=language, default=default),
         round(first.whole.share(choice))]
        for choice, _ in sorted(first.whole.counts.items(), key=lambda one: (-one[1], one[0]))
    ]  # fmt: skip
    return {
        "broadcast": str(result.broadcast_id), "title": title, "drill": result.drill,
        "asked": result.turnout.asked, "answered": result.turnout.answered,
        "ask": choose(first.question.wordings, language, default=default)[1].ask,
        "lines": lines[:_LINES], "questions": len(result.questions),
    }  # fmt: skip


def url(data: Mapping[str, Any], *, public_url: str) -> str:
    """Where all of it stands."""
    by = f"?by={data['by']}" if "by" in data else ""
    return f"{public_url}/polls/{links.shorten(UUID(data['broadcast']))}{by}"


def say(words: Words, data: Mapping[str, Any]) -> Said:
    """`data` is that of the note."""
    title = one_line(data["title"])
    head = words.gettext("Result: %(title)s") % {"title": title}
    if data["drill"]:
        head = f"{labels.exercise(words)}: {head}"
    turnout = words.gettext("%(answered)s of %(asked)s people who were asked took part") % {
        "answered": words.number(data["answered"]), "asked": words.number(data["asked"]),
    }  # fmt: skip
    lines = tuple(f"{one_line(label)}: {share} %" for label, share in data["lines"])
    more = words.gettext("There are more questions: the page has them all.")
    return Said(
        head, title, turnout, one_line(data["ask"]), lines, more if data["questions"] > 1 else ""
    )


def sms(words: Words, *, identity: Identity, data: Mapping[str, Any], url: str) -> SmsText:
    """At most MOST_SEGMENTS: as many answers as there is room for, the most frequent first."""
    said = say(words, data)
    sender = cut(one_line(identity.sender_name), size=_LONGEST_NAME)
    lines = [
        f"{cut(one_line(label), size=_LONGEST_OPTION) or '…'} {share} %"
        for label, share in data["lines"]
    ]
    drill = f"{labels.exercise(words)}: " if data["drill"] else ""
    title = cut(said.title, size=_LONGEST_TITLE)
    head = f"{sender}: {drill}" + words.gettext("Result: %(title)s") % {"title": title}
    for n in range(len(lines), 0, -1):
        made = plain_sms(f"{head}. {', '.join(lines[:n])}\n{url}")
        if made.segments <= MOST_SEGMENTS:
            return made
    return plain_sms(f"{head}\n{url}")


def letter(
    renderer: Renderer, *, language: str, identity: Identity, data: Mapping[str, Any], url: str
) -> Letter:
    said = say(renderer.words(language), data)
    return renderer.note(
        "result", language=language, identity=identity, subject=said.head, said=said, url=url
    )


def push(
    words: Words, *, identity: Identity, data: Mapping[str, Any], url: str, number: int
) -> Notice:
    said = say(words, data)
    return Notice(
        title=cut(said.head, size=PUSH_TITLE),
        body="\n".join([*said.lines, said.turnout, one_line(identity.sender_name)]),
        url=url, tag=f"result-{data['broadcast']}", seq=number, lang=words.language,
        kind="result", severity=None,
    )  # fmt: skip
