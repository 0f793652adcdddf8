-- What residents text to us, and how far each number's list at the provider has been read.
-- depends: 0009-sms-cap

-- sent_at: the provider's time. The hook does not tell it: until the message is also seen in the
-- list it is when the hook was called. word: the text is a command by itself.
CREATE TABLE inbound (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider text NOT NULL,
  provider_id text NOT NULL,
  sender text NOT NULL,
  recipient text NOT NULL,
  body text NOT NULL,
  word text CHECK (word IN ('stop', 'start')),
  how text NOT NULL CHECK (how IN ('hook', 'pull')),
  sent_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  handled_at timestamptz,
  UNIQUE (provider, provider_id)
);
CREATE INDEX inbound_words ON inbound (sender, sent_at, id) WHERE word IS NOT NULL;
CREATE INDEX inbound_received ON inbound (received_at);

-- A counter of its own, because messages are deleted after a while.
CREATE TABLE inbound_counts (
  how text PRIMARY KEY CHECK (how IN ('hook', 'pull')),
  n bigint NOT NULL
);

-- through: everything up to this provider's time has been read. A list is read from the newest
-- message on: newest and resume are where a reading stands that is not at its end yet.
CREATE TABLE inbound_pulls (
  number text PRIMARY KEY,
  through timestamptz NOT NULL,
  due_at timestamptz NOT NULL DEFAULT now(),
  holder uuid,
  held_until timestamptz,
  newest timestamptz,
  resume text
);
