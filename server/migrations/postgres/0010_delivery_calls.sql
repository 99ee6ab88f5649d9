-- Two rows of one call become one: its deliveries are found by the row that goes.

CREATE INDEX webhook_deliveries_call ON webhook_deliveries (call_id);
