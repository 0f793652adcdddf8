"""Bounds on all that sends a code, because anybody may ask for one: for whom, from where, to where.

Who sends codes asks `ask` first, and then `spare` before the transaction that sends it.
"""

from typing import Final

import phonenumbers

from notify import clock
from notify.domain.keyring import Keyring
from notify.domain.words import Channel
from notify.errors import Invalid, NotifyError
from notify.rates import Rate, Rates
from notify.settings import Settings
from notify.store import sms_asked
from notify.store.database import Connection, Database

_HOUR: Final = 3_600
_DAY: Final = 24 * _HOUR

BY_ADDRESS: Final = (Rate(4, 15 * 60), Rate(12, _DAY))
"""So few that nobody's mailbox or phone can be flooded."""

BY_NETWORK: Final = (Rate(40, _HOUR), Rate(200, _DAY))
"""A class that signs up together at school gets through."""

TRIES: Final = (Rate(100, _HOUR), Rate(400, _DAY))
"""Codes typed at the door from a network: somewhat more than are sent to whoever asks there."""

AT_HOME: Final = Rate(1_000, _HOUR)
ABROAD: Final = Rate(40, _HOUR)
"""SMS by country: a town's residents have numbers of its own country, nearly all of them."""


CLAIMS: Final = 2
"""A number that somebody only says is theirs gets an SMS until one in so many of a day's is used;
the rest is for codes to numbers that are proven, and for answers to those who text us."""


class TooMany(NotifyError):
    """Asked too often; `retry_after` seconds from now it may go again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("Too many codes were asked for. Try again later.")
        self.retry_after = retry_after


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
) -> None:
    """Count that a code is asked for, whether the address is known or not.

    `value` is in its normal form, `network` what `notify.web.network` says of the connection.
    Raises TooMany, and Elsewhere for a number that no SMS is sent to.
    """
    home = check_country(value, settings) if channel is Channel.SMS else None
    place = keyring.address_hash("network", network).hex()
    await _bound(rates, "network", place, *BY_NETWORK)
    whom = keyring.address_hash(channel, value).hex()
    await _bound(rates, "address", whom, *BY_ADDRESS)
    if home is not None:
        prefix = str(phonenumbers.parse(value).country_code)
        await _bound(rates, "country", prefix, AT_HOME if home else ABROAD)


async def try_(rates: Rates, *, keyring: Keyring, network: str) -> None:
    """Count that a code is typed that may open a page. Raises TooMany."""
    await _bound(rates, "tries", keyring.address_hash("network", network).hex(), *TRIES)


async def spare(db: Database, *, settings: Settings, channel: str, claim: bool = False) -> bool:
    """Whether a code may go out over this channel; for an SMS one of the day's budget is taken.

    In a transaction of its own, since all share one row: nobody holds it while they wait for
    something else. One that is not sent after all counts too. `claim` as in `afford`.
    """
    if channel != Channel.SMS:
        return True
    async with db.transaction() as connection:
        return await afford(connection, settings=settings, claim=claim)


async def afford(
    connection: Connection, *, settings: Settings, claim: bool = False, sends: bool = True
) -> bool:
    """Take one SMS from the day's budget; False when it is used up: then only the ways that cost
    nothing are left. Whoever calls waits for nothing any more until the transaction ends.

    `claim`: the number is not proven, and only the share of CLAIMS is for it. Where nothing `sends`
    none is taken, by the same statement and with the same answer.
    """
    day = clock.now().astimezone(settings.zone).date()
    most = settings.sms_daily_budget
    if claim:
        most = -(-most // CLAIMS)
    return await sms_asked.take(connection, day=day, n=1, most=most, counts=sends)


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
