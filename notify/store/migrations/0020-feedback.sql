-- Residents say what they cannot read or use; and an archive of all that was published.
-- depends: 0016-newcomers

-- reply_to: where an answer may reach them, if they want one; nothing checks it.
CREATE TABLE feedback (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  message text NOT NULL,
  place text,
  reply_to text,
  language text NOT NULL
);
CREATE INDEX feedback_created ON feedback (created_at);

-- The archive, the newest first.
CREATE INDEX broadcasts_at ON broadcasts
  ((coalesce(dispatching_at, approved_at, created_at)) DESC, id DESC);
