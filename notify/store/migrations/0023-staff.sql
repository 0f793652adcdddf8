-- Who operates the service, what they may do and where, and how they prove who they are.
-- depends: 0022-changes

-- email: what they sign in with. password: a slow hash. totp: the secret of their second factor,
-- hidden with the keys; totp_step: the last moment whose code was used, so that none is used twice.
CREATE TABLE staff (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email text NOT NULL UNIQUE,
  name text NOT NULL,
  language text NOT NULL,
  password text,
  totp text,
  totp_step bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  CHECK ((password IS NULL) = (totp IS NULL))
);

-- A role at a group and all below it; everywhere where there is no group.
CREATE TABLE grants (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  staff_id uuid NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
  role text NOT NULL
    CHECK (role IN ('viewer', 'author', 'approver', 'operator', 'administrator')),
  group_id bigint REFERENCES groups (id),
  granted_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (staff_id, role, group_id)
);

-- A link by which somebody chooses a password and a second factor, once. Only the latest holds.
CREATE TABLE invitations (
  hash bytea PRIMARY KEY,
  staff_id uuid NOT NULL UNIQUE REFERENCES staff (id) ON DELETE CASCADE,
  valid_until timestamptz NOT NULL
);

-- What signs in in place of the second factor where that is lost; each once.
CREATE TABLE recovery_codes (
  staff_id uuid NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
  hash bytea NOT NULL,
  PRIMARY KEY (staff_id, hash)
);

-- hash: of what the browser's cookie holds. browser: what it says of itself.
CREATE TABLE staff_sessions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  hash bytea NOT NULL UNIQUE,
  staff_id uuid NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
  browser text NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  valid_until timestamptz NOT NULL
);
CREATE INDEX staff_sessions_staff ON staff_sessions (staff_id);
CREATE INDEX staff_sessions_over ON staff_sessions (valid_until);
