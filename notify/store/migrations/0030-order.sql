-- Keeping order: when a key was last used and by whom it was made, files of residents between the trial and the import, and
-- a quick look into the audit log.
-- depends: 0029-to-myself

-- used_at: within the hour. made_by: who of the staff made it in the page; they approve nothing that
-- it submits.
ALTER TABLE keys ADD COLUMN used_at timestamptz, ADD COLUMN made_by uuid;

-- A file that was tried and is not taken in yet. content: as it was uploaded; gone once it is taken
-- in, and with all the rest when its hour is over. also: a group that everybody in it follows.
-- done: what the import did, in figures.
CREATE TABLE imports (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  staff_id uuid NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
  name text NOT NULL,
  content bytea,
  consent text,
  also text,
  done jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  valid_until timestamptz NOT NULL,
  CHECK ((content IS NULL) = (done IS NOT NULL))
);
CREATE INDEX imports_over ON imports (valid_until);

CREATE INDEX audit_deed ON audit (deed, id);
CREATE INDEX audit_staff ON audit (staff_id, id);
CREATE INDEX audit_at ON audit (at);
