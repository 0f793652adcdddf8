-- What staff prepare and approve in advance, what one of them sent alone, and who is told of what.
-- depends: 0026-drafts
-- transactional: false

-- Each statement by itself, and each may be run again: what is there was allowed before, and a big
-- table is looked through without keeping others out.

-- group_id: it is for this group and those below; for all where there is none.
CREATE TABLE IF NOT EXISTS templates (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  group_id bigint REFERENCES groups (id),
  created_at timestamptz NOT NULL DEFAULT now(),
  retired_at timestamptz
);

-- Each change is a row of its own, and no row changes. hash: of the content.
CREATE TABLE IF NOT EXISTS template_versions (
  template_id uuid NOT NULL REFERENCES templates (id),
  version integer NOT NULL,
  content jsonb NOT NULL,
  hash bytea NOT NULL,
  written_by uuid NOT NULL REFERENCES staff (id),
  written_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (template_id, version)
);

CREATE OR REPLACE FUNCTION keep_template_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'A version of a template stays as it was written.';
END $$;
CREATE OR REPLACE TRIGGER template_versions_kept BEFORE UPDATE ON template_versions
  FOR EACH ROW EXECUTE FUNCTION keep_template_version();

-- That one officer alone may send it, until then. hash: of what was read; the latest row counts.
CREATE TABLE IF NOT EXISTS template_approvals (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  template_id uuid NOT NULL,
  version integer NOT NULL,
  hash bytea NOT NULL,
  staff_id uuid NOT NULL REFERENCES staff (id),
  approved_at timestamptz NOT NULL DEFAULT now(),
  valid_until timestamptz NOT NULL,
  withdrawn_at timestamptz,
  FOREIGN KEY (template_id, version) REFERENCES template_versions (template_id, version)
);
CREATE INDEX IF NOT EXISTS template_approvals_of ON template_approvals (template_id, version);

-- What somebody sent alone. token: of the form, so that pressing twice sends once.
CREATE TABLE IF NOT EXISTS broken_glass (
  broadcast_id uuid PRIMARY KEY REFERENCES broadcasts (id) ON DELETE CASCADE,
  staff_id uuid NOT NULL REFERENCES staff (id),
  token uuid NOT NULL,
  template_id uuid NOT NULL,
  version integer NOT NULL,
  broken_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (staff_id, token),
  FOREIGN KEY (template_id, version) REFERENCES template_versions (template_id, version)
);

-- told_at: when those whom it concerns had a note put in their way. capped_at: when nobody had, for
-- they had too many of the same kind from the same person.
ALTER TABLE decisions DROP CONSTRAINT IF EXISTS decisions_decision_check,
  ADD CONSTRAINT decisions_decision_check
    CHECK (decision IN ('approved', 'returned', 'recalled', 'broke_glass', 'reviewed')),
  ADD COLUMN IF NOT EXISTS told_at timestamptz,
  ADD COLUMN IF NOT EXISTS capped_at timestamptz;
UPDATE decisions SET told_at = decided_at WHERE told_at IS NULL;
CREATE INDEX IF NOT EXISTS decisions_untold ON decisions (id)
  WHERE told_at IS NULL AND decision IN ('returned', 'broke_glass');

-- The same for whoever may approve it. What is returned and submitted again is told again.
-- approvers_capped_at: when nobody was told, for they had too many notes from the same author.
ALTER TABLE broadcasts ADD COLUMN IF NOT EXISTS approvers_told_at timestamptz,
  ADD COLUMN IF NOT EXISTS approvers_reminded_at timestamptz,
  ADD COLUMN IF NOT EXISTS approvers_capped_at timestamptz;
CREATE OR REPLACE FUNCTION tell_approvers_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.approvers_told_at := NULL;
  NEW.approvers_reminded_at := NULL;
  NEW.approvers_capped_at := NULL;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER broadcasts_returned BEFORE UPDATE OF status ON broadcasts
  FOR EACH ROW WHEN (NEW.status = 'returned') EXECUTE FUNCTION tell_approvers_again();

-- staff_id: for whom of the staff. A delivery of such a note whose address_id is 0 goes to the
-- address that they sign in with.
ALTER TABLE notes ADD COLUMN IF NOT EXISTS staff_id uuid;
-- One whose making was stopped half way is there, and of no use: it is made anew.
-- It keeps nobody out, and may wait as long as it takes.
SET lock_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS notes_staff;
CREATE INDEX CONCURRENTLY notes_staff ON notes (staff_id, created_at) WHERE staff_id IS NOT NULL;
RESET lock_timeout;

ALTER TABLE notes DROP CONSTRAINT notes_kind_check, ADD CONSTRAINT notes_kind_check
  CHECK (kind IN ('confirm', 'ring', 'code', 'reply', 'trial', 'request', 'change', 'waits',
    'broke_glass', 'returned')) NOT VALID;
ALTER TABLE notes VALIDATE CONSTRAINT notes_kind_check;
