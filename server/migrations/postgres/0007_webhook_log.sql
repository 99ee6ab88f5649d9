-- The log of deliveries: how long each took.

ALTER TABLE webhook_deliveries ADD COLUMN took_us BIGINT; -- microseconds from its headers to this row; NULL: of before this column
