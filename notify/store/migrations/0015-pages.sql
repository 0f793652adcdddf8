-- Public pages are kept ready by every web process; a stamp says when they no longer hold.
-- depends: 0014-cheaper

-- One row. Whoever changes what the public reads gives it a new stamp in the same transaction: who
-- sees the same stamp twice sees the same pages. It is random, so that a restored backup brings the
-- stamp that belongs to it and none is ever had twice.
CREATE TABLE page_stamp (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  stamp uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO page_stamp DEFAULT VALUES;

-- Once a transaction, however many rows it changes.
CREATE FUNCTION renew_page_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE page_stamp SET stamp = gen_random_uuid() WHERE xmin <> pg_current_xact_id()::xid;
  RETURN NULL;
END $$;

-- Deferred to the commit: all share the one row, and whoever locked it any earlier could wait for
-- a broadcast while the holder of that waits for the stamp. What a planner writes with each slice
-- is not among these columns.
CREATE CONSTRAINT TRIGGER broadcasts_published AFTER INSERT OR DELETE OR UPDATE OF kind, status,
    severity, texts, group_ids, valid_until, send_at, thread_id, sequence, in_reply_to, relation,
    created_at, approved_at, dispatching_at, cancelled_at
  ON broadcasts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_page_stamp();
CREATE CONSTRAINT TRIGGER groups_published AFTER INSERT OR DELETE OR UPDATE OF parent_id, names,
    closed, identity
  ON groups DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_page_stamp();

-- The next moment at which a warning ends.
CREATE INDEX broadcasts_ends ON broadcasts (valid_until) WHERE valid_until IS NOT NULL;
