-- Which call is a missed call without an id about: found by the caller, not among all calls of the last minutes.

CREATE INDEX telephony_calls_caller ON telephony_calls (customer_phone, started_at) WHERE direction = 'inbound';
