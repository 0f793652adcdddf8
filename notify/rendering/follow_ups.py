"""The words that a follow-up begins with, ready to send, for whoever has no time to write."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from notify.domain import draft
from notify.domain.broadcast import Broadcast, Text
from notify.domain.words import Relation
from notify.rendering.labels import headed, label
from notify.rendering.languages import Words


def texts(
    before: Broadcast, relation: Relation, *, words: Callable[[str], Words]
) -> Mapping[str, draft.Words]:
    """What a follow-up says, in every language of what it follows. An all-clear is whole; a
    correction and an update hold what was said before, to be changed."""
    after = replace(before, relation=relation)
    made = {}
    for language, text in before.texts.items():
        spoken = words(language)
        title = text.title.removeprefix(f"{label(spoken, before)}: ")
        said = replace(text, title=title)
        made[language] = _said(spoken, said, relation, label(spoken, after))
    return made


def again(
    before: Broadcast, relation: Relation | None, *, words: Callable[[str], Words]
) -> Mapping[str, draft.Words]:
    """The same words once more, without the mark of a follow-up where it is none any more."""
    made = {}
    for language, text in before.texts.items():
        mark = f"{label(words(language), before)}: "
        title = text.title if relation else text.title.removeprefix(mark)
        made[language] = draft.Words(title, text.body, text.sms or "")
    return made


def _said(words: Words, text: Text, relation: Relation, mark: str) -> draft.Words:
    match relation:
        case Relation.UPDATE:
            return draft.Words(text.title, text.body, text.sms or "")
        case Relation.ALL_CLEAR:
            over = words.gettext("The danger is over. You need not do anything any more.")
            return draft.Words(headed(mark, text.title), over)
        case Relation.CORRECTION:
            wrong = words.gettext("Our earlier message was wrong. This is right:")
            sms = f"{wrong} {text.sms}" if text.sms else ""
            return draft.Words(headed(mark, text.title), f"{wrong}\n\n{text.body}", sms)
