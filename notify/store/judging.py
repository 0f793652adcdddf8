"""Who gets a broadcast and who is left out and why: said once, for whoever plans and whoever counts.

Pieces of SQL. They take `alert`, `audience` (groups), `channels` (those that are open), `zone`, and
for READ_IN `languages` and `default_language`.
"""

from typing import LiteralString

_QUIET: LiteralString = """
    -- News waits until its reader wants some; an alert does not.
    CASE WHEN NOT %(alert)s AND r.quiet_from IS NOT NULL
      THEN quiet_end(now(), r.quiet_from, r.quiet_until, %(zone)s) END AS quiet_until,"""

READ_IN: LiteralString = """CASE WHEN language = ANY(%(languages)s) THEN language
      WHEN split_part(language, '-', 1) = ANY(%(languages)s) THEN split_part(language, '-', 1)
      ELSE %(default_language)s END"""
"""Which text somebody reads, who is in `language`."""

JUDGED: LiteralString = (
    """
wishes AS MATERIALIZED (
  SELECT DISTINCT s.resident_id, w.channel
  FROM slice JOIN subscriptions s USING (resident_id)
  CROSS JOIN LATERAL unnest(CASE WHEN %(alert)s THEN s.alerts ELSE s.news END) AS w (channel)
  WHERE s.group_id = ANY(%(audience)s) AND s.state = 'active'
), judged AS MATERIALIZED (
  SELECT w.resident_id, w.channel, a.id AS address_id, a.version, r.language,
    r.created_at AS joined_at,"""
    + _QUIET
    + """
    CASE WHEN w.channel <> ALL(%(channels)s) THEN 'channel_off'
         WHEN a.id IS NULL THEN 'no_address'
         WHEN a.state = 'unverified' THEN 'unverified'
         WHEN x.hash IS NOT NULL THEN 'suppressed' END AS skip
  FROM wishes w
  JOIN residents r ON r.id = w.resident_id
  LEFT JOIN addresses a ON a.resident_id = w.resident_id AND a.channel = w.channel
    AND a.live
  LEFT JOIN suppressions x ON x.channel = a.channel AND x.hash = a.hash
)"""
)
"""The followers of `slice` (resident_id), each by channel and address, with what keeps one out."""

LEFT_OUT: LiteralString = """
  SELECT resident_id, channel, min(skip) AS reason FROM judged
  GROUP BY 1, 2 HAVING bool_and(skip IS NOT NULL)
  UNION ALL
  SELECT resident_id, 'none', 'no_channel'
  FROM (SELECT resident_id FROM slice EXCEPT SELECT resident_id FROM wishes) AS silent"""
"""Whom of them a channel does not reach, and who chose none."""

REJUDGED: LiteralString = (
    """
  SELECT h.resident_id, a.channel, a.id AS address_id, a.version, r.language,
    r.created_at AS joined_at,"""
    + _QUIET
    + """
    CASE WHEN a.channel <> ALL(%(channels)s) THEN 'channel_off'
         WHEN x.hash IS NOT NULL THEN 'suppressed' END AS skip
  FROM had h
  JOIN residents r ON r.id = h.resident_id
  -- Not where it is another's by now.
  JOIN addresses a ON a.id = h.address_id AND a.resident_id = h.resident_id
    AND a.state = 'proven'
  LEFT JOIN suppressions x ON x.channel = a.channel AND x.hash = a.hash
  WHERE EXISTS (SELECT FROM subscriptions s WHERE s.resident_id = h.resident_id
    AND s.group_id = ANY(%(audience)s) AND s.state = 'active'
    AND a.channel = ANY(CASE WHEN %(alert)s THEN s.alerts ELSE s.news END))"""
)
"""Those of `had` (address_id, resident_id) that a follow-up goes to: whoever has the thread and did
not leave since."""

LEFT_AGAIN: LiteralString = """SELECT resident_id, channel, min(skip) AS reason FROM judged
  GROUP BY 1, 2 HAVING bool_and(skip IS NOT NULL)"""
"""Whom of those a channel does not reach any more."""
