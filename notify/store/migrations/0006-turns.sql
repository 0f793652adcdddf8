-- Broadcasts of a lane take turns: what waits is found by broadcast, and each gets its share.
-- depends: 0005-holding

CREATE INDEX deliveries_waiting ON deliveries (lane, channel, broadcast_id, due_at, id)
  WHERE status = 'pending';
DROP INDEX deliveries_due;

-- Notes belong to no broadcast: theirs by when they are due. The lane is the same for all, and
-- spares the other lanes a look through all of them.
CREATE INDEX deliveries_notes ON deliveries (lane, channel, due_at, id)
  WHERE status = 'pending' AND broadcast_id IS NULL;

-- Doubts about alerts and notes are looked into before those about announcements.
CREATE INDEX deliveries_doubtful ON deliveries (lane, channel, due_at)
  WHERE status = 'unknown' AND closed_at IS NULL;
DROP INDEX deliveries_unknown;

-- Each delivery is written about three times, each attempt twice, and the queue is an index whose
-- dead entries every claim steps over. The default waits for a fifth of the table: a million rows
-- where there are five million.
ALTER TABLE deliveries SET (autovacuum_vacuum_scale_factor = 0.01,
  autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 1,
  autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 10000);
ALTER TABLE attempts SET (autovacuum_vacuum_scale_factor = 0.01,
  autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 1,
  autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 10000);

-- When its last slice was planned: the one that has waited longest is planned next.
ALTER TABLE broadcasts ADD COLUMN advanced_at timestamptz;

-- The broadcasts with pending deliveries in a lane and channel: a step in the index for each,
-- however many deliveries they have.
CREATE FUNCTION waiting_broadcasts(of_lane text, of_channel text) RETURNS SETOF uuid
LANGUAGE sql STABLE AS $$
  WITH RECURSIVE step AS (
    (SELECT broadcast_id FROM deliveries
     WHERE status = 'pending' AND lane = of_lane AND channel = of_channel
       AND broadcast_id IS NOT NULL
     ORDER BY broadcast_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.broadcast_id FROM deliveries d
      WHERE d.status = 'pending' AND d.lane = of_lane AND d.channel = of_channel
        AND d.broadcast_id > step.broadcast_id
      ORDER BY d.broadcast_id LIMIT 1)
    FROM step WHERE step.broadcast_id IS NOT NULL
  )
  SELECT broadcast_id FROM step WHERE broadcast_id IS NOT NULL
$$;

-- When the next delivery of a lane and channel is due: the earliest of each broadcast's first
-- and, for notes, which belong to none, of theirs. What is held is due when somebody lets it go.
CREATE FUNCTION next_due(of_lane text, of_channel text) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT least(
    (SELECT due_at FROM deliveries
     WHERE status = 'pending' AND lane = of_lane AND channel = of_channel AND broadcast_id IS NULL
     ORDER BY due_at LIMIT 1),
    (SELECT min(first.due_at) FROM waiting_broadcasts(of_lane, of_channel) AS w (id)
     LEFT JOIN broadcasts b ON b.id = w.id
     CROSS JOIN LATERAL (SELECT d.due_at FROM deliveries d
       WHERE d.status = 'pending' AND d.lane = of_lane AND d.channel = of_channel
         AND d.broadcast_id = w.id
       ORDER BY d.due_at LIMIT 1) AS first
     WHERE b.held_at IS NULL))
$$;
