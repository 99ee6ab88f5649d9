-- The orders an agent took today are counted with every page of the desk and of the floor.
CREATE INDEX orders_created_by ON orders (created_by, order_date) WHERE created_by IS NOT NULL;
-- Planned calls that a person wanted too: what calling does is measured with them.
CREATE INDEX crm_call_tasks_planned_and_wanted ON crm_call_tasks (task_date, customer_id) WHERE plan_id IS NOT NULL AND origin <> 'plan';
