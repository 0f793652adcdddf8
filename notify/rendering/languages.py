"""The words around what staff wrote, in the reader's language, and how a moment is written.

English is what the templates say; other languages are catalogues, read from their .po files.
"""

import gettext
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Final, TypeVar

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal

TEMPLATES: Final = Path(__file__).resolve().parents[2] / "templates"
SOURCE: Final = "en"

ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True)
class Words:
    """One catalogue with the habits of its language. `zone` is the town's."""

    language: str
    catalogue: gettext.NullTranslations
    zone: tzinfo

    def gettext(self, message: str) -> str:
        return self.catalogue.gettext(message)

    def moment(self, at: datetime) -> str:
        """`Sunday, 22 November 2026, 18:00`, in the town's time."""
        local = at.astimezone(self.zone)
        locale = _habits(self.language)
        return self.gettext("%(date)s, %(time)s") % {
            "date": format_date(local, "full", locale=locale),
            "time": format_time(local, "short", locale=locale),
        }

    def number(self, n: float) -> str:
        """`4,812`, as the language groups digits."""
        return format_decimal(n, locale=_habits(self.language))

    def money(self, amount: Decimal, currency: str) -> str:
        """`€4.80`, as the language writes it."""
        return format_currency(amount, currency, locale=_habits(self.language))

    def clock_time(self, at: datetime) -> str:
        """`14:32`, in the town's time."""
        return format_time(at.astimezone(self.zone), "short", locale=_habits(self.language))

    def short_moment(self, at: datetime) -> str:
        """`Sun, 22 Nov, 18:00`, for lists, where the year goes without saying."""
        local = at.astimezone(self.zone)
        locale = _habits(self.language)
        return self.gettext("%(date)s, %(time)s") % {
            "date": format_date(local, self.gettext("EEE, d MMM"), locale=locale),
            "time": format_time(local, "short", locale=locale),
        }

    @property
    def list_separator(self) -> str:
        """What Excel splits a table at: `;` where numbers are written with a comma."""
        return ";" if "," in self.number(0.5) else ","

    def time(self, at: datetime) -> str:
        """`18:00`, for what is near enough to need no date."""
        return format_time(at.astimezone(self.zone), "short", locale=_habits(self.language))

    def clock(self, at: datetime) -> str:
        """`18:00:05`, for tables of what took seconds."""
        return format_time(at.astimezone(self.zone), "medium", locale=_habits(self.language))

    def soon(self, at: datetime, now: datetime) -> str:
        """The time alone within half a day from `now`, else with its day."""
        near = abs(at - now) < timedelta(hours=12)
        return self.time(at) if near else self.short_moment(at)


def words(language: str, *, default: str, zone: tzinfo) -> Words:
    """The words for a reader of `language`: its own catalogue, else that of the town's first
    language, else English."""
    for candidate in (*_line(language), *_line(default)):
        catalogue = _catalogue(candidate)
        if catalogue is not None:
            return Words(candidate, catalogue, zone)
    return Words(SOURCE, gettext.NullTranslations(), zone)


def spoken() -> list[str]:
    """Languages that there is a catalogue of."""
    return sorted({SOURCE, *_catalogues()})


def speaks(language: str) -> bool:
    """Whether `language`, or its parent, is one of them."""
    return any(candidate in spoken() for candidate in _line(language))


def choose(texts: Mapping[str, ValueT], language: str, *, default: str) -> tuple[str, ValueT]:
    """The text for a reader of `language`, with the language it is really in: `de-AT` reads
    `de`, and who reads none of them gets the town's first language."""
    by_tag = {tag.lower(): tag for tag in texts}
    for candidate in (*_line(language), *_line(default)):
        tag = by_tag.get(candidate)
        if tag is not None:
            return tag, texts[tag]
    return next(iter(texts.items()))


def negotiate(wishes: Iterable[str], *, offered: Iterable[str], default: str) -> str:
    """The first wish that is offered, exactly or by its parent language; else the default."""
    by_tag = {tag.lower(): tag for tag in offered}
    for wish in wishes:
        for candidate in _line(wish):
            if candidate in by_tag:
                return by_tag[candidate]
    return default


def accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header, the dearest first (RFC 9110, 12.5.4)."""
    wishes: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        tag, _, parameter = part.strip().partition(";")
        weight = _weight(parameter)
        if tag and tag != "*" and weight > 0:
            wishes.append((-weight, tag.strip()))
    return [tag for _, tag in sorted(wishes, key=lambda wish: wish[0])]


def direction(language: str) -> str:
    """`rtl` for Arabic, Persian, Hebrew and their like, else `ltr`."""
    locale = _locale(language)
    return str(locale.text_direction) if locale else "ltr"


def own_name(language: str) -> str:
    """What speakers call their language: `Deutsch`, `English`, `українська`."""
    if language.lower() == "de-x-simple":
        return "Deutsch, leicht verständlich"
    locale = _locale(language)
    return (locale.get_display_name(locale) if locale else None) or language


def own_country(region: str, language: str) -> str:
    """What readers of `language` call a country of two letters: `Deutschland`."""
    locale = _locale(language)
    return (locale.territories.get(region) if locale else None) or region


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _line(language: str) -> list[str]:
    """A tag and its parents, lower case: `de-x-simple`, `de-x`, `de`."""
    parts = language.lower().replace("_", "-").split("-")
    return ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]


def _habits(language: str) -> str:
    """Which locale writes the dates: plain English here is that of Europe."""
    return "en_GB" if language == SOURCE else language.replace("-", "_")


@lru_cache(maxsize=200)
def _locale(language: str) -> Locale | None:
    for candidate in _line(language):
        try:
            return Locale.parse(candidate, sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    return None


@cache
def _catalogues() -> Mapping[str, Path]:
    folder = TEMPLATES / "locale"
    found = folder.glob("*/LC_MESSAGES/notify.po")
    return {path.parts[-3].lower(): path for path in found}


@lru_cache(maxsize=200)
def _catalogue(language: str) -> gettext.NullTranslations | None:
    if language == SOURCE:
        return gettext.NullTranslations()
    path = _catalogues().get(language)
    if path is None:
        return None
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language.replace("-", "_")))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
