-- What staff are writing; drills; and groups whose announcements need a second person.
-- depends: 0025-audit

-- id: the broadcast's, once it is submitted. content: as it was typed, right or wrong.
-- editors: everybody who changed it. version: goes up with each change.
CREATE TABLE drafts (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  version integer NOT NULL DEFAULT 1,
  content jsonb NOT NULL,
  editors uuid[] NOT NULL,
  changed_by uuid NOT NULL REFERENCES staff (id),
  created_at timestamptz NOT NULL DEFAULT now(),
  changed_at timestamptz NOT NULL DEFAULT now(),
  submitted_at timestamptz
);
CREATE INDEX drafts_changed ON drafts (changed_at);

ALTER TABLE groups ADD COLUMN drill boolean NOT NULL DEFAULT false,
  ADD COLUMN news_need_approval boolean NOT NULL DEFAULT false;

-- editors: staff who wrote any of it; none of them approves it.
ALTER TABLE broadcasts ADD COLUMN drill boolean NOT NULL DEFAULT false,
  ADD COLUMN editors uuid[] NOT NULL DEFAULT '{}';
