"""Judges the rows of a residents file one by one, then finds who is the same person."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from babel import Locale

from notify.domain.addresses import normalise_email, normalise_phone
from notify.domain.csv_rows import CsvRow
from notify.domain.import_report import Note, Problem
from notify.domain.lines import language_tag, one_line
from notify.domain.words import Channel
from notify.errors import Invalid

_CHANNEL_WORDS = {
    "email": Channel.EMAIL, "mail": Channel.EMAIL, "e-mail": Channel.EMAIL,
    "sms": Channel.SMS, "push": Channel.PUSH,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that can be used. `channels` are meant for each of the `groups` (their ids)."""

    line: int
    name: str | None
    language: str | None
    email: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    groups: tuple[int, ...] = ()
    channels: tuple[str, ...] = ()


Wishes = tuple[tuple[int, tuple[str, ...]], ...]
"""Group ids, each with the channels meant for it."""


@dataclass(slots=True)
class Person:
    """One or more rows of the same resident. There may be a million of these, so no dicts.

    `email_line` and `phone_line` are the lines the addresses are from.
    """

    lines: tuple[int, ...] = ()
    name: str | None = None
    language: str | None = None
    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    email_line: int = 0
    phone_line: int = 0
    wishes: Wishes = ()

    @property
    def addresses(self) -> list[tuple[Channel, str]]:
        both = ((Channel.EMAIL, self.email), (Channel.SMS, self.phone))
        return [(channel, value) for channel, value in both if value is not None]


def judge(
    row: CsvRow, *, groups: Mapping[str, int], region: str, also: int | None = None
) -> tuple[Entry | None, list[Note]]:
    """What can be used of a row, and what is to be said of it. `groups` are ids by slug; `also` is
    one that everybody in the file follows."""
    notes: list[Note] = []
    if row.surplus:
        return None, [Note(row.line, "", Problem.TOO_MANY_CELLS)]
    email, phone = _email(row, notes), _phone(row, notes, region)
    followed = _groups(row, notes, groups)
    if also is not None and also not in followed:
        followed = (also, *followed)
    channels = _channels(row, notes, email=email, phone=phone)
    refusal = _refusal(bool(email or phone), bool(followed), channels is not None)
    if refusal:
        return None, [*notes, Note(row.line, "", refusal)]
    entry = Entry(
        line=row.line,
        name=_name(row, notes),
        language=_language(row, notes),
        email=email,
        phone=phone,
        groups=followed,
        channels=channels or (),
    )
    return entry, notes


def merge(entries: Sequence[Entry]) -> tuple[list[Person], list[Note]]:
    """The people behind the rows: rows that share an address are one, also by way of a third.

    Of two addresses of one channel the first in the file is kept and the other reported.
    """
    people: dict[int, Person] = {}
    notes: list[Note] = []
    same: dict[Wishes, Wishes] = {}
    for entry, root in zip(entries, _roots(entries), strict=True):
        person = people.setdefault(root, Person())
        if person.lines:
            notes.append(Note(entry.line, "", Problem.DUPLICATE, f"line {person.lines[0]}"))
        person.lines += (entry.line,)
        person.name = person.name or entry.name
        person.language = person.language or entry.language
        notes += _add_addresses(person, entry)
        wishes = _joined(person.wishes, entry)
        person.wishes = same.setdefault(wishes, wishes)
    return list(people.values()), notes


