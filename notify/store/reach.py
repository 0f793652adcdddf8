"""How far the groups `tops` reach, as the beginning of a query: to themselves and all below them."""

from typing import LiteralString

REACHED: LiteralString = """
-- All groups where `tops` is NULL.
WITH RECURSIVE reached AS (
  SELECT id FROM groups WHERE %(tops)s::bigint[] IS NULL OR id = ANY(%(tops)s)
  UNION
  SELECT g.id FROM groups g JOIN reached r ON r.id = g.parent_id
)
"""

REACHED_AND_MINE: LiteralString = """
-- What lies at or below `tops`, and what lies at or below `may`; nothing where those are NULL.
WITH RECURSIVE reached AS (
  SELECT id FROM groups WHERE id = ANY(%(tops)s)
  UNION
  SELECT g.id FROM groups g JOIN reached r ON r.id = g.parent_id
), mine AS (
  SELECT id FROM groups WHERE id = ANY(%(may)s)
  UNION
  SELECT g.id FROM groups g JOIN mine m ON m.id = g.parent_id
)
"""

LINE: LiteralString = """
-- What lies below `tops`, and what lies above them.
WITH RECURSIVE below AS (
  SELECT id FROM groups WHERE id = ANY(%(tops)s)
  UNION
  SELECT g.id FROM groups g JOIN below b ON b.id = g.parent_id
), above AS (
  SELECT id, parent_id FROM groups WHERE id = ANY(%(tops)s)
  UNION
  SELECT g.id, g.parent_id FROM groups g JOIN above a ON g.id = a.parent_id
)
"""
