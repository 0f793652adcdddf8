-- Staff answer what residents text, and see who does it.
-- depends: 0027-templates
-- transactional: false

ALTER TABLE inbound ADD COLUMN IF NOT EXISTS assigned_to uuid,
  ADD COLUMN IF NOT EXISTS handled_by uuid;
-- One whose making was stopped half way is there, and of no use: it is made anew.
-- It keeps nobody out, and may wait as long as it takes.
SET lock_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS inbound_sender;
CREATE INDEX CONCURRENTLY inbound_sender ON inbound (sender, id);
DROP INDEX CONCURRENTLY IF EXISTS inbound_waiting;
CREATE INDEX CONCURRENTLY inbound_waiting ON inbound (sent_at) WHERE handled_at IS NULL;
DROP INDEX CONCURRENTLY IF EXISTS inbound_handled_by;
CREATE INDEX CONCURRENTLY inbound_handled_by ON inbound (received_at) WHERE handled_by IS NOT NULL;
RESET lock_timeout;

-- The text itself is the note's, and goes with it.
CREATE TABLE IF NOT EXISTS answers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  inbound_id bigint NOT NULL REFERENCES inbound (id) ON DELETE CASCADE,
  note_id bigint NOT NULL,
  staff_id uuid NOT NULL REFERENCES staff (id),
  answered_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS answers_inbound ON answers (inbound_id);

ALTER TABLE notes DROP CONSTRAINT notes_kind_check, ADD CONSTRAINT notes_kind_check
  CHECK (kind IN ('confirm', 'ring', 'code', 'reply', 'trial', 'request', 'change', 'waits',
    'broke_glass', 'returned', 'answer')) NOT VALID;
ALTER TABLE notes VALIDATE CONSTRAINT notes_kind_check;
