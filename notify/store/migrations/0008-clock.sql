-- When the sweeper last looked at the clock: should it go back, what was due by it is put right.
-- depends: 0007-circuits

CREATE TABLE clock_mark (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  seen_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO clock_mark DEFAULT VALUES;
