-- Texts ask for more than to be left alone, and are answered.
-- depends: 0017-joining

ALTER TABLE notes VALIDATE CONSTRAINT notes_kind_check;

-- say: what was answered, or would have been; answered_at: when an answer was put in their way.
ALTER TABLE inbound DROP CONSTRAINT inbound_word_check,
  ADD CONSTRAINT inbound_word_check CHECK (word IN ('stop', 'start', 'help', 'code', 'join',
    'leave', 'stop_group', 'list', 'lang')),
  ADD COLUMN say text CHECK (say IN ('stopped', 'started', 'help', 'proved', 'joined', 'already',
    'requested', 'left', 'muted', 'not_following', 'list', 'lang', 'which_group', 'which_lang',
    'kept', 'empty')),
  ADD COLUMN answered_at timestamptz;
CREATE INDEX inbound_answered ON inbound (sender, answered_at) WHERE answered_at IS NOT NULL;

-- Whoever texts us from a number that is nobody's is looked for among those.
CREATE INDEX addresses_asked ON addresses (channel, value) WHERE state = 'asked';
