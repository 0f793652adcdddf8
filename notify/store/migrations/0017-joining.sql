-- What groups say of themselves at sign-up, codes that the phone texts to us, answers to requests.
-- depends: 0016-newcomers

ALTER TABLE subscriptions VALIDATE CONSTRAINT subscriptions_state_check;
ALTER TABLE consents VALIDATE CONSTRAINT consents_source_check;

-- By language: {"de": {"sends": …, "often": …, "example": …}}.
ALTER TABLE groups ADD COLUMN about jsonb NOT NULL DEFAULT '{}';

-- 'text': shown on the page, and texted to us by the phone that it proves.
ALTER TABLE codes DROP CONSTRAINT codes_purpose_check;
ALTER TABLE codes ADD CONSTRAINT codes_purpose_check CHECK (purpose IN ('prove', 'open', 'text'));

-- 'request': what staff decided about joining a closed group.
ALTER TABLE notes DROP CONSTRAINT notes_kind_check;
ALTER TABLE notes ADD CONSTRAINT notes_kind_check
  CHECK (kind IN ('confirm', 'ring', 'code', 'reply', 'trial', 'request')) NOT VALID;
CREATE INDEX addresses_unproven ON addresses (created_at) WHERE state = 'asked';
CREATE INDEX subscriptions_requested ON subscriptions (group_id, created_at)
  WHERE state = 'requested';
