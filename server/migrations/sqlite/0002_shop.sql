-- Catalogue, customers, orders, reorder rhythm, imports.

CREATE TABLE categories (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    slug TEXT NOT NULL UNIQUE,                        -- stable name, e.g. rice
    name_bn TEXT NOT NULL,                            -- Bangla name
    name_en TEXT NOT NULL,                            -- English name
    base_unit TEXT NOT NULL,                          -- g, ml or pcs: quantities are compared in it
    external_id TEXT UNIQUE                           -- id in the shop's own files
);

CREATE TABLE products (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    sku TEXT NOT NULL UNIQUE,                         -- stock keeping unit, the shop's own code
    name_bn TEXT NOT NULL,                            -- Bangla name
    name_en TEXT NOT NULL,                            -- English name
    category_id INTEGER NOT NULL REFERENCES categories (id), -- which category
    pack_size REAL NOT NULL,              -- amount in one pack, in pack_unit
    pack_unit TEXT NOT NULL,                          -- kg, g, litre, ml, pcs
    base_qty INTEGER NOT NULL,                         -- amount in one pack, in the category's base unit
    price INTEGER NOT NULL,                            -- poisha per pack
    active BOOLEAN NOT NULL DEFAULT TRUE,             -- in use
    buyers INTEGER NOT NULL DEFAULT 0,                -- customers who last bought this of its category; counted daily
    external_id TEXT UNIQUE,                          -- id in the shop's own files
    created_at DATETIME NOT NULL,                  -- when the row was made
    updated_at DATETIME NOT NULL                   -- last change
);
CREATE INDEX products_category ON products (category_id);

CREATE TABLE consumption_profiles (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    category_id INTEGER UNIQUE REFERENCES categories (id), -- profile of a category, or
    product_id INTEGER UNIQUE REFERENCES products (id), -- of one product (which wins)
    avg_consumption_days INTEGER NOT NULL,             -- days one typical pack lasts
    buffer_days INTEGER,                               -- remind this many days before, or
    buffer_pct INTEGER,                                -- this share of the consumption days (percent)
    min_days INTEGER NOT NULL,                         -- consumption days are never below
    max_days INTEGER NOT NULL,                         -- nor above
    typical_base_qty INTEGER NOT NULL,                 -- the typical pack, in the base unit
    updated_at DATETIME NOT NULL                   -- last change
);

CREATE TABLE product_recommendation_rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    trigger_category_id INTEGER NOT NULL REFERENCES categories (id), -- bought this
    recommended_category_id INTEGER NOT NULL REFERENCES categories (id), -- offer that
    min_days INTEGER NOT NULL,                         -- days passed since the purchase, from
    max_days INTEGER NOT NULL,                         -- to
    min_order_value INTEGER NOT NULL DEFAULT 0,        -- poisha of the triggering order
    priority INTEGER NOT NULL DEFAULT 2,               -- 1 high .. 3 low
    active BOOLEAN NOT NULL DEFAULT TRUE,             -- in use
    UNIQUE (trigger_category_id, recommended_category_id)
);

