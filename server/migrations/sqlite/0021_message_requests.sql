-- Messages that the plan asks for: to whom a call does not go today.

CREATE TABLE message_requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    customer_id INTEGER NOT NULL REFERENCES customers (id) ON DELETE CASCADE, -- to whom
    day DATE NOT NULL,                                 -- company day
    channel TEXT NOT NULL CHECK (channel IN ('sms', 'whatsapp')), -- how
    kind TEXT NOT NULL,                                -- why, as of a call task
    params TEXT NOT NULL,                             -- what the text speaks of
    status TEXT NOT NULL CHECK (status IN ('waiting', 'handed_over', 'cancelled', 'expired')), -- what became of it
    plan_id INTEGER REFERENCES daily_plans (id),        -- the plan that asked for it
    created_at DATETIME NOT NULL,                   -- when it was asked for
    updated_at DATETIME NOT NULL,                   -- last change of status
    UNIQUE (customer_id, day)
);
CREATE INDEX message_requests_day ON message_requests (day, id);
CREATE INDEX message_requests_waiting ON message_requests (day) WHERE status = 'waiting';
