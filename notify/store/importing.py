"""Holds people from a file against those we know, and takes them in, a table at a time.

The people lie in temporary tables that vanish with the transaction: `incoming` (one row a
person, by number), `incoming_addresses`, `incoming_wishes`. Up to `counts` nothing that stays
is changed.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from notify.store.database import Connection, Row

_LOCK = 0x6E6F74696679  # any number that no other advisory lock of ours has

SETUP: tuple[LiteralString, ...] = (
    """
CREATE TEMPORARY TABLE incoming (number integer, name text, language text, reference text,
  resident_id uuid, known boolean NOT NULL DEFAULT false, refused text) ON COMMIT DROP
""",
    """
CREATE TEMPORARY TABLE incoming_addresses (number integer, channel text, value text, hash bytea)
  ON COMMIT DROP
""",
    """
CREATE TEMPORARY TABLE incoming_wishes (number integer, group_id bigint, channels text[])
  ON COMMIT DROP
""",
)

COUNT_ROWS: tuple[LiteralString, ...] = (
    "ANALYZE incoming",
    "ANALYZE incoming_addresses",
    "ANALYZE incoming_wishes",
)

COPY_PEOPLE: LiteralString = "COPY incoming (number, name, language, reference) FROM STDIN"
COPY_ADDRESSES: LiteralString = "COPY incoming_addresses (number, channel, value, hash) FROM STDIN"
COPY_WISHES: LiteralString = "COPY incoming_wishes (number, group_id, channels) FROM STDIN"

OWNERS: LiteralString = """
-- Who has these addresses already. Two different residents: a person must decide, not we.
UPDATE incoming p SET known = o.residents = 1,
  resident_id = CASE WHEN o.residents = 1 THEN o.resident_id END,
  refused = CASE WHEN o.residents > 1 THEN 'two_residents' END
FROM (
  SELECT i.number, count(DISTINCT a.resident_id) AS residents,
    (array_agg(a.resident_id))[1] AS resident_id
  FROM incoming_addresses i
  JOIN addresses a ON a.channel = i.channel AND a.value = i.value AND a.live
  GROUP BY i.number) AS o
WHERE o.number = p.number
"""

HOLD: LiteralString = """
-- Whoever leaves meanwhile waits for us, as we would for them: leaving takes the same lock first.
SELECT count(*) AS held FROM (
  SELECT id FROM residents WHERE id IN (SELECT resident_id FROM incoming WHERE known)
  ORDER BY id FOR NO KEY UPDATE) AS held
"""

LEFT: LiteralString = """
-- A version above 1 says that something was left; nothing followed, that it was everything.
UPDATE incoming p SET refused = 'left'
WHERE p.known AND NOT EXISTS (SELECT FROM subscriptions s WHERE s.resident_id = p.resident_id)
  AND EXISTS (SELECT FROM addresses a WHERE a.resident_id = p.resident_id AND a.version > 1)
"""

BEYOND: LiteralString = """
-- Who follows something else too, or nothing, is not for whoever reaches only these groups: an
-- address that they add would open the page of somebody of another town.
UPDATE incoming p SET refused = 'beyond'
WHERE p.known AND p.refused IS NULL AND (
  EXISTS (SELECT FROM subscriptions s
    WHERE s.resident_id = p.resident_id AND s.group_id <> ALL(%(reached)s))
  OR NOT EXISTS (SELECT FROM subscriptions s WHERE s.resident_id = p.resident_id))
"""

NEW: LiteralString = """
UPDATE incoming SET resident_id = gen_random_uuid() WHERE resident_id IS NULL AND refused IS NULL
"""

HAS_ANOTHER: LiteralString = """
DELETE FROM incoming_addresses i USING incoming p, addresses a
WHERE p.number = i.number AND p.known AND p.refused IS NULL
  AND a.resident_id = p.resident_id AND a.channel = i.channel AND a.live
  AND a.value <> i.value
