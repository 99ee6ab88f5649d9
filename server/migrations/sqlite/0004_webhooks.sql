-- Webhooks: who sent them, and that none is taken twice.

ALTER TABLE webhook_deliveries ADD COLUMN headers TEXT;        -- headers without secrets; NULL: of before this column
ALTER TABLE webhook_deliveries ADD COLUMN source TEXT;          -- address it came from
ALTER TABLE webhook_deliveries ADD COLUMN replay_key TEXT;      -- what identifies a signed delivery: its id or its signature
-- A signed delivery is taken once, whoever sends it again.
CREATE UNIQUE INDEX webhook_deliveries_replay ON webhook_deliveries (replay_key) WHERE replay_key IS NOT NULL;
CREATE INDEX webhook_deliveries_outcome ON webhook_deliveries (outcome, id);
