-- News waits for the end of the hours in which its reader wants none.
-- depends: 0019-opened

ALTER TABLE receipts VALIDATE CONSTRAINT receipts_report_check;

-- Few have such hours: whether any of a batch has is one look into a small index.
CREATE INDEX residents_quiet ON residents (id) WHERE quiet_from IS NOT NULL;

-- When the quiet hours end that a moment lies in, NULL where it lies in none. On the clocks of the
-- zone: over midnight where they end earlier than they begin, and none where both are the same.
CREATE FUNCTION quiet_end(at timestamptz, quiet_from time, quiet_until time, zone text)
RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN quiet_from < quiet_until AND (at AT TIME ZONE zone)::time >= quiet_from
        AND (at AT TIME ZONE zone)::time < quiet_until
        OR quiet_from > quiet_until AND (at AT TIME ZONE zone)::time < quiet_until
      THEN ((at AT TIME ZONE zone)::date + quiet_until) AT TIME ZONE zone
    WHEN quiet_from > quiet_until AND (at AT TIME ZONE zone)::time >= quiet_from
      THEN ((at AT TIME ZONE zone)::date + 1 + quiet_until) AT TIME ZONE zone
  END
$$;
