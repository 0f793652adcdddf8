-- How many who took part in a poll were not told the result, for the cap on SMS.
-- depends: 0034-results

ALTER TABLE polls ADD COLUMN capped integer NOT NULL DEFAULT 0;
