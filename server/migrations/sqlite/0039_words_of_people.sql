-- What a call came to is read from its row (callSummary): notes hold what people wrote. The lines that were written there,
-- e.g. "[call 55] 2026-01-03 16:30 completed 2:15 (completed)", are taken out.

CREATE TEMP TABLE noted AS
SELECT 'task' AS place, id, notes AS text FROM crm_call_tasks WHERE notes LIKE '%[call %'
UNION ALL
SELECT 'timeline', id, text FROM customer_interactions WHERE kind = 'task' AND text LIKE '%[call %';

CREATE TEMP TABLE lines AS
WITH RECURSIVE split (place, id, n, line, rest) AS (
    SELECT place, id, 0, NULL, text || char(10) FROM noted
    UNION ALL
    SELECT place, id, n + 1, substr(rest, 1, instr(rest, char(10)) - 1), substr(rest, instr(rest, char(10)) + 1)
    FROM split WHERE rest <> ''
)
SELECT place, id, n, line FROM split
WHERE line NOT GLOB '[[]call [0-9]*] [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9] [a-z]*';
CREATE INDEX lines_row ON lines (place, id, n);

UPDATE crm_call_tasks SET notes = (
    SELECT group_concat(line, char(10)) FROM (
        SELECT line FROM lines WHERE place = 'task' AND id = crm_call_tasks.id ORDER BY n))
WHERE id IN (SELECT id FROM noted WHERE place = 'task');
UPDATE customer_interactions SET text = (
    SELECT group_concat(line, char(10)) FROM (
        SELECT line FROM lines WHERE place = 'timeline' AND id = customer_interactions.id ORDER BY n))
WHERE id IN (SELECT id FROM noted WHERE place = 'timeline');
DROP TABLE lines;
DROP TABLE noted;

-- A promise made without a note spoke of such a line.
UPDATE crm_call_tasks SET talking_points = (
    SELECT json_group_array(json(CASE
        WHEN json_extract(e.value, '$.reason.params.note') GLOB '[[]call [0-9]*] [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] *'
        THEN json_remove(e.value, '$.reason.params.note') ELSE e.value END))
    FROM json_each(crm_call_tasks.talking_points) e)
WHERE talking_points LIKE '%"note":"[call %';

ALTER TABLE telephony_calls DROP COLUMN summarised;
