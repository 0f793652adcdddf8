-- What staff did and looked at, each line chained to the one before by its hash. Ids, no persons.
-- depends: 0024-decisions

-- staff_id: NULL for the command line. No reference: lines outlive what they name.
CREATE TABLE audit (
  id bigint PRIMARY KEY,
  at timestamptz NOT NULL,
  staff_id uuid,
  deed text NOT NULL,
  about jsonb NOT NULL,
  hash bytea NOT NULL
);

CREATE FUNCTION keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'The audit log only grows.';
END $$;
CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE ON audit
  FOR EACH ROW EXECUTE FUNCTION keep_audit();
CREATE TRIGGER audit_kept_whole BEFORE TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION keep_audit();
