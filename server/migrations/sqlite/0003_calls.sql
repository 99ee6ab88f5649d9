-- The daily plan, call tasks, wrap-up, telephony.

CREATE TABLE daily_plans (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    plan_date DATE NOT NULL,                          -- company day planned
    created_at DATETIME NOT NULL,                  -- when the row was made
    created_by INTEGER,                                -- user; NULL: the daily job
    params TEXT NOT NULL,                            -- quotas used
    result TEXT NOT NULL                             -- counts and what was left out
);
CREATE INDEX daily_plans_date ON daily_plans (plan_date, id);

CREATE TABLE crm_call_tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    customer_id INTEGER REFERENCES customers (id),     -- NULL: unknown number
    phone TEXT NOT NULL,                              -- number to call, E.164 where it is one
    task_date DATE NOT NULL,                          -- company day it belongs to
    kind TEXT NOT NULL,                               -- reminder, offer_followup, cross_sell, membership_upgrade, birthday, follow_up, missed_call, win_back, drop_off, complaint
    reason TEXT NOT NULL,                             -- stable key of the main reason, e.g. reminder:rice
    talking_points TEXT NOT NULL,                    -- every reason to speak about, the main one first
    origin TEXT NOT NULL,                             -- plan, promise, missed_call, manual
    priority INTEGER NOT NULL,                         -- 1 high, 2, 3 low
    score REAL NOT NULL,                  -- rank inside the priority, higher first
    temperature TEXT NOT NULL,                        -- of the customer when planned
    recommended_products TEXT NOT NULL,              -- product ids
    script_key TEXT NOT NULL,                         -- script to read
    offer_code TEXT,                                  -- offer to mention
    category_id INTEGER,                               -- category of a reminder
    assigned_to INTEGER REFERENCES users (id),         -- agent whose queue it is on
    team_code TEXT,                                   -- team it was routed to
    status TEXT NOT NULL,                             -- pending, in_progress, completed, failed, cancelled, expired
    attempts INTEGER NOT NULL DEFAULT 0,               -- calls begun
    due_at DATETIME,                               -- promised hour
    outcome TEXT,                                     -- ordered, follow_up, not_interested, price_issue, no_response
    sub_reason TEXT,                                  -- more exactly
    notes TEXT,                                       -- free text
    order_id INTEGER,                                  -- order the call made
    cancel_reason TEXT,                              -- {code, params}
    parent_task_id INTEGER,                            -- task whose call made this promise
    plan_id INTEGER,                                   -- daily plan that made it
    created_by INTEGER,                                -- user; NULL: the system
    created_at DATETIME NOT NULL,                  -- when the row was made
    started_at DATETIME,                           -- when it began
    completed_at DATETIME,                         -- when it was completed
    updated_at DATETIME NOT NULL                   -- last change
);
-- One customer, one planned call a day, whoever and however many plan at once.
CREATE UNIQUE INDEX crm_call_tasks_one_a_day ON crm_call_tasks (customer_id, task_date) WHERE origin = 'plan';
-- One promise per call that made it: a retried completion promises once.
CREATE UNIQUE INDEX crm_call_tasks_one_promise ON crm_call_tasks (parent_task_id) WHERE origin = 'promise';
-- No second missed-call task while one is waiting for that number or customer.
CREATE UNIQUE INDEX crm_call_tasks_missed_phone ON crm_call_tasks (phone) WHERE kind = 'missed_call' AND status = 'pending';
CREATE UNIQUE INDEX crm_call_tasks_missed_customer ON crm_call_tasks (customer_id) WHERE kind = 'missed_call' AND status = 'pending';
CREATE INDEX crm_call_tasks_queue ON crm_call_tasks (assigned_to, task_date, status, outcome);
-- What an agent has not finished, of any day.
CREATE INDEX crm_call_tasks_unfinished ON crm_call_tasks (assigned_to, task_date) WHERE status IN ('pending', 'in_progress');
CREATE INDEX crm_call_tasks_date ON crm_call_tasks (task_date, status);
CREATE INDEX crm_call_tasks_customer ON crm_call_tasks (customer_id, task_date);
CREATE INDEX crm_call_tasks_open ON crm_call_tasks (status, task_date) WHERE status IN ('pending', 'in_progress');

