-- Calls nobody took, by day: a reason tried often enough is left alone for a while.

CREATE INDEX crm_call_tasks_silent ON crm_call_tasks (task_date, customer_id, kind, category_id)
    WHERE outcome = 'no_response';
