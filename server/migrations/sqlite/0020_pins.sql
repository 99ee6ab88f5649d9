-- What people say of a customer's stage and warmth against the rules, and every change of either.

CREATE TABLE customer_pins (
    customer_id INTEGER NOT NULL REFERENCES customers (id) ON DELETE CASCADE, -- of whom
    field TEXT NOT NULL CHECK (field IN ('purchase_stage', 'value_stage', 'temperature')), -- what is pinned
    value TEXT NOT NULL,                               -- to what
    reason TEXT NOT NULL,                              -- why
    until DATE NOT NULL,                               -- last company day on which it holds
    pinned_by INTEGER NOT NULL REFERENCES users (id),   -- who said so
    pinned_at DATETIME NOT NULL,                    -- when
    PRIMARY KEY (customer_id, field)
);

CREATE TABLE customer_stage_changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    customer_id INTEGER NOT NULL REFERENCES customers (id) ON DELETE CASCADE, -- of whom
    field TEXT NOT NULL CHECK (field IN ('purchase_stage', 'value_stage', 'lifecycle_stage', 'temperature')), -- what changed
    was TEXT NOT NULL,                                 -- before
    became TEXT NOT NULL,                              -- after
    day DATE NOT NULL,                                 -- company day
    by_user_id INTEGER REFERENCES users (id),           -- who pinned it or took the pin off; null: the rules
    reason TEXT                                        -- why, of a pin
);
CREATE INDEX customer_stage_changes_customer ON customer_stage_changes (customer_id, id);
