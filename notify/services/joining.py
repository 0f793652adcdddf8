"""Takes in that an address is proven: a newcomer becomes a resident, or turns out to be one.

The first address that somebody proves makes their page theirs, whoever opened it before: the pages
open until then are closed, and the caller opens one where the proof was given. Unless that page itself
brings the proof, what it asked for otherwise is not taken over: its codes end. From then on another
address is added only from the open page. So nobody who types in a stranger's address gets a page on
which the stranger appears, nor adds an address of their own to the stranger's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from notify.domain.keyring import Keyring
from notify.domain.words import AddressState, Channel
from notify.rendering.changes import Change
from notify.services import guarding, uniting
from notify.services.proving import Proven
from notify.settings import Settings
from notify.store import joining, residents, sessions, suppressions
from notify.store.database import Connection, Row

_LOOKS = 5  # at who has the address, before whoever changes it all the time is left to themselves


class Taken(Exception):
    """Somebody else has proven this address, and what came is no proof against them."""


class NotHere(Exception):
    """This address can only be added on the page that asked for it: there the code has to be typed.

    Raised so that the transaction is undone: the code can still be used.
    """


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is kept of how somebody agreed. What is None is as the resident was told before."""

    reference: str
    source: str | None = None
    language: str | None = None
    wording: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """Whose the address is. `merged`: who proved it turned out to be known already. `first`: it
    is the first that they have proven, so that the pages open before are closed."""

    resident: UUID
    merged: bool
    first: bool = field(default=False, compare=False)


async def prove(
    connection: Connection,
    keyring: Keyring,
    proven: Proven,
    *,
    settings: Settings,
    here: UUID | None = None,
    moves: bool = True,
    evidence: Evidence | None = None,
) -> Joined | None:
    """Make an address its prover's, in the transaction that used its code; None where it is gone.

    `here` is the resident whose page is open in the browser that brings the proof. Lifts what
    stood against the address. Raises NotHere, and Taken where somebody else has proven the address
    and it `moves` to nobody.
    """
    found = await _hold(connection, keyring, proven.address_id)
    if found is None:
        return None
    address, holder = found
    if not moves and _is_another_s(address, holder):
        raise Taken
    known = await joining.known_by(connection, address["resident_id"], but=address["id"])
    if known and here != address["resident_id"] and address["state"] != AddressState.PROVEN:
        raise NotHere
    await suppressions.lift(
        connection,
        channel=address["channel"],
        address_hash=keyring.address_hash(address["channel"], address["value"]),
    )
    if known or address["state"] == AddressState.PROVEN:
        joined = await _add(connection, address, holder, settings=settings)
        if address["state"] != AddressState.PROVEN:
            await _tell(connection, address, known, settings=settings)
    else:
        began = await _begin(connection, address, holder, here=here, settings=settings)
        joined = replace(began, first=True)
    said = evidence or Evidence(reference="code")
    await keep(connection, joined.resident, said, channel=address["channel"])
    await residents.bump(connection, joined.resident)
    return joined


async def keep(
    connection: Connection, resident: UUID, said: Evidence, *, channel: Channel | None
) -> None:
    """Keep how somebody agreed, `channel` where it is about one."""
    await joining.add_evidence(
        connection, resident, source=said.source, reference=said.reference, channel=channel,
        language=said.language, wording=said.wording, version=said.version,
    )  # fmt: skip


async def _hold(
    connection: Connection, keyring: Keyring, address_id: int
) -> tuple[Row, Row | None] | None:
    """The address and the live row of its value, with their residents locked."""
    address = await joining.address(connection, address_id)
    if address is None or address["state"] == AddressState.GONE:
        return None
    value = {"channel": address["channel"], "value": address["value"]}
    await joining.hold_value(connection, keyring.address_hash(**value))
    for _ in range(_LOOKS):
        holder = await joining.holder(connection, **value)
        who = {address["resident_id"], *([holder["resident_id"]] if holder else [])}
        await joining.lock(connection, who)
        # Whoever was merged while we waited has their addresses elsewhere now.
        again = await joining.address(connection, address_id)
        if again is None or again["state"] == AddressState.GONE:
            return None
        same = await joining.holder(connection, **value)
        if again == address and same == holder:
            return address, holder
        address = again
    return None


def _is_another_s(address: Row, holder: Row | None) -> bool:
    """Whether somebody else has proven it."""
    return (
        holder is not None
        and holder["resident_id"] != address["resident_id"]
        and holder["state"] == AddressState.PROVEN
    )


async def _begin(
    connection: Connection, address: Row, holder: Row | None, *, here: UUID | None,
    settings: Settings,
) -> Joined:  # fmt: skip
    """The first address that this resident proves."""
    resident: UUID = address["resident_id"]
    same = here == resident
    if not same:
        # Whoever opened the page may know, or have been sent, what else it asked for.
        await joining.end_codes(connection, resident, but=address["id"])
    await sessions.close_others(connection, resident, but=None)
    elsewhere = holder is not None and holder["resident_id"] != resident
    if elsewhere and holder is not None and holder["state"] == AddressState.PROVEN:
        await joining.hold_deliveries(connection, resident)
        await joining.drop(connection, address["id"])
        await uniting.unite(connection, resident, into=holder["resident_id"])
        await joining.absorb(connection, resident, into=holder["resident_id"], asked=same)
        await joining.prove(connection, holder["id"], resident=holder["resident_id"])
        return Joined(holder["resident_id"], merged=True)
    await joining.settle(connection, resident)
    return await _add(connection, address, holder, settings=settings)


async def _add(
    connection: Connection, address: Row, holder: Row | None, *, settings: Settings
) -> Joined:
    """Make the address this resident's, in the place of one of the same channel; whoever had it
    before and has nothing else left is the same person."""
    resident: UUID = address["resident_id"]
    if holder is not None and holder["resident_id"] == resident and holder["id"] != address["id"]:
        await joining.drop(connection, address["id"])  # asked for once more
        await joining.prove(connection, holder["id"], resident=resident)
        return Joined(resident, merged=False)
    if address["channel"] != Channel.PUSH:
        await joining.retire(connection, resident, channel=address["channel"], but=address["id"])
    if holder is None or holder["id"] == address["id"]:
        await joining.prove(connection, address["id"], resident=resident)
        return Joined(resident, merged=False)
    before: UUID = holder["resident_id"]
    await joining.hold_deliveries(connection, before)
    # The row that was sent to is kept: nothing in force is sent there twice.
    await joining.drop(connection, address["id"])
    await joining.prove(connection, holder["id"], resident=resident)
    await joining.take_open(connection, holder["id"], before=before, resident=resident)
    await residents.bump(connection, before)
    merged = not await joining.is_reachable(connection, before)
    if merged:
        await uniting.unite(connection, before, into=resident)
        await joining.absorb(connection, before, into=resident, asked=False)
    else:
        await joining.had_since(connection, holder["id"], address["created_at"])
        left = await joining.known_by(connection, before, but=holder["id"])
        await guarding.tell(
            connection, [one["id"] for one in left], Change.REMOVED, settings=settings,
            channel=address["channel"], value=address["value"],
        )  # fmt: skip
    return Joined(resident, merged=merged)


async def _tell(
    connection: Connection, address: Row, known: Sequence[Row], *, settings: Settings
) -> None:
    """Tell the resident's other addresses, as they were before, that there is a new one."""
    replaced = address["channel"] in {one["channel"] for one in known}
    await guarding.tell(
        connection, [one["id"] for one in known], Change.REPLACED if replaced else Change.ADDED,
        settings=settings, channel=address["channel"], value=address["value"],
    )  # fmt: skip
