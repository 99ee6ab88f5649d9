-- The audit log also says from which address, and is read by person and by time.

ALTER TABLE audit_log ADD COLUMN address TEXT;        -- IP address of the request; NULL: not by a request, or before
CREATE INDEX audit_log_user ON audit_log (user_id, id);
CREATE INDEX audit_log_action ON audit_log (action, id);
