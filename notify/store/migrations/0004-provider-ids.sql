-- A status callback that does not name the attempt is matched by Twilio's own id (SM…, MM…).
-- depends: 0003-deliveries

CREATE INDEX attempts_provider ON attempts (provider_id) WHERE provider_id ~ '^(SM|MM)';
