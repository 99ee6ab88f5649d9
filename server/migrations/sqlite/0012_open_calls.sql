-- Whether a call is over, as a column of its own (on PostgreSQL an index on the status itself would make
-- each change of it write every index of the row anew).

ALTER TABLE telephony_calls ADD COLUMN is_open BOOLEAN NOT NULL -- initiated, ringing or answered
    GENERATED ALWAYS AS (status IN ('initiated', 'ringing', 'answered')) VIRTUAL;

DROP INDEX telephony_calls_one_per_agent;
DROP INDEX telephony_calls_one_per_number;
DROP INDEX telephony_calls_one_per_customer;
DROP INDEX telephony_calls_open;
-- An agent rings one customer at a time, and a customer is rung by one agent at a time.
CREATE UNIQUE INDEX telephony_calls_one_per_agent ON telephony_calls (agent_user_id)
    WHERE direction = 'outbound' AND transferred_to IS NULL AND is_open;
CREATE UNIQUE INDEX telephony_calls_one_per_number ON telephony_calls (customer_phone)
    WHERE direction = 'outbound' AND is_open;
CREATE UNIQUE INDEX telephony_calls_one_per_customer ON telephony_calls (customer_id)
    WHERE direction = 'outbound' AND is_open;
CREATE INDEX telephony_calls_open ON telephony_calls (agent_user_id) WHERE is_open;
-- Missed calls whose event had no id, for each ringing: a handful.
CREATE INDEX telephony_calls_made_up ON telephony_calls (customer_phone, started_at)
    WHERE substr(external_call_id, 1, 7) = 'missed:';
