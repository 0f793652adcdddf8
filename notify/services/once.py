"""Carries a request out once, however often it is sent: the Idempotency-Key."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from notify.errors import Conflict, Invalid
from notify.store import keys
from notify.store.database import Connection, Database

LONGEST = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered; `replayed` when it had been answered before."""

    status: int
    body: Mapping[str, Any]
    replayed: bool = False


class KeyReused(Invalid):
    """The key stands for another request."""


async def once(
    db: Database,
    *,
    key_id: int,
    idempotency_key: str | None,
    request: Any,
    work: Callable[[Connection], Awaitable[Answer]],
) -> Answer:
    """Run `work` in a transaction that also keeps its answer, so that either both last or none.

    Raises KeyReused when the same key came with a different request, and Conflict while the
    first is still being carried out. A request without a key is simply carried out. An answer
    is kept for 30 days.
    """
    if idempotency_key is None:
        async with db.transaction() as connection:
            return await work(connection)
    if not 0 < len(idempotency_key) <= LONGEST:
        raise Invalid(f"Idempotency-Key takes 1 to {LONGEST} characters.", field="Idempotency-Key")
    digest = hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).digest()
    async with db.transaction() as connection:
        held = await keys.lock_replay(connection, key_id=key_id, idempotency_key=idempotency_key)
        if not held:
            raise Conflict("A request with this Idempotency-Key is being carried out just now.")
        row = await keys.replay(connection, key_id=key_id, idempotency_key=idempotency_key)
        if row is not None:
            if bytes(row["request_hash"]) != digest:
                raise KeyReused(
                    "This Idempotency-Key was used for a different request. Take a new one.",
                    field="Idempotency-Key",
                )
            return Answer(row["status"], row["answer"], replayed=True)
        answer = await work(connection)
        await keys.keep_answer(
            connection, key_id=key_id, idempotency_key=idempotency_key, request_hash=digest,
            status=answer.status, answer=dict(answer.body),
        )  # fmt: skip
        return answer
