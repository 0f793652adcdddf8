-- Residents say what they cannot read or use; and an archive of all that was published.
-- depends: 0020-quiet

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

-- What groups say of themselves is on pages that are kept.
DROP TRIGGER groups_published ON groups;
CREATE CONSTRAINT TRIGGER groups_published AFTER INSERT OR DELETE OR UPDATE OF parent_id, names,
    closed, identity, about, carries_parent_news
  ON groups DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_page_stamp();