RETURNING i.number, i.channel
"""

OWN_CHOICE: LiteralString = """
-- Who has left something keeps the channels they chose for what they follow.
DELETE FROM incoming_wishes w USING incoming p, subscriptions s
WHERE p.number = w.number AND p.known AND p.refused IS NULL
  AND s.resident_id = p.resident_id AND s.group_id = w.group_id
  AND NOT (w.channels <@ s.alerts AND w.channels <@ s.news)
  AND EXISTS (SELECT FROM addresses a WHERE a.resident_id = p.resident_id AND a.version > 1)
RETURNING w.number, w.group_id
"""

SUPPRESSED: LiteralString = """
SELECT i.number, i.channel FROM incoming_addresses i
JOIN incoming p ON p.number = i.number AND p.refused IS NULL
JOIN suppressions x ON x.channel = i.channel AND x.hash = i.hash
"""

WITHOUT_ADDRESS: LiteralString = """
-- Channels asked for that reach nobody. Push waits for a browser, so it is not remarked on.
SELECT DISTINCT p.number, c.channel
FROM incoming_wishes w JOIN incoming p ON p.number = w.number AND p.refused IS NULL
CROSS JOIN LATERAL unnest(w.channels) AS c (channel)
LEFT JOIN incoming_addresses i ON i.number = p.number AND i.channel = c.channel
WHERE c.channel <> 'push' AND i.number IS NULL
  AND NOT (p.known AND EXISTS (SELECT FROM addresses a WHERE a.resident_id = p.resident_id
    AND a.channel = c.channel AND a.live))
"""

REFUSED: LiteralString = "SELECT number, refused FROM incoming WHERE refused IS NOT NULL"

_NEW_ADDRESSES: LiteralString = """
FROM incoming_addresses i JOIN incoming p ON p.number = i.number AND p.refused IS NULL
WHERE NOT EXISTS (SELECT FROM addresses a
  WHERE a.channel = i.channel AND a.value = i.value AND a.live)
"""

COUNTS: LiteralString = (
    """
SELECT count(*) FILTER (WHERE NOT known) AS new, count(*) FILTER (WHERE known) AS merged,
  count(DISTINCT resident_id) FILTER (WHERE known) AS known,
  (SELECT count(*) """
    + _NEW_ADDRESSES
    + """) AS addresses
FROM incoming WHERE refused IS NULL
"""
)

ADD_RESIDENTS: LiteralString = """
INSERT INTO residents (id, name, language)
SELECT resident_id, name, language FROM incoming WHERE refused IS NULL AND NOT known
"""

ADD_ADDRESSES: LiteralString = (
    """
INSERT INTO addresses (resident_id, channel, value, hash, state, proven_at)
SELECT p.resident_id, i.channel, i.value, i.hash,
  CASE WHEN %(proven)s THEN 'proven' ELSE 'unverified' END, CASE WHEN %(proven)s THEN now() END
"""
    + _NEW_ADDRESSES
    + """
ORDER BY i.channel, i.value
ON CONFLICT (channel, value) WHERE live DO NOTHING
"""
)

PROVE: LiteralString = """
UPDATE addresses a SET state = 'proven', proven_at = now()
FROM incoming_addresses i JOIN incoming p ON p.number = i.number
WHERE p.known AND p.refused IS NULL AND a.resident_id = p.resident_id
  AND a.channel = i.channel AND a.value = i.value AND a.state = 'unverified'
"""

ADD_CONSENTS: LiteralString = """
INSERT INTO consents (resident_id, source, reference)
SELECT p.resident_id, 'import', p.reference FROM incoming p
WHERE p.refused IS NULL AND NOT (p.known AND EXISTS (SELECT FROM consents c
  WHERE c.resident_id = p.resident_id AND c.source = 'import' AND c.reference = p.reference))
