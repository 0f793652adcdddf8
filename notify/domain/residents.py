"""What may be said of a resident who joins, judged before anything is written."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from notify.domain.addresses import HostList, normalise_email, normalise_phone, normalise_push
from notify.domain.lines import language_tag, many_lines, one_line
from notify.domain.words import Channel
from notify.errors import Invalid

MOST_ADDRESSES = 20
MOST_SUBSCRIPTIONS = 500
_LONGEST_WORDING = 4_000
_LONGEST_VERSION = 100


@dataclass(frozen=True, slots=True)
class NewResident:
    """What somebody asks for, as they wrote it.

    `addresses` are (channel, value), the value a mapping for push; `subscriptions` are (group
    slug, channels for alerts, channels for news). `consent` says where the consent is kept,
    `wording` and `version` what stands above the signature there.
    """

    addresses: Sequence[tuple[str, str | Mapping[str, Any]]]
    subscriptions: Sequence[tuple[str, Collection[str], Collection[str]]] = ()
    name: str | None = None
    language: str | None = None
    consent: str | None = None
    wording: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class JudgedAddress:
    """An address in its normal form; `keys` for push only."""

    channel: Channel
    value: str = field(repr=False)
    keys: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Wish:
    """One subscription asked for: the group's slug, the channels for alerts and for news."""

    group: str
    alerts: tuple[Channel, ...]
    news: tuple[Channel, ...]


def judge_addresses(
    addresses: Sequence[tuple[str, str | Mapping[str, Any]]], *, region: str, hosts: HostList
) -> list[JudgedAddress]:
    """The addresses in normal form. Raises Invalid with the path of the first bad one."""
    if not 0 < len(addresses) <= MOST_ADDRESSES:
        raise Invalid(f"Give one to {MOST_ADDRESSES} addresses.", field="addresses")
    judged: dict[tuple[str, str], JudgedAddress] = {}
    for place, (word, value) in enumerate(addresses):
        path = f"addresses.{place}"
        channel = _channel(word, f"{path}.channel")
        if channel is not Channel.PUSH and any(known is channel for known, _ in judged):
            raise Invalid(f"A resident has one address for {channel}.", field=path)
        address = _judge(channel, value, region=region, hosts=hosts, path=f"{path}.value")
        judged[channel, address.value] = address
    return list(judged.values())


def judge_wishes(
    subscriptions: Sequence[tuple[str, Collection[str], Collection[str]]],
) -> list[Wish]:
    """The subscriptions asked for. Raises Invalid for an unknown channel or a group named twice."""
    if len(subscriptions) > MOST_SUBSCRIPTIONS:
        raise Invalid(f"Name at most {MOST_SUBSCRIPTIONS} groups.", field="subscriptions")
    wishes: dict[str, Wish] = {}
    for place, (group, alerts, news) in enumerate(subscriptions):
        path = f"subscriptions.{place}"
        if group in wishes:
            raise Invalid("This group is named twice.", field=f"{path}.group")
        wishes[group] = Wish(
            group, _channels(alerts, f"{path}.alerts"), _channels(news, f"{path}.news")
        )
    return list(wishes.values())


def judge_person(request: NewResident, *, language: str) -> tuple[str | None, str, str | None]:
    """Name, language and consent, tidied; blank is the same as not said."""
    name = one_line(request.name or "", field="name")
    consent = one_line(request.consent or "", field="consent", limit=500)
    return (
        name or None,
        language_tag(request.language, field="language") if request.language else language,
        consent or None,
    )


def judge_agreed(request: NewResident) -> tuple[str | None, str | None]:
    """What the paper says, and which version of it, tidied; blank is the same as not said.

    Raises Invalid where there is no paper."""
    wording = many_lines(request.wording or "", field="wording", limit=_LONGEST_WORDING)
    version = one_line(request.version or "", field="version", limit=_LONGEST_VERSION)
    if (wording or version) and not (request.consent or "").strip():
        raise Invalid(
            "Say where the consent is kept, or leave its words and their version out.",
            field="consent",
        )
    return wording or None, version or None


def _judge(
    channel: Channel, value: str | Mapping[str, Any], *, region: str, hosts: HostList, path: str
) -> JudgedAddress:
    if (channel is Channel.PUSH) is isinstance(value, str):
        raise Invalid("Write the address as text; for push, as the browser gave it.", field=path)
    try:
        if not isinstance(value, str):
            push = normalise_push(value, hosts=hosts)
            return JudgedAddress(channel, push.endpoint, {"p256dh": push.p256dh, "auth": push.auth})
        if channel is Channel.EMAIL:
            return JudgedAddress(channel, normalise_email(value))
        return JudgedAddress(channel, normalise_phone(value, region=region))
    except Invalid as refusal:
        raise Invalid(refusal.message, field=path) from None


def _channels(words: Collection[str], path: str) -> tuple[Channel, ...]:
    chosen = {_channel(word, path) for word in words}
    return tuple(channel for channel in Channel if channel in chosen)


def _channel(word: str, path: str) -> Channel:
    try:
        return Channel(word)
    except ValueError:
        raise Invalid("Write email, sms or push.", field=path) from None
