-- The counters follow deliveries that are erased, and a list that is no longer read is noticed.
-- depends: 0011-watch

-- What was handed over or ended stays counted, as a figure without a person. What was still open
-- is no more: its broadcast would never be done.
CREATE FUNCTION count_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO progress AS p (broadcast_id, channel, status, slot, n)
  SELECT broadcast_id, channel, status, pg_backend_pid() % 64, -count(*) FROM gone
  WHERE broadcast_id IS NOT NULL AND status IN ('pending', 'sending', 'unknown')
  GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
  ON CONFLICT (broadcast_id, channel, status, slot) DO UPDATE SET n = p.n + excluded.n;
  RETURN NULL;
END $$;

CREATE TRIGGER deliveries_erased AFTER DELETE ON deliveries
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_erased();

-- When the list was last read to its end.
ALTER TABLE inbound_pulls ADD COLUMN read_at timestamptz NOT NULL DEFAULT now();
