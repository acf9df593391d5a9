-- The audit log: events are their own entries, and audit has those about what is
-- done in Billhook itself. Each row has its place in a chain of its store: the
-- epoch of the node that wrote it, a number without a gap, and a hash over itself
-- and the row before. chain is 0, and hash NULL, until a node has taken the row
-- into its chain.
ALTER TABLE billhook.events
	ADD COLUMN request_id TEXT COLLATE "C",
	ADD COLUMN chain BIGINT NOT NULL DEFAULT 0,
	ADD COLUMN number BIGINT NOT NULL DEFAULT 0,
	ADD COLUMN hash BYTEA;
CREATE INDEX events_entity ON billhook.events (store_id, entity_type, entity_id, created_at, id) WHERE entity_id IS NOT NULL;
CREATE INDEX events_chain ON billhook.events (store_id, chain, number) WHERE chain > 0;
CREATE INDEX events_unlinked ON billhook.events (store_id, created_at, id) WHERE chain = 0;

-- old_value and new_value are JSON, NULL for none. It is in weekly partitions, as
-- events is.
CREATE TABLE billhook.audit (
	store_id    TEXT COLLATE "C" NOT NULL,
	created_at  BIGINT NOT NULL,
	id          TEXT COLLATE "C" NOT NULL,
	event       TEXT COLLATE "C" NOT NULL,
	entity_type TEXT COLLATE "C" NOT NULL,
	entity_id   TEXT COLLATE "C" NOT NULL,
	actor_type  TEXT COLLATE "C",
	actor_id    TEXT COLLATE "C",
	request_id  TEXT COLLATE "C",
	old_value   TEXT,
	new_value   TEXT,
	chain       BIGINT NOT NULL,
	number      BIGINT NOT NULL,
	hash        BYTEA,
	PRIMARY KEY (store_id, created_at, id)
) PARTITION BY RANGE (created_at);
CREATE INDEX audit_entity ON billhook.audit (store_id, entity_type, entity_id, created_at, id) WHERE entity_id IS NOT NULL;
CREATE INDEX audit_actor ON billhook.audit (store_id, actor_id, created_at, id) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_chain ON billhook.audit (store_id, chain, number) WHERE chain > 0;
CREATE INDEX audit_unlinked ON billhook.audit (store_id, created_at, id) WHERE chain = 0;
CREATE TABLE billhook.audit_default PARTITION OF billhook.audit DEFAULT;

-- The last row of each chain, which a row taken from its end is missed by. A row
-- of it is written in every transaction of its node.
CREATE TABLE billhook.audit_heads (
	store_id TEXT COLLATE "C" NOT NULL,
	chain    BIGINT NOT NULL,
	number   BIGINT NOT NULL,
	hash     BYTEA NOT NULL,
	PRIMARY KEY (store_id, chain)
) WITH (fillfactor = 50);
