"""Which addresses tell that something is about a resident: what came from there, or names them.

Only as of `since`: before that the number was somebody else's, perhaps.
"""

from typing import Final, LiteralString

OWN: Final[LiteralString] = """
-- Proven once, perhaps given up since, and nobody else's by now. A JOIN by SMS, or a text that
-- proves a number, comes a little before the row.
SELECT a.channel, a.value, a.created_at - interval '1 hour' AS since FROM addresses a
WHERE a.resident_id = %(resident)s AND a.channel <> 'push' AND a.proven_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM addresses o WHERE o.channel = a.channel AND o.value = a.value
    AND o.resident_id <> %(resident)s AND o.live)
"""
