"""Reads everything there is about one resident."""

from typing import LiteralString
from uuid import UUID

from notify.store.database import Connection, Row
from notify.store.own import OWN

PERSON: LiteralString = """
SELECT id, name, language, created_at, quiet_from, quiet_until, newcomer_until FROM residents
WHERE id = %(resident)s
"""

ADDRESSES: LiteralString = """
-- A browser's keys by name only: whoever holds `auth` can turn the browser's messages elsewhere.
SELECT a.channel, a.value, a.state, a.created_at, a.asked_at, a.proven_at,
  ARRAY(SELECT jsonb_object_keys(a.keys) ORDER BY 1) AS keys,
  x.reason AS stopped, x.created_at AS stopped_at
FROM addresses a LEFT JOIN suppressions x ON x.channel = a.channel AND x.hash = a.hash
WHERE a.resident_id = %(resident)s ORDER BY a.id
"""

SUBSCRIPTIONS: LiteralString = """
SELECT g.slug AS "group", g.names, s.alerts, s.news, s.state, s.created_at AS since
FROM subscriptions s JOIN groups g ON g.id = s.group_id
WHERE s.resident_id = %(resident)s ORDER BY g.slug
"""

CONSENTS: LiteralString = """
SELECT given_at, source, reference, channel, language, wording, version FROM consents
WHERE resident_id = %(resident)s ORDER BY id
"""

MESSAGES: LiteralString = """
SELECT d.id, coalesce(b.kind, n.kind) AS kind, d.broadcast_id AS broadcast, d.channel, d.language,
  coalesce(b.texts -> d.language, b.texts -> %(default)s) ->> 'title' AS title,
  CASE WHEN n.kind = 'answer' THEN n.data ->> 'text' END AS text,
  d.status, d.reason, d.created_at AS planned_at, d.due_at, d.handed_over_at, d.ended_at,
  d.closed_at
FROM deliveries d LEFT JOIN broadcasts b ON b.id = d.broadcast_id
LEFT JOIN notes n ON n.id = d.note_id
WHERE d.resident_id = %(resident)s ORDER BY d.id
"""

ATTEMPTS: LiteralString = """
SELECT delivery_id, number, sender, repeat, claimed_at, started_at, settled_at, outcome, reason,
  code, provider_id, parts
FROM attempts WHERE delivery_id = ANY(%(deliveries)s) ORDER BY delivery_id, number
"""

RECEIPTS: LiteralString = """
SELECT delivery_id, provider, report, reason, code, provider_id, reported_at, received_at
FROM receipts WHERE delivery_id = ANY(%(deliveries)s) ORDER BY delivery_id, id
"""

LEFT_OUT: LiteralString = """
SELECT s.broadcast_id AS broadcast, s.channel, s.reason, b.created_at,
  coalesce(b.texts -> r.language, b.texts -> %(default)s) ->> 'title' AS title
FROM skips s JOIN broadcasts b ON b.id = s.broadcast_id JOIN residents r ON r.id = s.resident_id
WHERE s.resident_id = %(resident)s ORDER BY b.created_at, s.channel
"""

TEXTS: LiteralString = f"""
WITH own AS ({OWN})
SELECT i.sent_at, i.received_at, i.sender, i.recipient, i.body, i.word FROM inbound i
WHERE EXISTS (SELECT FROM own
  WHERE channel = 'sms' AND value = i.sender AND since <= i.received_at) ORDER BY i.sent_at, i.id
"""

SESSIONS: LiteralString = """
SELECT opened_at, seen_at, valid_until FROM sessions WHERE resident_id = %(resident)s
ORDER BY opened_at
"""

CODES: LiteralString = """
SELECT purpose, created_at, valid_until, used_at, tries FROM codes
WHERE resident_id = %(resident)s ORDER BY id
"""

POLLS: LiteralString = """
-- What a poll that is not secret was answered. Of a secret one we could find it until the close, by its
-- key; nobody shall be able to have that from an export, whoever asks for it.
SELECT v.broadcast_id AS broadcast,
  coalesce(b.texts -> r.language, b.texts -> %(default)s) ->> 'title' AS title,
  (b.asks ->> 'secret')::boolean AS secret, g.slug AS "group", p.opened_at, p.closed_at,
  v.answered <> '{}' AS took_part, v.how, v.receipt, v.question AS asked_last, v.asked_at,
  v.misread, v.helped_at,
  CASE WHEN NOT (b.asks ->> 'secret')::boolean THEN ARRAY(
    SELECT jsonb_build_object('question', l.question, 'choices', l.choices, 'at', l.at)
    FROM ballots l WHERE l.broadcast_id = v.broadcast_id AND l.resident_id = v.resident_id
    ORDER BY l.question) END AS answers
FROM voters v JOIN polls p USING (broadcast_id) JOIN broadcasts b ON b.id = v.broadcast_id
JOIN residents r ON r.id = v.resident_id LEFT JOIN groups g ON g.id = v.group_id
WHERE v.resident_id = %(resident)s ORDER BY p.opened_at, v.id
"""


async def person(connection: Connection, resident: UUID) -> Row | None:
    return await connection.row(PERSON, resident=resident)


async def parts(connection: Connection, resident: UUID, *, default: str) -> dict[str, list[Row]]:
    """Everything beside the person, by the name of its part; `default` is the town's language."""
    values = {"resident": resident, "default": default}
    found = {
        "addresses": await connection.rows(ADDRESSES, **values),
        "subscriptions": await connection.rows(SUBSCRIPTIONS, **values),
        "consents": await connection.rows(CONSENTS, **values),
        "messages": await connection.rows(MESSAGES, **values),
        "left_out": await connection.rows(LEFT_OUT, **values),
        "texts": await connection.rows(TEXTS, **values),
        "polls": await connection.rows(POLLS, **values),
        "sessions": await connection.rows(SESSIONS, **values),
        "codes": await connection.rows(CODES, **values),
    }
    deliveries = [row["id"] for row in found["messages"]]
    found["attempts"] = await connection.rows(ATTEMPTS, deliveries=deliveries)
    found["receipts"] = await connection.rows(RECEIPTS, deliveries=deliveries)
    return found
