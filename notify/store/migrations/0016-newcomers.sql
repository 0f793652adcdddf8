-- Residents come by themselves: they prove an address with a code, and open their page with one.
-- depends: 0015-pages

-- NOT VALID: what is there was allowed before; 0017 looks through it without keeping others out.

-- newcomer_until: no address of theirs is proven yet; unless one is by then, they are forgotten.
-- quiet_from, quiet_until: on the town's clock; news waits meanwhile, alerts do not.
ALTER TABLE residents ADD COLUMN newcomer_until timestamptz,
  ADD COLUMN quiet_from time, ADD COLUMN quiet_until time,
  ADD CHECK ((quiet_from IS NULL) = (quiet_until IS NULL));
CREATE INDEX residents_newcomers ON residents (newcomer_until) WHERE newcomer_until IS NOT NULL;

-- 'asked': somebody says that it is theirs. Any number may say so of one address, and it is sent
-- nothing but codes and answers. Only a live one is a resident's.
ALTER TABLE addresses DROP CONSTRAINT addresses_state_check,
  ADD CONSTRAINT addresses_state_check CHECK (state IN ('asked', 'unverified', 'proven', 'gone')),
  ADD COLUMN live boolean NOT NULL GENERATED ALWAYS AS (state IN ('unverified', 'proven')) STORED;
DROP INDEX addresses_live_value, addresses_one_live;
CREATE UNIQUE INDEX addresses_live_value ON addresses (channel, value) WHERE live;
CREATE UNIQUE INDEX addresses_one_live ON addresses (resident_id, channel)
  WHERE live AND channel <> 'push';

-- 'asked': a newcomer's, until an address is proven.
ALTER TABLE subscriptions DROP CONSTRAINT subscriptions_state_check,
  ADD CONSTRAINT subscriptions_state_check CHECK (state IN ('active', 'requested', 'asked')) NOT VALID;

-- The digits of a code are nowhere: they follow from its id and the secret keys.
CREATE TABLE codes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  purpose text NOT NULL CHECK (purpose IN ('prove', 'open')),
  resident_id uuid NOT NULL REFERENCES residents (id) ON DELETE CASCADE,
  address_id bigint NOT NULL REFERENCES addresses (id) ON DELETE CASCADE,
  tries smallint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  valid_until timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX codes_resident ON codes (resident_id);
CREATE INDEX codes_address ON codes (address_id);
CREATE INDEX codes_over ON codes (valid_until);

-- hash: of what the browser's cookie holds.
CREATE TABLE sessions (
  hash bytea PRIMARY KEY,
  resident_id uuid NOT NULL REFERENCES residents (id) ON DELETE CASCADE,
  opened_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  valid_until timestamptz NOT NULL
);
CREATE INDEX sessions_resident ON sessions (resident_id);
CREATE INDEX sessions_over ON sessions (valid_until);

-- What was agreed to, in which words and which version of them, and over which channel it was proven.
ALTER TABLE consents DROP CONSTRAINT consents_source_check,
  ADD CONSTRAINT consents_source_check CHECK (source IN ('import', 'api', 'page', 'sms', 'desk'))
    NOT VALID,
  ADD COLUMN channel text CHECK (channel IN ('email', 'sms', 'push')),
  ADD COLUMN language text, ADD COLUMN wording text, ADD COLUMN version text;

ALTER TABLE notes DROP CONSTRAINT notes_kind_check;
ALTER TABLE notes ADD CONSTRAINT notes_kind_check
  CHECK (kind IN ('confirm', 'ring', 'code', 'reply', 'trial')) NOT VALID;

-- SMS that anybody can have us send, codes and replies, counted a day of the town.
CREATE TABLE sms_asked (
  day date PRIMARY KEY,
  n bigint NOT NULL
);
