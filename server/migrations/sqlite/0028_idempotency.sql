-- Writes that carry an Idempotency-Key: the row is inserted by the write's own transaction, the answer
-- is added after it, and both are kept for a day.

CREATE TABLE idempotency_keys (
    user_id INTEGER NOT NULL REFERENCES users (id),   -- the sender
    key TEXT NOT NULL,                                -- the header's value
    fingerprint TEXT NOT NULL,                        -- keyed hash of method, path, query and body
    created_at DATETIME NOT NULL,                     -- when the write was begun
    status INTEGER,                                   -- HTTP status of the answer; NULL: not known (yet)
    content_type TEXT,                                -- of the answer; NULL: no body
    body TEXT,                                        -- the answer
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
