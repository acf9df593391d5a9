-- What request with a batch of deliveries an attempt was, by its webhook-id, and how
-- many there were in it; NULL where there are no batches.
ALTER TABLE billhook_attempts ADD COLUMN batch_id TEXT;
ALTER TABLE billhook_attempts ADD COLUMN batch_size BIGINT;
ALTER TABLE billhook_deliveries ADD COLUMN batch_id TEXT;
ALTER TABLE billhook_deliveries ADD COLUMN batch_size BIGINT;
