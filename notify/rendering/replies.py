"""The words that answer a text: the town first, what was done, how to undo it.

They are known again when another town's service, or our own, texts them to us.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from channels import segments
from channels.inbound import LONGEST_BODY
from notify.domain.broadcast import Identity
from notify.domain.inbound import Word
from notify.domain.replying import Say
from notify.rendering.languages import Words, own_name, spoken, words
from notify.rendering.lines import cut, one_line
from notify.rendering.messages import Renderer
from notify.rendering.sms_text import SmsText, plain_sms


def _(message: str) -> str:
    """Marks a text for the catalogue."""
    return message


SAID: Final[Mapping[Say, str]] = {
    Say.STOPPED: _(
        "%(sender)s: You get no more SMS from us. Back again: text START to this number."
    ),
    Say.STARTED: _("%(sender)s: You get SMS again about: %(groups)s. No more SMS: STOP"),
    Say.HELP: _(
        "%(sender)s: Emergency? Call 112. %(join)s, %(leave)s or STOP and a group. %(list)s. "
        "%(lang)s. STOP alone: no more SMS. %(url)s"
    ),
    Say.PROVED: _("%(sender)s: Your number is confirmed. No more SMS: STOP"),
    Say.TAKEN: _(
        "%(sender)s: This number is signed up already, nothing was changed. Your page: %(url)s"
    ),
    Say.JOINED: _(
        "%(sender)s: You now get warnings (at night too) and news by SMS: %(group)s. "
        "Leave: %(leave)s. No more SMS: STOP"
    ),
    Say.ALREADY: _("%(sender)s: You get SMS already: %(group)s. Leave: %(leave)s"),
    Say.REQUESTED: _(
        "%(sender)s: %(group)s is a closed group. Your wish is noted, its staff decide. "
        "Take it back: %(leave)s. No more SMS: STOP"
    ),
    Say.LEFT: _("%(sender)s: You left: %(group)s. Back again: %(join)s"),
    Say.MUTED: _(
        "%(sender)s: No more SMS about: %(group)s. Mail and browser stay as they are. "
        "Back again: %(join)s"
    ),
    Say.NOT_FOLLOWING: _("%(sender)s: You do not follow: %(group)s. Your groups: %(list)s"),
    Say.LIST: _("%(sender)s: You follow: %(groups)s. Leave: %(leave)s and the group"),
    Say.LANG: _("%(sender)s: From now on we write to you in: %(language)s."),
    Say.WHICH_GROUP: _("%(sender)s: Which group? Write it like this: %(examples)s. All: %(url)s"),
    Say.WHICH_LANG: _("%(sender)s: Which language? Write it like this: %(examples)s"),
    Say.COUNTED: _(
        "%(sender)s: Thank you, your answer is counted. Receipt: %(receipt)s. Changed your mind? "
        "Answer again until %(until)s."
    ),
    Say.COUNTED_ANEW: _(
        "%(sender)s: Your new answer counts, the one before does not any more. Receipt: %(receipt)s."
    ),
    Say.QUESTION: _("%(sender)s: Question %(number)s of %(of)s. %(question)s"),
    Say.UNCLEAR: _("%(sender)s: We cannot read that as an answer. %(question)s"),
    Say.ANSWER_THERE: _("%(sender)s: We cannot read that either. Please answer here: %(url)s"),
    Say.POLL_CLOSED: _(
        "%(sender)s: The time to answer is over, this does not count any more. See: %(url)s"
    ),
    Say.SAFE: _(
        "%(sender)s: Thank you, we noted that you are safe. Need help later? Text %(need)s."
    ),
    Say.HELP_NOTED: _(
        "%(sender)s: We noted that you need help. Danger to life? Call 112 now. Well again? "
        "Text %(safe)s."
    ),
    Say.KEPT: _(
        "%(sender)s: We got your text. Somebody reads it, but not at once. Emergency? Call 112. "
        "What you can text here: %(help)s"
    ),
    Say.EMPTY: _(
        "%(sender)s: Your message came without text; pictures do not reach us. "
        "Emergency? Call 112. What you can text here: %(help)s"
    ),
}
_STILL: Final[Mapping[Say, str]] = {
    Say.LEFT: _(
        "%(sender)s: You left: %(group)s. Warnings to it still come, through: %(below)s. "
        "Back again: %(join)s"
    ),
    Say.MUTED: _(
        "%(sender)s: No more SMS about: %(group)s, but its warnings come through: %(below)s. "
        "Back again: %(join)s"
    ),
}
"""Where a group below is followed, through which warnings still come."""
_KEPT_NO_ANSWER: Final = _(
    "%(sender)s: This does not count as an answer: we asked whoever had this number before. Somebody "
    "reads your text, but not at once. Emergency? Call 112."
)
"""Where the number was asked and is somebody else's by now."""
_STARTED_NONE: Final = _(
    "%(sender)s: We may text you again, but you follow no group. Sign up: %(join)s and the "
    "group. All: %(url)s"
)
_LIST_NONE: Final = _(
    "%(sender)s: You follow no group. Sign up: %(join)s and the group. All: %(url)s"
)
_UNKNOWN_GROUP: Final = _("%(sender)s: We do not know this group. All groups: %(url)s")
_ASK_CLOSED: Final = _(
    "%(sender)s: The time to answer is over. Danger to life? Call 112. What applies now: %(url)s"
)
_NOT_COUNTED: Final = _(
    "%(sender)s: Something went wrong here, your answer is not counted. Please send it again in a "
    "few minutes."
)
_NAMED: Final[Mapping[Say, str]] = {
    Say.COUNTED: _(
        "%(sender)s: Thank you, your answer is counted. Receipt: %(receipt)s. Changed your mind? "
        "Answer again until %(until)s, with %(code)s in front."
    ),
    Say.UNCLEAR: _(
        "%(sender)s: We cannot read that as an answer. Write %(code)s in front. %(question)s"
    ),
}
"""Where it was answered by its code, for another poll was asked later."""
_MANY: Final[Mapping[Say, str]] = {
    Say.COUNTED: _(
        "%(sender)s: Thank you, your answers are counted. Receipt: %(receipt)s. Changed your mind? "
        "Text %(new)s until %(until)s."
    ),
    Say.COUNTED_ANEW: _(
        "%(sender)s: Your new answer to question %(number)s counts. Receipt: %(receipt)s. All "
        "questions anew: text %(new)s."
    ),
}
"""Where there are several questions."""
_NEW: Final = _("NEW")
_ASKED: Final = _("%(group)s (asked)")
_MORE: Final = _("%(groups)s and %(number)s more")
_KEYWORDS: Final[Mapping[Word, str]] = {
    Word.JOIN: _("JOIN"), Word.LEAVE: _("LEAVE"), Word.LIST: _("LIST"), Word.LANG: _("LANG"),
    Word.HELP: _("HELP"), Word.STOP_GROUP: "STOP",
}  # fmt: skip