def _roots(entries: Sequence[Entry]) -> list[int]:
    """For each entry the first entry of the same person (union-find with path halving)."""
    parent = list(range(len(entries)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    first: dict[str, int] = {}
    for place, entry in enumerate(entries):
        for value in (entry.email, entry.phone):  # one has an @, the other never
            if value is not None:
                one, other = root(first.setdefault(value, place)), root(place)
                parent[max(one, other)] = min(one, other)
    return [root(place) for place in range(len(entries))]


def _add_addresses(person: Person, entry: Entry) -> Iterator[Note]:
    if person.email is None and entry.email is not None:
        person.email, person.email_line = entry.email, entry.line
    if person.phone is None and entry.phone is not None:
        person.phone, person.phone_line = entry.phone, entry.line
    if entry.email not in {None, person.email}:
        yield Note(entry.line, "email", Problem.SECOND_ADDRESS, entry.email or "")
    if entry.phone not in {None, person.phone}:
        yield Note(entry.line, "phone", Problem.SECOND_ADDRESS, entry.phone or "")


def _joined(wishes: Wishes, entry: Entry) -> Wishes:
    if not wishes:
        return tuple((group, entry.channels) for group in entry.groups)
    joined = dict(wishes)
    for group in entry.groups:
        joined[group] = _ordered({*joined.get(group, ()), *entry.channels})
    return tuple(joined.items())


def _refusal(address: bool, group: bool, channel: bool) -> Problem | None:
    if not address:
        return Problem.NO_ADDRESS
    if not group:
        return Problem.NO_GROUP
    return None if channel else Problem.NO_CHANNEL


def _email(row: CsvRow, notes: list[Note]) -> str | None:
    written = row["email"].strip()
    try:
        return normalise_email(written) if written else None
    except Invalid:
        notes.append(Note(row.line, "email", Problem.BAD_EMAIL, written))
        return None


def _phone(row: CsvRow, notes: list[Note], region: str) -> str | None:
    written = row["phone"].strip()
    try:
        return normalise_phone(written, region=region) if written else None
    except Invalid:
        notes.append(Note(row.line, "phone", Problem.BAD_PHONE, written))
        return None


def _groups(row: CsvRow, notes: list[Note], groups: Mapping[str, int]) -> tuple[int, ...]:
    found: dict[int, None] = {}
    for word in _words(row["groups"]):
        group = groups.get(word.lower())
        if group is None:
            notes.append(Note(row.line, "groups", Problem.UNKNOWN_GROUP, word))
        else:
            found[group] = None
    return tuple(found)


def _words(cell: str) -> list[str]:
    plain = cell
    for separator in (",", "|", "\n", "\r"):
        plain = plain.replace(separator, ";")
    return [word.strip() for word in plain.split(";") if word.strip()]


def _channels(
    row: CsvRow, notes: list[Note], *, email: str | None, phone: str | None
) -> tuple[str, ...] | None:
    """The channels meant; those of the row's addresses where it names none, None where what it
    names is nothing we know."""
    words = [word for part in _words(row["channels"]) for word in part.replace("/", " ").split()]
    if not words:
        return _ordered({channel for channel, value in
                         ((Channel.EMAIL, email), (Channel.SMS, phone)) if value})  # fmt: skip
    chosen: set[str] = set()
    for word in words:
        channel = _CHANNEL_WORDS.get(word.casefold())
        if channel is None:
            notes.append(Note(row.line, "channels", Problem.UNKNOWN_CHANNEL, word))
        else:
            chosen.add(channel)
    return _ordered(chosen) if chosen else None


def _ordered(channels: set[str] | set[Channel]) -> tuple[str, ...]:
    return _in_order(frozenset(str(channel) for channel in channels))


@lru_cache(maxsize=8)
def _in_order(channels: frozenset[str]) -> tuple[str, ...]:
    return tuple(str(channel) for channel in Channel if channel in channels)


def _name(row: CsvRow, notes: list[Note]) -> str | None:
    written = row["name"]
    try:
        return one_line(written, field="name") or None
    except Invalid:
        notes.append(Note(row.line, "name", Problem.BAD_NAME, written[:200]))
        return None


def _language(row: CsvRow, notes: list[Note]) -> str | None:
    written = row["language"].strip()
    if not written:
        return None
    try:
        return _spoken(written)
    except Invalid:
        notes.append(Note(row.line, "language", Problem.BAD_LANGUAGE, written[:200]))
        return None


@lru_cache(maxsize=1_000)
def _spoken(written: str) -> str:
    """The tag of a language given as a tag or by its German or English name."""
    if len(written) > 2 and (tag := _language_names().get(written.casefold())):
        return tag
    return language_tag(written, field="language")


@lru_cache(maxsize=1)
def _language_names() -> Mapping[str, str]:
    names = {"leichte sprache": "de-x-simple", "einfache sprache": "de-x-simple"}
    for locale in ("de", "en"):
        for code, name in Locale(locale).languages.items():
            names.setdefault(name.casefold(), code.replace("_", "-"))
    return names
