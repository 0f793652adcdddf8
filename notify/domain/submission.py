"""Checks what staff or a program want to publish, before anything is kept."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from notify.domain import poll_check
from notify.domain.broadcast import Text
from notify.domain.poll import LONGEST_OPEN, SHORTEST_OPEN, Ask
from notify.domain.words import Kind, Relation, Severity
from notify.errors import Invalid

MOST_SEGMENTS = 6
LONGEST_TITLE = 200
LONGEST_BODY = 20_000
_YEARS = (1970, 2200)  # well inside what every calendar on the way can reckon with
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*\Z")


@dataclass(frozen=True, slots=True)
class Submission:
    """A broadcast as asked for. `send_at` without a zone is wall time in the town."""

    kind: Kind
    groups: Sequence[str]
    texts: Mapping[str, Text]
    severity: Severity | None = None
    valid_until: datetime | None = None
    send_at: datetime | None = None
    in_reply_to: UUID | None = None
    relation: Relation | None = None
    drill: bool = False
    ask: Ask | None = None


def check_texts(texts: Mapping[str, Text], *, first_language: str) -> None:
    """Raises Invalid for the first thing that is wrong, and says what to do about it."""
    if first_language not in texts:
        raise Invalid(
            f"The text in {first_language!r} is missing. Write it under texts.{first_language}: "
            "readers without a text in their own language get this one.",
            field=f"texts.{first_language}",
        )
    for language, text in texts.items():
        if not _LANGUAGE.match(language):
            raise Invalid(
                f"{language!r} is no language tag. Write one like 'de', 'en' or 'de-x-simple'.",
                field="texts",
            )
        _check_text(text, language)


def _check_text(text: Text, language: str) -> None:
    where = f"texts.{language}"
    for name, words in (("title", text.title), ("body", text.body), ("sms", text.sms or "")):
        _check_characters(words, language, field=f"{where}.{name}")
    if not text.title.strip():
        raise Invalid(
            f"The title in {language!r} is empty. Say what happened.", field=f"{where}.title"
        )
    if not text.body.strip():
        raise Invalid(
            f"The text in {language!r} is empty. Say what happened, where, and what to do.",
            field=f"{where}.body",
        )
    if text.sms is not None and not text.sms.strip():
        raise Invalid(
            f"The SMS text in {language!r} is empty. Write one, or leave it out and the SMS is "
            "made from title and text.",
            field=f"{where}.sms",
        )
    if len(text.title) > LONGEST_TITLE:
        raise Invalid(
            f"The title in {language!r} has {len(text.title)} characters. "
            f"Shorten it to {LONGEST_TITLE}.",
            field=f"{where}.title",
        )
    if len(text.body) > LONGEST_BODY:
        raise Invalid(
            f"The text in {language!r} has {len(text.body)} characters. "
            f"Shorten it to {LONGEST_BODY}.",
            field=f"{where}.body",
        )


def _check_characters(words: str, language: str, *, field: str) -> None:
    """A database text takes no U+0000, and half a surrogate pair is no character at all."""
    if "\0" in words or any("\ud800" <= sign <= "\udfff" for sign in words):
        raise Invalid(
            f"The text in {language!r} holds a character that is none (U+0000, or half of one). "
            "Write it anew at that place.",
            field=field,
        )


def check_severity(submission: Submission) -> None:
    """Raises Invalid where a poll says how great a danger is."""
    if submission.kind is Kind.POLL and submission.severity is not None:
        raise Invalid(
            "A poll warns of nothing. Leave severity out, or choose kind 'alert'.", field="severity"
        )


def check_ask(submission: Submission, *, first_language: str) -> None:
    """Raises Invalid where a poll asks nothing, where something asks that cannot, and where a
    question is not right."""
    if submission.ask is None:
        if submission.kind is Kind.POLL:
            raise Invalid("A poll needs at least one question. Write it.", field="ask.questions")
        return
    if submission.kind is Kind.ANNOUNCEMENT or submission.in_reply_to is not None:
        raise Invalid(
            "Only a poll asks, and an alert that follows none. Leave the question out, or choose "
            "kind 'poll'.",
            field="ask",
        )
    try:
        poll_check.check(
            submission.ask, languages=list(submission.texts), first_language=first_language,
            alert=submission.kind is Kind.ALERT,
        )  # fmt: skip
    except Invalid as wrong:
        raise Invalid(wrong.message, field=f"ask.{wrong.field}" if wrong.field else "ask") from None


def check_times(submission: Submission, *, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment to send at (None: at once). Raises Invalid where the times make no sense."""
    valid_until = submission.valid_until
    if submission.kind is Kind.ALERT and valid_until is None:
        raise Invalid(
            "An alert needs valid_until: until when does it hold? After that it is not sent "
            "any more.",
            field="valid_until",
        )
    if submission.kind is Kind.POLL and valid_until is None:
        raise Invalid(
            "A poll needs valid_until: when does it close? Answers after that do not count.",
            field="valid_until",
        )
    if valid_until is not None:
        valid_until = moment(valid_until, zone=zone, field="valid_until")
    if valid_until is not None and valid_until <= now:
        raise Invalid(
            "valid_until has passed already. Name a moment ahead, or nobody would be told.",
            field="valid_until",
        )
    send_at = _check_send_at(submission.send_at, valid_until, now=now, zone=zone)
    if submission.kind is Kind.POLL and valid_until is not None:
        _check_open(valid_until - (send_at or now))
    return send_at


def _check_open(open_for: timedelta) -> None:
    if open_for < SHORTEST_OPEN:
        raise Invalid(
            "The poll would close within a minute of being sent. Name a later valid_until, so that "
            "people can read and answer it.",
            field="valid_until",
        )
    if open_for > LONGEST_OPEN:
        raise Invalid(
            "The poll would be open for more than a year. Name an earlier valid_until.",
            field="valid_until",
        )


def _check_send_at(
    send_at: datetime | None, valid_until: datetime | None, *, now: datetime, zone: ZoneInfo
) -> datetime | None:
    if send_at is None:
        return None
    send_at = moment(send_at, zone=zone, field="send_at")
    if send_at <= now:
        raise Invalid(
            "send_at has passed already. Name a moment ahead, or leave it out to send at once.",
            field="send_at",
        )
    if valid_until is not None and send_at >= valid_until:
        raise Invalid(
            "send_at is not before valid_until, so it would never be sent. Send earlier, or let "
            "it hold longer.",
            field="send_at",
        )
    return send_at


def moment(given: datetime, *, zone: ZoneInfo, field: str) -> datetime:
    """A time in UTC; without an offset it is wall time in `zone`. Of two such moments (clocks go
    back), the first. Raises Invalid where there is none (clocks go forward) or the year is absurd."""
    if not _YEARS[0] <= given.year <= _YEARS[1]:
        raise Invalid(f"{field} is too far away. Name a moment nearer to today.", field=field)
    if given.tzinfo is not None:
        return given.astimezone(UTC)
    found = given.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) != given:
        raise Invalid(
            f"{given:%Y-%m-%d %H:%M} does not exist in {zone.key}: clocks go forward then. "
            "Choose a time an hour later or earlier.",
            field=field,
        )
    return found
