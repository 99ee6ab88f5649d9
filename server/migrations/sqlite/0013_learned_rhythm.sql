-- The learned reorder rhythm: what is remembered of each pair, and the models made of it.

ALTER TABLE reorder_pairs ADD COLUMN log_gaps REAL NOT NULL DEFAULT 0; -- S: sum of the gaps' logarithms, older ones fading
ALTER TABLE reorder_pairs ADD COLUMN weight REAL NOT NULL DEFAULT 0; -- W: their weight
ALTER TABLE reorder_pairs ADD COLUMN repeats REAL NOT NULL DEFAULT 0; -- A: repurchases, older ones fading
ALTER TABLE reorder_pairs ADD COLUMN exposure REAL NOT NULL DEFAULT 0; -- B: days in which they happened, fading likewise
ALTER TABLE reorder_pairs ADD COLUMN total_qty INTEGER NOT NULL DEFAULT 0; -- base units bought in all

-- Covers what the day's plan reads of every due pair, so that only the index is read.
DROP INDEX reorder_pairs_due;
CREATE INDEX reorder_pairs_due ON reorder_pairs
    (due_on, customer_id, category_id, purchases, last_date, expected_on, repeats, exposure);

-- The newest row rules.
CREATE TABLE reorder_models (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    trained_on DATE NOT NULL,                         -- company day whose past it was trained on
    trained_at DATETIME NOT NULL,                   -- when
    in_use BOOLEAN NOT NULL,                          -- whether it beats the configured table, so that dates follow it
    model TEXT,                                      -- the model; NULL: too little history to train one
    report TEXT NOT NULL,                            -- how it and the table would have done
    applied_at DATETIME                             -- when the last pair followed it; NULL: not yet
);

-- What a customer said of the stock at home; the newest row of a pair counts until the next purchase.
CREATE TABLE stock_reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    customer_id INTEGER NOT NULL REFERENCES customers (id), -- whose
    category_id INTEGER NOT NULL REFERENCES categories (id), -- of what
    said_on DATE NOT NULL,                            -- company day
    days_left INTEGER NOT NULL,                         -- so many days of it were left
    user_id INTEGER REFERENCES users (id),              -- who wrote it down
    created_at DATETIME NOT NULL                    -- when
);
CREATE INDEX stock_reports_pair ON stock_reports (customer_id, category_id, id);
