-- Drafts that staff send to themselves, marked as a test, to see how they arrive; and that they are
-- told what became of their accounts.
-- depends: 0028-inbox
-- transactional: false

-- Each statement by itself, and each may be run again: what is there was allowed before, and is looked
-- through without keeping others out of a big table.

ALTER TABLE notes DROP CONSTRAINT notes_kind_check, ADD CONSTRAINT notes_kind_check
  CHECK (kind IN ('confirm', 'ring', 'code', 'reply', 'trial', 'request', 'change', 'waits',
    'broke_glass', 'returned', 'answer', 'test', 'account')) NOT VALID;
ALTER TABLE notes VALIDATE CONSTRAINT notes_kind_check;
