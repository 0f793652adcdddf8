"""Opens what a broadcast asks, at the moment when it begins to leave."""

import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

from notify.errors import Conflict
from notify.store import polls
from notify.store.database import Connection

_LETTERS: Final = "CDFGHJKLMNPRTVWXZ"
"""No vowel that makes a word of it, and no letter that is taken for a digit or another letter."""
_TRIES: Final = 400
_KEY: Final = 32  # bytes


async def open_(connection: Connection, broadcast_id: UUID, *, close_at: datetime) -> None:
    """Open it under a code that no other open poll has. Raises Conflict where there is none left."""
    key = secrets.token_bytes(_KEY)
    for tries in range(_TRIES):
        digits = 1 if tries < _TRIES // 4 else 2
        code = secrets.choice(_LETTERS) + str(
            secrets.choice(range(10 ** (digits - 1) + 1, 10**digits))
        )
        if await polls.open_(connection, broadcast_id, code=code, key=key, close_at=close_at):
            return
    raise Conflict("Too many polls are open at once. Close one, then this one opens.")
