-- A sender's health is shared by all workers: its circuit opens for all and is probed by one.
-- depends: 0006-turns

-- rate: units a second as set, NULL without a limit. place: its turn among those of its channel.
-- failures counts since it last worked; it rests until down_until, and then one worker at a time
-- (until probing_until) tries it with a single message. seen_at: a worker knows it still.
ALTER TABLE senders
  ADD COLUMN rate double precision,
  ADD COLUMN place smallint NOT NULL DEFAULT 0,
  ADD COLUMN failures integer NOT NULL DEFAULT 0,
  ADD COLUMN down_since timestamptz,
  ADD COLUMN down_until timestamptz,
  ADD COLUMN down_reason text,
  ADD COLUMN down_code text,
  ADD COLUMN probing_until timestamptz,
  ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now(),
  ADD CHECK ((failures > 0) = (down_since IS NOT NULL));
