-- What a restored backup may have sent already is held until a person decides.
-- depends: 0004-provider-ids

-- held_at: nothing of it goes out by itself. held_why: where it stood at the backup.
-- restored_at stays: whatever leaves from then on may be a repeat.
ALTER TABLE broadcasts
  ADD COLUMN held_at timestamptz,
  ADD COLUMN held_why text CHECK (held_why IN ('waiting', 'under_way', 'open', 'in_force')),
  ADD COLUMN restored_at timestamptz,
  ADD CHECK ((held_at IS NULL) = (held_why IS NULL));
CREATE INDEX broadcasts_held ON broadcasts (held_at) WHERE held_at IS NOT NULL;

-- Its plan is made once a session, by the size of the first batch. Made for a handful of rows it
-- compared each with each when a whole town is held or released.
ALTER FUNCTION count_moved() SET enable_nestloop = off;
