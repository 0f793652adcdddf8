"""Bounds on all that sends a code, because anybody may ask for one: for whom, from where, to where.

Who sends codes asks `ask` first, and then `spare` before the transaction that sends it.
"""

from enum import StrEnum
from typing import Final

import phonenumbers

from notify import clock
from notify.domain.keyring import Keyring
from notify.domain.words import Channel
from notify.errors import Invalid, NotifyError
from notify.rates import Rate, Rates
from notify.rendering import codes
from notify.settings import Settings
from notify.store import sms_asked
from notify.store.database import Connection, Database

_HOUR: Final = 3_600
_DAY: Final = 24 * _HOUR

BY_ADDRESS: Final = (Rate(4, 15 * 60), Rate(12, _DAY))
"""So few that nobody's mailbox or phone can be flooded, for each `By` apart."""

BY_NETWORK: Final = (Rate(40, _HOUR), Rate(200, _DAY))
"""A class that signs up together at school gets through."""

AT_DESK: Final = (Rate(200, _HOUR), Rate(1_000, _DAY))
"""From one network where the caller has a key, or sits at this machine: a town hall full of people."""

TRIES: Final = (Rate(100, _HOUR), Rate(400, _DAY))
"""Codes typed at the door from a network: somewhat more than are sent to whoever asks there."""

AT_HOME: Final = Rate(1_000, _HOUR)
ABROAD: Final = Rate(40, _HOUR)
"""SMS by country: a town's residents have numbers of its own country, nearly all of them."""


CLAIMS: Final = 2
"""A number that somebody only says is theirs gets an SMS until one in so many segments is used;
the rest is for codes to numbers that are proven, and for answers to those who text us."""


class By(StrEnum):
    """Who asks for a code. Each has bounds of their own for an address, so that strangers who ask
    for a resident's codes use up nobody's but other strangers'."""

    ANYBODY = "address"
    KNOWN = "known"  # a browser in which this address was proven before
    DESK = "desk"


class TooMany(NotifyError):
    """Asked too often; `retry_after` seconds from now it may go again."""

    def __init__(self, retry_after: int) -> None:
        minutes = -(-retry_after // 60)
        super().__init__(f"Too many codes were asked for. Try again in {minutes} minutes.")
        self.retry_after = retry_after


class Spent(NotifyError):
    """No more SMS can be asked for today, by whomever."""

    def __init__(self, advice: str = "Try again tomorrow.") -> None:
        super().__init__(f"The SMS of this day are used up, and nothing was done. {advice}")


class Elsewhere(Invalid):
    """A phone number of a country that no SMS is sent to; `countries` are those it is sent to."""

    def __init__(self, countries: tuple[str, ...]) -> None:
        super().__init__(
            f"SMS are sent to numbers of these countries only: {', '.join(countries)}."
        )
        self.countries = countries


async def ask(
    rates: Rates,
    *,
    settings: Settings,
    keyring: Keyring,
    channel: Channel,
    value: str,
    network: str,
    by: By = By.ANYBODY,
) -> None:
    """Count that a code is asked for, whether the address is known or not.

    `value` is in its normal form, `network` what `notify.web.network` says of the connection.
    Raises TooMany, and Elsewhere for a number that no SMS is sent to.
    """
    home = check_country(value, settings) if channel is Channel.SMS else None
    place = keyring.address_hash("network", network).hex()
    if by is By.DESK:
        await _bound(rates, "desks", place, *AT_DESK)
    else:
        await _bound(rates, "network", place, *BY_NETWORK)
    whom = keyring.address_hash(channel, value).hex()
    await _bound(rates, by, whom, *BY_ADDRESS)
    if home is not None:
        prefix = str(phonenumbers.parse(value).country_code)
        await _bound(rates, "country", prefix, AT_HOME if home else ABROAD)


async def try_(rates: Rates, *, keyring: Keyring, network: str) -> None:
    """Count that a code is typed that may open a page. Raises TooMany."""
    await _bound(rates, "tries", keyring.address_hash("network", network).hex(), *TRIES)


async def spare(db: Database, *, settings: Settings, channel: str, claim: bool = False) -> bool:
    """Whether a code may go out over this channel; an SMS is taken from the day's budget.

    In a transaction of its own, since all share one row: nobody holds it while they wait for
    something else. One that is not sent after all counts too. `claim` as in `afford`.
    """
    if channel != Channel.SMS:
        return True
    async with db.transaction() as connection:
        return await afford(
            connection, settings=settings, segments=code_segments(settings), claim=claim
        )


def code_segments(settings: Settings) -> int:
    """What a code costs by SMS, whatever language it is in."""
    return codes.most_segments(settings.town)


async def afford(
    connection: Connection, *, settings: Settings, segments: int, claim: bool = False,
    sends: bool = True,
) -> bool:  # fmt: skip
    """Take so many segments from the day's budget; False when fewer are left: then there are only
    the ways that cost nothing. Whoever calls waits for nothing any more until the transaction ends.

    `claim`: the number is not proven, and only the share of CLAIMS is for it. Where nothing `sends`
    none is taken, by the same statement and with the same answer.
    """
    day = clock.now().astimezone(settings.zone).date()
    most = settings.sms_daily_budget
    if claim:
        most = -(-most // CLAIMS)
    return await sms_asked.take(connection, day=day, n=segments, most=most, counts=sends)


def countries(settings: Settings) -> tuple[str, ...]:
    """The countries that SMS which anybody can ask for are sent to, as two letters."""
    return tuple(dict.fromkeys((settings.default_region, *settings.sms_countries)))


def check_country(value: str, settings: Settings) -> bool:
    """Whether the number is of the town's own country. Raises Elsewhere where it is of none that
    SMS are sent to."""
    region = phonenumbers.region_code_for_number(phonenumbers.parse(value))
    if region not in countries(settings):
        raise Elsewhere(countries(settings))
    return region == settings.default_region


async def _bound(rates: Rates, name: str, key: str, *several: Rate) -> None:
    for rate in several:
        wait = await rates.hit(f"{name}/{rate.seconds}", key, rate)
        if wait is not None:
            raise TooMany(wait)
