-- How often approvers were reminded of a warning that waits, so that it goes on, and ends.
-- depends: 0031-overtaken

ALTER TABLE broadcasts ADD COLUMN approvers_reminders smallint NOT NULL DEFAULT 0;
UPDATE broadcasts SET approvers_reminders = 1
WHERE status = 'submitted' AND approvers_reminded_at IS NOT NULL;

CREATE OR REPLACE FUNCTION tell_approvers_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.approvers_told_at := NULL;
  NEW.approvers_reminded_at := NULL;
  NEW.approvers_reminders := 0;
  NEW.approvers_capped_at := NULL;
  RETURN NEW;
END $$;