_PAGES: Final[Mapping[Say, str]] = {Say.HELP: "/help", Say.TAKEN: "/my"}
"""Where the link leads, if not to the groups."""

_LONGEST_SENDER: Final = 30
_LONGEST_GROUP: Final = 40
_MOST_SEGMENTS: Final = 2
_BLANK: Final = re.compile(r"%\(\w+\)s")


def sms(
    renderer: Renderer, *, language: str, identity: Identity, data: Mapping[str, Any], url: str
) -> SmsText:
    """The answer that a note's `data` stands for: `say`, and beside it what that needs of `sender`
    (who speaks, where not the town), `not_asked` (whose text is kept), `group`, `slug`, `groups` (names, or slugs for
    `which_group`), `requested` (names), `below` (names), `languages`, `word`, and of a poll `question`, `number`, `of`, `receipt`,
    `code` (`named`: it was written), `until`, `url`, `need`, `safe`, `alert`, `failed`; not its `poll`, by which it is paid. `url` is where the pages are.

    Raises LookupError for a `say` that is none.
    """
    return made(renderer.words(language), sender=identity.sender_name, data=data, url=url)


def made(said: Words, *, sender: str, data: Mapping[str, Any], url: str) -> SmsText:
    """The same, where nothing else is at hand than words; raises alike."""
    return plain_sms(_text(said, Say(data["say"]), data, sender=sender, url=url))


def version(say: Say, language: str, *, default: str, zone: ZoneInfo) -> str:
    """By which words a consent was answered: changes when they do."""
    said = words(language, default=default, zone=zone).gettext(SAID[say])
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def is_ours(body: str) -> bool:
    """Whether the text is one of these answers, of whatever town and in whatever language."""
    if len(body) > LONGEST_BODY:
        return False
    plain = " ".join(body.split())
    return any(_is_made_of(pieces, plain) for pieces in _pieces())


