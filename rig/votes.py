"""Reads who was asked, and what was counted, to be held against what was texted."""

from typing import LiteralString

VOTERS: LiteralString = """
SELECT v.resident_id, v.answered, a.value AS phone, p.key
FROM voters v JOIN polls p USING (broadcast_id)
JOIN addresses a ON a.resident_id = v.resident_id AND a.channel = 'sms' AND a.live
WHERE v.broadcast_id = %(id)s ORDER BY v.id
"""

BALLOTS: LiteralString = "SELECT name, choices FROM ballots WHERE broadcast_id = %(id)s"
