-- What a call came to is read from its row (callSummary): notes hold what people wrote. The lines that were written there,
-- e.g. "[call 55] 2026-01-03 16:30 completed 2:15 (completed)", are taken out.

UPDATE crm_call_tasks SET notes = (
    SELECT string_agg(line, E'\n' ORDER BY n) FROM unnest(string_to_array(notes, E'\n')) WITH ORDINALITY AS l (line, n)
    WHERE line !~ '^\[call [0-9]+\] [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} [a-z]')
WHERE notes LIKE '%[call %';
UPDATE customer_interactions SET text = (
    SELECT string_agg(line, E'\n' ORDER BY n) FROM unnest(string_to_array(text, E'\n')) WITH ORDINALITY AS l (line, n)
    WHERE line !~ '^\[call [0-9]+\] [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} [a-z]')
WHERE kind = 'task' AND text LIKE '%[call %';

-- A promise made without a note spoke of such a line.
UPDATE crm_call_tasks SET talking_points = (
    SELECT jsonb_agg(CASE
        WHEN point #>> '{reason,params,note}' ~ '^\[call [0-9]+\] [0-9]{4}-[0-9]{2}-[0-9]{2} '
        THEN point #- '{reason,params,note}' ELSE point END ORDER BY n)
    FROM jsonb_array_elements(talking_points) WITH ORDINALITY AS p (point, n))
WHERE talking_points::TEXT LIKE '%"note": "[call %';

ALTER TABLE telephony_calls DROP COLUMN summarised;