CREATE TABLE customers (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    phone TEXT NOT NULL UNIQUE,                       -- identity, E.164
    name TEXT NOT NULL,                               -- display name
    email TEXT,                                       -- e-mail address
    address TEXT,                                     -- delivery address
    district TEXT,                                    -- district
    city TEXT,                                        -- city or area
    birthday DATE,                                    -- day of birth
    anniversary DATE,                                 -- anniversary
    birthday_md INTEGER,                               -- month * 100 + day of the birthday, for today's birthdays
    gender TEXT,                                      -- male, female
    greeting TEXT,                                    -- bhai, apu
    language TEXT NOT NULL DEFAULT 'bn',              -- bn, en
    consent_call BOOLEAN NOT NULL DEFAULT TRUE,       -- may be called
    consent_sms BOOLEAN NOT NULL DEFAULT TRUE,        -- may get SMS
    consent_whatsapp BOOLEAN NOT NULL DEFAULT TRUE,   -- may get WhatsApp messages
    consent_email BOOLEAN NOT NULL DEFAULT TRUE,      -- may get e-mail
    do_not_call BOOLEAN NOT NULL DEFAULT FALSE,       -- never call
    do_not_call_reason TEXT,                          -- why not
    do_not_call_at DATETIME,                       -- since when
    assigned_to INTEGER REFERENCES users (id),         -- own agent
    assigned_supervisor_id INTEGER REFERENCES users (id), -- own TL; the pool a customer falls back to
    referral_code TEXT UNIQUE,                        -- code to give to friends
    referrer_id INTEGER REFERENCES customers (id),     -- who referred them
    tags TEXT NOT NULL,                              -- array of strings
    notes TEXT,                                       -- free text
    source TEXT,                                      -- where the customer came from
    external_id TEXT UNIQUE,                          -- id in the shop's own files
    total_orders INTEGER NOT NULL DEFAULT 0,           -- counted orders (not cancelled, not returned)
    total_spend INTEGER NOT NULL DEFAULT 0,            -- poisha over counted orders
    avg_order_value INTEGER NOT NULL DEFAULT 0,        -- poisha, total_spend / total_orders, rounded down
    first_order_date DATE,                            -- day of the first counted order
    last_order_date DATE,                             -- day of the last counted order
    cycle_days INTEGER,                                -- own mean gap between counted order days, rounded up
    purchase_stage TEXT NOT NULL,                     -- new, repeat_2, repeat_3, regular, permanent
    value_stage TEXT NOT NULL,                        -- normal, medium, vip
    customer_type TEXT NOT NULL,                      -- new, repeat, vip, inactive
    lifecycle_stage TEXT NOT NULL,                    -- prospect, new, active, at_risk, churned
    temperature TEXT NOT NULL,                        -- hot, warm, cold
    membership_level TEXT,                            -- silver, gold, permanent
    stage_review_on DATE,                             -- first day on which the date alone changes lifecycle
    last_contact_at DATETIME,                      -- last call, message or note
    created_at DATETIME NOT NULL,                  -- when the row was made
    updated_at DATETIME NOT NULL                   -- last change
);
CREATE INDEX customers_assigned_to ON customers (assigned_to, id);
CREATE INDEX customers_supervisor ON customers (assigned_supervisor_id, id);
-- The team leader's figures are counted from these two alone.
CREATE INDEX customers_coverage ON customers (assigned_supervisor_id, purchase_stage, value_stage, last_order_date);
CREATE INDEX customers_agent_supervisor ON customers (assigned_to, assigned_supervisor_id);
CREATE INDEX customers_birthday ON customers (birthday_md);
CREATE INDEX customers_review ON customers (stage_review_on);
CREATE INDEX customers_last_order ON customers (last_order_date);
CREATE INDEX customers_last_contact ON customers (last_contact_at);
CREATE INDEX customers_segment ON customers (purchase_stage, value_stage, id);
CREATE INDEX customers_district ON customers (district, id);
CREATE INDEX customers_lifecycle ON customers (lifecycle_stage, id);
CREATE INDEX customers_do_not_call ON customers (id) WHERE do_not_call;

CREATE TABLE customer_phones (
    phone TEXT NOT NULL PRIMARY KEY,                  -- further number, E.164; never another customer's
    customer_id INTEGER NOT NULL REFERENCES customers (id) -- whose
);
CREATE INDEX customer_phones_customer ON customer_phones (customer_id);

CREATE TABLE customer_terms (
    term TEXT NOT NULL,                   -- one lower-case word of the name, for prefix search
    customer_id INTEGER NOT NULL REFERENCES customers (id), -- whose
    PRIMARY KEY (term, customer_id)
);
CREATE INDEX customer_terms_customer ON customer_terms (customer_id);

CREATE TABLE customer_interactions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    customer_id INTEGER NOT NULL REFERENCES customers (id), -- whose
    kind TEXT NOT NULL,                               -- call, order, note, message, level, task, assignment
    at DATETIME NOT NULL,                          -- when
    user_id INTEGER,                                   -- who; NULL: the system or the customer
    direction TEXT,                                   -- inbound, outbound
    summary TEXT NOT NULL,                            -- code worded by the UI, e.g. call.completed
    text TEXT,                                        -- free text
    data TEXT NOT NULL,                              -- parameters of the summary
    ref TEXT UNIQUE                                   -- e.g. call:55, so that one cause makes one row
);
CREATE INDEX customer_interactions_customer ON customer_interactions (customer_id, at);

CREATE TABLE customer_assignments (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    customer_id INTEGER NOT NULL REFERENCES customers (id), -- whose
    at DATETIME NOT NULL,                          -- when
    by_user_id INTEGER,                                -- who; NULL: the system
    from_agent_id INTEGER,                             -- agent before
    to_agent_id INTEGER,                               -- agent after
    from_supervisor_id INTEGER,                        -- TL before
    to_supervisor_id INTEGER,                          -- TL after
    reason TEXT                                       -- why
);
CREATE INDEX customer_assignments_customer ON customer_assignments (customer_id, at);

CREATE TABLE orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    order_no TEXT NOT NULL UNIQUE,                    -- what people call it
    source TEXT NOT NULL,                             -- rest, csv, woocommerce, shopify, call …
    external_id TEXT NOT NULL,                        -- id at the source
    customer_id INTEGER NOT NULL REFERENCES customers (id), -- whose
    order_date DATE NOT NULL,                         -- company day
    placed_at DATETIME NOT NULL,                   -- instant of the order
    status TEXT NOT NULL,                             -- placed, confirmed, shipped, delivered, cancelled, returned
    counted BOOLEAN NOT NULL,                         -- status is neither cancelled nor returned
    subtotal INTEGER NOT NULL,                         -- poisha, sum of lines
    discount INTEGER NOT NULL,                         -- poisha
    delivery_charge INTEGER NOT NULL,                  -- poisha
    total INTEGER NOT NULL,                            -- poisha, subtotal - discount + delivery_charge
    payment_method TEXT NOT NULL,                     -- cod, paid …
    note TEXT,                                        -- free text
    task_id INTEGER UNIQUE,                            -- call task that made it: one order a task
    created_by INTEGER,                                -- user who took it
    content_hash TEXT NOT NULL,                       -- SHA-256 of what was sent; equal: nothing to do
    created_at DATETIME NOT NULL,                  -- when the row was made
    updated_at DATETIME NOT NULL,                  -- last change
    UNIQUE (source, external_id)
);
CREATE INDEX orders_customer ON orders (customer_id, order_date);
CREATE INDEX orders_date ON orders (order_date, id);

