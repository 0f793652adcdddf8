"""Which addresses tell that something is about a resident: what came from there, or names them."""

from typing import Final, LiteralString

OWN: Final[LiteralString] = """
-- Proven once, perhaps given up since, and nobody else's by now.
SELECT a.channel, a.value FROM addresses a
WHERE a.resident_id = %(resident)s AND a.channel <> 'push' AND a.proven_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM addresses o WHERE o.channel = a.channel AND o.value = a.value
    AND o.resident_id <> %(resident)s AND o.live)
"""
