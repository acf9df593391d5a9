-- The audit log: events are their own entries, and billhook_audit has those about
-- what is done in Billhook itself. Each row has its place in a chain of its store:
-- the chain that its writer had (1 is this file's own), a number without a gap, and
-- a hash over itself and the row before. chain is 0, and hash NULL, until a row is
-- in one.
ALTER TABLE billhook_events ADD COLUMN request_id TEXT;
ALTER TABLE billhook_events ADD COLUMN chain BIGINT NOT NULL DEFAULT 0;
ALTER TABLE billhook_events ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
ALTER TABLE billhook_events ADD COLUMN hash BLOB;
CREATE INDEX billhook_events_entity ON billhook_events (store_id, entity_type, entity_id, created_at, id) WHERE entity_id IS NOT NULL;
CREATE INDEX billhook_events_chain ON billhook_events (store_id, chain, number) WHERE chain > 0;
CREATE INDEX billhook_events_unlinked ON billhook_events (store_id, created_at, id) WHERE chain = 0;

-- old_value and new_value are JSON, NULL for none.
CREATE TABLE billhook_audit (
	store_id    TEXT NOT NULL,
	created_at  BIGINT NOT NULL,
	id          TEXT NOT NULL,
	event       TEXT NOT NULL,
	entity_type TEXT NOT NULL,
	entity_id   TEXT NOT NULL,
	actor_type  TEXT,
	actor_id    TEXT,
	request_id  TEXT,
	old_value   TEXT,
	new_value   TEXT,
	chain       BIGINT NOT NULL,
	number      BIGINT NOT NULL,
	hash        BLOB,
	PRIMARY KEY (store_id, created_at, id)
) WITHOUT ROWID;
CREATE INDEX billhook_audit_entity ON billhook_audit (store_id, entity_type, entity_id, created_at, id);
CREATE INDEX billhook_audit_actor ON billhook_audit (store_id, actor_id, created_at, id);
CREATE INDEX billhook_audit_chain ON billhook_audit (store_id, chain, number) WHERE chain > 0;
CREATE INDEX billhook_audit_unlinked ON billhook_audit (store_id, created_at, id) WHERE chain = 0;

-- The last row of each chain, which a row taken from its end is missed by.
CREATE TABLE billhook_audit_heads (
	store_id TEXT NOT NULL,
	chain    BIGINT NOT NULL,
	number   BIGINT NOT NULL,
	hash     BLOB NOT NULL,
	PRIMARY KEY (store_id, chain)
) WITHOUT ROWID;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('billhook_events', 'billhook_events_entity', '5000000 5000000 1000000 5 1 1'),
	('billhook_events', 'billhook_events_chain', '5000000 5000000 5000000 1'),
	('billhook_events', 'billhook_events_unlinked', '1000 1000 2 1'),
	('billhook_audit', 'billhook_audit', '100000 100000 2 1'),
	('billhook_audit', 'billhook_audit_entity', '100000 100000 20000 10 2 1'),
	('billhook_audit', 'billhook_audit_actor', '100000 100000 1000 2 1'),
	('billhook_audit', 'billhook_audit_chain', '100000 100000 100000 1'),
	('billhook_audit', 'billhook_audit_unlinked', '1000 1000 2 1'),
	('billhook_audit_heads', 'billhook_audit_heads', '1000 10 1');
ANALYZE sqlite_schema;