CREATE TABLE order_lines (
    order_id INTEGER NOT NULL REFERENCES orders (id),  -- its order
    line_no INTEGER NOT NULL,                          -- 1, 2 … in the order's own sequence
    product_id INTEGER NOT NULL REFERENCES products (id), -- what
    quantity INTEGER NOT NULL,                         -- packs
    unit_price INTEGER NOT NULL,                       -- poisha per pack
    line_total INTEGER NOT NULL,                       -- poisha
    base_qty INTEGER NOT NULL,                         -- quantity in the category's base unit
    PRIMARY KEY (order_id, line_no)
);

CREATE TABLE reorder_pairs (
    customer_id INTEGER NOT NULL REFERENCES customers (id), -- whose
    category_id INTEGER NOT NULL REFERENCES categories (id), -- which category
    purchases INTEGER NOT NULL,                        -- distinct counted days on which the category was bought
    first_date DATE NOT NULL,                         -- first counted day of purchase
    last_date DATE NOT NULL,                          -- last counted day of purchase
    last_qty INTEGER NOT NULL,                         -- base units bought on last_date
    last_value INTEGER NOT NULL,                       -- poisha spent on the category on last_date
    product_id INTEGER NOT NULL REFERENCES products (id), -- what was mostly bought on last_date
    due_on DATE NOT NULL,                             -- reminder date: last_date + consumption - buffer
    expected_on DATE NOT NULL,                        -- when it runs out: last_date + consumption
    PRIMARY KEY (customer_id, category_id)
);
-- Covers what the day's plan reads of every due pair, so that only the index is read.
CREATE INDEX reorder_pairs_due ON reorder_pairs (due_on, customer_id, category_id, purchases);
CREATE INDEX reorder_pairs_category_last ON reorder_pairs (category_id, last_date);

CREATE TABLE import_jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- sequence
    kind TEXT NOT NULL,                               -- categories, products, customers, orders
    format TEXT NOT NULL,                             -- own, woocommerce, shopify
    file_name TEXT NOT NULL,                          -- as uploaded
    stored_path TEXT NOT NULL,                        -- kept under the data directory until the job is gone
    lines_path TEXT,                                  -- second file with the order lines
    status TEXT NOT NULL,                             -- queued, running, done, failed, cancelled
    dry_run BOOLEAN NOT NULL,                         -- check only
    mapping TEXT NOT NULL,                           -- column → field
    columns TEXT NOT NULL,                           -- header as found
    total_rows INTEGER NOT NULL DEFAULT 0,             -- data rows in the file
    done_rows INTEGER NOT NULL DEFAULT 0,              -- rows behind the last committed chunk
    ok_rows INTEGER NOT NULL DEFAULT 0,                -- rows taken
    error_rows INTEGER NOT NULL DEFAULT 0,             -- rows rejected
    created INTEGER NOT NULL DEFAULT 0,                -- records made
    updated INTEGER NOT NULL DEFAULT 0,                -- records changed
    unchanged INTEGER NOT NULL DEFAULT 0,              -- records that were so already
    lines_total INTEGER NOT NULL DEFAULT 0,           -- data rows in the lines file
    lines_used INTEGER NOT NULL DEFAULT 0,            -- of them, those of orders passed so far
    error TEXT,                                       -- why the whole job failed
    instance TEXT,                                    -- process working on it
    heartbeat_at DATETIME,                         -- last sign of life of that process
    created_by INTEGER,                                -- user; NULL: the system
    created_at DATETIME NOT NULL,                  -- when the row was made
    started_at DATETIME,                           -- when it began
    finished_at DATETIME                           -- when it ended
);

CREATE TABLE import_errors (
    import_id INTEGER NOT NULL REFERENCES import_jobs (id), -- its import
    line INTEGER NOT NULL,                             -- line in the file, the header is 1
    seq INTEGER NOT NULL,                              -- errors of one line, 0, 1 …
    column_name TEXT,                                 -- column concerned
    code TEXT NOT NULL,                               -- stable code
    reason TEXT NOT NULL,                             -- sentence
    value TEXT,                                       -- offending value, cut to 200 characters
    record TEXT NOT NULL,                            -- the whole row, for the rejected-rows file
    PRIMARY KEY (import_id, line, seq)
);

CREATE TABLE import_touched (
    import_id INTEGER NOT NULL REFERENCES import_jobs (id), -- its import
    customer_id INTEGER NOT NULL REFERENCES customers (id), -- whose figures must still be recomputed
    PRIMARY KEY (import_id, customer_id)
);
