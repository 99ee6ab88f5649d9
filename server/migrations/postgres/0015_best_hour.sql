-- At which hour a customer is most likely to take a call.

ALTER TABLE crm_call_tasks ADD COLUMN best_hour BIGINT; -- 0 to 23, company time; NULL: nothing is known

-- Calls to customers by purchase stage and hour, of the last weeks; made anew each night.
CREATE TABLE answer_hours (
    purchase_stage TEXT NOT NULL,                     -- of the customer
    hour BIGINT NOT NULL,                             -- 0 to 23, company time
    calls BIGINT NOT NULL,                            -- rung
    answered BIGINT NOT NULL,                         -- taken
    PRIMARY KEY (purchase_stage, hour)
);
