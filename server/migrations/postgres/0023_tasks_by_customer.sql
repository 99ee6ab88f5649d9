-- A day's plan is written into a few neighbouring pages, however many calls were ever made: its own index begins with
-- the day, and a customer's tasks are found in one index while they are open and in another afterwards.

DROP INDEX crm_call_tasks_one_a_day;
CREATE UNIQUE INDEX crm_call_tasks_one_a_day ON crm_call_tasks (task_date, customer_id) WHERE origin = 'plan';
DROP INDEX crm_call_tasks_customer;
CREATE INDEX crm_call_tasks_customer_open ON crm_call_tasks (customer_id, task_date) WHERE status IN ('pending', 'in_progress');
CREATE INDEX crm_call_tasks_customer_done ON crm_call_tasks (customer_id, task_date) WHERE status NOT IN ('pending', 'in_progress');
