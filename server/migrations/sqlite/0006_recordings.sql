-- Recordings that the telephone system only gave an address for.

CREATE TABLE recordings (
    call_id INTEGER NOT NULL PRIMARY KEY REFERENCES telephony_calls (id), -- one recording a call
    source_url TEXT NOT NULL,                         -- where the telephone system has it
    state TEXT NOT NULL,                              -- pending, stored, failed
    file TEXT,                                        -- name in the recordings folder
    content_type TEXT,                                -- media type
    bytes INTEGER,                                      -- its size
    attempts INTEGER NOT NULL,                          -- times it was asked for
    next_try_at DATETIME NOT NULL,                        -- when to ask (again)
    error TEXT,                                       -- why the last try failed
    created_at DATETIME NOT NULL,                         -- when the row was made
    updated_at DATETIME NOT NULL                          -- last change
);
CREATE INDEX recordings_due ON recordings (next_try_at) WHERE state = 'pending';
