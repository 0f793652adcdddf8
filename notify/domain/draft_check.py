"""Says of a draft whether it can be submitted, and what is wrong with it, all of it at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from notify.domain import draft_questions_check
from notify.domain.broadcast import Text
from notify.domain.draft import Content, Words
from notify.domain.draft_fields import PARTS
from notify.domain.draft_questions import asked_of, to_ask
from notify.domain.draft_questions_check import Flaw
from notify.domain.poll import LONGEST_OPEN, SHORTEST_OPEN, Ask
from notify.domain.submission import LONGEST_BODY, LONGEST_TITLE, Submission, moment
from notify.domain.templating import gaps
from notify.domain.words import Kind, Relation, Severity
from notify.errors import Invalid

KINDS: Final = (Kind.ALERT, Kind.ANNOUNCEMENT, Kind.POLL)
_YEARS_AHEAD: Final = 10  # further is a slip of the hand


class Wrong(StrEnum):
    """What can be wrong with a field."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    UNREADABLE = "unreadable"  # no moment
    FAR = "far"
    SKIPPED = "skipped"  # clocks go forward then
    PASSED = "passed"
    NOT_BEFORE_END = "not_before_end"
    SHORT = "short"  # closes within moments of being sent
    LONG = "long"  # is open for more than a year
    SMS_TOO_LONG = "sms_too_long"
    FORGOTTEN = "forgotten"  # nobody knows any more whom what it follows reached
    NO_DRILL_GROUP = "no_drill_group"
    FOLLOWS_NOTHING = "follows_nothing"  # what it follows has reached nobody
    THREAD_GREW = "thread_grew"  # what it follows went to more groups since it was saved
    ENDED = "ended"  # the all-clear was given, and no update follows that
    GAP = "gap"  # of a template, not filled
    QUESTION = "question"  # `flaw` says what
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a field of the form; `language` is that of a text, `said` the words of
    another part of the house, in English, where there are none of ours. Of a question `flaw` says what
    is wrong, and `word` is what it is about."""

    field: str
    wrong: Wrong
    language: str | None = None
    said: str | None = None
    flaw: Flaw | None = None
    word: str = ""


class NotReady(Invalid):
    """A draft that cannot be submitted yet."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("This draft is not ready.", field=problems[0].field)
        self.problems = problems


def check(content: Content, *, first_language: str, zone: ZoneInfo, now: datetime) -> list[Problem]:
    """What is wrong, in the order of the form; nothing where it can be submitted."""
    return [
        *_check_kind(content),
        *([] if content.groups else [Problem("groups", Wrong.MISSING)]),
        *_check_texts(content.texts, first_language=first_language),
        *_check_questions(content, first_language=first_language),
        *_check_times(content, zone=zone, now=now),
    ]


def submission(content: Content) -> Submission:
    """What is asked for, of a draft in which nothing is wrong."""
    kind = Kind(content.kind)
    return Submission(
        kind=kind,
        groups=content.groups,
        texts={
            language: Text(words.title, words.body, words.sms or None)
            for language, words in content.texts.items()
        },
        severity=Severity(content.severity) if content.severity and kind is Kind.ALERT else None,
        valid_until=_read(content.valid_until),
        send_at=_read(content.send_at),
        in_reply_to=UUID(content.follows) if content.follows else None,
        relation=Relation(content.relation) if content.relation else None,
        drill=content.drill,
        ask=_ask(content, kind),
    )


def asks(content: Content) -> bool:
    """Whether its kind may ask anything; what follows something does not."""
    return not content.relation and content.kind in {Kind.ALERT, Kind.POLL}


def _ask(content: Content, kind: Kind) -> Ask | None:
    if not asks(content):
        return None
    return to_ask(content.asking, alert=kind is Kind.ALERT, languages=content.texts)


