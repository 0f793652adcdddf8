"""What staff may do, and where: a role given at a group is valid there and below."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from notify.errors import Forbidden


class Role(StrEnum):
    """What somebody is trusted with."""

    VIEWER = "viewer"
    AUTHOR = "author"
    APPROVER = "approver"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


class Deed(StrEnum):
    """What is done, as far as it needs a grant."""

    LOOK = "look"  # at broadcasts and their numbers
    WRITE = "write"
    APPROVE = "approve"
    OPERATE = "operate"  # recall, answer texts, see to senders and residents
    ADMINISTER = "administer"  # groups, staff, keys


DEEDS: Mapping[Role, frozenset[Deed]] = {
    Role.VIEWER: frozenset({Deed.LOOK}),
    Role.AUTHOR: frozenset({Deed.LOOK, Deed.WRITE}),
    Role.APPROVER: frozenset({Deed.LOOK, Deed.APPROVE}),
    Role.OPERATOR: frozenset({Deed.LOOK, Deed.OPERATE}),
    Role.ADMINISTRATOR: frozenset({Deed.LOOK, Deed.OPERATE, Deed.ADMINISTER}),
}
"""Whoever gives out grants writes and approves nothing by that alone."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role at a group and below it, everywhere where `group_id` is None."""

    role: Role
    group_id: int | None


@dataclass(frozen=True, slots=True)
class Reach:
    """The groups, with all below them, at which a deed may be done. `everywhere` counts for all."""

    everywhere: bool = False
    groups: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.groups)

    @property
    def tops(self) -> list[int] | None:
        """The groups for a query; None where every group is reached."""
        return None if self.everywhere else sorted(self.groups)


def reach(grants: Iterable[Grant], deed: Deed) -> Reach:
    """Where these grants let somebody do a deed."""
    places = [grant.group_id for grant in grants if deed in DEEDS[grant.role]]
    return Reach(None in places, frozenset(place for place in places if place is not None))


class OutOfReach(Forbidden):
    """A grant does not reach this far."""

    def __init__(self) -> None:
        super().__init__("Your grants do not reach this far. An administrator can give you one.")
