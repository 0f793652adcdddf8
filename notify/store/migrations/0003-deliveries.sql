-- What became of it: deliveries, attempts, receipts, and the counters kept beside them.
-- The big tables carry no foreign keys: each would cost a look-up and a lock a row.
-- depends: 0002-broadcasts

CREATE TABLE deliveries (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  broadcast_id uuid,
  note_id bigint,
  resident_id uuid NOT NULL,
  address_id bigint NOT NULL,
  address_version integer NOT NULL,
  channel text NOT NULL CHECK (channel IN ('email', 'sms', 'push')),
  lane text NOT NULL CHECK (lane IN ('alert', 'note', 'bulk')),
  language text NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sending', 'sent', 'delivered',
    'failed', 'expired', 'cancelled', 'superseded', 'unknown')),
  reason text,
  due_at timestamptz NOT NULL DEFAULT now(),
  attempt_id bigint,
  claims integer NOT NULL DEFAULT 0,
  tries smallint NOT NULL DEFAULT 0,
  repeats smallint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  handed_over_at timestamptz,
  ended_at timestamptz,
  closed_at timestamptz,
  CHECK (num_nonnulls(broadcast_id, note_id) = 1)
) WITH (fillfactor = 85);
CREATE UNIQUE INDEX deliveries_once ON deliveries (broadcast_id, address_id);
CREATE INDEX deliveries_resident ON deliveries (resident_id);
CREATE INDEX deliveries_broadcast ON deliveries (broadcast_id, id);
CREATE INDEX deliveries_due ON deliveries (lane, channel, due_at, id) WHERE status = 'pending';
CREATE INDEX deliveries_unknown ON deliveries (due_at) WHERE status = 'unknown' AND closed_at IS NULL;
CREATE INDEX deliveries_silent ON deliveries (handed_over_at) WHERE status = 'sent' AND closed_at IS NULL;

CREATE TABLE attempts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  delivery_id bigint NOT NULL,
  number integer NOT NULL,
  sender text NOT NULL,
  worker uuid NOT NULL,
  repeat boolean NOT NULL DEFAULT false,
  claimed_at timestamptz NOT NULL DEFAULT now(),
  lease_until timestamptz NOT NULL,
  started_at timestamptz,
  settled_at timestamptz,
  outcome text CHECK (outcome IN ('sent', 'try_again', 'rejected', 'address_gone', 'sender_stopped',
    'unknown', 'released')),
  reason text,
  code text,
  provider_id text,
  parts smallint,
  UNIQUE (delivery_id, number)
) WITH (fillfactor = 85);
CREATE INDEX attempts_open ON attempts (lease_until) WHERE settled_at IS NULL;

CREATE TABLE receipts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider text NOT NULL,
  key text NOT NULL,
  attempt_id bigint,
  delivery_id bigint,
  report text NOT NULL CHECK (report IN ('sent', 'delivered', 'failed', 'delayed', 'complained')),
  reason text,
  code text,
  provider_id text,
  reported_at timestamptz,
  received_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (provider, key)
);
CREATE INDEX receipts_delivery ON receipts (delivery_id);

CREATE TABLE skips (
  broadcast_id uuid NOT NULL,
  resident_id uuid NOT NULL,
  channel text NOT NULL CHECK (channel IN ('email', 'sms', 'push', 'none')),
  reason text NOT NULL CHECK (reason IN ('no_channel', 'channel_off', 'no_address', 'unverified',
    'suppressed')),
  PRIMARY KEY (broadcast_id, resident_id, channel)
);
CREATE INDEX skips_resident ON skips (resident_id);

-- Counters. A slot a backend, so that pumps do not wait for each other's rows.
CREATE TABLE progress (
  broadcast_id uuid NOT NULL,
  channel text NOT NULL,
  status text NOT NULL,
  slot smallint NOT NULL,
  n bigint NOT NULL,
  PRIMARY KEY (broadcast_id, channel, status, slot)
) WITH (fillfactor = 50);

CREATE TABLE handovers (
  broadcast_id uuid NOT NULL,
  channel text NOT NULL,
  second timestamptz NOT NULL,
  slot smallint NOT NULL,
  n bigint NOT NULL,
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  PRIMARY KEY (broadcast_id, channel, second, slot)
) WITH (fillfactor = 50);

CREATE TABLE skip_counts (
  broadcast_id uuid NOT NULL,
  channel text NOT NULL,
  reason text NOT NULL,
  n bigint NOT NULL,
  PRIMARY KEY (broadcast_id, channel, reason)
);

CREATE FUNCTION count_planned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO progress AS p (broadcast_id, channel, status, slot, n)
  SELECT broadcast_id, channel, status, pg_backend_pid() % 64, count(*) FROM fresh
  WHERE broadcast_id IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
  ON CONFLICT (broadcast_id, channel, status, slot) DO UPDATE SET n = p.n + excluded.n;
  RETURN NULL;
END $$;

CREATE FUNCTION count_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO progress AS p (broadcast_id, channel, status, slot, n)
  SELECT broadcast_id, channel, status, pg_backend_pid() % 64, sum(n) FROM (
    SELECT o.broadcast_id, o.channel, o.status, -1 AS n
    FROM stale o JOIN fresh f USING (id) WHERE o.status <> f.status
    UNION ALL
    SELECT f.broadcast_id, f.channel, f.status, 1
    FROM stale o JOIN fresh f USING (id) WHERE o.status <> f.status) AS moves
  WHERE broadcast_id IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
  ON CONFLICT (broadcast_id, channel, status, slot) DO UPDATE SET n = p.n + excluded.n;

  INSERT INTO handovers AS h (broadcast_id, channel, second, slot, n, first_at, last_at)
  SELECT f.broadcast_id, f.channel, date_trunc('second', f.handed_over_at),
    pg_backend_pid() % 64, count(*), min(f.handed_over_at), max(f.handed_over_at)
  FROM stale o JOIN fresh f USING (id)
  WHERE o.handed_over_at IS NULL AND f.handed_over_at IS NOT NULL AND f.broadcast_id IS NOT NULL
  GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
  ON CONFLICT (broadcast_id, channel, second, slot) DO UPDATE
  SET n = h.n + excluded.n, first_at = least(h.first_at, excluded.first_at),
      last_at = greatest(h.last_at, excluded.last_at);
  RETURN NULL;
END $$;

CREATE FUNCTION count_skipped() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO skip_counts AS s (broadcast_id, channel, reason, n)
  SELECT broadcast_id, channel, reason, count(*) FROM fresh GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
  ON CONFLICT (broadcast_id, channel, reason) DO UPDATE SET n = s.n + excluded.n;
  RETURN NULL;
END $$;

CREATE TRIGGER deliveries_planned AFTER INSERT ON deliveries
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION count_planned();
CREATE TRIGGER deliveries_moved AFTER UPDATE ON deliveries
  REFERENCING OLD TABLE AS stale NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION count_moved();
CREATE TRIGGER skips_counted AFTER INSERT ON skips
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION count_skipped();

-- Who is at work, and how fast each sender may be used (all workers share it).
CREATE TABLE workers (
  id uuid PRIMARY KEY,
  lane text NOT NULL CHECK (lane IN ('alert', 'note', 'bulk')),
  host text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE senders (
  name text PRIMARY KEY,
  channel text NOT NULL CHECK (channel IN ('email', 'sms', 'push')),
  free_at timestamptz NOT NULL DEFAULT now(),
  stopped_at timestamptz,
  reason text,
  code text
);
