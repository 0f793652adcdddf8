-- Who: groups, residents, addresses, subscriptions, suppressions.

CREATE TABLE groups (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  parent_id bigint REFERENCES groups (id),
  names jsonb NOT NULL,
  closed boolean NOT NULL DEFAULT false,
  carries_parent_news boolean NOT NULL DEFAULT false,
  identity jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK (parent_id <> id)
);
CREATE INDEX groups_parent ON groups (parent_id);

CREATE TABLE residents (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text,
  language text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE consents (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  resident_id uuid NOT NULL REFERENCES residents (id) ON DELETE CASCADE,
  source text NOT NULL CHECK (source IN ('import', 'api', 'page')),
  reference text NOT NULL,
  given_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX consents_resident ON consents (resident_id);

-- hash is keyed (HMAC-SHA256 of channel and value), the same that suppressions hold.
-- version rises whenever the resident leaves something: a plan made before looks closer then.
CREATE TABLE addresses (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  resident_id uuid NOT NULL REFERENCES residents (id) ON DELETE CASCADE,
  channel text NOT NULL CHECK (channel IN ('email', 'sms', 'push')),
  value text NOT NULL,
  keys jsonb CHECK ((keys IS NOT NULL) = (channel = 'push')),
  hash bytea NOT NULL,
  state text NOT NULL CHECK (state IN ('unverified', 'proven', 'gone')),
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  asked_at timestamptz,
  proven_at timestamptz
);
CREATE INDEX addresses_to_ask ON addresses (id) WHERE state = 'unverified' AND asked_at IS NULL;
CREATE UNIQUE INDEX addresses_live_value ON addresses (channel, value) WHERE state <> 'gone';
CREATE UNIQUE INDEX addresses_one_live ON addresses (resident_id, channel)
  WHERE state <> 'gone' AND channel <> 'push';
CREATE INDEX addresses_resident ON addresses (resident_id, channel);

CREATE TABLE subscriptions (
  resident_id uuid NOT NULL REFERENCES residents (id) ON DELETE CASCADE,
  group_id bigint NOT NULL REFERENCES groups (id),
  alerts text[] NOT NULL CHECK (alerts <@ ARRAY['email', 'sms', 'push']),
  news text[] NOT NULL CHECK (news <@ ARRAY['email', 'sms', 'push']),
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'requested')),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (resident_id, group_id)
);
CREATE INDEX subscriptions_group ON subscriptions (group_id, resident_id);
CREATE INDEX subscriptions_created ON subscriptions (created_at);
CREATE INDEX addresses_proven ON addresses (proven_at);

-- Survives the person: no resident, no address, only the keyed hash.
CREATE TABLE suppressions (
  channel text NOT NULL CHECK (channel IN ('email', 'sms', 'push')),
  hash bytea NOT NULL,
  reason text NOT NULL CHECK (reason IN ('bounced', 'complained', 'opted_out', 'gone')),
  code text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (channel, hash)
);
