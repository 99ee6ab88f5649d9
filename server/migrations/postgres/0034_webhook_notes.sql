-- What was odd about a webhook that was taken all the same, and how far its sender's clock is off.

ALTER TABLE webhook_deliveries ADD COLUMN notes JSONB;          -- [{code, field, seconds}]; NULL: nothing
ALTER TABLE webhook_deliveries ADD COLUMN clock_seconds BIGINT; -- its own time minus that of its arrival; NULL: it said no time
