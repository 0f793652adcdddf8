-- Residents are told at their other addresses that one was added to their page or removed; and whoever
-- texts a code for a number that is somebody's already is told so.
-- depends: 0021-feedback
-- transactional: false

-- Each statement by itself, and each may be run again: what is there was allowed before, and is looked
-- through without keeping others out of a big table.

ALTER TABLE notes DROP CONSTRAINT notes_kind_check, ADD CONSTRAINT notes_kind_check
  CHECK (kind IN ('confirm', 'ring', 'code', 'reply', 'trial', 'request', 'change')) NOT VALID;
ALTER TABLE notes VALIDATE CONSTRAINT notes_kind_check;

ALTER TABLE inbound DROP CONSTRAINT inbound_say_check, ADD CONSTRAINT inbound_say_check
  CHECK (say IN ('stopped', 'started', 'help', 'proved', 'taken', 'joined', 'already', 'requested',
    'left', 'muted', 'not_following', 'list', 'lang', 'which_group', 'which_lang', 'kept', 'empty'))
  NOT VALID;
ALTER TABLE inbound VALIDATE CONSTRAINT inbound_say_check;