def comes_twice(text: str, zone: ZoneInfo) -> bool:
    """Whether there are two such moments in the town, because clocks go back then."""
    try:
        given = _read(text)
    except ValueError:
        return False
    if given is None:
        return False
    first, second = (given.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first != second and _at(given, zone, "") is not None


def _check_kind(content: Content) -> Iterator[Problem]:
    if content.kind not in KINDS:
        yield Problem("kind", Wrong.MISSING)
    elif (
        content.kind == Kind.ALERT
        and not content.relation  # what it follows says how bad it is, or nobody did
        and content.severity not in set(Severity)
    ):
        yield Problem("severity", Wrong.MISSING)


def _check_texts(texts: Mapping[str, Words], *, first_language: str) -> Iterator[Problem]:
    for language in dict.fromkeys([first_language, *texts]):
        words = texts.get(language, Words())
        for part in PARTS:
            if gaps(getattr(words, part)):
                yield Problem(f"{part}-{language}", Wrong.GAP, language)
        for part, typed, longest in (
            ("title", words.title, LONGEST_TITLE),
            ("body", words.body, LONGEST_BODY),
        ):
            if not typed.strip():
                yield Problem(f"{part}-{language}", Wrong.MISSING, language)
            elif len(typed) > longest:
                yield Problem(f"{part}-{language}", Wrong.TOO_LONG, language)


def _check_questions(content: Content, *, first_language: str) -> Iterator[Problem]:
    if not asks(content):
        return
    alert = content.kind == Kind.ALERT
    if not alert:  # an alert's question is there in every language before anybody writes one
        for language in sorted(
            {tag for _, one in asked_of(content.asking, alert=False) for tag in one.wordings}
            - {first_language, *content.texts}
        ):
            yield Problem(f"title-{language}", Wrong.MISSING, language)
            yield Problem(f"body-{language}", Wrong.MISSING, language)
    for field, flaw, tag, word in draft_questions_check.check(
        content.asking, alert=alert, languages=content.texts, first_language=first_language
    ):
        yield Problem(field, Wrong.QUESTION, tag, flaw=flaw, word=word)


def _check_times(content: Content, *, zone: ZoneInfo, now: datetime) -> Iterator[Problem]:
    moments: dict[str, datetime] = {}
    for field in ("valid_until", "send_at"):
        try:
            at = _moment(getattr(content, field), zone=zone, now=now, field=field)
        except NotReady as wrong:
            yield from wrong.problems
            continue
        if at is not None:
            moments[field] = at
        elif field == "valid_until" and content.kind in {Kind.ALERT, Kind.POLL}:
            yield Problem(field, Wrong.MISSING)
    if len(moments) == 2 and moments["send_at"] >= moments["valid_until"]:
        yield Problem("send_at", Wrong.NOT_BEFORE_END)
    elif content.kind == Kind.POLL and "valid_until" in moments:
        yield from _check_open(moments["valid_until"] - moments.get("send_at", now))


def _check_open(open_for: timedelta) -> Iterator[Problem]:
    if open_for < SHORTEST_OPEN:
        yield Problem("valid_until", Wrong.SHORT)
    if open_for > LONGEST_OPEN:
        yield Problem("valid_until", Wrong.LONG)


def _moment(text: str, *, zone: ZoneInfo, now: datetime, field: str) -> datetime | None:
    """Raises NotReady with what is wrong."""
    try:
        given = _read(text)
    except ValueError:
        raise NotReady(Problem(field, Wrong.UNREADABLE)) from None
    if given is None:
        return None
    if given.year > now.year + _YEARS_AHEAD:
        raise NotReady(Problem(field, Wrong.FAR))
    if given.year < now.year - 1:
        raise NotReady(Problem(field, Wrong.PASSED))
    at = _at(given, zone, field)
    if at is None:
        raise NotReady(Problem(field, Wrong.SKIPPED))
    if at <= now:
        raise NotReady(Problem(field, Wrong.PASSED))
    return at


def _at(given: datetime, zone: ZoneInfo, field: str) -> datetime | None:
    """None where there is no such moment in the town."""
    try:
        return moment(given, zone=zone, field=field)
    except Invalid:
        return None


def _read(text: str) -> datetime | None:
    """Wall time as a browser writes it; None for nothing. Raises ValueError."""
    if not text:
        return None
    given = datetime.fromisoformat(text)
    if given.tzinfo is not None:
        raise ValueError
    return given
