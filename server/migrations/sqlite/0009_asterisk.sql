-- A telephone system of our own: who is asked to take a customer over, whose browser is a telephone,
-- which instance follows the telephone system.

ALTER TABLE telephony_calls ADD COLUMN consult TEXT;  -- extension of the colleague being asked
ALTER TABLE telephony_calls ADD COLUMN consult_answered BOOLEAN NOT NULL DEFAULT FALSE; -- talks with the agent

CREATE TABLE phone_logins (
    extension TEXT NOT NULL PRIMARY KEY,              -- whose telephone
    user_id INTEGER NOT NULL REFERENCES users (id),    -- who asked for the login
    made_at DATETIME NOT NULL                     -- when; the password itself is only at the telephone system
);

CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,                   -- of what only one instance does at a time
    holder TEXT NOT NULL,                             -- the instance
    good_until DATETIME NOT NULL                  -- renewed before then, or somebody else's
);
