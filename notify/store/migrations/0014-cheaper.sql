-- What every delivery goes through costs less: fewer index entries, and counting without matching.
-- depends: 0013-forgotten

-- By a column that does not change while an attempt is open: its start then writes the row alone,
-- where there is room on its page, and no index. Few are open, so that all may be looked through.
-- Not by settled_at: whoever fences attempts known by their ids asks for that, and would be led
-- through all that were ever open, as long as an old snapshot keeps those entries alive.
DROP INDEX attempts_open;
CREATE INDEX attempts_open ON attempts (id) WHERE outcome IS NULL;
ALTER TABLE attempts SET (fillfactor = 60);

-- What came less what went: rows whose status stays cancel out.
CREATE OR REPLACE FUNCTION count_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO progress AS p (broadcast_id, channel, status, slot, n)
  SELECT broadcast_id, channel, status, pg_backend_pid() % 64, sum(n) FROM (
    SELECT broadcast_id, channel, status, -1 AS n FROM stale WHERE broadcast_id IS NOT NULL
    UNION ALL
    SELECT broadcast_id, channel, status, 1 FROM fresh WHERE broadcast_id IS NOT NULL) AS moves
  GROUP BY 1, 2, 3 HAVING sum(n) <> 0 ORDER BY 1, 2, 3
  ON CONFLICT (broadcast_id, channel, status, slot) DO UPDATE SET n = p.n + excluded.n;

  -- Claims, which are half of what happens, hand nothing over: for them there is nothing to match.
  IF EXISTS (SELECT FROM fresh WHERE handed_over_at IS NOT NULL AND broadcast_id IS NOT NULL) THEN
    INSERT INTO handovers AS h (broadcast_id, channel, second, slot, n, first_at, last_at)
    SELECT f.broadcast_id, f.channel, date_trunc('second', f.handed_over_at),
      pg_backend_pid() % 64, count(*), min(f.handed_over_at), max(f.handed_over_at)
    FROM stale o JOIN fresh f USING (id)
    WHERE o.handed_over_at IS NULL AND f.handed_over_at IS NOT NULL AND f.broadcast_id IS NOT NULL
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (broadcast_id, channel, second, slot) DO UPDATE
    SET n = h.n + excluded.n, first_at = least(h.first_at, excluded.first_at),
        last_at = greatest(h.last_at, excluded.last_at);
  END IF;
  RETURN NULL;
END $$;

-- What a sample of these columns says is wrong a moment later: nothing waits, then a million do. Plans
-- made for the one read whole tables in the other.
-- Without a sample a value is taken for one in two hundred, at any time, which leads to the index.
-- Naming its type anew throws away the sample that a column has.
ALTER TABLE deliveries ALTER COLUMN status SET STATISTICS 0, ALTER COLUMN lane SET STATISTICS 0,
  ALTER COLUMN channel SET STATISTICS 0;
ALTER TABLE attempts ALTER COLUMN outcome SET STATISTICS 0,
  ALTER COLUMN settled_at SET STATISTICS 0;
ALTER TABLE deliveries ALTER COLUMN status TYPE text, ALTER COLUMN lane TYPE text,
  ALTER COLUMN channel TYPE text;
ALTER TABLE attempts ALTER COLUMN outcome TYPE text, ALTER COLUMN settled_at TYPE timestamptz;
