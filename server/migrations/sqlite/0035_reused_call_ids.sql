-- A telephone system that counts its call ids from 1 again after a restart: the unique
-- external_call_id belongs to the latest call of an id, earlier calls keep theirs here.

ALTER TABLE telephony_calls ADD COLUMN former_call_id TEXT; -- id at the provider, which has used it again for a later call
CREATE INDEX telephony_calls_former ON telephony_calls (provider, former_call_id)
    WHERE former_call_id IS NOT NULL;
