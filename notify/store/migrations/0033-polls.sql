-- What a broadcast asks, who may answer, and the ballots.
-- depends: 0032-reminders
-- transactional: false

-- Each statement by itself, and each may be run again.

-- asks: the questions, as `notify.domain.poll` reads them; it stays as it was submitted.
ALTER TABLE broadcasts ADD COLUMN IF NOT EXISTS asks jsonb;

-- One row for each broadcast that asks, from when it opens. code: by which an SMS names it where two
-- are open at once. key: makes the name of a ballot out of a resident; destroyed at the close where
-- the poll is secret. close_at: until when answers count.
CREATE TABLE IF NOT EXISTS polls (
  broadcast_id uuid PRIMARY KEY REFERENCES broadcasts (id) ON DELETE CASCADE,
  code text NOT NULL,
  key bytea,
  opened_at timestamptz NOT NULL DEFAULT now(),
  close_at timestamptz NOT NULL,
  closed_at timestamptz,
  told_at timestamptz
);
CREATE UNIQUE INDEX IF NOT EXISTS polls_code ON polls (code) WHERE closed_at IS NULL;
CREATE INDEX IF NOT EXISTS polls_close ON polls (close_at) WHERE closed_at IS NULL;

-- Who may answer, frozen when it opens, by the group through which they were asked. question: the
-- number of the one that was put to them last by SMS, asked_at when. misread: texts in a row that
-- were no answer to it. answered: which questions have an answer; of a secret poll neither what it
-- says nor when it came. how: by which way it came last. receipt: proves that it is counted.
CREATE TABLE IF NOT EXISTS voters (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  broadcast_id uuid NOT NULL REFERENCES broadcasts (id) ON DELETE CASCADE,
  resident_id uuid REFERENCES residents (id) ON DELETE SET NULL,
  group_id integer NOT NULL,
  question smallint NOT NULL DEFAULT 1,
  asked_at timestamptz,
  misread smallint NOT NULL DEFAULT 0,
  answered smallint[] NOT NULL DEFAULT '{}',
  how text CHECK (how IN ('sms', 'mail', 'push', 'page', 'desk')),
  receipt text,
  helped_at timestamptz,
  helped_by uuid,
  UNIQUE (broadcast_id, resident_id)
) WITH (fillfactor = 85);
CREATE INDEX IF NOT EXISTS voters_resident ON voters (resident_id);
CREATE INDEX IF NOT EXISTS voters_receipt ON voters (broadcast_id, receipt) WHERE receipt IS NOT NULL;

-- One answer to one question. name: HMAC-SHA256 of the resident under the poll's key; of a secret
-- poll that is closed, random. resident_id: only where the poll is named. at: by the provider's time,
-- so that the last answer counts in whatever order they reach us; since: from when it says the same,
-- however often it was repeated. Both are null once a secret poll is closed.
CREATE TABLE IF NOT EXISTS ballots (
  broadcast_id uuid NOT NULL REFERENCES broadcasts (id) ON DELETE CASCADE,
  question smallint NOT NULL,
  name bytea NOT NULL,
  choices smallint[] NOT NULL CHECK (cardinality(choices) > 0),
  group_id integer,
  resident_id uuid REFERENCES residents (id) ON DELETE SET NULL,
  at timestamptz,
  since timestamptz,
  PRIMARY KEY (broadcast_id, question, name)
);
CREATE INDEX IF NOT EXISTS ballots_resident ON ballots (resident_id) WHERE resident_id IS NOT NULL;

-- erase_due: when the provider is asked (again) to delete its copy: of an answer, that nobody reads it.
ALTER TABLE inbound ADD COLUMN IF NOT EXISTS erase_due timestamptz,
  ADD COLUMN IF NOT EXISTS erase_tries smallint NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS inbound_erase ON inbound (erase_due) WHERE erase_due IS NOT NULL;

ALTER TABLE inbound DROP CONSTRAINT inbound_word_check, ADD CONSTRAINT inbound_word_check
  CHECK (word IN ('stop', 'start', 'help', 'code', 'join', 'leave', 'stop_group', 'list', 'lang',
    'answer')) NOT VALID;
ALTER TABLE inbound VALIDATE CONSTRAINT inbound_word_check;

ALTER TABLE inbound DROP CONSTRAINT inbound_say_check, ADD CONSTRAINT inbound_say_check
  CHECK (say IN ('stopped', 'started', 'help', 'proved', 'taken', 'joined', 'already', 'requested',
    'left', 'muted', 'not_following', 'list', 'lang', 'which_group', 'which_lang', 'kept', 'empty',
    'counted', 'counted_anew', 'question', 'unclear', 'answer_there', 'poll_closed', 'safe',
    'help_noted')) NOT VALID;
ALTER TABLE inbound VALIDATE CONSTRAINT inbound_say_check;
