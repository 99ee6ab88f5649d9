-- Who would have been called on a day and deliberately was not, to measure what calling does.

CREATE TABLE hold_outs (
    customer_id INTEGER NOT NULL REFERENCES customers (id), -- who
    day DATE NOT NULL,                                -- company day
    kinds TEXT NOT NULL,                              -- kinds of the reasons to call there were
    created_at DATETIME NOT NULL,                  -- when it was decided
    PRIMARY KEY (customer_id, day)
);
CREATE INDEX hold_outs_day ON hold_outs (day);
