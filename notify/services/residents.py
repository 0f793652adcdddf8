"""Takes residents in."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from notify.domain.addresses import HostList
from notify.domain.groups import Group
from notify.domain.keyring import Keyring
from notify.domain.residents import (
    NewResident,
    Wish,
    judge_addresses,
    judge_agreed,
    judge_person,
    judge_wishes,
)
from notify.domain.words import Source
from notify.errors import Conflict, Invalid
from notify.rendering import consents
from notify.services import desk
from notify.services.desk import Counter
from notify.services.groups import check_reach
from notify.settings import Settings
from notify.store import erasing, groups, residents
from notify.store.database import Connection, Database


async def create(
    db: Database,
    keyring: Keyring,
    *,
    settings: Settings,
    hosts: HostList,
    request: NewResident,
    counter: Counter,
    source: Source = Source.API,
    within: int | None = None,
) -> UUID:
    """Make a resident with addresses and subscriptions, all or nothing.

    With a consent reference the addresses are proven and closed groups joined; without, the
    addresses are only ever asked to confirm, and joining a closed group waits for approval. At the
    desk the reference is that of the paper form: closed groups are joined, and each address is
    proven by a code that is sent at once. What the paper says is kept, by default `desk.sentence`.
    A suppressed address stays suppressed. `within` is the group of the caller's grant, `counter`
    counts the codes of a desk. Raises Invalid, Forbidden, Conflict naming the `resident` who has one
    of the addresses where the grant reaches them, and at a desk TooMany and Spent.
    """
    name, language, consent = judge_person(request, language=settings.default_language)
    at_desk = source is Source.DESK
    if at_desk and not consent:
        raise Invalid("Say where the paper form is kept, or its number.", field="consent")
    addresses = judge_addresses(request.addresses, region=settings.default_region, hosts=hosts)
    wishes = judge_wishes(request.subscriptions)
    wording, version = judge_agreed(request)
    if at_desk:
        wording = wording or desk.sentence(language, settings=settings)
        version = version or consents.version(wording, ())
    async with db.transaction() as connection:
        followed = await _find(connection, wishes, within=within)
        resident = await residents.add(connection, name=name, language=language)
        if not await residents.add_addresses(
            connection,
            resident,
            addresses=addresses,
            keyring=keyring,
            proven=consent is not None and not at_desk,
        ):
            known = await residents.owner(connection, addresses=addresses, but=resident)
            if known and not await _reaches(connection, known, within=within):
                known = None
            ids = {"resident": str(known)} if known else {}
            raise Conflict("One of these addresses belongs to a resident already.", ids=ids)
        if consent:
            await residents.add_consent(
                connection, resident, source=source, reference=consent, language=language,
                wording=wording, version=version,
            )  # fmt: skip
        await _subscribe(connection, resident, wishes=wishes, followed=followed, sure=bool(consent))
        if at_desk:  # what was refused until here uses up nobody's codes
            given = [(address.channel, address.value) for address in addresses]
            await desk.ask(keyring, given, settings=settings, counter=counter)
            await desk.send(connection, resident, settings=settings)
    return resident


async def _find(
    connection: Connection, wishes: Sequence[Wish], *, within: int | None
) -> Mapping[str, Group]:
    found = await groups.by_slugs(connection, [wish.group for wish in wishes])
    for place, wish in enumerate(wishes):
        if wish.group not in found:
            raise Invalid("There is no group with this slug.", field=f"subscriptions.{place}.group")
    if within is not None:
        await check_reach(connection, [group.id for group in found.values()], within=within)
    return found


async def _reaches(connection: Connection, resident: UUID, *, within: int | None) -> bool:
    if within is None:
        return True
    reach = await groups.below(connection, [within])
    return not await erasing.beyond(connection, resident, groups=reach)


async def _subscribe(
    connection: Connection,
    resident: UUID,
    *,
    wishes: Sequence[Wish],
    followed: Mapping[str, Group],
    sure: bool,
) -> None:
    for wish in wishes:
        group = followed[wish.group]
        await residents.subscribe(
            connection,
            resident,
            group=group.id,
            alerts=wish.alerts,
            news=wish.news,
            state="requested" if group.closed and not sure else "active",
        )
