-- understood from 6
-- When a delivery was to be sent first, where that was asked for; 0 for at once. Its age
-- counts from then.
ALTER TABLE billhook.pending ADD COLUMN first_due BIGINT NOT NULL DEFAULT 0;
