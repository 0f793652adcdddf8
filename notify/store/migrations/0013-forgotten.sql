-- Who got what is deleted a while after a broadcast is over; what was counted stays.
-- depends: 0012-erased

-- forgotten_at: from here on its deliveries, attempts, receipts and skips are deleted, and nothing
-- can follow it once it is over. forgotten_through: the delivery up to which they are, NULL when that is done.
ALTER TABLE broadcasts ADD COLUMN forgotten_at timestamptz, ADD COLUMN forgotten_through bigint,
  ADD CHECK (forgotten_through IS NULL OR forgotten_at IS NOT NULL);
CREATE INDEX broadcasts_kept ON broadcasts (created_at) WHERE forgotten_at IS NULL;
CREATE INDEX broadcasts_forgetting ON broadcasts (forgotten_at)
  WHERE forgotten_through IS NOT NULL;

-- Deliveries of broadcasts are in neither of these, so they pay nothing for them.
CREATE INDEX notes_over ON notes (valid_until);
CREATE INDEX deliveries_note ON deliveries (note_id) WHERE note_id IS NOT NULL;
CREATE INDEX receipts_stray ON receipts (received_at) WHERE delivery_id IS NULL;

-- By a clock that went ahead everything is old: nothing is deleted until it was steady for a while.
ALTER TABLE clock_mark ADD COLUMN steady_since timestamptz NOT NULL DEFAULT now();

-- What is unknown for good is at its end, and stays counted like everything that is.
CREATE OR REPLACE FUNCTION count_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO progress AS p (broadcast_id, channel, status, slot, n)
  SELECT broadcast_id, channel, status, pg_backend_pid() % 64, -count(*) FROM gone
  WHERE broadcast_id IS NOT NULL
    AND (status IN ('pending', 'sending') OR (status = 'unknown' AND closed_at IS NULL))
  GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
  ON CONFLICT (broadcast_id, channel, status, slot) DO UPDATE SET n = p.n + excluded.n;
  RETURN NULL;
END $$;