CREATE TABLE wrap_ups (
    task_id INTEGER NOT NULL PRIMARY KEY REFERENCES crm_call_tasks (id), -- one wrap-up a task
    user_id INTEGER NOT NULL REFERENCES users (id),    -- the agent it waits for
    call_id INTEGER,                                   -- latest call of the task
    state TEXT NOT NULL,                              -- calling, wrap_up
    since DATETIME NOT NULL,                       -- when this state began
    notes TEXT NOT NULL DEFAULT '',                   -- typed so far
    outcome TEXT,                                     -- chosen so far
    sub_reason TEXT,                                  -- more exactly
    follow_up_at DATETIME,                         -- promised time
    basket TEXT NOT NULL,                            -- [{productId, quantity}]
    updated_at DATETIME NOT NULL                   -- last change
);
CREATE INDEX wrap_ups_user ON wrap_ups (user_id);

CREATE TABLE telephony_calls (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    direction TEXT NOT NULL,                          -- outbound, inbound
    provider TEXT NOT NULL,                           -- bracknet, asterisk, simulator
    mode TEXT NOT NULL,                               -- live, mock
    external_call_id TEXT,                            -- id at the provider; NULL until it answers
    customer_phone TEXT NOT NULL,                     -- as normalised; raw where it is none
    agent_phone TEXT,                                 -- extension
    agent_user_id INTEGER REFERENCES users (id),       -- agent
    transferred_to TEXT,                              -- extension the customer was passed on to
    task_id INTEGER REFERENCES crm_call_tasks (id),    -- its call task
    customer_id INTEGER REFERENCES customers (id),     -- whose
    status TEXT NOT NULL,                             -- initiated, ringing, answered, completed, missed, no_answer, busy, failed, cancelled
    started_at DATETIME NOT NULL,                  -- when it began
    ringing_at DATETIME,                           -- began to ring
    answered_at DATETIME,                          -- was answered
    ended_at DATETIME,                             -- was over
    duration_seconds INTEGER,                          -- talk time
    end_reason TEXT,                                  -- as the provider says it
    recording_url TEXT,                               -- where the recording is
    recording_duration INTEGER,                        -- seconds
    muted BOOLEAN NOT NULL DEFAULT FALSE,             -- actual state at the provider
    held BOOLEAN NOT NULL DEFAULT FALSE,              -- customer on hold
    recording BOOLEAN NOT NULL DEFAULT FALSE,         -- being recorded
    summarised BOOLEAN NOT NULL DEFAULT FALSE,        -- its summary stands in the task's notes
    idempotency_key TEXT,                             -- of the request that started it
    facts TEXT NOT NULL,                             -- what the events said, merged; the columns above are derived from it
    meta TEXT NOT NULL,                              -- raw payloads
    created_at DATETIME NOT NULL,                  -- when the row was made
    updated_at DATETIME NOT NULL,                  -- last change
    UNIQUE (provider, external_call_id),
    UNIQUE (agent_user_id, idempotency_key)
);
CREATE INDEX telephony_calls_customer ON telephony_calls (customer_id, started_at);
CREATE INDEX telephony_calls_agent ON telephony_calls (agent_user_id, started_at);
CREATE INDEX telephony_calls_task ON telephony_calls (task_id);
CREATE INDEX telephony_calls_started ON telephony_calls (started_at, id);
-- An agent rings one customer at a time, and a customer is rung by one agent at a time.
CREATE UNIQUE INDEX telephony_calls_one_per_agent ON telephony_calls (agent_user_id)
    WHERE direction = 'outbound' AND transferred_to IS NULL AND status IN ('initiated', 'ringing', 'answered');
CREATE UNIQUE INDEX telephony_calls_one_per_number ON telephony_calls (customer_phone)
    WHERE direction = 'outbound' AND status IN ('initiated', 'ringing', 'answered');
CREATE UNIQUE INDEX telephony_calls_one_per_customer ON telephony_calls (customer_id)
    WHERE direction = 'outbound' AND status IN ('initiated', 'ringing', 'answered');
CREATE INDEX telephony_calls_open ON telephony_calls (status) WHERE status IN ('initiated', 'ringing', 'answered');

CREATE TABLE webhook_deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    received_at DATETIME NOT NULL,                 -- when it arrived
    provider TEXT NOT NULL,                           -- telephony provider
    path TEXT NOT NULL,                               -- URL path
    body_hash TEXT NOT NULL,                          -- SHA-256 of path and raw body, hex
    body TEXT NOT NULL,                               -- raw, cut to 16 KiB
    outcome TEXT NOT NULL,                            -- applied, duplicate, unknown_call, rejected
    code TEXT,                                        -- why it was rejected
    external_call_id TEXT,                            -- call id in the payload
    call_id INTEGER                                    -- call it was applied to
);
CREATE INDEX webhook_deliveries_received ON webhook_deliveries (received_at, id);
