-- What an import says of its rows: errors of rows that are not taken, and warnings about rows that are.
CREATE TABLE import_findings (
    id INTEGER PRIMARY KEY,                -- in the order they were found
    import_id INTEGER NOT NULL REFERENCES import_jobs (id), -- its import
    line INTEGER NOT NULL,                             -- line of the file on which the row begins, the heading is 1
    seq INTEGER NOT NULL,                              -- errors of one row, 0, 1 …; 0 holds the row
    severity TEXT NOT NULL CHECK (severity IN ('error', 'warning')), -- error: the row is not taken
    column_name TEXT,                                 -- column concerned
    code TEXT NOT NULL,                               -- stable code
    reason TEXT NOT NULL,                             -- sentence
    value TEXT,                                       -- value found, cut to 200 characters
    record TEXT NOT NULL                            -- the whole row, for the file of rejected rows
);

INSERT INTO import_findings (import_id, line, seq, severity, column_name, code, reason, value, record)
SELECT import_id, line, seq, 'error', column_name, code, reason, value, record
FROM import_errors ORDER BY import_id, line, seq;

DROP TABLE import_errors;

CREATE INDEX import_findings_by_line ON import_findings (import_id, severity, line, id);

ALTER TABLE import_jobs ADD COLUMN warnings INTEGER NOT NULL DEFAULT 0; -- findings that are warnings
