-- The orders an agent took today are counted with every page of the desk and of the floor.
CREATE INDEX orders_created_by ON orders (created_by, order_date) WHERE created_by IS NOT NULL;
