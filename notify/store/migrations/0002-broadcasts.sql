-- What: broadcasts and notes, and who may ask for them.
-- depends: 0001-people

CREATE TABLE keys (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  hash bytea NOT NULL UNIQUE,
  scopes text[] NOT NULL,
  group_id bigint REFERENCES groups (id),
  created_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz
);

CREATE TABLE replays (
  key_id bigint NOT NULL REFERENCES keys (id),
  idempotency_key text NOT NULL,
  request_hash bytea NOT NULL,
  status smallint NOT NULL,
  answer jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (key_id, idempotency_key)
);

-- audience: the groups whose followers are asked, frozen when planning begins.
-- planned_through, planned_address: the cursors of the planner among followers (residents in the
-- order of their ids) and among those reached before (addresses).
CREATE TABLE broadcasts (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  kind text NOT NULL CHECK (kind IN ('alert', 'announcement', 'poll')),
  status text NOT NULL CHECK (status IN ('draft', 'submitted', 'returned', 'approved', 'scheduled',
    'dispatching', 'dispatched', 'cancelled', 'expired')),
  severity text CHECK (severity IN ('extreme', 'severe', 'moderate', 'minor')),
  texts jsonb NOT NULL,
  group_ids bigint[] NOT NULL CHECK (cardinality(group_ids) > 0),
  audience bigint[],
  valid_until timestamptz,
  send_at timestamptz,
  thread_id uuid NOT NULL,
  sequence integer NOT NULL DEFAULT 0,
  in_reply_to uuid REFERENCES broadcasts (id),
  relation text CHECK (relation IN ('update', 'all_clear', 'correction')),
  key_id bigint REFERENCES keys (id),
  planned_through uuid,
  planned_address bigint,
  plan_phase text NOT NULL DEFAULT 'reached' CHECK (plan_phase IN ('reached', 'followers', 'done')),
  created_at timestamptz NOT NULL DEFAULT now(),
  approved_at timestamptz,
  dispatching_at timestamptz,
  planned_at timestamptz,
  latecomers_through timestamptz,
  dispatched_at timestamptz,
  cancelled_at timestamptz,
  superseded_at timestamptz,
  UNIQUE (thread_id, sequence),
  CHECK (kind <> 'alert' OR valid_until IS NOT NULL),
  CHECK ((in_reply_to IS NULL) = (relation IS NULL))
);
CREATE INDEX broadcasts_waiting ON broadcasts (status)
  WHERE status IN ('submitted', 'approved', 'scheduled', 'dispatching');
CREATE INDEX broadcasts_created ON broadcasts (created_at);

-- A message to one address that is no broadcast.
CREATE TABLE notes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('confirm')),
  data jsonb NOT NULL DEFAULT '{}',
  valid_until timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
