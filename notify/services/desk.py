"""Signs people up at the town hall: the paper says what they want, a code says that they are reached.

The paper alone proves no address: it may be misread. Whoever stands at the desk reads the code from
their phone to the clerk; at home it is the link in the mail, or the request to confirm that follows.

Codes from the desk are bounded like all others, and strangers use none of them up. Where one may not
go none goes, and nothing is done.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from notify.domain.codes import Purpose, Verdict
from notify.domain.keyring import Keyring
from notify.domain.words import Channel, Source
from notify.errors import Conflict, NotFound
from notify.rates import Rates
from notify.rendering import consents, languages
from notify.services import asking, auditing, joining, proving, texting
from notify.services.asking import By, Spent
from notify.services.joining import Evidence, NotHere
from notify.settings import Settings
from notify.store import desk as store
from notify.store import groups
from notify.store.database import Connection, Database


@dataclass(frozen=True, slots=True)
class Counter:
    """Where codes are asked for: what counts them, and the network of the desk."""

    rates: Rates
    network: str = "this machine"


async def send_codes(
    db: Database,
    keyring: Keyring,
    resident: UUID,
    *,
    settings: Settings,
    counter: Counter,
    within: int | None = None,
) -> int:
    """Send a code to each address of a resident that is not proven; returns how many.

    `within` is the group of the caller's grant. Raises NotFound, and what `ask` and `send` raise.
    """
    async with db.transaction() as connection:
        await _find(connection, resident, within=within)
        waiting = await store.unproven(connection, resident)
    addresses = [(Channel(row["channel"]), row["value"]) for row in waiting]
    await ask(keyring, addresses, settings=settings, counter=counter)
    async with db.transaction() as connection:
        return await send(connection, resident, settings=settings)


async def ask(
    keyring: Keyring,
    addresses: Iterable[tuple[Channel, str]],
    *,
    settings: Settings,
    counter: Counter,
) -> None:
    """Count that the desk asks for a code to each of these. Raises TooMany and Elsewhere, and
    counts none where one is Elsewhere."""
    given = list(addresses)
    for channel, value in given:
        if channel is Channel.SMS:
            asking.check_country(value, settings)
    for channel, value in given:
        if channel is not Channel.PUSH:
            await asking.ask(
                counter.rates, settings=settings, keyring=keyring, channel=channel, value=value,
                network=counter.network, by=By.DESK,
            )  # fmt: skip


async def send(connection: Connection, resident: UUID, *, settings: Settings) -> int:
    """Send them in the caller's transaction, which has seen to it that the resident is theirs, and
    waits for nothing any more. Raises Spent, so that all of it is undone."""
    waiting = [
        row for row in await store.unproven(connection, resident) if row["channel"] != Channel.PUSH
    ]
    for row in waiting:
        await proving.send(connection, row["id"], purpose=Purpose.PROVE)
    phones = sum(row["channel"] == Channel.SMS for row in waiting)
    segments = phones * asking.code_segments(settings)
    if segments and not await asking.afford(connection, settings=settings, segments=segments):
        raise Spent(_otherwise(settings))
    return len(waiting)


def sentence(language: str, *, settings: Settings) -> str:
    """What a paper form has to say above the signature."""
    words = languages.words(language, default=settings.default_language, zone=settings.zone)
    return consents.wording(words, sender=settings.town)


def _otherwise(settings: Settings) -> str:
    """What a clerk can do where no SMS may be sent any more."""
    number = texting.number(settings)
    text = (
        f"have them text JOIN and the group's short name to {number}, which needs no code, "
        if number
        else ""
    )
    return f"Sign them up with their e-mail address, {text}or try again tomorrow."


async def confirm(
    db: Database, keyring: Keyring, resident: UUID, typed: str, *, settings: Settings,
    within: int | None = None, by: UUID | None = None,
) -> Channel:  # fmt: skip
    """Take a code that the resident read out: the address it was sent to is proven. `by` is who of
    the staff sits at the desk, where that is known.

    Returns the channel. Raises NotFound, and Conflict where it is none of the codes that hold.
    """
    async with db.transaction() as connection:
        await _find(connection, resident, within=within)
        waiting = await store.unproven(connection, resident)
    for row in waiting:
        if row["code"] is None:
            continue
        if await proving.check(db, keyring, row["code"], typed) is Verdict.RIGHT:
            await _prove(db, keyring, row["code"], settings=settings, by=by)
            return Channel(row["channel"])
    raise Conflict("This is not the code, or it no longer holds. Send another one.")


async def _prove(
    db: Database, keyring: Keyring, code: int, *, settings: Settings, by: UUID | None
) -> None:
    async with db.transaction() as connection:
        proven = await proving.use(connection, code)
        if proven is None:
            raise Conflict("This code was used already.")
        try:
            # The clerk has the resident before them, and both addresses on one paper.
            await joining.prove(
                connection, keyring, proven, settings=settings, here=proven.resident,
                evidence=Evidence(reference="code read out", source=Source.DESK),
            )  # fmt: skip
        except NotHere:
            raise Conflict("This address cannot be added to this resident.") from None
        if by is not None:
            await auditing.record(
                connection,
                by,
                "resident.proven",
                resident=proven.resident,
                address=proven.address_id,
            )


async def _find(connection: Connection, resident: UUID, *, within: int | None) -> None:
    """Raises NotFound unless the resident is there and follows groups that the grant reaches, and
    no others: who is beyond is as if they were not there."""
    followed = await store.followed(connection, resident)
    if followed is None:
        raise NotFound("There is no such resident.")
    if within is not None:
        reach = await groups.below(connection, [within])
        if not followed or not set(followed) <= set(reach):
            raise NotFound("There is no such resident.")
