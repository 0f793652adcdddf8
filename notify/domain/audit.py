"""The chain of the audit log: each line's hash covers the line and the hash before it, so that none
can be changed, taken out or put in between without all that follow."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

START = bytes(32)
"""What stands before the first line."""


@dataclass(frozen=True, slots=True)
class Line:
    """Who did what to what, when. Numbered from 1 without gaps; `staff_id` is None for the command
    line; `about` names things by id."""

    id: int
    at: datetime
    staff_id: UUID | None
    deed: str
    about: Mapping[str, str]


def link(line: Line, previous: bytes) -> bytes:
    """The hash (SHA-256) of a line behind the one whose hash is `previous`."""
    said = [
        line.id, line.at.astimezone(UTC).isoformat(), line.staff_id and str(line.staff_id),
        line.deed, dict(line.about), previous.hex(),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).digest()
