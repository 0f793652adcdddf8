"""What the key of a program may do."""

from enum import StrEnum


class Scope(StrEnum):
    GROUPS_WRITE = "groups:write"
    RESIDENTS_WRITE = "residents:write"
    RESIDENTS_READ = "residents:read"  # shows addresses
    BROADCASTS_WRITE = "broadcasts:write"
    BROADCASTS_READ = "broadcasts:read"
    ALERTS_SEND = "alerts:send"  # without it an alert stops at `submitted`


ORDINARY = tuple(scope for scope in Scope if scope is not Scope.ALERTS_SEND)
"""What a key may do unless told otherwise: all but setting off an alert."""

IN_THE_PAGE = tuple(scope for scope in ORDINARY if scope is not Scope.RESIDENTS_READ)
"""What a key may do that staff make in the page: it shows no addresses, which staff see one by one
and for a reason."""
