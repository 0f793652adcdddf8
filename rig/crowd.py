"""Makes residents by the thousand: everybody has an address, a third of them two or three."""

import json
from typing import Any, LiteralString

from rig.service import Rig

PEOPLE: LiteralString = """
-- Their ids follow from town and number, so that addresses find their resident.
INSERT INTO residents (id, language)
SELECT md5(%(town)s || '/' || n)::uuid, CASE n %% 4 WHEN 0 THEN 'en' ELSE 'de' END
FROM generate_series(%(first)s::int, %(last)s) AS n
"""

ADDRESSES: LiteralString = """
-- An hour old: nobody of them is a latecomer. The hash is none of the service's own, but does
-- what a hash must: the same address has the same.
INSERT INTO addresses (resident_id, channel, value, hash, state, created_at, proven_at)
SELECT md5(%(town)s || '/' || n)::uuid, channel, value, sha256(value::bytea), 'proven',
  now() - interval '1 hour', now() - interval '1 hour'
FROM generate_series(%(first)s::int, %(last)s) AS n
CROSS JOIN LATERAL (VALUES
  ('email', n %% 10 < 7 OR cardinality(%(channels)s::text[]) = 1, 'r' || n || '@' || %(town)s || '.example'),
  ('sms', n %% 10 > 5 OR cardinality(%(channels)s::text[]) = 1, '+4915' || lpad(%(number)s::text, 3, '0') || lpad(n::text, 7, '0'))
) AS a (channel, has, value) WHERE has AND channel = ANY(%(channels)s)
"""

BROWSERS: LiteralString = """
INSERT INTO addresses (resident_id, channel, value, keys, hash, state, created_at, proven_at)
SELECT md5(%(town)s || '/' || (%(first)s + %(every)s * (i - 1)))::uuid, 'push', b->>'endpoint', b->'keys',
  sha256((b->>'endpoint')::bytea), 'proven', now() - interval '1 hour', now() - interval '1 hour'
FROM jsonb_array_elements(%(browsers)s::jsonb) WITH ORDINALITY AS t (b, i)
"""

SUBSCRIPTIONS: LiteralString = """
INSERT INTO subscriptions (resident_id, group_id, alerts, news, created_at)
SELECT md5(%(town)s || '/' || n)::uuid, g.id, %(channels)s, %(channels)s, now() - interval '1 hour'
FROM generate_series(%(first)s::int, %(last)s) AS n, groups g WHERE g.slug = %(town)s
"""

CHANNELS = ("email", "sms", "push")


def settle(
    rig: Rig, count: int, *, town: str, first: int = 0, channels: tuple[str, ...] = CHANNELS
) -> None:
    """Let so many residents, numbered from `first`, follow a town, each with an address on one
    of the channels at least."""
    values: dict[str, Any] = {
        "town": town, "number": rig.number, "first": first, "last": first + count - 1,
        "channels": list(channels),
    }  # fmt: skip
    rig.change(PEOPLE, **values)
    rig.change(ADDRESSES, **values)
    if "push" in channels:
        every = 1 if channels == ("push",) else 3  # residents to a browser
        browsers = rig.browsers(-(-count // every))
        rig.change(BROWSERS, browsers=json.dumps(browsers), every=every, **values)
    rig.change(SUBSCRIPTIONS, **values)
    if count >= 5_000:
        rig.analyse()
