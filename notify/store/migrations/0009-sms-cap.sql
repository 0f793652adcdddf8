-- What SMS cost: counted by group and month, and capped where a group says so.
-- depends: 0008-clock

-- Segments a month for the group and all below it; NULL without a cap. It stops bulk, never alerts.
ALTER TABLE groups ADD COLUMN sms_cap integer CHECK (sms_cap >= 0);

-- Parts of its SMS by language, as its author was told.
ALTER TABLE broadcasts ADD COLUMN sms_segments jsonb NOT NULL DEFAULT '{}';

-- Each group with what it and those below it have spent.
CREATE TABLE sms_spent (
  group_id bigint NOT NULL REFERENCES groups (id),
  month date NOT NULL,
  segments bigint NOT NULL,
  PRIMARY KEY (group_id, month)
) WITH (fillfactor = 50);

-- A group and those above it.
CREATE FUNCTION group_line(of_group bigint) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
  WITH RECURSIVE line AS (
    SELECT id, parent_id FROM groups WHERE id = of_group
    UNION
    SELECT g.id, g.parent_id FROM groups g JOIN line l ON l.parent_id = g.id
  )
  SELECT id FROM line
$$;

-- Segments that a group may still spend this month; NULL without a cap here or above.
CREATE FUNCTION sms_left(of_group bigint, of_month date) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT min(g.sms_cap - coalesce(s.segments, 0))
  FROM group_line(of_group) AS l (id) JOIN groups g ON g.id = l.id
  LEFT JOIN sms_spent s ON s.group_id = g.id AND s.month = of_month
  WHERE g.sms_cap IS NOT NULL
$$;
