-- A browser tells that a notification was tapped.
-- depends: 0018-replies

ALTER TABLE receipts DROP CONSTRAINT receipts_report_check,
  ADD CONSTRAINT receipts_report_check CHECK (report IN
    ('sent', 'delivered', 'failed', 'delayed', 'complained', 'opened')) NOT VALID;

-- A browser that renews its subscription says by which it was known.
CREATE INDEX addresses_ended ON addresses (hash) WHERE channel = 'push' AND NOT live;
