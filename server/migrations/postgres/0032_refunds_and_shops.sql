-- What an order cost beside goods and delivery, what was paid back, and from which shop a file of orders comes.

ALTER TABLE orders ADD COLUMN fees BIGINT NOT NULL DEFAULT 0;      -- poisha, tax and other charges; part of total
ALTER TABLE orders ADD COLUMN refunded BIGINT NOT NULL DEFAULT 0;  -- poisha paid back, at most total; spend is total - refunded

ALTER TABLE import_jobs ADD COLUMN shop TEXT;                      -- name of the shop the file comes from; part of the orders' source
ALTER TABLE import_jobs ADD COLUMN statuses JSONB NOT NULL DEFAULT '{}'; -- status word of the file → order status, as answered
ALTER TABLE import_jobs ADD COLUMN unknown_statuses JSONB NOT NULL DEFAULT '{}'; -- status word without meaning → orders refused for it

CREATE TABLE import_statuses (
    source TEXT NOT NULL,                              -- source of the orders: csv, shopify, shopify:name …
    word TEXT NOT NULL,                                -- status word, normalised
    status TEXT NOT NULL,                              -- order status it means
    PRIMARY KEY (source, word)
);
