-- Filters over customers that people keep under a name.

CREATE TABLE segments (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    name TEXT NOT NULL,                               -- as people call it
    filter TEXT NOT NULL,                             -- what narrows the list of customers
    owner_id INTEGER NOT NULL REFERENCES users (id),    -- who keeps it
    shared BOOLEAN NOT NULL,                          -- everybody may use it
    created_at DATETIME NOT NULL,                    -- when the row was made
    updated_at DATETIME NOT NULL,                    -- last change
    UNIQUE (owner_id, name)
);
