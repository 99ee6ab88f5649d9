-- A planned call nobody took is tried again (origin retry), once for each try like a promise.
DROP INDEX crm_call_tasks_one_promise;
CREATE UNIQUE INDEX crm_call_tasks_one_promise ON crm_call_tasks (parent_task_id) WHERE origin IN ('promise', 'retry');
-- What was promised for which hour, also what is done: whether promises are kept.
CREATE INDEX crm_call_tasks_promised ON crm_call_tasks (due_at) WHERE origin = 'promise';
