-- Whether an agent's queue changed is asked with every page: the index alone answers.

DROP INDEX crm_call_tasks_queue;
CREATE INDEX crm_call_tasks_queue ON crm_call_tasks (assigned_to, task_date, status, outcome, updated_at);
