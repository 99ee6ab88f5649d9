-- Whether there would have been room to call: only they are compared with those who were called.
ALTER TABLE hold_outs ADD COLUMN would_call BOOLEAN NOT NULL DEFAULT TRUE;
