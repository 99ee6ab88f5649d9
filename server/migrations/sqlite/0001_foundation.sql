-- People, teams, sessions, settings, jobs, realtime events.
-- Instants are UTC; money is integer poisha; civil dates are the company's calendar day.

CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY,                    -- dotted name, e.g. plan.quotas
    value TEXT NOT NULL,                             -- the value, shape defined beside its reader
    updated_at DATETIME NOT NULL,                  -- last change
    updated_by INTEGER                                 -- user who changed it; NULL: the system
);

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    login TEXT NOT NULL UNIQUE,                       -- lower case
    name TEXT NOT NULL,                               -- display name
    role TEXT NOT NULL,                               -- admin, sales_manager, team_leader, agent, support, delivery_coordinator
    password_hash TEXT NOT NULL,                      -- argon2id PHC string
    phone TEXT,                                       -- E.164
    extension TEXT UNIQUE,                            -- PBX extension
    team_id INTEGER,                                   -- sales team of an agent
    team_leader_id INTEGER REFERENCES users (id),      -- the TL an agent reports to
    seniority TEXT NOT NULL DEFAULT 'regular',        -- junior, regular, senior
    capacity INTEGER NOT NULL DEFAULT 200,             -- most call tasks a day
    language TEXT NOT NULL DEFAULT 'bn',              -- UI language: bn, en
    theme TEXT NOT NULL DEFAULT 'system',             -- UI theme: system, light, dark
    active BOOLEAN NOT NULL DEFAULT TRUE,             -- inactive users cannot log in and get no work
    failed_logins INTEGER NOT NULL DEFAULT 0,          -- consecutive wrong passwords
    locked_until DATETIME,                         -- no login before this instant
    created_at DATETIME NOT NULL,                  -- when the row was made
    updated_at DATETIME NOT NULL                   -- last change
);
CREATE INDEX users_team_leader ON users (team_leader_id);
CREATE INDEX users_team ON users (team_id);

CREATE TABLE sales_teams (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    code TEXT NOT NULL,                               -- A new, B repeat-2, C repeat-3, D regular and the rest, E VIP and permanent
    name TEXT NOT NULL,                               -- display name
    team_leader_id INTEGER NOT NULL REFERENCES users (id), -- owner
    created_at DATETIME NOT NULL,                  -- when the row was made
    updated_at DATETIME NOT NULL,                  -- last change
    UNIQUE (team_leader_id, code)
);

CREATE TABLE agent_districts (
    user_id INTEGER NOT NULL REFERENCES users (id),    -- the agent
    district TEXT NOT NULL,                           -- district or city the agent is mapped to, lower case
    PRIMARY KEY (user_id, district)
);

CREATE TABLE agent_absences (
    user_id INTEGER NOT NULL REFERENCES users (id),    -- the agent
    day DATE NOT NULL,                                -- company day without work
    PRIMARY KEY (user_id, day)
);

CREATE TABLE agent_status (
    user_id INTEGER NOT NULL PRIMARY KEY REFERENCES users (id), -- the agent
    status TEXT NOT NULL,                             -- offline, online, on_call, wrap_up, break
    since DATETIME NOT NULL,                       -- when this status began
    reason TEXT,                                      -- break reason
    break_after_call BOOLEAN NOT NULL DEFAULT FALSE   -- go on break when the wrap-up is done
);

CREATE TABLE refresh_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    user_id INTEGER NOT NULL REFERENCES users (id),    -- owner
    family TEXT NOT NULL,                             -- one login; reuse of a spent token revokes the family
    token_hash TEXT NOT NULL UNIQUE,                  -- SHA-256 of the opaque token, hex
    expires_at DATETIME NOT NULL,                  -- no use after this
    spent_at DATETIME,                             -- rotated away at
    revoked_at DATETIME,                           -- logged out or family revoked at
    created_at DATETIME NOT NULL                   -- when the row was made
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);

CREATE TABLE socket_tickets (
    ticket_hash TEXT NOT NULL PRIMARY KEY,            -- SHA-256 of the ticket, hex
    user_id INTEGER NOT NULL REFERENCES users (id),    -- who may connect with it
    expires_at DATETIME NOT NULL                   -- single use, seconds
);

CREATE TABLE job_runs (
    schedule TEXT NOT NULL,                           -- job name
    due_at DATETIME NOT NULL,                      -- the occurrence; the row is the claim
    instance TEXT NOT NULL,                           -- process that holds it
    claimed_at DATETIME NOT NULL,                  -- when the process took it
    finished_at DATETIME,                          -- NULL: running or crashed
    attempts INTEGER NOT NULL DEFAULT 1,               -- claims of this occurrence
    error TEXT,                                       -- last failure
    report TEXT,                                     -- what the run did
    PRIMARY KEY (schedule, due_at)
);

CREATE TABLE live_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence number seen by browsers
    kind TEXT NOT NULL,                               -- event type, e.g. call.updated
    user_id INTEGER,                                   -- addressee; NULL: by team leader or everybody
    team_leader_id INTEGER,                            -- the addressee's TL, who sees it too
    everyone BOOLEAN NOT NULL DEFAULT FALSE,          -- for every connected user
    payload TEXT NOT NULL,                           -- the event's data
    at DATETIME NOT NULL                           -- when
);
CREATE INDEX live_events_at ON live_events (at);

CREATE TABLE audit_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    at DATETIME NOT NULL,                          -- when
    user_id INTEGER,                                   -- who; NULL: the system
    action TEXT NOT NULL,                             -- e.g. user.updated
    entity TEXT NOT NULL,                             -- e.g. user
    entity_id INTEGER,                                 -- row concerned
    before TEXT,                                     -- state before
    after TEXT                                       -- state after
);
CREATE INDEX audit_log_entity ON audit_log (entity, entity_id);
