-- What staff decided about a broadcast, and upon which words.
-- depends: 0023-staff

-- seen: the fingerprint of what stood before them.
CREATE TABLE decisions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  broadcast_id uuid NOT NULL REFERENCES broadcasts (id) ON DELETE CASCADE,
  staff_id uuid NOT NULL REFERENCES staff (id),
  decision text NOT NULL CHECK (decision IN ('approved', 'returned', 'recalled')),
  seen bytea NOT NULL,
  reason text,
  decided_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX decisions_broadcast ON decisions (broadcast_id);