"""

SUBSCRIBE: LiteralString = """
INSERT INTO subscriptions AS s (resident_id, group_id, alerts, news)
SELECT resident_id, group_id, channels, channels FROM (
  SELECT p.resident_id, w.group_id, array_agg(DISTINCT c.channel) AS channels
  FROM incoming_wishes w JOIN incoming p ON p.number = w.number AND p.refused IS NULL
  CROSS JOIN LATERAL unnest(w.channels) AS c (channel)
  GROUP BY p.resident_id, w.group_id) AS wished
ORDER BY resident_id, group_id
ON CONFLICT (resident_id, group_id) DO UPDATE SET state = 'active',
  alerts = ARRAY(SELECT DISTINCT unnest(s.alerts || excluded.alerts)),
  news = ARRAY(SELECT DISTINCT unnest(s.news || excluded.news))
WHERE s.state <> 'active' OR NOT (excluded.alerts <@ s.alerts AND excluded.news <@ s.news)
"""

REOPEN: LiteralString = """
-- created_at and proven_at say when this transaction began. A planner that looked for latecomers
-- since then could not see us, so it has to look back as far.
UPDATE broadcasts SET latecomers_through = least(latecomers_through, now())
WHERE kind = 'alert' AND status IN ('dispatching', 'dispatched') AND cancelled_at IS NULL
  AND valid_until > now()
"""


@dataclass(frozen=True, slots=True)
class Remarks:
    """What was found, each by the person's number."""

    refused: Sequence[Row]
    has_another: Sequence[Row]
    own_choice: Sequence[Row]
    suppressed: Sequence[Row]
    without_address: Sequence[Row]


async def hold(connection: Connection) -> bool:
    """Be the only import until this transaction ends; False where another is at work."""
    # A big file takes longer than any other statement may.
    await connection.run("SET LOCAL statement_timeout = 0")
    await connection.run("SET LOCAL idle_in_transaction_session_timeout = 0")
    await connection.run("SET LOCAL lock_timeout = '60s'")
    row = await connection.row("SELECT pg_try_advisory_xact_lock(%(key)s) AS held", key=_LOCK)
    return bool(row and row["held"])


async def prepare(connection: Connection) -> None:
    """Make the temporary tables."""
    for statement in SETUP:
        await connection.run(statement)


async def load(connection: Connection, statement: LiteralString, rows: Iterable[Any]) -> None:
    """Copy rows into one of the temporary tables."""
    async with connection.raw.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            await copy.write_row(row)


async def match(
    connection: Connection, *, apply: bool, reached: Collection[int] | None = None
) -> Remarks:
    """Find whom we know and what cannot be done; with `apply` they are held until the end.
    `reached` are the groups within which known residents are changed, None for all."""
    for statement in COUNT_ROWS:
        await connection.run(statement)
    await connection.run(OWNERS)
    if apply:
        await connection.run(HOLD)
    await connection.run(LEFT)
    if reached is not None:
        await connection.run(BEYOND, reached=list(reached))
    await connection.run(NEW)
    return Remarks(
        has_another=await connection.rows(HAS_ANOTHER),
        own_choice=await connection.rows(OWN_CHOICE),
        suppressed=await connection.rows(SUPPRESSED),
        without_address=await connection.rows(WITHOUT_ADDRESS),
        refused=await connection.rows(REFUSED),
    )


async def counts(connection: Connection) -> dict[str, int]:
    """`new` residents, people `merged` into `known` ones, and `addresses` to be added."""
    return dict(await connection.row(COUNTS) or {})


async def add_residents(connection: Connection) -> None:
    await connection.run(ADD_RESIDENTS)


async def add_addresses(connection: Connection, *, proven: bool) -> int:
    """The addresses added. Fewer than counted: somebody else took one meanwhile."""
    return await connection.run(ADD_ADDRESSES, proven=proven)


async def vouch(connection: Connection) -> None:
    """Prove what was known unverified, and record where the consents are kept."""
    await connection.run(PROVE)
    await connection.run(ADD_CONSENTS)


async def subscribe(connection: Connection) -> None:
    """The last step: what follows from it for alerts in force is arranged as well."""
    await connection.run(SUBSCRIBE)
    await connection.run(REOPEN)
