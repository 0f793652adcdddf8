-- Polls that are closed: whose leftovers are cleared away, and who was told the result.
-- depends: 0033-polls
-- transactional: false

-- Each statement by itself, and each may be run again.

-- tidied_at: when the rows that the close replaced were last cleared away. told_through: the resident
-- up to whom those who took part were told the result. unnamed_at: when it was let go of who was asked.
ALTER TABLE polls ADD COLUMN IF NOT EXISTS tidied_at timestamptz,
  ADD COLUMN IF NOT EXISTS told_through uuid,
  ADD COLUMN IF NOT EXISTS unnamed_at timestamptz;

-- The pages of a broadcast lead to its result from the close on.
DROP TRIGGER IF EXISTS polls_published ON polls;
CREATE CONSTRAINT TRIGGER polls_published AFTER UPDATE OF closed_at ON polls
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_page_stamp();

ALTER TABLE notes DROP CONSTRAINT notes_kind_check, ADD CONSTRAINT notes_kind_check
  CHECK (kind IN ('confirm', 'ring', 'code', 'reply', 'trial', 'request', 'change', 'waits',
    'broke_glass', 'returned', 'answer', 'test', 'account', 'overtaken', 'result')) NOT VALID;
ALTER TABLE notes VALIDATE CONSTRAINT notes_kind_check;
