-- Who has been silent for so long is read from the index alone.
DROP INDEX customers_last_order;
CREATE INDEX customers_last_order ON customers (last_order_date, lifecycle_stage);
