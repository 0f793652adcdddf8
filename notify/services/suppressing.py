"""Lets staff see why an address is not used any more, take that back where they may, and stop one.

What came back or was gone may work again: staff lift that. A stop by its owner is theirs to take
back: by the text START, or by proving the address anew on the page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from notify.domain.addresses import HostList
from notify.domain.grants import OutOfReach
from notify.domain.keyring import Keyring
from notify.domain.residents import JudgedAddress
from notify.domain.words import Channel
from notify.errors import Conflict, Invalid, NotFound
from notify.services import auditing, opening
from notify.services.caring import check_reason, reached_by, searching
from notify.services.staff_sessions import Officer
from notify.settings import Settings
from notify.store import caring, erasing, suppressions
from notify.store.database import Connection, Database, Row

LIFTED: Final = frozenset({"bounced", "gone"})
"""Reasons that staff may lift."""

ADDED: Final = frozenset({"gone"})
"""Reasons for which staff stop an address: only what they may lift. It is nobody's any more; what an
owner wants no more they end themselves, or staff end their subscriptions."""

_BY_STAFF: Final = "staff"
_SHOWN: Final = 16  # digits of the keyed hash, which stands for an address that is nobody's


@dataclass(frozen=True, slots=True)
class Asked:
    """An address as staff typed it, and why they ask."""

    typed: str
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How an address stands: `reason` is None where it is used."""

    channel: Channel
    reason: str | None
    code: str | None
    since: datetime | None

    @property
    def liftable(self) -> bool:
        return self.reason in LIFTED


@dataclass(frozen=True, slots=True)
class _Found:
    address: JudgedAddress
    hash: bytes
    resident: UUID | None

    @property
    def named(self) -> dict[str, object]:
        """What the audit log calls it."""
        if self.resident is not None:
            return {"resident": self.resident}
        return {"address": self.hash.hex()[:_SHOWN]}


class Suppressing:
    """What every step here needs to know."""

    def __init__(
        self, db: Database, keyring: Keyring, *, settings: Settings, hosts: HostList
    ) -> None:
        self._db = db
        self._keyring = keyring
        self._settings = settings
        self._hosts = hosts

    async def counts(self, officer: Officer) -> Sequence[Row]:
        """How many addresses within reach are stopped, by `channel` and `reason`."""
        async with self._db.transaction() as connection:
            reached = await reached_by(connection, officer)
            return await suppressions.counts(connection, groups=reached)

    async def look(self, officer: Officer, asked: Asked) -> Standing:
        """Raises Invalid for what is no address or without a reason, NotFound beyond reach."""
        reason = check_reason(asked.reason)
        async with searching(self._db, officer, "suppression.sought") as connection:
            found = await self._find(connection, officer, asked.typed)
            standing = await _standing(connection, found)
            await auditing.record(
                connection, officer.id, "suppression.viewed", channel=found.address.channel,
                reason=reason, **found.named,
            )  # fmt: skip
        return standing

    async def lift(self, officer: Officer, asked: Asked) -> None:
        """Use it again. Raises as `look` does, and Conflict where that is not for staff to say."""
        reason = check_reason(asked.reason)
        async with searching(self._db, officer, "suppression.sought") as connection:
            found = await self._find(connection, officer, asked.typed)
            if not await suppressions.lift_dead(
                connection, channel=found.address.channel, address_hash=found.hash
            ):
                raise Conflict("Only its owner can take this back.")
            await auditing.record(
                connection, officer.id, "suppression.lifted", channel=found.address.channel,
                reason=reason, **found.named,
            )  # fmt: skip

    async def add(self, officer: Officer, asked: Asked, *, why: str) -> None:
        """Use it no more, from the next hand-over on. Raises as `look` does, Invalid for a `why`
        that is none of ADDED, OutOfReach where its owner also follows a group beyond, and Conflict
        where it is stopped already."""
        reason = check_reason(asked.reason)
        if why not in ADDED:
            raise Invalid("Choose why it is not to be used any more.", field="why")
        async with searching(self._db, officer, "suppression.sought") as connection:
            found = await self._find(connection, officer, asked.typed)
            reached = await reached_by(connection, officer)
            if found.resident and await caring.beyond(connection, found.resident, groups=reached):
                raise OutOfReach
            if not await suppressions.add(
                connection, channel=found.address.channel, address_hash=found.hash, reason=why,
                code=_BY_STAFF,
            ):  # fmt: skip
                raise Conflict("This address is stopped already.")
            await auditing.record(
                connection, officer.id, "suppression.added", channel=found.address.channel,
                why=why, reason=reason, **found.named,
            )  # fmt: skip

    async def _find(self, connection: Connection, officer: Officer, typed: str) -> _Found:
        address = opening.judge(typed, region=self._settings.default_region, hosts=self._hosts)
        reached = await reached_by(connection, officer)
        resident = await erasing.owner(connection, channel=address.channel, value=address.value)
        if reached is not None and not (
            resident and await caring.within(connection, resident, groups=reached)
        ):
            raise NotFound("Nobody within your reach has this address.")
        digest = self._keyring.address_hash(address.channel, address.value)
        return _Found(address, digest, resident)


async def _standing(connection: Connection, found: _Found) -> Standing:
    row = await suppressions.one(connection, channel=found.address.channel, address_hash=found.hash)
    if row is None:
        return Standing(Channel(found.address.channel), None, None, None)
    return Standing(Channel(found.address.channel), row["reason"], row["code"], row["created_at"])
