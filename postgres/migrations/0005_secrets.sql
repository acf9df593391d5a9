-- key_pairs is JSON, NULL for none. overlap_signature is which secret signs the
-- header of the store's profile while a rotation overlaps, '' for the default.
ALTER TABLE billhook.webhooks ADD COLUMN key_pairs TEXT;
ALTER TABLE billhook.webhooks ADD COLUMN overlap_signature TEXT NOT NULL DEFAULT '';
