-- One open task for a customer and day, whatever made it. Tasks that are open twice become one: the one being worked on,
-- else the promise, else the strongest kind stays, with the reasons, notes and calls of the others.

CREATE TEMP TABLE open_tasks AS
SELECT id, FIRST_VALUE(id) OVER same AS keeper, ROW_NUMBER() OVER same AS place,
       CASE kind WHEN 'complaint' THEN 0 WHEN 'missed_call' THEN 1 WHEN 'follow_up' THEN 2 ELSE 3 END AS strength
FROM crm_call_tasks
WHERE status IN ('pending', 'in_progress')
WINDOW same AS (
    PARTITION BY COALESCE(CAST(customer_id AS TEXT), phone), customer_id IS NULL, task_date
    ORDER BY CASE status WHEN 'in_progress' THEN 0 ELSE 1 END,
             CASE origin WHEN 'promise' THEN 0 ELSE 1 END,
             CASE kind WHEN 'complaint' THEN 0 WHEN 'missed_call' THEN 1 WHEN 'follow_up' THEN 2 ELSE 3 END,
             priority, id
    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
);
DELETE FROM open_tasks WHERE keeper NOT IN (SELECT keeper FROM open_tasks WHERE id <> keeper);
CREATE INDEX open_tasks_keeper ON open_tasks (keeper, place);

-- The missed-call indexes would refuse what is merged below; the new ones hold more.
DROP INDEX crm_call_tasks_missed_phone;
DROP INDEX crm_call_tasks_missed_customer;

UPDATE crm_call_tasks SET
  talking_points = (
        SELECT json_group_array(json(point)) FROM (
            SELECT e.value AS point
            FROM open_tasks o JOIN crm_call_tasks t ON t.id = o.id, json_each(t.talking_points) e
            WHERE o.keeper = crm_call_tasks.id
            GROUP BY e.value
            ORDER BY MIN(CASE json_extract(e.value, '$.kind') WHEN 'complaint' THEN 0 WHEN 'missed_call' THEN 1
                             WHEN 'follow_up' THEN 2 ELSE 3 END),
                     MIN(o.place), MIN(e.key)
        )
    ),
  priority = (SELECT MIN(t.priority) FROM open_tasks o JOIN crm_call_tasks t ON t.id = o.id WHERE o.keeper = crm_call_tasks.id),
  attempts = (SELECT MAX(t.attempts) FROM open_tasks o JOIN crm_call_tasks t ON t.id = o.id WHERE o.keeper = crm_call_tasks.id),
  due_at = CASE WHEN origin = 'promise' THEN due_at ELSE (
        SELECT MIN(t.due_at) FROM open_tasks o JOIN crm_call_tasks t ON t.id = o.id
        WHERE o.keeper = crm_call_tasks.id AND t.origin <> 'retry') END,
  notes = (
        SELECT group_concat(notes, char(10)) FROM (
            SELECT t.notes FROM open_tasks o JOIN crm_call_tasks t ON t.id = o.id
            WHERE o.keeper = crm_call_tasks.id AND COALESCE(t.notes, '') <> ''
            GROUP BY t.notes ORDER BY MIN(o.place)
        )
    ),
  origin = CASE WHEN origin IN ('plan', 'retry') THEN COALESCE((
        SELECT t.origin FROM open_tasks o JOIN crm_call_tasks t ON t.id = o.id
        WHERE o.keeper = crm_call_tasks.id AND t.origin IN ('missed_call', 'manual')
        ORDER BY t.origin = 'manual', o.place LIMIT 1), origin) ELSE origin END
WHERE id IN (SELECT keeper FROM open_tasks);

-- A stronger reason than its own leads the task.
UPDATE crm_call_tasks SET kind = s.kind, reason = s.kind, category_id = NULL,
  script_key = CASE s.kind WHEN 'complaint' THEN 'complaint' WHEN 'missed_call' THEN 'missedCall' ELSE 'followUp' END
FROM (
    SELECT o.keeper, CASE MIN(o.strength) WHEN 0 THEN 'complaint' WHEN 1 THEN 'missed_call' ELSE 'follow_up' END AS kind
    FROM open_tasks o GROUP BY o.keeper
    HAVING MIN(o.strength) < MIN(CASE WHEN o.id = o.keeper THEN o.strength END)
) s
WHERE crm_call_tasks.id = s.keeper;

-- What was typed about the others is kept with the one that stays.
UPDATE wrap_ups SET notes = trim(notes || char(10) || COALESCE((
    SELECT group_concat(w.notes, char(10)) FROM open_tasks o JOIN wrap_ups w ON w.task_id = o.id
    WHERE o.keeper = wrap_ups.task_id AND o.id <> o.keeper AND w.notes <> ''), ''), char(10))
WHERE task_id IN (SELECT keeper FROM open_tasks);
DELETE FROM wrap_ups WHERE task_id IN (SELECT id FROM open_tasks WHERE id <> keeper);
UPDATE telephony_calls SET task_id = (SELECT keeper FROM open_tasks WHERE id = telephony_calls.task_id)
WHERE task_id IN (SELECT id FROM open_tasks WHERE id <> keeper);

UPDATE crm_call_tasks SET status = 'cancelled',
  cancel_reason = (
        SELECT json_object('code', 'merged', 'params', json_object('taskId', o.keeper))
        FROM open_tasks o WHERE o.id = crm_call_tasks.id
    )
WHERE id IN (SELECT id FROM open_tasks WHERE id <> keeper);
DROP TABLE open_tasks;

DROP INDEX crm_call_tasks_customer_open;
CREATE UNIQUE INDEX crm_call_tasks_one_open ON crm_call_tasks (customer_id, task_date) WHERE status IN ('pending', 'in_progress');
CREATE UNIQUE INDEX crm_call_tasks_one_open_phone ON crm_call_tasks (phone, task_date) WHERE customer_id IS NULL AND status IN ('pending', 'in_progress');
