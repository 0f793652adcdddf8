"""Reads what somebody typed to sign up, and says what is wrong with it, in their language."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from notify.domain.addresses import normalise_email, normalise_phone
from notify.domain.groups import Group
from notify.domain.residents import JudgedAddress
from notify.domain.words import Channel
from notify.errors import Invalid
from notify.rendering.languages import Words, own_country
from notify.services import asking
from notify.services.asking import Elsewhere
from notify.settings import Settings
from notify.web.pages.forms import Fields

_LONGEST = 320  # characters of an address that are shown again

TYPED = {Channel.EMAIL: "email", Channel.SMS: "phone"}
"""The fields that an address is typed into."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a field, and what to do."""

    field: str
    said: str


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed and ticked, as it is shown again. `sure`: wants no warnings, and said so."""

    groups: Collection[str] = ()
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    alerts: Collection[str] = (Channel.EMAIL, Channel.SMS)
    news: Collection[str] = (Channel.EMAIL,)
    language: str = ""
    sure: bool = False
    shown: str = ""

    def typed(self, channel: Channel) -> str:
        return self.email if channel is Channel.EMAIL else self.phone


@dataclass(frozen=True, slots=True)
class Judged:
    """The same, ready to be used."""

    groups: Sequence[Group]
    addresses: Sequence[JudgedAddress]
    alerts: Sequence[Channel]
    news: Sequence[Channel]


def read(fields: Fields) -> Form:
    return Form(
        groups=frozenset(fields.all("group")),
        email=fields.one("email")[:_LONGEST],
        phone=fields.one("phone")[:_LONGEST],
        alerts=frozenset(fields.all("alerts")),
        news=frozenset(fields.all("news")),
        language=fields.one("language"),
        sure=fields.has("no_alerts"),
        shown=fields.one("shown"),
    )


def judge(
    form: Form,
    words: Words,
    *,
    settings: Settings,
    groups: Sequence[Group],
    open_: Sequence[Channel],
) -> tuple[Judged, list[Problem]]:
    """What to do, and what stands against it: nothing is done unless that is empty.

    `open_` are the channels of this installation.
    """
    chosen = [group for group in groups if group.slug in form.groups]
    addresses, problems = _addresses(form, words, settings=settings, open_=open_)
    if not chosen:
        problems.insert(0, Problem("group", words.gettext("Choose at least one group.")))
    reached = {channel for channel in TYPED if form.typed(channel) and channel in open_}
    usable = reached | ({Channel.PUSH} & set(open_))
    alerts = [channel for channel in Channel if channel in form.alerts and channel in usable]
    news = [channel for channel in Channel if channel in form.news and channel in usable]
    problems += _ways(form, words, reached=reached, alerts=alerts, news=news)
    return Judged(chosen, addresses, alerts, news), problems


def address(
    typed: str, channel: Channel, words: Words, *, settings: Settings
) -> JudgedAddress | str:
    """The address, or what is wrong with it."""
    try:
        if channel is Channel.EMAIL:
            return JudgedAddress(channel, normalise_email(typed))
        number = normalise_phone(typed, region=settings.default_region)
        asking.check_country(number, settings)
    except Elsewhere as refusal:
        there = ", ".join(own_country(region, words.language) for region in refusal.countries)
        return words.gettext(
            "We send SMS only to numbers of these countries: %(countries)s. Use an e-mail address."
        ) % {"countries": there}
    except Invalid:
        if channel is Channel.EMAIL:
            return words.gettext("Write an e-mail address, like erika@example.org.")
        return words.gettext("Write a mobile or landline number, like 0151 23456789.")
    return JudgedAddress(channel, number)


def _addresses(
    form: Form, words: Words, *, settings: Settings, open_: Sequence[Channel]
) -> tuple[list[JudgedAddress], list[Problem]]:
    found: list[JudgedAddress] = []
    problems: list[Problem] = []
    fields = {channel: name for channel, name in TYPED.items() if channel in open_}
    for channel, name in fields.items():
        if not form.typed(channel):
            continue
        judged = address(form.typed(channel), channel, words, settings=settings)
        if isinstance(judged, str):
            problems.append(Problem(name, judged))
        else:
            found.append(judged)
    if not found and not problems and fields:
        problems.append(Problem(next(iter(fields.values())), _missing(form, words, fields)))
    return found, problems


def _missing(form: Form, words: Words, fields: Collection[Channel]) -> str:
    """That there is no address, though there is one to be written for each of `fields`."""
    if Channel.SMS not in fields:
        said = words.gettext("Write your e-mail address.")
    elif Channel.EMAIL not in fields:
        said = words.gettext("Write your phone number.")
    else:
        said = words.gettext("Write an e-mail address or a phone number.")
    if Channel.PUSH not in {*form.alerts, *form.news}:
        return said
    alone = words.gettext("Notifications alone are not enough, for you open your page with a code.")
    return f"{said} {alone}"


def _ways(
    form: Form,
    words: Words,
    *,
    reached: Collection[Channel],
    alerts: Collection[Channel],
    news: Collection[Channel],
) -> list[Problem]:
    unused = words.gettext("Tick what you want this way, or leave the address out.")
    problems = [
        Problem(f"ways_{channel}", unused)
        for channel in Channel
        if channel in reached and channel not in {*alerts, *news}
    ]
    if reached and not problems and not alerts and not form.sure:
        problems.append(
            Problem(
                "no_alerts",
                words.gettext(
                    "You ticked no way for warnings: you would not hear of a danger. Tick one, or "
                    "say that you want none."
                ),
            )
        )
    return problems
