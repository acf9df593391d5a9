-- When a delivery was to be sent first, where that was asked for; 0 for at once. Its age
-- counts from then.
ALTER TABLE billhook_pending ADD COLUMN first_due BIGINT NOT NULL DEFAULT 0;
