-- What a store and a webhook may choose besides, as JSON; NULL for nothing. It is
-- read whole and never searched, so that a new choice needs no column.
ALTER TABLE billhook.stores ADD COLUMN settings TEXT;
ALTER TABLE billhook.webhooks ADD COLUMN settings TEXT;
