-- Somebody notices: test rings to who is on duty, alarms about the service itself, and who is told.
-- depends: 0010-inbound

ALTER TABLE notes DROP CONSTRAINT notes_kind_check;
ALTER TABLE notes ADD CONSTRAINT notes_kind_check CHECK (kind IN ('confirm', 'ring'));

-- A test ring on a channel: one a day of the town, and any number by hand (day is null then).
-- It names its deliveries, a handful, so that the big table needs no further index.
CREATE TABLE rings (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  channel text NOT NULL CHECK (channel IN ('email', 'sms', 'push')),
  day date,
  rung_at timestamptz NOT NULL DEFAULT now(),
  check_at timestamptz NOT NULL,
  delivery_ids bigint[] NOT NULL DEFAULT '{}',
  result text CHECK (result IN ('ok', 'failed', 'silent')),
  reason text,
  judged_at timestamptz,
  CHECK ((result IS NULL) = (judged_at IS NULL)),
  UNIQUE (channel, day)
);
CREATE INDEX rings_open ON rings (id) WHERE result IS NULL;
CREATE INDEX rings_latest ON rings (channel, id) WHERE result IS NOT NULL;

-- Something is wrong with the service itself. `since` is when it began, `noticed_at` when it was
-- first seen, `raised_at` when it had lasted longer than a hiccup; who is never raised is dropped.
CREATE TABLE alarms (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key text NOT NULL,
  level text NOT NULL CHECK (level IN ('alarm', 'warning')),
  facts jsonb NOT NULL DEFAULT '{}',
  since timestamptz NOT NULL,
  noticed_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  raised_at timestamptz,
  remind_at timestamptz,
  told_at timestamptz,
  over_at timestamptz
);
CREATE UNIQUE INDEX alarms_in_force ON alarms (key) WHERE over_at IS NULL;

-- What is to be told to whom outside, and what was: one way never waits for another.
CREATE TABLE tellings (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  alarm_id bigint NOT NULL REFERENCES alarms (id) ON DELETE CASCADE,
  way text NOT NULL CHECK (way IN ('mail', 'webhook')),
  target text NOT NULL,
  state text NOT NULL CHECK (state IN ('raised', 'reminder', 'over')),
  due_at timestamptz NOT NULL DEFAULT now(),
  tries integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  told_at timestamptz,
  dropped_at timestamptz
);
CREATE INDEX tellings_due ON tellings (way, target, due_at)
  WHERE told_at IS NULL AND dropped_at IS NULL;
CREATE INDEX tellings_told ON tellings (way, target, told_at) WHERE told_at IS NOT NULL;
CREATE INDEX tellings_alarm ON tellings (alarm_id);

-- One row: who looks, and who calls the heartbeat, takes it first, so that one process does.
CREATE TABLE watch (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  looked_at timestamptz NOT NULL DEFAULT '-infinity',
  beaten_at timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO watch DEFAULT VALUES;
