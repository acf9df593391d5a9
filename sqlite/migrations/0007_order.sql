-- Events about one entity are numbered, from 1 on and in the order of their commits.
-- A row stays when its entity is quiet: a number is never given twice. sequence is
-- NULL for an event about nothing, and for those from before.
CREATE TABLE billhook_sequences (
	store_id    TEXT NOT NULL,
	entity_type TEXT NOT NULL,
	entity_id   TEXT NOT NULL,
	number      BIGINT NOT NULL,
	PRIMARY KEY (store_id, entity_type, entity_id)
) WITHOUT ROWID;
ALTER TABLE billhook_events ADD COLUMN sequence BIGINT;

-- What a webhook wants in the order of its entity is in a strand: all of one webhook
-- and one entity. Its owner is -2 while it is held back behind what is before it.
-- All three are NULL for what is in no strand.
ALTER TABLE billhook_pending ADD COLUMN entity_type TEXT;
ALTER TABLE billhook_pending ADD COLUMN entity_id TEXT;
ALTER TABLE billhook_pending ADD COLUMN sequence BIGINT;
CREATE INDEX billhook_pending_strand ON billhook_pending (store_id, webhook_id, entity_type, entity_id, owner, sequence, id) WHERE entity_id IS NOT NULL;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('billhook_sequences', 'billhook_sequences', '1000000 1000000 100000 1'),
	('billhook_pending', 'billhook_pending_strand', '100000 100000 10000 1000 10 5 1 1');
ANALYZE sqlite_schema;