def _text(said: Words, say: Say, data: Mapping[str, Any], *, sender: str, url: str) -> str:
    slug, word = data.get("slug", ""), Word(data.get("word", Word.JOIN))
    until = data.get("until")
    values = {
        "sender": _speaker(said, data, sender),
        "group": cut(one_line(data.get("group", "")), size=_LONGEST_GROUP),
        "join": _example(said, Word.JOIN, slug),
        "leave": _example(said, Word.LEAVE, slug),
        "list": _example(said, Word.LIST),
        "lang": _example(said, Word.LANG),
        "help": _example(said, Word.HELP),
        "language": own_name(str(data.get("language", said.language))),
        "url": data.get("url") or f"{url}{_PAGES.get(say, '/join')}",
        "question": str(data.get("question", "")),
        "number": data.get("number", 1),
        "of": data.get("of", 1),
        "receipt": data.get("receipt", ""),
        "code": data.get("code", ""),
        "until": said.short_moment(datetime.fromisoformat(until)) if until else "",
        "need": data.get("need", 2),
        "safe": data.get("safe", 1),
        "new": said.gettext(_NEW),
    }
    groups = [cut(one_line(name), size=_LONGEST_GROUP) for name in data.get("groups", ())]
    if say is Say.WHICH_GROUP:
        values["examples"] = ", ".join(_example(said, word, name) for name in groups)
        return said.gettext(SAID[say] if groups else _UNKNOWN_GROUP) % values
    if say is Say.WHICH_LANG:
        tags = data.get("languages", ())
        values["examples"] = ", ".join(_example(said, Word.LANG, tag) for tag in tags)
    if say in _STILL and data.get("below"):
        below = [cut(one_line(name), size=_LONGEST_GROUP) for name in data["below"]]
        return _listed(said, _STILL[say], values, below, blank="below", most=1)
    if say not in {Say.LIST, Say.STARTED}:
        return said.gettext(_sentence(say, data)) % values
    groups += [
        said.gettext(_ASKED) % {"group": cut(one_line(name), size=_LONGEST_GROUP)}
        for name in data.get("requested", ())
    ]
    if not groups:
        return said.gettext(_LIST_NONE if say is Say.LIST else _STARTED_NONE) % values
    return _listed(said, SAID[say], values, groups)


def _speaker(said: Words, data: Mapping[str, Any], sender: str) -> str:
    """Who speaks, and about which poll where several are open."""
    name = cut(one_line(data.get("sender") or sender), size=_LONGEST_SENDER)
    if "code" not in data:
        return name
    return said.gettext("%(sender)s, poll %(code)s") % {"sender": name, "code": data["code"]}


def _sentence(say: Say, data: Mapping[str, Any]) -> str:
    if say is Say.KEPT and data.get("not_asked"):
        return _KEPT_NO_ANSWER
    if data.get("of", 1) > 1:
        return _MANY.get(say, SAID[say])
    if say is Say.UNCLEAR and data.get("failed"):
        return _NOT_COUNTED
    if say in _NAMED and data.get("named"):
        return _NAMED[say]
    return _ASK_CLOSED if say is Say.POLL_CLOSED and data.get("alert") else SAID[say]


def _listed(
    said: Words, text: str, values: Mapping[str, str], groups: Sequence[str], *,
    blank: str = "groups", most: int = _MOST_SEGMENTS,
) -> str:  # fmt: skip
    """As many groups as fit a few segments, and how many more there are."""
    whole = ""
    for shown in range(len(groups), 0, -1):
        names = ", ".join(groups[:shown])
        if shown < len(groups):
            names = said.gettext(_MORE) % {"groups": names, "number": len(groups) - shown}
        whole = said.gettext(text) % {**values, blank: names}
        if segments.measure(segments.friendly(whole).text).segments <= most:
            break
    return whole


def _example(said: Words, word: Word, rest: str = "") -> str:
    return f"{said.gettext(_KEYWORDS[word])} {rest}".strip()


def _is_made_of(pieces: Sequence[str], plain: str) -> bool:
    """Whether these pieces stand in the text one after the other, up to its end."""
    at = 0
    for piece in pieces:
        at = plain.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return not pieces[-1] or plain.endswith(pieces[-1])


@cache
def _pieces() -> Sequence[Sequence[str]]:
    """What stands between the blanks of each answer, in each language there is."""
    texts = [
        *SAID.values(), *_STILL.values(), *_MANY.values(), *_NAMED.values(), _ASK_CLOSED, _NOT_COUNTED, _STARTED_NONE,
        _LIST_NONE, _UNKNOWN_GROUP, _KEPT_NO_ANSWER,
    ]  # fmt: skip
    catalogues = [words(language, default=language, zone=ZoneInfo("UTC")) for language in spoken()]
    return [
        [" ".join(piece.split()) for piece in _BLANK.split(said.gettext(text))]
        for said in catalogues
        for text in texts
    ]
