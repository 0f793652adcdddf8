-- Authors are told when what they scheduled was overtaken in its thread, and never sent.
-- depends: 0030-order
-- transactional: false

-- Each statement by itself, and each may be run again: what is there was allowed before, and is looked
-- through without keeping others out of a big table.

-- overtaken_told_at: when they were; what was overtaken before this is history.
ALTER TABLE broadcasts ADD COLUMN IF NOT EXISTS overtaken_told_at timestamptz;
UPDATE broadcasts SET overtaken_told_at = superseded_at
WHERE status = 'cancelled' AND dispatching_at IS NULL AND superseded_at IS NOT NULL
  AND overtaken_told_at IS NULL;
-- It keeps nobody out, and may wait as long as it takes.
SET lock_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS broadcasts_overtaken;
CREATE INDEX CONCURRENTLY broadcasts_overtaken ON broadcasts (superseded_at)
  WHERE status = 'cancelled' AND dispatching_at IS NULL AND superseded_at IS NOT NULL;
RESET lock_timeout;

ALTER TABLE notes DROP CONSTRAINT notes_kind_check, ADD CONSTRAINT notes_kind_check
  CHECK (kind IN ('confirm', 'ring', 'code', 'reply', 'trial', 'request', 'change', 'waits',
    'broke_glass', 'returned', 'answer', 'test', 'account', 'overtaken')) NOT VALID;
ALTER TABLE notes VALIDATE CONSTRAINT notes_kind_check;
