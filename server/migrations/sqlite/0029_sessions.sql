-- A login is a row, so that it can be ended at once, everywhere and for good; guesses of passwords are
-- counted by name and network instead of by account.

CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,             -- the `sid` of access tokens
    family TEXT,                                      -- links the tokens below, dropped again
    user_id INTEGER NOT NULL REFERENCES users (id),   -- who logged in
    began_at DATETIME NOT NULL,                       -- login; a session lives 30 days at most
    network TEXT NOT NULL,                            -- address (IPv4) or /64 (IPv6) of the login; '': not known
    ended_at DATETIME                                 -- logged out, ended by a password change, …; NULL: lives
);
INSERT INTO sessions (user_id, began_at, network, ended_at, family)
SELECT user_id, MIN(created_at), '', MAX(revoked_at), family FROM refresh_tokens GROUP BY user_id, family;

CREATE TABLE session_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,             -- sequence
    session_id INTEGER NOT NULL REFERENCES sessions (id), -- the login; reuse of a spent token ends it
    token_hash TEXT NOT NULL UNIQUE,                  -- SHA-256 of the opaque token, hex
    expires_at DATETIME NOT NULL,                     -- no use after this
    spent_at DATETIME,                                -- rotated away at
    created_at DATETIME NOT NULL                      -- when the row was made
);
INSERT INTO session_tokens (session_id, token_hash, expires_at, spent_at, created_at)
SELECT s.id, r.token_hash, r.expires_at, r.spent_at, r.created_at
FROM refresh_tokens r JOIN sessions s ON s.family = r.family AND s.user_id = r.user_id;
DROP TABLE refresh_tokens;
ALTER TABLE session_tokens RENAME TO refresh_tokens;
ALTER TABLE sessions DROP COLUMN family;
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);
CREATE INDEX sessions_user ON sessions (user_id, began_at);
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_began ON sessions (began_at);

DROP TABLE socket_tickets;
CREATE TABLE socket_tickets (
    ticket_hash TEXT NOT NULL PRIMARY KEY,            -- SHA-256 of the ticket, hex
    session_id INTEGER NOT NULL REFERENCES sessions (id), -- the login that may connect with it
    expires_at DATETIME NOT NULL                      -- single use, seconds
);

CREATE TABLE login_failures (
    name_hash TEXT NOT NULL,                          -- keyed hash of the login name, whether it exists or not
    network TEXT NOT NULL,                            -- address (IPv4) or /64 (IPv6)
    failures INTEGER NOT NULL,                        -- wrong passwords in a row
    last_at DATETIME NOT NULL,                        -- the last of them
    paused_until DATETIME,                            -- no attempt is looked at before this
    PRIMARY KEY (name_hash, network)
);
CREATE INDEX login_failures_last ON login_failures (last_at);
ALTER TABLE users DROP COLUMN failed_logins;
ALTER TABLE users DROP COLUMN locked_until;
