-- Calls whose end nobody told us: closed by reconciliation, and listed.

CREATE INDEX telephony_calls_gaps ON telephony_calls (started_at, id) WHERE end_reason IN ('lost', 'restart');
